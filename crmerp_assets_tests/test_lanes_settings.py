"""Lanes in the configuration: every mistake is told where it stands, and each lane has a place of its own.

Taken out once, and the law at the end was seen not to hold: `without` in the comparison of routes.
"""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmerp_assets.bootstrap import NoLane, NotConfigured, build, in_lane
from crmerp_assets.mapping import ConfigurationError
from crmerp_assets.merge.lanes import EVERYTHING, LaneConfig, lanes, overlap
from crmerp_assets.merge.scope import CustomerScope
from crmerp_assets.settings import Configuration, Settings, load_configuration

ENVIRONMENT = {"S": "secret"}
SYSTEMS = """
connections:
  - {name: sf, type: salesforce, role: crm, url: u, client_id: c, client_secret: "${S}"}
  - {name: hs, type: hubspot, role: crm, token: "${S}"}
  - {name: ns, type: netsuite, role: erp, url: u, account: a, client_id: c, certificate_id: c, private_key_file: k}
  - {name: odoo, type: odoo, role: erp, url: u, database: d, login: l, api_key: "${S}"}
"""
TWO_ERPS = """
lanes:
  - {name: us, crm: sf, erp: ns, route: {only: {billing_country: [US]}}}
  - {name: eu, crm: sf, erp: odoo, route: {without: {billing_country: [US]}}}
  - {name: marketing, crm: hs, erp: ns, entities: [customer, contact]}
"""


def load(folder: Path, more: str, systems: str = SYSTEMS) -> Configuration:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "connections.yaml").write_text(systems + more, encoding="utf-8")
    return load_configuration(Settings(config=folder), ENVIRONMENT)


def problems(folder: Path, more: str, systems: str = SYSTEMS) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(folder, more, systems)
    return [problem.replace(f"{folder}/", "") for problem in caught.value.problems]


def test_each_lane_has_two_connections_and_carries_what_it_says(tmp_path: Path) -> None:
    us, eu, marketing = load(tmp_path, TWO_ERPS).lanes
    assert [connection.name for connection in us.connections] == ["sf", "ns"]
    assert {m.entity for m in marketing.matrix.all()} == {"customer", "contact"}
    assert {"order", "invoice", "payment", "exchange_rate"} <= {m.entity for m in us.matrix.all()}
    assert (us.lane.shared, us.lane.guest, us.lane.decides) == ({"crm", "erp"}, set(), "crm")
    assert (eu.lane.shared, eu.lane.guest, eu.lane.follows) == ({"crm"}, {"crm"}, False)
    assert (marketing.lane.shared, marketing.lane.guest, marketing.lane.follows) == ({"erp"}, {"erp"}, True)


def test_a_crm_that_is_not_the_first_of_its_erp_owns_no_field_there(tmp_path: Path) -> None:
    us, _, marketing = load(tmp_path, TWO_ERPS).lanes
    owners = [one.governance["customer"].fields["tier"].owner for one in (us, marketing)]
    assert owners == ["crm", "erp"], "the ERP passes on what the first CRM decides"
    assert "crm" not in {rule.owner for rule in marketing.governance["contact"].fields.values()}


def test_without_lanes_one_of_each_is_needed_and_the_way_to_more_is_told(tmp_path: Path) -> None:
    more = ", or say in `lanes` which CRM goes with which ERP"
    assert problems(tmp_path, "") == [
        f"connections.yaml:2: connections: 2 connections have the role {role}; exactly one must{more}"
        for role in ("crm", "erp")
    ]


