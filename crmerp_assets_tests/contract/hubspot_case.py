"""HubSpot in the connector contract: companies, keyed by a unique property that the connector provisions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from crmerp_assets.connectors.hubspot import HubSpotConnector, OAuthApp
from crmerp_assets.connectors.protocol import Connector, FieldSpec, Ref, Value, Write
from crmerp_assets.contract.case import Admin, BestCase, ConnectorCase, Fewest, Gap, Orders, one_for
from crmerp_assets.contract.changes import field_changes
from crmerp_assets.sandbox.hubspot import HubSpotSandbox

KEY = "crmerp_id"
KEY_SPEC = FieldSpec("companies", KEY, "Golden Id", "text", length=64, external_id=True)
TIER, TIER_SPEC = "tier", FieldSpec("companies", "tier", "Tier", "text", length=40)
WRITING = {"scopes_withheld": ["crm.objects.companies.write"]}
SEEDED_AT = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
THIRD = Gap(AssertionError, "HubSpot gives what is left of a merge a new id, so both records are gone into a third")


@contextmanager
def hubspot_case(directory: Path) -> Iterator[ConnectorCase]:
    with HubSpotSandbox(directory / "hubspot") as sandbox:
        admin = Admin(sandbox.url)
        person = Person(sandbox.url, admin)
        # Pauses are recorded instead of taken, so that the real windows would only refuse.
        admin.does("limits", {"secondly": 10_000, "ten_secondly": 100_000})
        connect = connector_to(sandbox)
        provision(connect, KEY_SPEC, TIER_SPEC)
        yield ConnectorCase(
            system="hubspot",
            admin=admin,
            connect=connect,
            object="companies",
            key_field=KEY,
            text_field="name",
            fields=("name", "phone", KEY),
            page_size=100,
            seed=seed,
            create=create,
            update=update,
            bad=bad,
            edit=lambda native_id, text: person.edit("companies", native_id, {"name": text}),
            delete=lambda native_id: person.delete("companies", native_id),
            merge=lambda winner, loser: person.merge("companies", winner, loser),
            missing_field="shoe_size",
            next_page=r"GET .*/companies\?.*after=",
            any_read=r"GET .*/objects/2026-09/companies",
            push_call=r"POST .*/batch/(upsert|update)",
            throttle_wait=10.0,
            secrets=(
                sandbox.credentials["HUBSPOT_CLIENT_SECRET"],
                sandbox.credentials["HUBSPOT_REFRESH_TOKEN"],
                person.token,
            ),
            changes=field_changes(admin, "companies", TIER, create, lambda: provision(connect, TIER_SPEC))
            | {"right": admin.withdrawn("settings", {"scopes_withheld": []}, WRITING, create, "companies")},
            best=BEST,
            orders=orders,
            connect_to=lambda url: connector_to(sandbox, url=url, verify=True)(),
            hasty=lambda seconds: connector_to(sandbox, timeout=seconds)(),
            parts=True,
            gaps={"test_a_merge_names_its_winner": THIRD},
        )
        person.close()
        admin.close()


def now() -> datetime:
    return datetime.now(UTC)


BATCHES = Fewest(one_for(100), "a batch has 100 rows")
LISTED = Fewest(one_for(100, 1), "a page of a list has 100 rows, and the last is asked for twice: no total is told")
BEST = BestCase(
    create=BATCHES,
    update=BATCHES,
    pull=LISTED,
    changed=Fewest(one_for(200), "a page of a search has 200 rows"),
    fetch=BATCHES,
    find=BATCHES,
)
_LINES = "in batches of 100, the associations of 1,000 deals with companies and with line items in one call each"
READ = Fewest(lambda count: one_for(100, 2)(count) + one_for(50)(count), f"deals and their two line items {_LINES}")
DEALS = BestCase(
    create=Fewest(
        lambda count: 2 * one_for(100)(count) + one_for(50)(count),
        "batches of 100 of deals and of their two line items each, and a look which deals are there: an upsert cannot "
        "associate, and a deal that is there must not be made again",
    ),
    update=BATCHES,
    pull=Fewest(lambda count: READ.calls(count) + 1, f"{READ.why}; the last page of a list is asked for twice"),
    changed=Fewest(
        lambda count: one_for(200)(count) + 2 + one_for(50)(count) + one_for(100)(count) + 1,
        f"a page of a search has 200 rows; line items {_LINES}; their own changes are searched for, and their deals "
        "asked for in a call for 1,000, as they leave no stamp on a deal",
    ),
    fetch=READ,
    find=READ,
    count=200,
)


def orders(connector: Connector) -> Orders:
    """Won deals of a company, with line items of their own."""
    assert all(step.done for step in connector.provision([replace(KEY_SPEC, object="deals")], dry_run=False))
    (company,) = connector.push("companies", [create(1)])
    return Orders(
        object="deals",
        key_field=KEY,
        fields=("dealname", "associations.company", "dealstage.won", KEY, "line_items.quantity", "line_items.price"),
        child="line_items",
        lines=2,
        create=partial(deal, str(company.native_id)),
        update=lambda n, id_: Write(f"u{n}", "deals", "update", KEY, f"deal-{n}", id_, {"description": "Billed"}),
        best=DEALS,
    )


def deal(company: str, number: int) -> Write:
    sold: dict[str, Value] = {"name": "Thing", "quantity": Decimal(1), "price": Decimal("10")}
    values: dict[str, Value] = {"dealname": f"Deal {number}", "associations.company": Ref("companies", company)}
    values |= {"dealstage.won": True, "line_items": [dict(sold), dict(sold)]}
    return Write(f"c{number}", "deals", "create", KEY, f"deal-{number}", None, values)


def connector_to(sandbox: HubSpotSandbox, **options: Any) -> Callable[..., HubSpotConnector]:
    """Connectors of an OAuth app; `token="..."` makes them those of a private app."""
    credentials = sandbox.credentials
    app = OAuthApp(
        credentials["HUBSPOT_CLIENT_ID"], credentials["HUBSPOT_CLIENT_SECRET"], credentials["HUBSPOT_REFRESH_TOKEN"]
    )

    def connect(sleep: Callable[[float], None] = time.sleep, overlap_seconds: int = 600) -> HubSpotConnector:
        return HubSpotConnector(
            "hubspot",
            sleep=sleep,
            overlap_seconds=overlap_seconds,
            **({"app": app, "url": credentials["HUBSPOT_URL"], "verify": False, "clock": now} | options),
        )

    return connect


def provision(connect: Callable[..., HubSpotConnector], *specs: FieldSpec) -> None:
    connector = connect()
    assert all(step.done for step in connector.provision(specs or [KEY_SPEC], dry_run=False))
    connector.close()


class Person:
    """Someone who works in HubSpot, through the vendor's own API."""

    def __init__(self, url: str, admin: Admin) -> None:
        self.token = admin.person("ann")
        self._client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {self.token}"}, verify=False)

    def create(self, object: str, values: dict[str, Any], links: dict[int, str] | None = None) -> str:
        associations = [
            {"to": {"id": to}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}]}
            for kind, to in (links or {}).items()
        ]
        body = {"properties": values, "associations": associations}
        answer = self._client.post(f"/crm/v3/objects/{object}", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def get(self, object: str, native_id: str, *properties: str) -> dict[str, Any]:
        params = {"properties": ",".join(properties)}
        answer = self._client.get(f"/crm/v3/objects/{object}/{native_id}", params=params)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def all(self, object: str, *properties: str) -> list[dict[str, Any]]:
        answer = self._client.get(
            f"/crm/v3/objects/{object}", params={"properties": ",".join(properties), "limit": "100"}
        )
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["results"]
        return found

    def linked(self, object: str, native_id: str, to: str) -> dict[str, list[int]]:
        answer = self._client.get(f"/crm/v4/objects/{object}/{native_id}/associations/{to}")
        assert answer.status_code == 200, answer.text
        return {
            str(one["toObjectId"]): [kind["typeId"] for kind in one["associationTypes"]]
            for one in answer.json()["results"]
        }

    def link(self, object: str, native_id: str, to: str, to_id: str, kind: int) -> None:
        spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}]
        answer = self._client.put(f"/crm/v4/objects/{object}/{native_id}/associations/{to}/{to_id}", json=spec)
        assert answer.status_code == 201, answer.text

    def edit(self, object: str, native_id: str, values: dict[str, Any]) -> None:
        answer = self._client.patch(f"/crm/v3/objects/{object}/{native_id}", json={"properties": values})
        assert answer.status_code == 200, answer.text

    def delete(self, object: str, native_id: str) -> None:
        assert self._client.delete(f"/crm/v3/objects/{object}/{native_id}").status_code == 204

    def archive(self, object: str, ids: list[str]) -> None:
        body = {"inputs": [{"id": id_} for id_ in ids]}
        assert self._client.post(f"/crm/v3/objects/{object}/batch/archive", json=body).status_code == 204

    def merge(self, object: str, winner: str, loser: str) -> str:
        body = {"primaryObjectId": winner, "objectIdToMerge": loser}
        answer = self._client.post(f"/crm/v3/objects/{object}/merge", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def close(self) -> None:
        self._client.close()


def seed(count: int) -> list[dict[str, Any]]:
    """Three companies a second, so that pages end within one."""
    return [{"name": f"Company {number:05}", "updatedAt": stamp(number // 3)} for number in range(count)]


def stamp(seconds: int) -> str:
    return (SEEDED_AT + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def create(number: int) -> Write:
    values = {"name": f"Customer {number}", "phone": "+1 212 555 0100"}
    return Write(f"create-{number}", "companies", "create", KEY, f"golden-{number:05}", None, dict(values))


def update(number: int, native_id: str, text: str) -> Write:
    return Write(f"update-{number}", "companies", "update", KEY, f"golden-{number:05}", native_id, {"name": text})


def bad(number: int) -> Write:
    values = {"name": f"Customer {number}", "numberofemployees": "many"}
    return Write(f"bad-{number}", "companies", "create", KEY, f"golden-{number:05}", None, dict(values))
