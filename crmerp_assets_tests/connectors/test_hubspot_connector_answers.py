"""What HubSpot answers that must not be taken for something else: a part for nothing, one row's fault for another's.

Tried, one at a time, and caught here: associations that could not be read taken for none, a search resumed by
`updatedAt`, an error that names no row taken for no answer, a key that is not unique told as the fault of each contact,
a path that is not known taken for records that are gone, halving where no row is at fault, refused associations sent
one by one, references and lists not held against what was read.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from crmerp_assets.connectors.errors import ConfigError, ConnectorError, Gone, Rejected, Transient
from crmerp_assets.connectors.hubspot import HubSpotConnector
from crmerp_assets.connectors.protocol import FieldSpec, Ref, Row, Unstamped, Value, Write
from crmerp_assets.contract.case import Admin
from crmerp_assets.sandbox.hubspot import HubSpotSandbox
from crmerp_assets_tests.contract.hubspot_case import KEY, Person, connector_to, provision, stamp

DEAL = ("dealname", "associations.company", "line_items.quantity")
SPECS = [FieldSpec(object, KEY, "Golden Id", "text", 64, external_id=True) for object in ("contacts", "deals")]


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[HubSpotSandbox]:
    with HubSpotSandbox(tmp_path / "hubspot") as started:
        yield started


@pytest.fixture
def admin(sandbox: HubSpotSandbox) -> Iterator[Admin]:
    made = Admin(sandbox.url)
    yield made
    made.close()


@pytest.fixture
def person(sandbox: HubSpotSandbox, admin: Admin) -> Iterator[Person]:
    made = Person(sandbox.url, admin)
    yield made
    made.close()


@pytest.fixture(params=["2026-09", "v3"])
def connector(sandbox: HubSpotSandbox, request: pytest.FixtureRequest) -> Iterator[HubSpotConnector]:
    connect = connector_to(sandbox, token=sandbox.credentials["HUBSPOT_TOKEN"], api_version=request.param)
    provision(connect)
    made = connect()
    made.provision(SPECS, dry_run=False)
    yield made
    made.close()


newest = pytest.mark.parametrize("connector", ["2026-09"], indirect=True)


def turn(sandbox: HubSpotSandbox, **settings: Any) -> None:
    httpx.post(f"{sandbox.url}/_sandbox/settings", json=settings).raise_for_status()


def create(object: str, key: str, values: dict[str, Value], key_field: str = KEY) -> Write:
    return Write(f"intent-{key}", object, "create", key_field, key, None, values)


def update(object: str, native_id: str, values: dict[str, Value]) -> Write:
    return Write(f"change-{native_id}", object, "update", KEY, f"k-{native_id}", native_id, values)


def pulled(connector: HubSpotConnector, object: str, fields: tuple[str, ...], since: str | None = None) -> list[Row]:
    return [row for page in connector.pull(object, fields, since) for row in page.rows]


def test_associations_that_could_not_be_read_are_not_none(
    connector: HubSpotConnector, sandbox: HubSpotSandbox, person: Person
) -> None:
    """A won deal without its company and its lines would be stored, and the cursor would pass it."""
    acme = person.create("companies", {"name": "Acme"})
    made = person.create("deals", {"dealname": "Big", "dealstage": "closedwon"}, {5: acme})
    person.create("deals", {"dealname": "Bare", "dealstage": "closedwon"})
    turn(sandbox, unreadable=[made])
    with pytest.raises(Transient, match="INTERNAL_ERROR"):
        pulled(connector, "deals", DEAL)
    with pytest.raises(Transient):
        connector.fetch("deals", DEAL, [made])
    turn(sandbox, unreadable=[])
    assert [row["associations.company"] for row in pulled(connector, "deals", DEAL)] == [acme, None]


@newest
def test_changes_are_read_by_the_stamp_that_search_sorts_by(
    connector: HubSpotConnector, sandbox: HubSpotSandbox, admin: Admin
) -> None:
    """HubSpot's `updatedAt` runs ahead of that stamp here, by more than a page's rows are apart."""
    ids = admin.seed("contacts", [{"lastname": f"N{n}", "updatedAt": stamp(n // 300)} for n in range(700)])
    rows = pulled(connector, "contacts", ("lastname",), '{"since": "2026-01-01T00:00:00Z"}')
    assert sorted(str(row["_id"]) for row in rows) == sorted(ids)
    assert min(str(row["_modified"]) for row in rows) == stamp(0).replace(".000Z", "Z")


@newest
@pytest.mark.parametrize("operation", ["upsert", "create", "update"])
def test_an_error_that_names_no_row_finds_its_row(
    connector: HubSpotConnector, sandbox: HubSpotSandbox, admin: Admin, person: Person, operation: str
) -> None:
    turn(sandbox, multi_status=["create", "update", "upsert"], nameless=True)
    acme = person.create("companies", {"name": "Acme"})
    object = "deals" if operation == "create" else "companies"
    number = "amount" if operation == "create" else "annualrevenue"

    def write(n: int) -> Write:
        values: dict[str, Value] = {number: "much" if n in (2, 4) else str(n)}
        if operation == "update":
            return update(object, person.create(object, {"name": f"N{n}"}), values)
        whole: dict[str, Value] = {"dealstage": "contractsent", "associations.company": Ref("companies", acme)}
        return create(object, f"k-{n}", values | (whole if operation == "create" else {}))

    writes = [write(n) for n in range(6)]
    results = connector.push(object, writes)
    assert [type(result.error) for result in results] == [
        Rejected if n in (2, 4) else type(None) for n in range(len(writes))
    ]
    assert all(result.error.field == number for result in results if isinstance(result.error, Rejected))
    (alone,) = connector.push(object, writes[2:3])
    assert isinstance(alone.error, Rejected)


@newest
@pytest.mark.parametrize("object", ["contacts", "deals"])
def test_a_key_that_is_not_unique_is_told_before_any_record_is_blamed(
    connector: HubSpotConnector, person: Person, object: str
) -> None:
    acme = person.create("companies", {"name": "Acme"})
    values: dict[str, Value] = {"description": "x"} if object == "deals" else {"lastname": "Lee"}
    key_field = "dealtype" if object == "deals" else "jobtitle"
    write = create(object, "k-1", {**values, "associations.company": Ref("companies", acme)}, key_field)
    with pytest.raises(ConfigError, match="unique"):
        connector.push(object, [write])
    by_key = create(
        object, "k-2", {**values, "associations.company": Ref("companies", key_field="domain", key="a.com")}
    )
    with pytest.raises(ConfigError, match="companies by domain"):
        connector.push(object, [by_key])
    with pytest.raises(ConfigError, match="unique"):
        connector.find_by_key(object, key_field, ["k-1"])


@newest
def test_a_version_that_has_ended_is_an_administrators_to_change(
    connector: HubSpotConnector, sandbox: HubSpotSandbox, person: Person
) -> None:
    """No record is gone, and no halving shows which row it was."""
    ids = [person.create("companies", {"name": f"N{n}"}) for n in range(9)]
    ended = HubSpotConnector(
        "hubspot",
        sandbox.url,
        sandbox.credentials["HUBSPOT_TOKEN"],
        clock=lambda: datetime.now(UTC),
        api_version="2025-03",
        verify=False,
    )
    writes = [
        update("companies", id_, {"phone": "1", **({"name": "New"} if n % 2 else {})}) for n, id_ in enumerate(ids)
    ]
    with pytest.raises(ConfigError, match="api_version"):
        ended.push("companies", writes)
    assert ended.calls() == 1
    with pytest.raises(ConfigError, match="api_version"):
        ended.fetch("companies", ("name",), ids)
    ended.close()
    (gone,) = connector.push("companies", [update("companies", "999999", {"phone": "1"})])
    assert isinstance(gone.error, Gone)


@newest
def test_a_missing_right_is_not_looked_for_row_by_row(
    connector: HubSpotConnector, sandbox: HubSpotSandbox, person: Person
) -> None:
    ids = [person.create("companies", {"name": f"N{n}"}) for n in range(4)]
    turn(sandbox, scopes_withheld=["crm.objects.companies.write"])
    before = connector.calls()
    with pytest.raises(ConfigError, match="scope"):
        connector.push(
            "companies",
            [update("companies", id_, {"phone": "1", **({"name": "New"} if n else {})}) for n, id_ in enumerate(ids)],
        )
    assert connector.calls() - before == 1


def test_one_refused_association_costs_few_calls(
    connector: HubSpotConnector, sandbox: HubSpotSandbox, admin: Admin
) -> None:
    (acme,) = admin.seed("companies", [{"name": "Acme"}])
    ids = admin.seed("contacts", [{"lastname": f"N{n}"} for n in range(100)])
    writes = [
        update("contacts", id_, {"associations.company": Ref("companies", "999999" if n == 37 else acme)})
        for n, id_ in enumerate(ids)
    ]
    before = connector.calls()
    errors: list[ConnectorError | None] = [result.error for result in connector.push("contacts", writes)]
    assert connector.calls() - before <= 2 * 7 + 1
    assert [n for n, error in enumerate(errors) if error is not None] == [37]
    assert isinstance(errors[37], Rejected)
    (row,) = connector.fetch("contacts", ("associations.company",), [ids[99]])
    assert row["associations.company"] == acme


@newest
def test_associations_that_are_all_refused_are_sent_once(connector: HubSpotConnector, admin: Admin) -> None:
    ids = admin.seed("contacts", [{"lastname": f"N{n}"} for n in range(40)])
    writes = [update("contacts", id_, {"associations.company": Ref("companies", "999999")}) for id_ in ids]
    before = connector.calls()
    assert all(isinstance(result.error, Rejected) for result in connector.push("contacts", writes))
    assert connector.calls() - before == 1


def test_what_leaves_no_stamp_is_found_by_holding_it_against_what_was_read(
    connector: HubSpotConnector, person: Person, admin: Admin
) -> None:
    """A company exchanged for another, a line item deleted, a parent company set."""
    acme, beta = (person.create("companies", {"name": name}) for name in ("Acme", "Beta"))
    values = {"dealstage": "closedwon"}
    moved, shortened, same, bare = (person.create("deals", {**values, "dealname": n}) for n in "abcd")
    for deal in (moved, shortened, same):
        person.link("deals", deal, "companies", acme, 5)
    lines = [person.create("line_items", {"quantity": "1"}, {20: deal}) for deal in (shortened, shortened, same)]
    fields = {"deals": DEAL, "companies": ("name", "associations.parent_company")}
    read = {object: pulled(connector, object, paths) for object, paths in fields.items()}
    assert isinstance(connector, Unstamped)
    assert [connector.unstamped(object, rows) for object, rows in read.items()] == [[], []]
    person.link("deals", moved, "companies", beta, 5)
    person.delete("line_items", lines[0])
    person.link("companies", beta, "companies", acme, 14)
    before = connector.calls()
    assert connector.unstamped("deals", read["deals"]) == [moved, shortened]
    assert connector.calls() - before == 2
    assert connector.unstamped("companies", read["companies"]) == [beta]
    assert connector.unstamped("companies", [{"_id": acme, "name": "Acme"}]) == []
    assert {bare, same} <= {str(row["_id"]) for row in read["deals"]}
