"""Mirrors where the business is unkind to them: what they refer to goes, comes back or moves, and dates are changed.

Tried, one at a time, and caught here: a company named that the CRM has deleted; a customer kept that the document no
longer has; balances of deleted documents shown as they were; documents before a later go-live date forgotten by a new
warehouse; documents left to nobody once their customer is another lane's.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hubspot_world import deal, selling
from lanes_world import HUBSPOT, NETSUITE, make_lanes
from world import WIDE, World

from crmerp_assets.sandbox.company.erp.netsuite import Accountant
from crmerp_assets.sandbox.hubspot import HubSpotSandbox
from crmerp_assets.sandbox.netsuite import NetSuiteSandbox
from crmerp_assets.sync.deletions import compare_ids, follow
from crmerp_assets.sync.pauses import pauses
from crmerp_assets.sync.pull import pull
from crmerp_assets_tests.contract.hubspot_case import Person
from crmerp_assets_tests.contract.netsuite_case import Person as Clerk
from crmerp_assets_tests.flow.test_mirrors import (
    MIRRORED,
    TODAY,
    accountant,
    agreed,
    billed,
    clerk,
    invoices,
    ordered,
    orders,
    seller,
    the_order,
    world,
)

__all__ = ("accountant", "billed", "clerk", "ordered", "seller", "world")


def owed(record: dict[str, str | None]) -> Decimal:
    return Decimal(record["erp_open_balance"] or 0)


def test_a_document_of_a_company_that_the_crm_deleted_stays_true(
    world: World, billed: str, seller: Person, accountant: Accountant
) -> None:
    (company,) = seller.all("companies", "name")
    seller.delete("companies", company["id"])
    with world.platform() as used:
        compare_ids(used, "hubspot")
    accountant.pay(billed, Decimal(100), TODAY)
    world.settle()
    assert (owed(orders(seller)[0]), owed(invoices(seller)[0])) == (140, 140)
    agreed(world)


def test_an_invoice_that_goes_to_a_customer_unknown_to_the_crm_leaves_its_company(
    world: World, billed: str, seller: Person, accountant: Accountant, clerk: Clerk
) -> None:
    world.policy(MIRRORED + "create: {customer: {crm: never}}\n")
    other = clerk.create("customer", {"companyName": "Zebra Foods Ltd", "subsidiary": {"id": "1"}})
    clerk.edit("invoice", billed, {"entity": {"id": other}})
    accountant.pay(billed, Decimal(100), TODAY)
    world.settle()
    (shown,) = invoices(seller)
    assert owed(shown) == 140
    assert seller.linked("invoices", shown["hs_object_id"], "companies") == {}
    assert world.open_intents().filter(entity="invoice_mirror").is_empty()
    world.policy(MIRRORED)
    world.pass_through()
    world.pass_through()
    (zebra,) = [one["id"] for one in seller.all("companies", "name") if one["properties"]["name"] == "Zebra Foods Ltd"]
    assert list(seller.linked("invoices", shown["hs_object_id"], "companies")) == [zebra]


def test_nothing_is_owed_on_documents_that_the_erp_deleted(
    world: World, billed: str, seller: Person, accountant: Accountant, clerk: Clerk
) -> None:
    order = the_order(accountant)
    clerk.delete("invoice", billed)
    clerk.delete("salesOrder", order)
    world.settle()
    (shown,), (mirror,) = invoices(seller), orders(seller)
    assert (shown["erp_invoice_status"], owed(shown)) == ("Void", 0)
    assert (mirror["hs_external_order_status"], mirror["hs_payment_status"], owed(mirror)) == ("Cancelled", None, 0)


def test_what_is_shown_stays_true_when_the_go_live_date_moves_past_it_and_the_warehouse_is_lost(
    world: World, billed: str, seller: Person, accountant: Accountant
) -> None:
    world.policy(MIRRORED.replace("2026-01-01", "2026-08-01"))
    for file in world.state.glob("warehouse.duckdb*"):
        file.unlink()
    accountant.pay(billed, Decimal(100), TODAY)
    world.settle()
    assert (owed(orders(seller)[0]), owed(invoices(seller)[0])) == (140, 140)


def test_a_document_stays_with_the_lane_that_shows_it_wherever_its_customer_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "state"
    route = "route: {only: {name: [Acme Tools Inc]}}"
    lanes = f"connections:{HUBSPOT}{NETSUITE}\nlanes:\n  - {{name: us, crm: hubspot, erp: netsuite, {route}}}\n"
    crm, erp = HubSpotSandbox(folder / "hubspot"), NetSuiteSandbox(folder / "netsuite", job_delay_seconds=0.0)
    with make_lanes(folder, monkeypatch, lanes, MIRRORED, crm, erp) as made, selling(made) as seller:
        made.admin("crm", "limits", WIDE)
        _, company = deal(seller, "closedwon")
        made.round()
        made.round()
        seller.edit("companies", company, {"name": "Zebra Foods Ltd"})
        with Accountant(made.erp.url) as accountant:
            accountant.bill(the_order(accountant), TODAY, date(2126, 1, 1))
        made.round()
        assert owed(orders(seller)[0]) == 240


def test_documents_follow_companies_and_deals_that_are_merged_though_both_had_their_own(
    world: World, ordered: tuple[str, str], seller: Person, accountant: Accountant
) -> None:
    first, company = ordered
    other = seller.create("companies", {"name": "Zebra Foods Ltd", "phone": "+44 20 7946 0123", "city": "London"})
    values = {"dealname": "Other", "dealstage": "closedwon", "amount": "20", "deal_currency_code": "USD"}
    second = seller.create("deals", values | {"closedate": "2026-06-16"}, {5: other})
    product = seller.all("products", "hs_sku")[0]["id"]
    seller.create("line_items", {"hs_product_id": product, "quantity": "1", "price": "20"}, {20: second})
    world.pass_through()
    world.pass_through()
    both = seller.merge("companies", company, other), seller.merge("deals", first, second)
    for order in accountant.orders():
        accountant.bill(order.id, TODAY, date(2126, 1, 1))
    world.pass_through()
    world.pass_through()
    shown = [("orders", one) for one in orders(seller)] + [("invoices", one) for one in invoices(seller)]
    assert len(shown) == 4
    assert sorted(owed(one) for _, one in shown) == [20, 20, 240, 240], "each order by itself, though a person is asked"
    for kind, one in shown:
        found = [list(seller.linked(kind, one["hs_object_id"], to)) for to in ("companies", "deals")]
        assert found == [[both[0]], [both[1]]]
    smaller = next(one.id for one in accountant.invoices() if accountant.total(one.id) == 20)
    accountant.pay(smaller, None, TODAY)
    world.pass_through()
    assert sorted(owed(one) for one in [*orders(seller), *invoices(seller)]) == [0, 0, 240, 240]


@pytest.mark.parametrize(
    "setting",
    [{"objects_absent": ["orders"]}, {"scopes_withheld": [f"crm.objects.orders.{x}" for x in ("read", "write")]}],
)
def test_an_object_that_is_missing_stops_what_it_shows_alone(
    world: World, ordered: tuple[str, str], seller: Person, accountant: Accountant, setting: dict[str, list[str]]
) -> None:
    """The deal and the invoice go on, and what is left out is told; once it is there, it catches up."""
    made, _ = ordered
    world.admin("crm", "settings", setting)
    accountant.bill(the_order(accountant), TODAY, date(2126, 1, 1))
    with world.platform() as used:
        assert used.mirrors == ("order_mirror", "invoice_mirror")
        told = pull(used, "hubspot", "order_mirror").stopped
        follow(used, "hubspot")
        assert {one.native_object for one in compare_ids(used, "hubspot")} >= {"deals", "invoices"}
    assert told
    assert "orders" in told
    for _ in range(3):
        world.pass_through()
    assert owed(seller.get("deals", made, "erp_open_balance")["properties"]) == 240
    assert owed(invoices(seller)[0]) == 240
    with world.platform() as used:
        assert pauses(used).is_empty()
    world.admin("crm", "settings", {name: [] for name in setting})
    world.settle()
    assert owed(orders(seller)[0]) == 240
    agreed(world)
