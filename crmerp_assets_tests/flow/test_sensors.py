"""Sensors react to what happened in either system, and to nothing else.

Protection removed once, and the test that failed: `taken_up` of the job `order_to_cash` (the steps of an order).
"""

from datetime import date
from typing import Any

import dagster as dg
import pytest
from world import CLOSED, GO_LIVE, World

from crmerp_assets.definitions import defs
from crmerp_assets.defs import sensors
from crmerp_assets.sandbox.company.people import Accountant, Seller
from crmerp_assets.sync import retry

DAY = date.fromisoformat(CLOSED)


@pytest.fixture(autouse=True)
def _short_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick that asks twice instead of for twenty seconds."""
    monkeypatch.setattr(sensors, "TICK_SECONDS", 0.5)


def test_a_won_deal_becomes_an_order_and_its_paid_invoice_reaches_the_deal(world: World) -> None:
    _quick(world)
    accounts, entries = world.accounts(1), world.catalogue(1)
    deal = world.deals(accounts, entries, 1, StageName="Negotiation")[0]
    world.settle()
    won, cash = _tick(world, "won_deals_sensor"), _tick(world, "order_to_cash_sensor")
    assert (won.skip_message, cash.skip_message) == ("nothing to do", "nothing to do")
    assert world.instance.get_runs() == []

    with Seller(world.crm.url) as ann:
        ann.win(deal, DAY)
    won = _tick(world, "won_deals_sensor", won.cursor)
    assert won.skip_message == "1 records handled in this tick"
    assert world.orders()[0] == 1
    assert [run.status for run in world.instance.get_runs()] == [dg.DagsterRunStatus.SUCCESS]
    assert world.instance.get_runs()[0].tags["dagster/sensor_name"] == "won_deals_sensor"
    assert _tick(world, "won_deals_sensor", won.cursor).skip_message == "nothing to do"

    with Accountant(world.erp.url) as bob:
        order = bob.orders()[0]
        bob.pay(bob.bill(order["id"], invoice_date=DAY), day=DAY)
    cash = _tick(world, "order_to_cash_sensor", cash.cursor)
    assert "handled" in cash.skip_message
    told = world.soql(
        f"SELECT ERP_Order_Number__c, ERP_Invoice_Status__c, ERP_Paid__c FROM Opportunity WHERE Id = '{deal}'"
    )
    assert told[0]["ERP_Order_Number__c"] == order["tranid"]
    assert told[0]["ERP_Invoice_Status__c"] == "Paid"
    assert told[0]["ERP_Paid__c"] == 20.5
    assert _tick(world, "order_to_cash_sensor", cash.cursor).skip_message == "nothing to do"


def test_the_steps_of_an_order_reach_the_deal_one_after_the_other_without_a_pull_of_the_crm(world: World) -> None:
    """Each step writes the order's status over what the last one wrote, which is only known from reading it back."""
    _quick(world)
    accounts, entries = world.accounts(1), world.catalogue(1)
    deal = world.deals(accounts, entries, 1)[0]
    world.pass_through()
    cursor = None
    with Accountant(world.erp.url) as bob:
        for step in ("ordered", "billed", "paid"):
            if step == "billed":
                invoice = bob.bill(bob.orders()[0]["id"], invoice_date=DAY)
            elif step == "paid":
                bob.pay(invoice, day=DAY)
            cursor = _tick(world, "order_to_cash_sensor", cursor).cursor
    told = world.soql(f"SELECT ERP_Invoice_Status__c, ERP_Paid__c FROM Opportunity WHERE Id = '{deal}'")
    assert (told[0]["ERP_Invoice_Status__c"], told[0]["ERP_Paid__c"]) == ("Paid", 20.5)
    tried = [row for row in world.open_intents("superseded").to_dicts() if row["error_class"]]
    assert tried == []


def test_a_deal_that_changes_again_at_once_changes_its_order_once_that_was_read_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _quick(world)
    accounts, entries = world.accounts(1), world.catalogue(1)
    deal = world.deals(accounts, entries, 1, StageName="Negotiation")[0]
    world.settle()
    cursor = _tick(world, "won_deals_sensor").cursor
    lines = [row["Id"] for row in world.soql(f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{deal}'")]
    with Seller(world.crm.url) as ann:
        ann.win(deal, DAY)
        cursor = _tick(world, "won_deals_sensor", cursor).cursor
        for quantity in (5, 7):
            ann.change("OpportunityLineItem", lines[0], {"Quantity": quantity})
            cursor = _tick(world, "won_deals_sensor", cursor).cursor
    assert world.orders()[0] == 1
    _tick(world, "order_to_cash_sensor")
    monkeypatch.setattr(retry, "LEFT_OVER_SECONDS", 0)
    assert "handled" in _tick(world, "retry_sensor").skip_message
    shown = world.suiteql("SELECT quantity FROM transactionline WHERE mainline = 'F' ORDER BY linesequencenumber")
    assert [row["quantity"] for row in shown] == ["-7", "-1"]
    assert world.orders()[0] == 1


def test_a_customer_edited_on_one_side_reaches_the_other(world: World) -> None:
    _quick(world)
    accounts = world.accounts(1)
    world.deals(accounts, world.catalogue(1), 1)
    world.settle()
    quiet = _tick(world, "customers_sensor")
    assert quiet.skip_message == "nothing to do"

    with Seller(world.crm.url) as ann:
        ann.change("Account", accounts[0], {"Website": "moved.example.com"})
    assert _tick(world, "customers_sensor", quiet.cursor).skip_message == "1 records handled in this tick"
    assert "moved.example.com" in world.suiteql("SELECT url FROM customer")[0]["url"]


def test_many_won_deals_at_once_go_to_a_run_of_their_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensors, "WARM_LIMIT", 3)
    _quick(world)
    accounts, entries = world.accounts(2), world.catalogue(1)
    world.settle()
    quiet = _tick(world, "won_deals_sensor")

    world.deals(accounts, entries, 4, lines=1)
    busy = _tick(world, "won_deals_sensor", quiet.cursor)

    assert [request.tags["crmerp/due"] for request in busy.run_requests] == ["4"]
    assert world.instance.get_runs() == []
    assert world.orders()[0] == 0
    assert not _tick(world, "won_deals_sensor", busy.cursor).run_requests


def test_an_unknown_outcome_is_taken_up_by_the_retry_sensor(world: World) -> None:
    _quick(world)
    assert _tick(world, "retry_sensor").skip_message == "nothing to do"
    world.deals(world.accounts(1), world.catalogue(1), 1)
    world.admin("erp", "faults", {"kind": "cut_after", "match": "^PUT /services/rest/record/v1/salesOrder"})
    world.pass_through()
    assert world.open_intents("unknown").height == 1

    assert "handled" in _tick(world, "retry_sensor").skip_message
    assert world.open_intents("unknown").is_empty()
    assert world.orders()[0] == 1


def _quick(world: World) -> None:
    world.policy(GO_LIVE + "sensors: {won_seconds: 0.2, invoice_seconds: 0.2, retry_seconds: 0.2}\n")


def _tick(world: World, name: str, cursor: str | None = None) -> Any:
    """One tick of a sensor, as the daemon would have it."""
    definitions = defs()
    context = dg.build_sensor_context(
        instance=world.instance,
        cursor=cursor,
        repository_def=definitions.get_repository_def(),
        sensor_name=name,
        resources=dict(definitions.resources or {}),
    )
    with context:
        return definitions.resolve_sensor_def(name).evaluate_tick(context)