@pytest.mark.parametrize(
    ("lanes_text", "said"),
    [
        ("lanes: {}", "lanes: a list of lanes is expected"),
        ("lanes: []", "lanes: a list of lanes is expected"),
        ("lanes: [{name: us, crm: sf}]", "lanes.0.erp: this key is missing"),
        ("lanes: [{name: US, crm: sf, erp: ns}]", "lanes.0.name: String should match"),
        (
            "lanes: [{name: us, crm: sf, erp: ns, rout: {}}]",
            "lanes.0.rout: 'rout' is not a key here; did you mean 'route'?",
        ),
        ("lanes: [{name: us, crm: sff, erp: ns}]", "lanes.0.crm: 'sff' is no connection; did you mean 'sf'?"),
        ("lanes: [{name: us, crm: ns, erp: ns}]", "lanes.0.crm: 'ns' has the role erp; name one with crm"),
        ("lanes: [{name: us, crm: sf, erp: ns, entities: []}]", "lanes.0.entities: "),
        ("lanes: [{name: us, crm: sf, erp: ns, entities: [invoice]}]", "lanes.0.entities.0: 'invoice' is not one of"),
        ("lanes: [{name: us, crm: sf, erp: ns, entities: [order]}]", "lanes.0.entities: order needs customer; add it"),
        ("lanes: [{name: us, crm: sf, erp: ns, entities: [contact]}]", "lanes.0.entities: contact needs customer"),
        (
            "lanes: [{name: us, crm: sf, erp: ns, route: {only: {phone: ['1']}}}]",
            "a scope cannot ask for 'phone'",
        ),
        ("lanes: [{name: us, crm: sf, erp: ns}]", "connections.1.name: no lane uses 'hs'; name it in one"),
        (
            "lanes: [{name: us, crm: sf, erp: ns}, {name: us, crm: hs, erp: odoo}]",
            "lanes.1.name: 'us' is the name of two lanes; rename one",
        ),
        (
            "lanes: [{name: us, crm: sf, erp: ns}, {name: eu, crm: sf, erp: ns}]",
            "lanes.1.erp: lane us has the same CRM and ERP; make one lane of the two",
        ),
        (
            "lanes: [{name: us, crm: sf, erp: ns}, {name: eu, crm: sf, erp: odoo}]",
            "lanes.1.route: a customer of sf could fit this lane and lane us, and would be kept in two ERPs",
        ),
    ],
)
def test_every_mistake_is_told_with_its_place(tmp_path: Path, lanes_text: str, said: str) -> None:
    found = problems(tmp_path, lanes_text)
    assert any(said in problem for problem in found), found
    assert all(problem.startswith("connections.yaml:") for problem in found)


def test_a_route_by_a_field_that_the_shared_system_does_not_tell_is_refused(tmp_path: Path) -> None:
    text = TWO_ERPS.replace("{only: {billing_country: [US]}}", "{only: {erp_number: ['1']}}").replace(
        "{without: {billing_country: [US]}}", "{without: {erp_number: ['1']}}"
    )
    (tmp_path / "mapping" / "matrix").mkdir(parents=True)
    (tmp_path / "mapping" / "matrix" / "customer.salesforce.yaml").write_text("fields: {erp_number: null}\n")
    found = problems(tmp_path, text)
    assert any("route: sf decides for all its lanes, and does not tell erp_number; map it" in one for one in found), (
        found
    )


