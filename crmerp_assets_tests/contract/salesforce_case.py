"""Salesforce in the connector contract: accounts, keyed by a custom field that the connector provisions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from crmerp_assets.connectors.protocol import Connector, FieldSpec, Write
from crmerp_assets.connectors.salesforce import SalesforceConnector
from crmerp_assets.contract.case import Admin, BestCase, ConnectorCase, Fewest, Orders, one_for
from crmerp_assets.contract.changes import field_changes
from crmerp_assets.sandbox.salesforce import SalesforceSandbox

KEY = "Crmerp_Id__c"
KEY_SPEC = FieldSpec("Account", KEY, "Golden Id", "text", length=64, external_id=True)
TIER, TIER_SPEC = "Tier__c", FieldSpec("Account", "Tier__c", "Tier", "text", length=40)
SEEDED_AT = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
DEAL = "Opportunity"
API = "/services/data/v68.0"


@contextmanager
def salesforce_case(directory: Path) -> Iterator[ConnectorCase]:
    with SalesforceSandbox(directory / "salesforce") as sandbox:
        admin = Admin(sandbox.url)
        person = Person(sandbox.url, admin)
        connect = connector_to(sandbox)
        provision(connect, KEY_SPEC, TIER_SPEC)
        yield ConnectorCase(
            system="salesforce",
            admin=admin,
            connect=connect,
            object="Account",
            key_field=KEY,
            text_field="Name",
            fields=("Name", "Phone", KEY),
            page_size=2000,
            seed=seed,
            create=create,
            update=update,
            bad=bad,
            edit=lambda native_id, text: person.edit("Account", native_id, {"Name": text}),
            delete=lambda native_id: person.delete("Account", native_id),
            merge=lambda winner, loser: person.merge("Account", winner, loser),
            missing_field="Shoe_Size__c",
            next_page=r"GET .*/query/",
            any_read=r"GET .*/query",
            push_call=r"PATCH .*/composite/sobjects",
            throttle_wait=5.0,
            secrets=(sandbox.credentials["SALESFORCE_CLIENT_SECRET"], person.token),
            changes=field_changes(admin, "Account", TIER, create, lambda: provision(connect, TIER_SPEC))
            | {"right": admin.withdrawn("rights", {"object": "Account"}, {"edit": False}, create, "Account")},
            best=BEST,
            orders=partial(orders, admin, person),
            connect_to=lambda url: connector_to(sandbox, url=url, verify=True)(),
            hasty=lambda seconds: connector_to(sandbox, timeout=seconds)(),
            parts=True,
        )
        person.close()
        admin.close()


TOGETHER = Fewest(
    lambda count: 1 + -(-max(count - 200, 0) // 1000),
    "a collection has 200 rows and a composite call five of them; the first goes alone, to show how long a row takes",
)
PAGES = Fewest(one_for(2000), "a page of a query has 2,000 rows")
BY_KEY = Fewest(one_for(2000), "the address of a query has room for 400 keys, and a composite call for five queries")
BEST = BestCase(
    create=TOGETHER,
    update=TOGETHER,
    pull=PAGES,
    changed=PAGES,
    fetch=Fewest(one_for(2000), "a collection that is read has 2,000 ids"),
    find=BY_KEY,
)
ALONE = Fewest(one_for(200), "a collection has 200 rows, and how many go together depends on how long the first took")
DEALS = replace(BEST, create=ALONE, update=ALONE, fetch=BY_KEY)


def orders(admin: Admin, person: Person, connector: Connector) -> Orders:
    """Won deals; their line items are the sales reps'."""
    assert all(step.done for step in connector.provision([replace(KEY_SPEC, object=DEAL)], dry_run=False))
    (account,) = admin.seed("Account", [{"Name": "Acme", "CurrencyIsoCode": "USD"}])
    (product,) = admin.seed("Product2", [{"Name": "Thing", "IsActive": True, "CurrencyIsoCode": "USD"}])
    (book,) = person.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true")
    entry = {"Product2Id": product, "Pricebook2Id": book["Id"], "UnitPrice": 10, "IsActive": True}
    (price,) = admin.seed("PricebookEntry", [entry | {"CurrencyIsoCode": "USD"}])

    def add_lines(deals: Sequence[str]) -> None:
        line = {"PricebookEntryId": price, "Quantity": 1, "UnitPrice": 10}
        admin.seed("OpportunityLineItem", [line | {"OpportunityId": deal} for deal in deals for _ in range(2)])

    return Orders(
        object=DEAL,
        key_field=KEY,
        fields=("Name", "AccountId", KEY, "OpportunityLineItems.Product2Id", "OpportunityLineItems.Quantity"),
        child="OpportunityLineItems",
        lines=2,
        create=partial(deal, account),
        update=lambda n, native_id: Write(f"u{n}", DEAL, "update", KEY, f"deal-{n}", native_id, {"NextStep": "Bill"}),
        best=DEALS,
        add_lines=add_lines,
    )


