"""HubSpot's orders and invoices as what shows the documents of the ERP: for a company, of a deal, with days.

Tried, one at a time, and caught here: any company taken for the one that is meant, the company before left in its
place, records without a company watched, a day sent to a portal that keeps days as a moment and read as one, a hidden
day read as none, an absent object told as a wrong name, an invoice's lack of a contact told as a fault of its values.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from crmerp_assets.connectors.errors import ConfigError, Rejected, Unknown
from crmerp_assets.connectors.hubspot import HubSpotConnector
from crmerp_assets.connectors.protocol import FieldSpec, Needs, Ref, Row, Value, Write
from crmerp_assets.contract.case import Admin
from crmerp_assets.sandbox.hubspot import HubSpotSandbox
from crmerp_assets_tests.contract.hubspot_case import KEY, Person, connector_to, provision

COMPANY, DEAL = "associations.company", "associations.deal"
DAYS = {"orders": ["hs_external_created_date"], "invoices": ["hs_invoice_date", "hs_due_date"]}
NEEDED: dict[str, dict[str, Value]] = {"orders": {}, "invoices": {"hs_currency": "EUR"}}
SPECS = [FieldSpec(object, KEY, "Golden Id", "text", 64, external_id=True) for object in ("orders", "invoices")]


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
    provision(connect, *SPECS)
    made = connect()
    yield made
    made.close()


newest = pytest.mark.parametrize("connector", ["2026-09"], indirect=True)
both = pytest.mark.parametrize("object", ["orders", "invoices"])


def turn(sandbox: HubSpotSandbox, **settings: Any) -> None:
    httpx.post(f"{sandbox.url}/_sandbox/settings", json=settings).raise_for_status()


def create(object: str, key: str, values: dict[str, Value]) -> Write:
    return Write(f"intent-{key}", object, "create", KEY, key, None, NEEDED[object] | values)


def update(object: str, native_id: str, values: dict[str, Value]) -> Write:
    return Write(f"change-{native_id}", object, "update", KEY, f"k-{native_id}", native_id, values)


def referring(company: str, deal: str) -> dict[str, Value]:
    return {COMPANY: Ref("companies", company), DEAL: Ref("deals", deal)}


def pulled(connector: HubSpotConnector, object: str, fields: tuple[str, ...], since: str | None = None) -> list[Row]:
    return [row for page in connector.pull(object, fields, since) for row in page.rows]


def pairs(admin: Admin) -> list[tuple[str, str]]:
    """Two companies, and a deal for each."""
    companies = admin.seed("companies", [{"name": name} for name in ("Acme", "Beta")])
    deals = admin.seed("deals", [{"dealname": name, "dealstage": "closedwon"} for name in ("Big", "Small")])
    return list(zip(companies, deals, strict=True))


@both
def test_references_are_set_moved_and_taken_away(
    connector: HubSpotConnector, admin: Admin, person: Person, object: str
) -> None:
    (acme, big), (beta, small) = pairs(admin)
    (first,) = connector.push(object, [create(object, "d-1", referring(acme, big))])
    (again,) = connector.push(object, [create(object, "d-1", referring(acme, big))])
    made = str(first.native_id)
    assert (first.error, again.error, again.native_id, admin.count(object)) == (None, None, made, 1)

    def read() -> tuple[str | None, str | None]:
        ((by_id,), (by_pull,)) = (
            connector.fetch(object, (COMPANY, DEAL), [made]),
            pulled(connector, object, (COMPANY, DEAL)),
        )
        assert by_id == by_pull
        return by_id[COMPANY], by_id[DEAL]

    assert read() == (acme, big)
    for values, then in (
        (referring(beta, small), (beta, small)),
        (referring(beta, small), (beta, small)),
        (referring(acme, small), (acme, small)),
        ({COMPANY: None}, (None, small)),
        ({DEAL: None}, (None, None)),
    ):
        assert [result.error for result in connector.push(object, [update(object, made, dict(values))])] == [None]
        assert read() == then
        told = [*person.linked(object, made, "companies"), *person.linked(object, made, "deals")]
        assert told == [id_ for id_ in then if id_], "nothing of what was there before is left"


@newest
@both
def test_a_record_that_a_person_links_with_more_gets_the_one_that_is_meant(
    connector: HubSpotConnector, admin: Admin, person: Person, object: str
) -> None:
    (acme, big), (beta, small) = pairs(admin)
    (made,) = connector.push(object, [create(object, "d-1", referring(beta, small))])
    native_id = str(made.native_id)
    known = pulled(connector, object, (COMPANY, DEAL))
    assert connector.unstamped(object, known) == []
    kinds = {"orders": (509, 512), "invoices": (179, 175)}[object]
    person.link(object, native_id, "companies", acme, kinds[0])
    person.link(object, native_id, "deals", big, kinds[1])
    assert connector.unstamped(object, known) == [native_id]
    connector.push(object, [update(object, native_id, referring(beta, small))])
    assert connector.unstamped(object, known) == []
    assert person.linked(object, native_id, "companies").keys() == {beta}


@newest
@both
@pytest.mark.parametrize("fault", ["cut_after", "cut_before", "error_after"])
def test_a_record_that_is_found_by_its_key_has_its_references(
    connector: HubSpotConnector, admin: Admin, object: str, fault: str
) -> None:
    ((acme, big), _) = pairs(admin)
    write = create(object, "d-1", referring(acme, big))
    admin.fault(fault, f"{object}/batch/create")
    (lost,) = connector.push(object, [write])
    assert isinstance(lost.error, Unknown)
    found = connector.find_by_key(object, KEY, ["d-1"], (COMPANY, DEAL))
    assert len(found) == (0 if fault == "cut_before" else 1)
    assert all((row[COMPANY], row[DEAL]) == (acme, big) for row in found.values())
    (sent,) = connector.push(object, [write])
    assert (sent.error, admin.count(object)) == (None, 1)
    assert [row["_id"] for row in pulled(connector, object, ())] == [sent.native_id]


@newest
@both
def test_looking_for_changes_costs_one_search_whoever_lacks_a_company(
    connector: HubSpotConnector, admin: Admin, object: str
) -> None:
    texts = {name: str(value) for name, value in NEEDED[object].items()}
    (bare,) = admin.seed(object, [texts])
    admin.late(object, bare, 7200)
    pages = list(connector.pull(object, (COMPANY, DEAL), None))
    assert [row[COMPANY] for page in pages for row in page.rows] == [None]
    before = connector.calls()
    assert pulled(connector, object, (COMPANY, DEAL), pages[-1].cursor) == []
    assert connector.calls() - before == 1


@newest
@both
def test_the_calls_that_are_forecast_are_those_that_are_made(
    connector: HubSpotConnector, admin: Admin, object: str
) -> None:
    ((acme, big), _) = pairs(admin)
    day = f"{DAYS[object][0]}.day"
    values = referring(acme, big) | {day: "2026-07-01"}
    connector.push(object, [create(object, "first", values)])
    before = connector.calls()
    results = connector.push(object, [create(object, f"d-{n}", values) for n in range(150)])
    assert connector.calls() - before == connector.push_calls(object, 150, 0) == 4
    ids = [str(result.native_id) for result in results]
    before = connector.calls()
    connector.push(object, [update(object, id_, {day: "2026-07-02"}) for id_ in ids])
    assert connector.calls() - before == connector.push_calls(object, 0, 150) == 2
    before = connector.calls()
    rows = connector.fetch(object, (COMPANY, DEAL, day), ids)
    assert connector.calls() - before == connector.fetch_calls(object, (COMPANY, DEAL, day), 150) == 4
    assert {(row[COMPANY], row[DEAL], row[day]) for row in rows} == {(acme, big, "2026-07-02")}


@newest
@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "UTC"])
@pytest.mark.parametrize("kept", ["datetime", "date"])
@both
def test_a_day_is_the_same_day_in_hubspot_whether_it_keeps_days_or_moments(
    connector: HubSpotConnector, sandbox: HubSpotSandbox, person: Person, object: str, kept: str, zone: str
) -> None:
    midnight = {"Europe/Paris": "2026-06-30T22", "America/New_York": "2026-07-01T04", "UTC": "2026-07-01T00"}[zone]
    shown = "2026-07-01" if kept == "date" else f"{midnight}:00:00.000Z"
    names = DAYS[object]
    turn(sandbox, time_zone=zone, dates=DAYS if kept == "date" else {})
    picked = person.create(object, {name: str(value) for name, value in NEEDED[object].items()})
    person.edit(object, picked, dict.fromkeys(names, shown))
    paths = tuple(f"{name}.day" for name in names)
    (made,) = connector.push(object, [create(object, "d-1", dict.fromkeys(paths, "2026-07-01"))])
    assert list(person.get(object, str(made.native_id), *names)["properties"].items())[: len(names)] == [
        (name, shown) for name in names
    ]
    rows = connector.fetch(object, paths, [picked, str(made.native_id)])
    assert {row[path] for row in rows for path in paths} == {"2026-07-01"}
    for wrong in ("soon", "2026-13-01"):
        (refused,) = connector.push(object, [update(object, picked, {paths[0]: wrong})])
        assert isinstance(refused.error, Rejected)
        assert refused.error.field == paths[0]
    connector.push(object, [update(object, picked, dict.fromkeys(paths))])
    (row,) = connector.fetch(object, paths, [picked])
    assert {row[path] for path in paths} == {None}


@newest
def test_a_day_that_the_app_does_not_see_is_missing_and_not_blank(
    connector: HubSpotConnector, sandbox: HubSpotSandbox, admin: Admin
) -> None:
    (invoice,) = admin.seed("invoices", [{"hs_currency": "EUR", "hs_due_date": "2026-07-01"}])
    turn(sandbox, hidden={"invoices": ["hs_due_date"]})
    paths = ("hs_number", "hs_due_date.day")
    with pytest.raises(ConfigError, match="no property hs_due_date on invoices"):
        pulled(connector, "invoices", paths)
    with pytest.raises(ConfigError, match="no property hs_due_date on invoices"):
        connector.fetch("invoices", paths, [invoice])
    found = connector.check({"invoices": Needs(frozenset(paths), frozenset(paths))})
    wrong = [finding.what for finding in found if not finding.ok]
    assert wrong == ["read invoices.hs_due_date.day", "write invoices.hs_due_date.day"]


@newest
@both
def test_an_object_that_the_portal_lacks_is_told_with_what_to_do(
    connector: HubSpotConnector, sandbox: HubSpotSandbox, admin: Admin, object: str
) -> None:
    needs = {name: Needs(frozenset({KEY}), frozenset({KEY})) for name in ("orders", "invoices")}
    assert all(finding.ok for finding in connector.check(needs))
    turn(sandbox, objects_absent=[object])
    with closing(connector_to(sandbox)()) as fresh:
        (wrong,) = [finding for finding in fresh.check(needs) if not finding.ok]
    assert wrong.what == object
    for said in (f"This portal has no {object}", "object library", "`mirror` off in policy.yaml", "deal's properties"):
        assert said in wrong.now
    ((acme, big), _) = pairs(admin)
    with pytest.raises(ConfigError, match=f"has no {object}"):
        connector.push(object, [create(object, "d-1", referring(acme, big))])
    with pytest.raises(ConfigError, match=f"has no {object}"):
        pulled(connector, object, (COMPANY,))
    with pytest.raises(ConfigError, match="check its name in the mapping"):
        pulled(connector, "ordres", (KEY,))


@newest
def test_an_invoice_that_cannot_leave_draft_says_why_and_stands_alone(
    connector: HubSpotConnector, admin: Admin
) -> None:
    ((acme, big), _) = pairs(admin)
    values = referring(acme, big) | {"hs_invoice_status": "open", "hs_amount_billed": Decimal("17.50")}
    billable, mirrored = connector.push(
        "invoices",
        [create("invoices", "i-1", values), create("invoices", "i-2", values | {"hs_invoice_billable": False})],
    )
    assert isinstance(billable.error, Rejected)
    assert (billable.error.code, billable.error.field) == ("INVOICE_TO_CONTACT", "hs_invoice_billable")
    assert "send hs_invoice_billable as false" in str(billable.error)
    assert (mirrored.error, admin.count("invoices")) == (None, 1)
    (row,) = pulled(connector, "invoices", ("hs_invoice_status", "hs_amount_billed", COMPANY))
    assert (row["hs_invoice_status"], row["hs_amount_billed"], row[COMPANY]) == ("open", "17.50", acme)


@newest
@both
def test_what_documents_refer_to_needs_reading(
    connector: HubSpotConnector, sandbox: HubSpotSandbox, object: str
) -> None:
    needs = {object: Needs(frozenset({COMPANY, DEAL}), frozenset({COMPANY, DEAL}))}
    wanted = [right for right in connector.rights(needs) if right.needed]
    own = [f"crm.objects.{object}.{verb}" for verb in ("read", "write")]
    assert {right.name for right in wanted} == {"crm.objects.companies.read", "crm.objects.deals.read", *own}
    turn(sandbox, scopes_withheld=["crm.objects.deals.read"])
    (wrong,) = [right for right in connector.rights(needs) if not right.granted]
    assert (wrong.name, wrong.why) == ("crm.objects.deals.read", f"{object} refer to them")
