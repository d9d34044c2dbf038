"""Two CRMs and one ERP: sales and marketing know the same customers, and hear of one another through the ERP."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from lanes_world import HUBSPOT, NETSUITE, SALESFORCE, LanesWorld, make_lanes, plan_all, read
from world import GO_LIVE, PLAIN, WIDE, push_all

from crmerp_assets.cli import main
from crmerp_assets.contract.case import Admin
from crmerp_assets.definitions import defs
from crmerp_assets.sandbox.company.people import Seller
from crmerp_assets.sandbox.hubspot import HubSpotSandbox
from crmerp_assets.sandbox.netsuite import NetSuiteSandbox
from crmerp_assets.sandbox.salesforce import SalesforceSandbox
from crmerp_assets.sync.audit import run_audit
from crmerp_assets.sync.refit import refit, summary
from crmerp_assets_tests.contract.hubspot_case import Person

CONNECTIONS = f"""
connections:{SALESFORCE}{HUBSPOT}{NETSUITE}
lanes:
  - {{name: sales, crm: salesforce, erp: netsuite}}
  - {{name: marketing, crm: hubspot, erp: netsuite, entities: [customer, contact]}}
"""
POLICY = GO_LIVE + "create: {customer: {crm: never, erp: always}}\n"


@pytest.fixture(scope="module")
def hubspot(tmp_path_factory: pytest.TempPathFactory) -> HubSpotSandbox:
    return HubSpotSandbox(tmp_path_factory.mktemp("hubspot"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, hubspot: HubSpotSandbox) -> Iterator[LanesWorld]:
    folder = tmp_path_factory.mktemp("hub") / "state"
    crm, erp = SalesforceSandbox(folder / "salesforce"), NetSuiteSandbox(folder / "netsuite", job_delay_seconds=0.0)
    with (
        pytest.MonkeyPatch.context() as patch,
        make_lanes(folder, patch, CONNECTIONS, POLICY, crm, erp, hubspot) as made,
    ):
        httpx.post(f"{hubspot.url}/_sandbox/limits", json=WIDE, verify=PLAIN).raise_for_status()
        yield made


@pytest.fixture(scope="module")
def marketer(world: LanesWorld, hubspot: HubSpotSandbox) -> Iterator[Person]:
    admin = Admin(hubspot.url)
    made = Person(hubspot.url, admin)
    yield made
    made.close()
    admin.close()


@pytest.fixture(scope="module")
def ann(world: LanesWorld) -> Iterator[Seller]:
    with Seller(world.crm.url) as made:
        yield made


def known_to_both(world: LanesWorld, marketer: Person, name: str, site: str, phone: str) -> tuple[str, str]:
    """A company that both CRMs know, with the same facts; its ids there."""
    place = {
        "BillingStreet": "1 Main St",
        "BillingCity": "Boston",
        "BillingPostalCode": "02110",
        "BillingCountry": "USA",
    }
    there = {"Name": name, "Website": site, "Phone": phone, "CurrencyIsoCode": "USD", **place}
    (account,) = world.seed("crm", "Account", [there])
    address = {"address": "1 Main St", "city": "Boston", "zip": "02110", "country": "United States"}
    return account, marketer.create("companies", {"name": name, "website": site, "phone": phone, **address})


def customers(world: LanesWorld) -> list[dict[str, str]]:
    return world.suiteql("SELECT id, companyname n, externalid k, url, phone FROM customer ORDER BY id")


def company(marketer: Person, native_id: str) -> dict[str, Any]:
    found: dict[str, Any] = marketer.get("companies", native_id, "name", "website", "phone", "crmerp_id")["properties"]
    return found


def test_what_one_lane_creates_the_other_links_and_changes_flow_through_the_erp_and_come_to_rest(
    world: LanesWorld, marketer: Person, ann: Seller
) -> None:
    account, other = known_to_both(world, marketer, "Acme Tools Inc", "acme-tools.example.com", "+1 617 555 0101")

    world.rest()

    (made,) = customers(world)
    assert made["k"].startswith("cust-sales-"), "the key is that of the lane that made it"
    assert company(marketer, other)["crmerp_id"].startswith("cust-marketing-"), "the other lane links it by its ids"
    assert len(marketer.all("companies", "name")) == 1

    ann.change("Account", account, {"Website": "moved.example.com"})
    assert world.rest() <= 2
    assert "moved.example.com" in customers(world)[0]["url"]
    assert "moved.example.com" in company(marketer, other)["website"]

    marketer.edit("companies", other, {"phone": "+1 617 555 0199"})
    assert world.rest() <= 3
    assert "0199" in world.soql(f"SELECT Phone FROM Account WHERE Id = '{account}'")[0]["Phone"]
    assert customers(world)[0]["k"] == made["k"], "nobody takes the key"
    assert world.round() == 0


def test_two_lanes_that_create_one_customer_at_once_leave_a_double_that_is_asked_about(
    world: LanesWorld, marketer: Person
) -> None:
    known_to_both(world, marketer, "Zenith Optics LLC", "zenith-optics.example.com", "+1 617 555 0300")
    for act in (lambda used: (read(used), plan_all(used)), push_all):
        for lane in world.lanes:
            with world.at(lane) as used:
                act(used)
    assert [row["n"] for row in customers(world)].count("Zenith Optics LLC") == 2
    world.rest()
    asked: list[str] = []
    for used in world.lanes.values():
        with used.ledger.read() as tx:
            asked += tx.reviews.list()["title"].to_list()
    said = "Is customer 'Zenith Optics LLC' in the CRM the same as 'Zenith Optics LLC' in the ERP?"
    assert asked == [said, said], "each lane asks about the record of the other"


def test_one_graph_holds_the_assets_jobs_and_sensors_of_every_lane(world: LanesWorld) -> None:
    found = defs()
    keys = {key.to_user_string() for key in found.resolve_all_asset_keys()}
    assert {"sales/plan/order", "marketing/plan/customer", "sales/push/netsuite", "report/lanes"} <= keys
    assert "marketing/plan/order" not in keys
    jobs = {job.name for job in found.jobs or ()}
    assert {"sales_sync", "marketing_sync", "sales_won_deals"} <= jobs
    assert "marketing_won_deals" not in jobs
    assert {"sales_won_deals_sensor", "marketing_customers_sensor"} <= {sensor.name for sensor in found.sensors or ()}
    assert "marketing_customers_hourly" in {schedule.name for schedule in found.schedules or ()}


def test_one_command_syncs_all_lanes_and_those_about_one_ledger_ask_which(
    world: LanesWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crmerp(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["crmerp", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        return int(left.value.code or 0), *capsys.readouterr()

    code, _, said = crmerp("review", "list")
    assert (code, "Say --lane or CRMERP_LANE: sales, marketing" in " ".join(said.split())) == (2, True)
    code, out, _ = crmerp("review", "list", "--lane", "marketing", "--json")
    assert code == 0
    code, out, said = crmerp("sync", "--json")
    assert code == 0, said
    assert [one["lane"] for one in json.loads(out)["rounds"]] == ["sales", "marketing"]
    code, out, said = crmerp("reconcile", "--json")
    assert code == 0, said
    document = json.loads(out)
    assert set(document["lanes"]) == {"sales"}, "marketing has no orders"
    assert document["all"]["nobody"] == document["all"]["twice"] == []


def test_a_lane_without_orders_is_audited_and_its_matching_looked_at_as_a_whole(world: LanesWorld) -> None:
    with world.at("marketing") as used:
        assert {row["entity"] for row in run_audit(used).scores.to_dicts()} == {"customer", "contact"}
        assert summary({"customer": refit(used, "customer")}).height > 0
