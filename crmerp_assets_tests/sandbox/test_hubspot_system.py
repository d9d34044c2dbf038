"""What HubSpot's own client cannot show of the sandbox: dated paths beside numbered ones, and what tests turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from crmerp_assets.sandbox.hubspot import HubSpotSandbox

OBJECTS = {"v3": "/crm/v3/objects", "2026-03": "/crm/objects/2026-03", "2026-09": "/crm/objects/2026-09"}
LINKS = {"v3": "/crm/v4/associations", "2026-09": "/crm/associations/2026-09"}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[HubSpotSandbox]:
    with HubSpotSandbox(tmp_path) as started:
        yield started


@pytest.fixture
def client(sandbox: HubSpotSandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.credentials['HUBSPOT_TOKEN']}"}
    with httpx.Client(base_url=sandbox.url, headers=headers, verify=False) as client:
        yield client


def create(client: httpx.Client, object: str, links: list[Any] | None = None, **values: str) -> str:
    body = {"properties": values, "associations": links or []}
    answer = client.post(f"{OBJECTS['v3']}/{object}", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def turn(client: httpx.Client, **settings: Any) -> None:
    client.post("/_sandbox/settings", json=settings).raise_for_status()


@pytest.mark.parametrize("version", OBJECTS)
def test_every_version_shows_the_same_record(client: httpx.Client, version: str) -> None:
    made = create(client, "companies", name="Acme", annualrevenue="17")
    asked = {"properties": "name,annualrevenue,phone"}
    found = client.get(f"{OBJECTS[version]}/companies/{made}", params=asked).json()
    values = found["properties"]
    assert (found["id"], values["name"], values["annualrevenue"], values["phone"]) == (made, "Acme", "17", None)
    assert client.get(f"{OBJECTS[version]}/0-2/{made}").json()["id"] == made
    refused = client.get(f"{OBJECTS[version]}/companys")
    assert (refused.status_code, "Unable to infer" in refused.json()["message"]) == (400, True)


@pytest.mark.parametrize(("version", "status"), [("v3", 207), ("2026-03", 207), ("2026-09", 200)])
def test_only_older_versions_say_by_their_status_that_rows_are_missing(
    client: httpx.Client, version: str, status: int
) -> None:
    made = create(client, "companies", name="Acme")
    answer = client.post(
        f"{OBJECTS[version]}/companies/batch/read", json={"properties": ["name"], "inputs": [{"id": made}, {"id": "1"}]}
    )
    assert (answer.status_code, answer.json()["numErrors"]) == (status, 1)


@pytest.mark.parametrize(("version", "status"), [("v3", 201), ("2026-03", 201), ("2026-09", 400)])
def test_only_the_newest_version_enforces_what_an_administrator_demands(
    client: httpx.Client, version: str, status: int
) -> None:
    turn(client, required={"companies": ["phone"]})
    answer = client.post(f"{OBJECTS[version]}/companies", json={"properties": {"name": "Acme"}})
    assert answer.status_code == status


@pytest.mark.parametrize(("version", "kind"), [("v3", int), ("2026-09", str)])
def test_linked_ids_are_numbers_or_text(client: httpx.Client, version: str, kind: type) -> None:
    acme = create(client, "companies", name="Acme")
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}
    contact = create(client, "contacts", [{"to": {"id": acme}, "types": [spec]}], lastname="Lee")
    path = f"{LINKS[version]}/contacts/companies/batch/read"
    (result,) = client.post(path, json={"inputs": [{"id": contact}]}).json()["results"]
    assert [(kind(target["toObjectId"]), type(target["toObjectId"])) for target in result["to"]] == [(kind(acme), kind)]


def test_each_allowance_has_its_policy(client: httpx.Client) -> None:
    answer = client.get(f"{OBJECTS['v3']}/companies")
    assert answer.headers["X-HubSpot-RateLimit-Max"] == "190"
    assert int(answer.headers["X-HubSpot-RateLimit-Daily-Remaining"]) > 0
    client.post("/_sandbox/limits", json={"ten_secondly": 3}).raise_for_status()
    answers = [client.get(f"{OBJECTS['v3']}/companies") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].json()["policyName"] == "TEN_SECONDLY_ROLLING"
    client.post("/_sandbox/limits", json={"daily_limit": 0, "ten_secondly": 190}).raise_for_status()
    assert client.get(f"{OBJECTS['v3']}/companies").json()["policyName"] == "DAILY"


def test_the_index_lags_where_it_is_told_to(client: httpx.Client) -> None:
    turn(client, index_lag=60)
    create(client, "companies", name="Acme")
    assert client.post(f"{OBJECTS['v3']}/companies/search", json={}).json()["total"] == 0
    assert len(client.get(f"{OBJECTS['v3']}/companies").json()["results"]) == 1
    turn(client, index_lag=0)
    assert client.post(f"{OBJECTS['v3']}/companies/search", json={}).json()["total"] == 1


def test_orders_and_invoices_are_objects_as_well(client: httpx.Client) -> None:
    order = create(client, "orders", hs_order_name="O-1", hs_total_price="10")
    assert client.get(f"{OBJECTS['2026-09']}/0-123/{order}").status_code == 200
    assert client.post(f"{OBJECTS['v3']}/invoices", json={"properties": {"hs_number": "1"}}).status_code == 400
    assert create(client, "invoices", hs_currency="USD", hs_invoice_status="draft")
