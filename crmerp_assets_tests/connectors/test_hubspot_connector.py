"""What is particular to HubSpot, against its sandbox; what every connector promises is in the contract suite.

Tried, one at a time, and caught here: many rows of one millisecond not read by id, a short page of a search believed,
answers matched by order, a batch not halved, a stage won by its id, a deal made without its lines and company in the
same step, changed line items not looked for, a company that was added later not looked for, a survivor's answer taken
for the record that was asked for (read and written), a large recycle bin listed each time, a key that is not unique
taken for a bad row, a property of another type taken as it is. A page of a list believed though short or repeated is
caught by the contract suite.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from crmerp_assets.bootstrap import connector as build_connector
from crmerp_assets.connectors.errors import (
    AuthFailed,
    ConfigError,
    Duplicate,
    Gone,
    QuotaSpent,
    Rejected,
    Transient,
    Unknown,
)
from crmerp_assets.connectors.http import Unmetered
from crmerp_assets.connectors.hubspot import HubSpotConnector
from crmerp_assets.connectors.protocol import FieldSpec, Needs, Ref, Row, Value, Write
from crmerp_assets.contract.case import Admin
from crmerp_assets.sandbox.hubspot import HubSpotSandbox
from crmerp_assets.systems.hubspot import HubSpotConfig
from crmerp_assets_tests.contract.hubspot_case import KEY, KEY_SPEC, Person, connector_to, provision, stamp

SPECS = [FieldSpec(object, KEY, "Golden Id", "text", 64, external_id=True) for object in ("contacts", "deals")]
DEAL = ("dealname", "amount", "associations.company", "dealstage.won", "line_items.quantity", "line_items.price", KEY)


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
    assert all(step.done for step in made.provision(SPECS, dry_run=False))
    yield made
    made.close()


newest = pytest.mark.parametrize("connector", ["2026-09"], indirect=True)


def create(object: str, key: str, values: dict[str, Value]) -> Write:
    return Write(f"intent-{key}", object, "create", KEY, key, None, values)


def update(object: str, native_id: str, key: str, values: dict[str, Value]) -> Write:
    return Write(f"change-{key}", object, "update", KEY, key, native_id, values)


def pulled(connector: HubSpotConnector, object: str, fields: tuple[str, ...], since: str | None = None) -> list[Row]:
    return [row for page in connector.pull(object, fields, since) for row in page.rows]


def cursor_of(connector: HubSpotConnector, object: str, fields: tuple[str, ...]) -> str:
    return list(connector.pull(object, fields, None))[-1].cursor


def post(sandbox: HubSpotSandbox, path: str, body: dict[str, Any]) -> None:
    assert httpx.post(f"{sandbox.url}/_sandbox/{path}", json=body).status_code < 300


def company(connector: HubSpotConnector, key: str = "c-1") -> str:
    (result,) = connector.push("companies", [create("companies", key, {"name": "Acme"})])
    assert result.error is None
    return str(result.native_id)


def deal_write(company_id: str, key: str = "d-1", lines: int = 2) -> Write:
    rows: list[dict[str, Value]] = [{"name": f"L{n}", "quantity": Decimal(n), "price": Decimal("2.50")} for n in (1, 2)]
    values: dict[str, Value] = {
        "dealname": "Big",
        "amount": Decimal("7.50"),
        "associations.company": Ref("companies", company_id),
        "dealstage.won": True,
        "line_items": rows[:lines],
    }
    return create("deals", key, values)


def test_a_won_deal_is_made_with_its_company_and_its_lines(connector: HubSpotConnector, admin: Admin) -> None:
    acme = company(connector)
    (first,) = connector.push("deals", [deal_write(acme)])
    (again,) = connector.push("deals", [deal_write(acme)])
    assert (first.error, again.error, first.native_id) == (None, None, again.native_id)
    assert (admin.count("deals"), admin.count("line_items")) == (1, 2)
    (row,) = pulled(connector, "deals", DEAL)
    assert (row["associations.company"], row["dealstage.won"], row["amount"]) == (acme, "true", "7.50")
    assert [(line["quantity"], line["price"]) for line in json.loads(row["line_items"] or "")] == [
        ("1", "2.50"),
        ("2", "2.50"),
    ]


@newest
@pytest.mark.parametrize("call", ["line_items/batch/upsert", "deals/batch/create"])
@pytest.mark.parametrize("fault", ["cut_after", "cut_before", "error_after"])
def test_a_deal_that_is_found_by_its_key_has_everything(
    connector: HubSpotConnector, admin: Admin, call: str, fault: str
) -> None:
    acme = company(connector)
    admin.fault(fault, call)
    (result,) = connector.push("deals", [deal_write(acme)])
    assert isinstance(result.error, Unknown)
    found = connector.find_by_key("deals", KEY, ["d-1"], DEAL)
    assert all(len(json.loads(row["line_items"] or "")) == 2 for row in found.values())
    assert all(row["associations.company"] == acme for row in found.values())
    if not found:
        (result,) = connector.push("deals", [deal_write(acme)])
        assert result.error is None
    assert (admin.count("deals"), admin.count("line_items")) == (1, 2)


@newest
def test_won_is_what_the_probability_says(connector: HubSpotConnector, sandbox: HubSpotSandbox, person: Person) -> None:
    stages = [
        {"id": "77001", "label": "Angebot", "probability": "0.5", "closed": False},
        {"id": "77002", "label": "Gewonnen", "probability": "1.0", "closed": True},
        {"id": "closedwon", "label": "Verloren", "probability": "0.0", "closed": True},
    ]
    post(sandbox, "pipelines", {"id": "77", "label": "Vertrieb", "stages": stages})
    for stage in ("77001", "77002", "closedwon"):
        person.create("deals", {"dealname": stage, "pipeline": "77", "dealstage": stage})
    rows = pulled(connector, "deals", ("dealname", "dealstage.won", "dealstage.label"))
    assert [(row["dealname"], row["dealstage.won"], row["dealstage.label"]) for row in rows] == [
        ("77001", "false", "Angebot"),
        ("77002", "true", "Gewonnen"),
        ("closedwon", "false", "Verloren"),
    ]
    (made,) = connector.push(
        "deals", [create("deals", "d-9", {"dealname": "X", "pipeline": "77", "dealstage.won": True})]
    )
    assert person.get("deals", str(made.native_id), "dealstage")["properties"]["dealstage"] == "77002"


@newest
@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        ("Europe/Paris", "2026-06-30T22:00:00.000Z"),
        ("America/New_York", "2026-07-01T04:00:00.000Z"),
        ("UTC", "2026-07-01T00:00:00.000Z"),
    ],
)
def test_a_close_date_is_the_day_it_is_in_the_portal(
    connector: HubSpotConnector, sandbox: HubSpotSandbox, person: Person, zone: str, moment: str
) -> None:
    """A deal of the first of July is one of July, in the books too."""
    post(sandbox, "settings", {"time_zone": zone})
    picked = person.create("deals", {"dealname": "Picked", "dealstage": "closedwon", "closedate": moment})
    (made,) = connector.push(
        "deals", [create("deals", "d-1", {"dealname": "Made", "closedate.day": "2026-07-01", "dealstage.won": True})]
    )
    rows = connector.fetch("deals", ("closedate.day",), [picked, str(made.native_id)])
    assert [row["closedate.day"] for row in rows] == ["2026-07-01"] * 2
    assert person.get("deals", str(made.native_id), "closedate")["properties"]["closedate"] == moment


@newest
def test_a_changed_line_brings_its_deal(connector: HubSpotConnector, person: Person, admin: Admin) -> None:
    acme = company(connector)
    connector.push("deals", [deal_write(acme)])
    for object, count in (("deals", 1), ("line_items", 2)):
        for row in pulled(connector, object, ())[:count]:
            admin.late(object, str(row["_id"]), 7200)
    cursor = cursor_of(connector, "deals", DEAL)
    assert pulled(connector, "deals", DEAL, cursor) == []
    (line, _) = pulled(connector, "line_items", ("quantity",))
    person.edit("line_items", str(line["_id"]), {"quantity": "5"})
    (row,) = pulled(connector, "deals", DEAL, cursor)
    assert sorted(line["quantity"] for line in json.loads(row["line_items"] or "")) == ["2", "5"]


@newest
def test_a_company_that_is_added_later_brings_its_deal(
    connector: HubSpotConnector, person: Person, admin: Admin
) -> None:
    acme = company(connector)
    made = person.create("deals", {"dealname": "Big", "dealstage": "closedwon"})
    admin.late("deals", made, 7200)
    cursor = cursor_of(connector, "deals", DEAL)
    pages = list(connector.pull("deals", DEAL, cursor))
    assert [row for page in pages for row in page.rows] == []
    person.link("deals", made, "companies", acme, 5)
    pages = list(connector.pull("deals", DEAL, pages[-1].cursor))
    assert [(row["_id"], row["associations.company"]) for page in pages for row in page.rows] == [(made, acme)]
    assert pulled(connector, "deals", DEAL, pages[-1].cursor) == []


@newest
def test_a_large_recycle_bin_is_listed_less_often(connector: HubSpotConnector, person: Person, admin: Admin) -> None:
    ids = admin.seed("companies", [{"name": f"C{n}"} for n in range(1_101)])
    for start in range(0, 1_101, 100):
        person.archive("companies", ids[start : start + 100])
    deletions, cursor = connector.deletions("companies", None)
    assert len(deletions) == 1_101
    before = connector.calls()
    assert connector.deletions("companies", cursor) == ([], cursor)
    assert connector.calls() - before == 1


def test_more_changes_than_search_can_page_are_all_read(sandbox: HubSpotSandbox, admin: Admin) -> None:
    """10,500 rows behind one cursor, 1,000 of them in one millisecond; without taking the pauses between searches."""
    post(sandbox, "limits", {"secondly": 10_000})
    rows = [{"name": f"C{n}", "updatedAt": stamp(n // 7)} for n in range(9_500)]
    rows += [{"name": f"T{n}", "updatedAt": stamp(9_000_000)} for n in range(1_000)]
    ids = admin.seed("companies", rows)
    connector = connector_to(sandbox)(sleep=lambda seconds: None)
    read = [str(row["_id"]) for row in pulled(connector, "companies", ("name",), '{"since": "2026-01-01T00:00:00Z"}')]
    connector.close()
    assert len(read) == len(set(read)) == 10_500
    assert set(read) == set(ids)


@newest
def test_searches_keep_to_their_pace(connector: HubSpotConnector) -> None:
    """HubSpot would send the sixth of a second away; ours waits by itself, so that nobody else is sent away either."""
    cursor = cursor_of(connector, "products", ("name",))
    before = connector.calls()
    for _ in range(7):
        pulled(connector, "products", ("name",), cursor)
    assert connector.calls() - before == 7


@newest
def test_a_short_page_of_a_search_is_read_again(connector: HubSpotConnector, admin: Admin, person: Person) -> None:
    cursor = cursor_of(connector, "companies", ("name",))
    ids = [person.create("companies", {"name": f"C{n}"}) for n in range(6)]
    admin.fault("short_page", "search")
    assert sorted(str(row["_id"]) for row in pulled(connector, "companies", ("name",), cursor)) == ids


@newest
def test_what_the_index_did_not_show_yet_is_read_by_the_overlap(
    connector: HubSpotConnector, sandbox: HubSpotSandbox, person: Person
) -> None:
    first = cursor_of(connector, "companies", ("name",))
    post(sandbox, "settings", {"index_lag": 3600})
    made = person.create("companies", {"name": "Late"})
    pages = list(connector.pull("companies", ("name",), first))
    assert [row for page in pages for row in page.rows] == []
    post(sandbox, "settings", {"index_lag": 0})
    assert [row["_id"] for row in pulled(connector, "companies", ("name",), pages[-1].cursor)] == [made]


@newest
@pytest.mark.parametrize("multi_status", [[], ["create", "update", "upsert"]])
def test_bad_rows_stand_alone_whether_or_not_hubspot_tells_them_apart(
    connector: HubSpotConnector, sandbox: HubSpotSandbox, admin: Admin, multi_status: list[str]
) -> None:
    post(sandbox, "settings", {"multi_status": multi_status})
    bad = {3, 57, 58, 99}
    writes = [
        create("companies", f"k-{n}", {"name": f"N{n}", "annualrevenue": "much" if n in bad else "1"})
        for n in range(120)
    ]
    before = connector.calls()
    results = connector.push("companies", writes)
    assert {n for n, result in enumerate(results) if result.error} == bad
    errors = [results[n].error for n in sorted(bad)]
    assert all(isinstance(error, Rejected) and error.field == "annualrevenue" for error in errors)
    assert all("much" not in str(error) for error in errors)
    assert admin.count("companies") == 116
    assert connector.calls() - before <= (60 if not multi_status else 2)
    found = connector.find_by_key("companies", KEY, [write.key for write in writes], ("name",))
    assert all(
        found[write.key]["_id"] == result.native_id
        for write, result in zip(writes, results, strict=True)
        if not result.error
    )


@newest
def test_a_used_address_names_the_contact_that_has_it(connector: HubSpotConnector, person: Person) -> None:
    there = person.create("contacts", {"email": "ann@example.com", "lastname": "Lee"})
    writes = [
        create("contacts", "p-1", {"lastname": "Lee", "email": "Ann@Example.com"}),
        create("contacts", "p-2", {"lastname": "Poe", "email": "poe@example.com"}),
    ]
    taken, made = connector.push("contacts", writes)
    assert isinstance(taken.error, Duplicate)
    assert taken.error.existing_id == there
    assert made.error is None


@newest
@pytest.mark.parametrize("values", [{}, {"associations.company": Ref("companies", "{company}")}])
def test_a_failure_after_the_first_call_loses_no_result(
    connector: HubSpotConnector, sandbox: HubSpotSandbox, person: Person, admin: Admin, values: dict[str, Value]
) -> None:
    """Who has the used address cannot be asked any more; what was made meanwhile is told all the same."""
    acme = company(connector)
    values = {path: Ref("companies", acme) for path in values}
    person.create("contacts", {"email": "ann@example.com", "lastname": "Lee"})
    impatient = connector_to(sandbox)(sleep=lambda seconds: None)
    admin.fault("server_error", "contacts/batch/read", times=99, skip=len(values))
    taken, made = impatient.push(
        "contacts",
        [
            create("contacts", "p-1", {"lastname": "Lee", "email": "ann@example.com", **values}),
            create("contacts", "p-2", {"lastname": "Poe", "email": "poe@example.com", **values}),
        ],
    )
    impatient.close()
    assert isinstance(taken.error, Transient)
    assert made.error is None
    assert admin.count("contacts") == 2


@newest
def test_both_sides_of_a_merge_are_gone_into_a_third(connector: HubSpotConnector, person: Person) -> None:
    one, other = company(connector, "c-1"), company(connector, "c-2")
    _, cursor = connector.deletions("companies", None)
    third = person.merge("companies", one, other)
    deletions, _ = connector.deletions("companies", cursor)
    assert sorted((gone.native_id, gone.merged_into) for gone in deletions) == [(one, third), (other, third)]
    assert connector.fetch("companies", ("name",), [one, other]) == []
    assert connector.ids("companies") == [third]
    assert connector.find_by_key("companies", KEY, ["c-1", "c-2"])["c-1"]["_id"] == third
    (result,) = connector.push("companies", [update("companies", other, "c-2", {"phone": "1"})])
    assert isinstance(result.error, Gone)
    assert result.error.merged_into == third


def test_references_are_set_moved_and_taken_away(connector: HubSpotConnector, person: Person) -> None:
    acme, beta = company(connector, "c-1"), company(connector, "c-2")
    ref = {"associations.company": Ref("companies", key_field=KEY, key="c-1")}
    (made,) = connector.push("contacts", [create("contacts", "p-1", {"lastname": "Lee", **ref})])
    contact = str(made.native_id)
    assert person.linked("contacts", contact, "companies") == {acme: [1, 279]}

    def read() -> str | None:
        (row,) = connector.fetch("contacts", ("associations.company",), [contact])
        return row["associations.company"]

    assert read() == acme
    moved = update("contacts", contact, "p-1", {"associations.company": Ref("companies", beta), "jobtitle": "CFO"})
    assert [result.error for result in connector.push("contacts", [moved])] == [None]
    assert (read(), person.linked("contacts", contact, "companies")[beta]) == (beta, [1, 279])
    away = update("contacts", contact, "p-1", {"associations.company": None})
    assert [result.error for result in connector.push("contacts", [away])] == [None]
    assert read() is None


def test_a_company_has_one_parent(connector: HubSpotConnector) -> None:
    parent, other, child = (company(connector, key) for key in ("c-1", "c-2", "c-3"))
    for target in (parent, other):
        values: dict[str, Value] = {"associations.parent_company": Ref("companies", target)}
        (result,) = connector.push("companies", [update("companies", child, "c-3", values)])
        assert result.error is None
        (row,) = connector.fetch("companies", ("associations.parent_company",), [child])
        assert row["associations.parent_company"] == target


@newest
def test_a_reference_to_nobody_is_refused_alone(connector: HubSpotConnector, admin: Admin) -> None:
    acme = company(connector)
    writes = [
        create("contacts", f"p-{n}", {"lastname": "Lee", "associations.company": Ref("companies", target)})
        for n, target in enumerate((acme, "999999", acme))
    ]
    results = connector.push("contacts", writes)
    assert [result.error is None for result in results] == [True, False, True]
    assert admin.count("contacts") == 2


@newest
def test_what_an_administrator_demands_is_a_rejection(connector: HubSpotConnector, sandbox: HubSpotSandbox) -> None:
    post(sandbox, "settings", {"required": {"companies": ["phone"]}})
    lacking, whole = connector.push(
        "companies",
        [create("companies", "c-1", {"name": "A"}), create("companies", "c-2", {"name": "B", "phone": "1"})],
    )
    assert isinstance(lacking.error, Rejected)
    assert (lacking.error.field, whole.error) == ("phone", None)


@newest
def test_a_key_that_is_not_unique_is_an_administrators_to_mend(connector: HubSpotConnector) -> None:
    write = Write("w", "companies", "create", "domain", "acme.com", None, {"name": "A"})
    with pytest.raises(ConfigError, match="unique"):
        connector.push("companies", [write])


@newest
def test_a_property_that_is_missing_stops_a_push_before_anything_is_sent(
    connector: HubSpotConnector, admin: Admin
) -> None:
    with pytest.raises(ConfigError, match="shoe_size"):
        connector.push("companies", [create("companies", f"c-{n}", {"name": "A", "shoe_size": "44"}) for n in range(3)])
    assert admin.count("companies") == 0


@newest
def test_a_day_without_calls_left_says_so(connector: HubSpotConnector, admin: Admin) -> None:
    admin.daily_limit(0)
    with pytest.raises(QuotaSpent):
        pulled(connector, "companies", ("name",))


@newest
def test_the_days_calls_are_told(connector: HubSpotConnector, admin: Admin) -> None:
    admin.daily_limit(500)
    pulled(connector, "companies", ("name",))
    limits = connector.limits()
    assert limits.allowed == 500
    assert limits.used


@newest
@pytest.mark.parametrize("object", ["contacts", "deals"])
def test_a_missing_scope_is_named_with_where_to_grant_it(
    connector: HubSpotConnector, sandbox: HubSpotSandbox, object: str
) -> None:
    scope = f"crm.objects.{object}.write"
    needs = {object: Needs(frozenset({KEY}), frozenset({KEY}))}
    assert all(right.granted for right in connector.rights(needs))
    assert all(finding.ok for finding in connector.check(needs))
    post(sandbox, "settings", {"scopes_withheld": [scope]})
    (wrong,) = [right for right in connector.rights(needs) if not right.granted]
    assert wrong.name == scope
    assert "Private Apps" in wrong.where
    with pytest.raises(ConfigError, match=scope):
        connector.push(object, [create(object, "k", {"dealname": "A", "dealstage": "closedwon"})])


@newest
def test_provisioning_says_what_it_cannot_mend(connector: HubSpotConnector, sandbox: HubSpotSandbox) -> None:
    (dry,) = connector.provision([FieldSpec("companies", "tier", "Tier", "text", 40)], dry_run=True)
    assert not dry.done
    assert "tier" not in connector.describe("companies")
    specs = [
        FieldSpec("companies", "tier", "Tier", "text", 40),
        FieldSpec("companies", "terms", "Terms", "picklist", values=("Net 30", "Net 60")),
        FieldSpec("companies", "hold", "Hold", "checkbox"),
        FieldSpec("companies", "owed", "Owed", "currency", 18, 2),
        FieldSpec("companies", "paid_on", "Paid on", "date"),
    ]
    assert [step.done for step in connector.provision(specs, dry_run=False)] == [True] * 5
    assert [step.done for step in connector.provision(specs, dry_run=False)] == [True] * 5
    assert connector.describe("companies")["terms"].values == ("Net 30", "Net 60")
    (step,) = connector.provision([FieldSpec("companies", "tier", "Tier", "text", 40, external_id=True)], dry_run=False)
    assert not step.done
    assert "delete tier" in str(step.manual)
    for spec, said in (
        (FieldSpec("companies", "tier", "Tier", "text", 40, external_id=True), "does not require unique values"),
        (FieldSpec("companies", "owed", "Owed", "text", 40), "is of the type number, where text is meant"),
        (FieldSpec("companies", "terms", "Terms", "picklist", values=("Net 90",)), "with the options Net 90"),
    ):
        (planned,), (step,) = (connector.provision([spec], dry_run=dry_run) for dry_run in (True, False))
        assert planned == step, "a dry run tells it as well"
        assert not step.done
        assert said in str(step.manual)
    post(sandbox, "settings", {"scopes_withheld": ["crm.schemas.companies.write"]})
    (step,) = connector.provision([FieldSpec("companies", "more", "More", "text", 40)], dry_run=False)
    assert not step.done
    assert "crm.schemas.companies.write" in str(step.manual)


@newest
def test_a_line_key_comes_with_deals(connector: HubSpotConnector) -> None:
    assert connector.describe("line_items")["crmerp_line_key"].unique


def test_a_wrong_token_is_a_persons_to_replace(sandbox: HubSpotSandbox) -> None:
    connector = HubSpotConnector("hubspot", sandbox.url, "pat-na1-wrong", clock=lambda: datetime.now(UTC), verify=False)
    with pytest.raises(AuthFailed):
        connector.ids("companies")
    assert not connector.check({})[0].ok
    connector.close()


def test_an_oauth_app_of_the_configuration_gets_in_and_a_wrong_one_is_told_what_to_do(sandbox: HubSpotSandbox) -> None:
    given = sandbox.credentials

    def ids(refresh_token: str) -> list[str]:
        config = HubSpotConfig(
            type="hubspot",
            name="hubspot",
            role="crm",
            url=sandbox.url,
            client_id=given["HUBSPOT_CLIENT_ID"],
            client_secret=SecretStr(given["HUBSPOT_CLIENT_SECRET"]),
            refresh_token=SecretStr(refresh_token),
        )
        with closing(build_connector(config, lambda: datetime.now(UTC), Unmetered())) as made:
            return made.ids("companies")

    assert ids(given["HUBSPOT_REFRESH_TOKEN"]) == []
    with pytest.raises(AuthFailed, match="install the app in the portal again") as refused:
        ids("na1-wrong")
    assert "na1-wrong" not in str(refused.value)


def test_values_come_back_as_they_were_written(connector: HubSpotConnector) -> None:
    connector.provision([KEY_SPEC, FieldSpec("companies", "paid_on", "Paid on", "date")], dry_run=False)
    connector.provision([FieldSpec("companies", "hold", "Hold", "checkbox")], dry_run=False)
    values: dict[str, Value] = {
        "name": 'Ünïcode "quoted" \\ Ltd',
        "annualrevenue": Decimal("1234567.80"),
        "paid_on": "2026-11-20",
        "hold": False,
        "phone": None,
    }
    (made,) = connector.push("companies", [create("companies", "c-1", values)])
    (row,) = connector.fetch("companies", tuple(values), [str(made.native_id)])
    assert {name: row[name] for name in values} == {
        "name": 'Ünïcode "quoted" \\ Ltd',
        "annualrevenue": "1234567.80",
        "paid_on": "2026-11-20",
        "hold": "false",
        "phone": None,
    }
    connector.push("companies", [update("companies", str(made.native_id), "c-1", {"annualrevenue": None})])
    (row,) = connector.fetch("companies", ("annualrevenue",), [str(made.native_id)])
    assert row["annualrevenue"] is None