def deal(account: str, number: int) -> Write:
    values = {"Name": f"Deal {number}", "StageName": "Closed Won", "CloseDate": "2026-06-15"}
    values |= {"AccountId": account, "CurrencyIsoCode": "USD"}
    return Write(f"c{number}", DEAL, "create", KEY, f"deal-{number}", None, dict(values))


def connector_to(sandbox: SalesforceSandbox, **options: Any) -> Callable[..., SalesforceConnector]:
    def connect(sleep: Callable[[float], None] = time.sleep, overlap_seconds: int = 600) -> SalesforceConnector:
        return SalesforceConnector(
            "salesforce",
            options.get("url") or sandbox.credentials["SALESFORCE_URL"],
            sandbox.credentials["SALESFORCE_CLIENT_ID"],
            sandbox.credentials["SALESFORCE_CLIENT_SECRET"],
            clock=lambda: datetime.now(UTC),
            verify=options.get("verify", False),
            timeout=options.get("timeout", 120.0),
            sleep=sleep,
            overlap_seconds=overlap_seconds,
        )

    return connect


def provision(connect: Callable[..., SalesforceConnector], *specs: FieldSpec) -> None:
    connector = connect()
    assert all(step.done for step in connector.provision(specs or (KEY_SPEC,), dry_run=False))
    connector.close()


class Person:
    """Someone who works in Salesforce, through the vendor's own API."""

    def __init__(self, url: str, admin: Admin) -> None:
        self.token = admin.person("ann")
        self._client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {self.token}"}, verify=False)

    def create(self, object: str, values: dict[str, Any]) -> str:
        answer = self._client.post(f"{API}/sobjects/{object}", json=values)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def query(self, soql: str) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = self._client.get(f"{API}/query", params={"q": soql}).json()["records"]
        return records

    def edit(self, object: str, native_id: str, values: dict[str, Any]) -> None:
        answer = self._client.patch(f"{API}/sobjects/{object}/{native_id}", json=values)
        assert answer.status_code == 204, answer.text

    def delete(self, object: str, native_id: str) -> None:
        assert self._client.delete(f"{API}/sobjects/{object}/{native_id}").status_code == 204

    def merge(self, object: str, winner: str, loser: str) -> None:
        body = {"object": object, "master": winner, "losers": [loser]}
        assert self._client.post("/_sandbox/merge", json=body).status_code < 300

    def make_field(self, full_name: str, **metadata: Any) -> str:
        """A custom field of an administrator's own making, and the integration user granted it. Its id."""
        label = full_name.partition(".")[2].removesuffix("__c")
        body = {"FullName": full_name, "Metadata": {"label": label, "type": "Text", "length": 64} | metadata}
        answer = self._client.post(f"{API}/tooling/sobjects/CustomField", json=body)
        assert answer.status_code == 201, answer.text
        (parent,) = self.query("SELECT Id FROM PermissionSet WHERE Name = 'Crmerp_Integration'")
        rights = {"PermissionsRead": True, "PermissionsEdit": True}
        grant = {"ParentId": parent["Id"], "SobjectType": full_name.partition(".")[0], "Field": full_name, **rights}
        self.create("FieldPermissions", grant)
        return str(answer.json()["id"])

    def change_field(self, id_: str, **metadata: Any) -> None:
        body = {"Metadata": {"label": "Golden Id", "type": "Text", "length": 64} | metadata}
        answer = self._client.patch(f"{API}/tooling/sobjects/CustomField/{id_}", json=body)
        assert answer.status_code == 204, answer.text

    def close(self) -> None:
        self._client.close()


def seed(count: int) -> list[dict[str, Any]]:
    """Three accounts a second, so that pages end within one."""
    return [{"Name": f"Company {number:05}", "SystemModstamp": stamp(number // 3)} for number in range(count)]


def stamp(seconds: int) -> str:
    return (SEEDED_AT + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def create(number: int) -> Write:
    values = {"Name": f"Customer {number}", "Phone": "+1 212 555 0100"}
    return Write(f"create-{number}", "Account", "create", KEY, f"golden-{number:05}", None, dict(values))


def update(number: int, native_id: str, text: str) -> Write:
    return Write(f"update-{number}", "Account", "update", KEY, f"golden-{number:05}", native_id, {"Name": text})


def bad(number: int) -> Write:
    return Write(f"bad-{number}", "Account", "create", KEY, f"golden-{number:05}", None, {"Name": None})