def test_a_lane_says_in_its_own_folder_what_differs_there(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("go_live: 2026-01-01\ncreate: {customer: {erp: always}}\n")
    own = tmp_path / "lanes" / "eu"
    (own / "mapping" / "matrix").mkdir(parents=True)
    (own / "policy.yaml").write_text("create: {customer: {crm: never}}\ncompany_currency: EUR\n")
    (own / "mapping" / "matrix" / "customer.salesforce.yaml").write_text("fields: {tier: Segment__c}\n")
    us, eu, _ = load(tmp_path, TWO_ERPS).lanes
    assert (us.policy.create.customer.crm, us.policy.company_currency) == ("always", None)
    assert (eu.policy.create.customer.crm, eu.policy.create.customer.erp) == ("never", "always")
    assert (eu.policy.company_currency, str(eu.policy.go_live)) == ("EUR", "2026-01-01")
    natives = [one.matrix.map("salesforce", "customer").fields["tier"].native for one in (us, eu)]
    assert natives[0] != natives[1] == ("Segment__c",)
    (own / "policy.yaml").write_text("retrys: {}\n")
    assert problems(tmp_path, TWO_ERPS) == [
        "lanes/eu/policy.yaml:1: retrys: 'retrys' is not a key here; did you mean 'retries'?"
    ]


def test_every_lane_has_its_own_ledger_warehouse_and_reports_and_they_count_in_one(tmp_path: Path) -> None:
    alone = Settings(state=tmp_path)
    us = alone.within("us")
    assert (alone.ledger, alone.common) == (f"sqlite:///{tmp_path}/ledger.sqlite",) * 2
    assert us.ledger == f"sqlite:///{tmp_path}/lanes/us/ledger.sqlite"
    assert us.common == alone.within("eu").common == f"sqlite:///{tmp_path}/common.sqlite"
    assert us.warehouse == tmp_path / "lanes" / "us" / "warehouse.duckdb"
    server = Settings(state=tmp_path, ledger_url="postgresql://host/books?sslmode=require").within("us")
    assert "search_path%3Dlane_us" in server.ledger
    assert "sslmode=require" in server.ledger
    assert "search_path%3Dlanes_common" in server.common


def test_a_lane_must_be_named_where_there_are_several_and_only_there(tmp_path: Path) -> None:
    several = load(tmp_path, TWO_ERPS)
    settings = Settings(config=tmp_path)
    with pytest.raises(NoLane, match=r"There are several lanes. Say --lane or CRMERP_LANE: us, eu, marketing"):
        in_lane(settings, several)
    with pytest.raises(NoLane, match="There is no lane 'uk'"):
        in_lane(settings.within("uk"), several)
    assert in_lane(settings.within("eu"), several).lane.name == "eu"
    one = "\n".join(line for line in SYSTEMS.splitlines() if "name: hs" not in line and "name: odoo" not in line)
    alone = load(tmp_path, "\n", one)
    assert in_lane(settings, alone) is alone
    with pytest.raises(NoLane, match=r"connections.yaml has no `lanes`"):
        in_lane(settings.within("us"), alone)


def test_a_ledger_from_before_there_were_lanes_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S", "secret")
    config, state = tmp_path / "config", tmp_path / "state"
    load(config, TWO_ERPS)
    state.mkdir()
    (state / "ledger.sqlite").touch()
    with pytest.raises(NotConfigured, match=r"from before there were lanes. Move it into the lane"):
        build(Settings(config=config, state=state, lane="us"))


COUNTRIES = ("US", "CA", "FR")
VALUES = st.lists(st.sampled_from(COUNTRIES), min_size=1, max_size=2)
CONDITIONS = st.dictionaries(st.sampled_from(["billing_country", "shipping_country"]), VALUES, max_size=2)
ROUTES = st.builds(lambda only, without: CustomerScope(only=only, without=without), CONDITIONS, CONDITIONS)


@given(ROUTES, ROUTES)
def test_routes_overlap_exactly_where_some_customer_fits_both(one: CustomerScope, other: CustomerScope) -> None:
    import polars as pl

    values = (*COUNTRIES, "DE", None)
    everybody = pl.DataFrame(
        [(billing, shipping) for billing in values for shipping in values],
        schema={"billing_country": pl.String, "shipping_country": pl.String},
        orient="row",
    )
    both = everybody.filter(one.outside().is_null() & other.outside().is_null())
    first, second = (
        LaneConfig(name=name, crm="sf", erp=name, route=route) for name, route in (("a", one), ("b", other))
    )
    assert overlap(first, second) == (both.height > 0)


def test_the_first_lane_of_a_system_leads_it() -> None:
    found = lanes([LaneConfig(name=name, crm="sf", erp=name) for name in ("a", "b", "c")])
    assert [lane.guest for lane in found] == [frozenset(), frozenset({"crm"}), frozenset({"crm"})]
    assert found[0].entities == EVERYTHING


def test_the_example_of_several_lanes_loads() -> None:
    example = Path(__file__).parent.parent / "docs" / "examples" / "lanes"
    named = set(re.findall(r"\$\{([A-Z_]+)\}", (example / "connections.yaml").read_text(encoding="utf-8")))
    found = load_configuration(Settings(config=example), dict.fromkeys(named, "x"))
    assert found.names == ("us", "eu", "marketing")
    assert [str(one.policy.go_live) for one in found.lanes] == ["2026-12-01"] * 3
    assert found.lanes[1].policy.company_currency == "EUR"
