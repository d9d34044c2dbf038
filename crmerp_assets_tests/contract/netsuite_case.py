"""NetSuite in the connector contract: customers, keyed by their external id."""

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

from crmerp_assets.connectors.netsuite import NetSuiteConnector
from crmerp_assets.connectors.protocol import Connector, Ref, Value, Write
from crmerp_assets.contract.case import Admin, BestCase, ConnectorCase, Fewest, Gap, Orders, one_for
from crmerp_assets.contract.changes import field_changes
from crmerp_assets.sandbox.netsuite import NetSuiteSandbox

KEY = "externalId"
TIER = "custentity_tier"
SEEDED_AT = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
RECORD = "/services/rest/record/v1"
NO_WINNER = Gap(AssertionError, "NetSuite lists the losing side of a merge as deleted and never names the winner")
NO_WAIT = Gap(AssertionError, "NetSuite never says how long to wait; each pause of the connector is twice the last")


@contextmanager
def netsuite_case(directory: Path) -> Iterator[ConnectorCase]:
    with NetSuiteSandbox(directory / "netsuite") as sandbox:
        admin = Admin(sandbox.url)
        person = Person(sandbox.url, admin)
        deploy(admin)
        yield ConnectorCase(
            system="netsuite",
            admin=admin,
            connect=connector_to(sandbox),
            object="customer",
            key_field=KEY,
            text_field="companyName",
            fields=("companyName", "phone", KEY),
            page_size=1000,
            seed=seed,
            create=create,
            update=update,
            bad=bad,
            edit=lambda native_id, text: person.edit("customer", native_id, {"companyName": text}),
            delete=lambda native_id: person.delete("customer", native_id),
            merge=lambda winner, loser: person.merge("customer", winner, loser),
            missing_field="shoeSize",
            next_page=r"POST .*/suiteql",
            any_read=r"POST .*/suiteql",
            push_call=r"(PUT|PATCH) .*/record/v1/customer",
            throttle_wait=0.5,
            secrets=(sandbox.credentials["NETSUITE_CLIENT_ID"], person.token),
            changes=field_changes(admin, "customer", TIER, create, lambda: deploy(admin))
            | {
                "right": admin.withdrawn(
                    "permissions", {"record": "customer", "level": "edit"}, {"level": "view"}, create, "customer"
                )
            },
            best=BEST,
            orders=orders,
            parts=True,
            connect_to=lambda url: connector_to(sandbox, url)(),
            hasty=lambda seconds: connector_to(sandbox, timeout=seconds)(),
            gaps={"test_a_merge_names_its_winner": NO_WINNER, "test_a_throttled_call_waits_as_told": NO_WAIT},
        )
        person.close()
        admin.close()


def deploy(admin: Admin) -> None:
    admin.does("customfields", {"record": "customer", "id": TIER, "type": "text"})


