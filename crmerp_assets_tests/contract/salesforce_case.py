"""Salesforce in the connector contract: accounts, keyed by a custom field that the connector provisions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from crmerp_assets.connectors.protocol import FieldSpec, Write
from crmerp_assets.connectors.salesforce import SalesforceConnector
from crmerp_assets.contract.case import Admin, ConnectorCase
from crmerp_assets.contract.changes import field_changes
from crmerp_assets.sandbox.salesforce import SalesforceSandbox

KEY = "Crmerp_Id__c"
KEY_SPEC = FieldSpec("Account", KEY, "Golden Id", "text", length=64, external_id=True)
TIER, TIER_SPEC = "Tier__c", FieldSpec("Account", "Tier__c", "Tier", "text", length=40)
SEEDED_AT = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
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
            pull_calls=lambda count: -(-count // 2000),
            find_calls=lambda count: -(-count // 400),
            create_calls=push_calls,
            update_calls=push_calls,
            throttle_wait=5.0,
            secrets=(sandbox.credentials["SALESFORCE_CLIENT_SECRET"], person.token),
            changes=field_changes(admin, "Account", TIER, create, lambda: provision(connect, TIER_SPEC))
            | {"right": admin.withdrawn("rights", {"object": "Account"}, {"edit": False}, create, "Account")},
            connect_to=lambda url: connector_to(sandbox, url=url, verify=True)(),
            hasty=lambda seconds: connector_to(sandbox, timeout=seconds)(),
            parts=True,
        )
        person.close()
        admin.close()


def push_calls(count: int) -> int:
    """A collection of 200 that shows how long a row takes, then five collections a call."""
    return 1 + -(-max(count - 200, 0) // 1000)


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