_JOB = (
    "a batch has 100 records, and one or two looks show that it is done; one look at the clock before, by which a "
    "record is known for saved, and one query of 1,000 keys confirms them, as no call gives the results of a job"
)
JOBS = Fewest(lambda count: 3 * -(-count // 100) + 1 + -(-count // 1000), _JOB)
FIRST_JOBS = Fewest(
    lambda count: JOBS.calls(count) + 4,
    f"{_JOB}; of the first order nothing says yet how long it takes: four looks more",
)
PAGES = Fewest(one_for(1000), "a page of SuiteQL, and a list in a query, has 1,000 rows")
BEST = BestCase(create=JOBS, update=JOBS, pull=PAGES, changed=PAGES, fetch=PAGES, find=PAGES)
LINED = Fewest(
    lambda count: -(-count // 1000) + -(-2 * count // 1000),
    "a page of SuiteQL has 1,000 orders, and another 1,000 of their lines, of which there are two each",
)
ORDERS = replace(
    BEST, create=FIRST_JOBS, update=FIRST_JOBS, pull=LINED, changed=LINED, fetch=LINED, find=LINED, count=200
)


def orders(connector: Connector) -> Orders:
    (customer,) = connector.push("customer", [create(1)])
    item = {"itemId": "SKU-1", "basePrice": Decimal("10")}
    (made,) = connector.push("item", [Write("item", "item", "create", KEY, "sku-1", None, dict(item))])
    assert customer.error is made.error is None
    return Orders(
        object="salesOrder",
        key_field=KEY,
        fields=("memo", "entity", "total", KEY, "item.item", "item.quantity"),
        child="item",
        lines=2,
        create=partial(order, str(customer.native_id), str(made.native_id)),
        update=lambda n, id_: Write(f"u{n}", "salesOrder", "update", KEY, f"so-{n}", id_, {"memo": "Changed"}),
        best=ORDERS,
    )


def order(customer: str, item: str, number: int) -> Write:
    sold: dict[str, Value] = {"item": Ref("item", item), "quantity": Decimal(1), "rate": Decimal("10")}
    lines: list[dict[str, Value]] = [{"line": str(line), **sold} for line in (1, 2)]
    values: dict[str, Value] = {"entity": Ref("customer", customer), "tranDate": "2026-11-20", "item": lines}
    return Write(f"c{number}", "salesOrder", "create", KEY, f"so-{number}", None, values)


def connector_to(
    sandbox: NetSuiteSandbox, url: str | None = None, timeout: float = 120.0
) -> Callable[..., NetSuiteConnector]:
    credentials = sandbox.credentials

    def connect(sleep: Callable[[float], None] = time.sleep, overlap_seconds: int = 600) -> NetSuiteConnector:
        def pause(seconds: float) -> None:
            """Jobs take real time, so that every pause is taken as well as recorded, if shortened. A busy machine may
            take longer over them than the one before said; how often they are looked at is counted elsewhere, on a
            clock of its own (test_netsuite_limits.py)."""
            sleep(seconds)
            if sleep is not time.sleep:
                time.sleep(min(seconds, 0.05))
            over = time.monotonic() + 3
            while sandbox.jobs.gauge.used and time.monotonic() < over:
                time.sleep(0.01)

        return NetSuiteConnector(
            "netsuite",
            url or credentials["NETSUITE_URL"],
            credentials["NETSUITE_ACCOUNT"],
            credentials["NETSUITE_CLIENT_ID"],
            credentials["NETSUITE_CERTIFICATE_ID"],
            Path(credentials["NETSUITE_PRIVATE_KEY_FILE"]).read_text(),
            clock=lambda: datetime.now(UTC),
            sleep=pause,
            timeout=timeout,
            overlap_seconds=overlap_seconds,
        )

    return connect


class Person:
    """Someone who works in NetSuite, through the vendor's own API."""

    def __init__(self, url: str, admin: Admin) -> None:
        self._admin = admin
        self._client = httpx.Client(base_url=url, auth=self._signed, verify=False)
        self.token = admin.person("ann")

    def _signed(self, request: httpx.Request) -> httpx.Request:
        """A new token each time: tests move the clock past the life of one."""
        self.token = self._admin.person("ann")
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request

    def create(self, object: str, values: dict[str, Any]) -> str:
        answer = self._client.post(f"{RECORD}/{object}", json=values)
        assert answer.status_code == 204, answer.text
        return answer.headers["Location"].rpartition("/")[2]

    def transform(self, object: str, native_id: str, target: str, values: dict[str, Any] | None = None) -> str:
        answer = self._client.post(f"{RECORD}/{object}/{native_id}/!transform/{target}", json=values or {})
        assert answer.status_code == 204, answer.text
        return answer.headers["Location"].rpartition("/")[2]

    def get(self, object: str, native_id: str) -> dict[str, Any]:
        answer = self._client.get(f"{RECORD}/{object}/{native_id}", params={"expandSubResources": "true"})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def edit(self, object: str, native_id: str, values: dict[str, Any]) -> None:
        answer = self._client.patch(f"{RECORD}/{object}/{native_id}", json=values)
        assert answer.status_code == 204, answer.text

    def delete(self, object: str, native_id: str) -> None:
        assert self._client.delete(f"{RECORD}/{object}/{native_id}").status_code == 204

    def merge(self, object: str, winner: str, loser: str) -> None:
        body = {"object": object, "winner": winner, "losers": [loser]}
        answer = self._client.post("/_sandbox/merge", json=body)
        assert answer.status_code < 300, answer.text

    def close(self) -> None:
        self._client.close()


def seed(count: int) -> list[dict[str, Any]]:
    """Three customers a second, so that pages end within one."""
    return [
        {
            "companyName": f"Company {number:05}",
            "subsidiary": {"id": "1"},
            "lastModifiedDate": (SEEDED_AT + timedelta(seconds=number // 3)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        for number in range(count)
    ]


def create(number: int) -> Write:
    values = {"companyName": f"Customer {number}", "phone": "+1 212 555 0100", "subsidiary": "1"}
    return Write(f"create-{number}", "customer", "create", KEY, f"golden-{number:05}", None, dict(values))


def update(number: int, native_id: str, text: str) -> Write:
    return Write(f"update-{number}", "customer", "update", KEY, f"golden-{number:05}", native_id, {"companyName": text})


def bad(number: int) -> Write:
    return Write(f"bad-{number}", "customer", "create", KEY, f"golden-{number:05}", None, {"subsidiary": "1"})
