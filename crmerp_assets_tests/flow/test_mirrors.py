"""HubSpot's own orders and invoices show the documents of the ERP, where the policy wants them.

Tried, one at a time, and caught here: a billable invoice; a deal that the CRM does not have; an invoice that does not
hear of its order's deal; a rebuilt ledger that does not link mirrors by key; documents older than the go-live laid out;
deleted documents shown as they were; the maps read without the policy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hubspot_world import deal, keeping_books, make_hubspot_world, selling
from world import GO_LIVE, WIDE, World

from crmerp_assets.sandbox.company.erp.netsuite import Accountant
from crmerp_assets.sync import tables
from crmerp_assets.sync.invoices import SHARES
from crmerp_assets.sync.mirrors import lay_out
from crmerp_assets.sync.rebuild import rebuild
from crmerp_assets.sync.trace import trace
from crmerp_assets.sync.undo import Selection, reverse_plan
from crmerp_assets_tests.contract.hubspot_case import Person
from crmerp_assets_tests.contract.netsuite_case import Person as Clerk
from crmerp_assets_tests.flow.begun import begun

MIRRORED = GO_LIVE + "mirror: {orders: true, invoices: true}\n"
TODAY = date(2026, 7, 1)
ORDER = (
    *("crmerp_id", "hs_external_order_id", "hs_order_name", "hs_external_order_status", "hs_payment_status"),
    *("hs_total_price", "hs_subtotal_price", "hs_currency_code", "hs_external_created_date"),
    *("erp_invoiced", "erp_paid", "erp_open_balance"),
)
INVOICE = (
    *("crmerp_id", "hs_number", "hs_currency", "hs_invoice_status", "hs_invoice_billable", "hs_amount_billed"),
    *("hs_invoice_date", "hs_due_date", "erp_invoice_status", "erp_paid", "erp_credited", "erp_open_balance"),
)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with make_hubspot_world(tmp_path / "state", monkeypatch, MIRRORED) as made:
        yield made


@begun
def _ordered(world: World) -> tuple[str, str]:
    with selling(world) as seller:
        made = deal(seller, "closedwon")
        world.settle()
    return made


@begun
def _billed(world: World) -> str:
    with Accountant(world.erp.url) as accountant:
        invoice = accountant.bill(the_order(accountant), TODAY, date(2126, 1, 1))
        world.settle()
    return invoice


@pytest.fixture
def ordered(world: World) -> tuple[str, str]:
    """A won deal and its company; the order is there and shown. To be named before the people, who start after it."""
    found = _ordered(world)
    world.admin("crm", "limits", WIDE)
    return found


@pytest.fixture
def billed(world: World, ordered: tuple[str, str]) -> str:
    """The order's invoice, which is shown."""
    found = _billed(world)
    world.admin("crm", "limits", WIDE)
    return found


@pytest.fixture
def seller(world: World) -> Iterator[Person]:
    with selling(world) as made:
        yield made


@pytest.fixture
def accountant(world: World) -> Iterator[Accountant]:
    with Accountant(world.erp.url) as made:
        yield made


@pytest.fixture
def clerk(world: World) -> Iterator[Clerk]:
    with keeping_books(world) as made:
        yield made


def orders(seller: Person) -> list[dict[str, Any]]:
    return [_own(one) for one in seller.all("orders", *ORDER)]


def invoices(seller: Person) -> list[dict[str, Any]]:
    return [_own(one) for one in seller.all("invoices", *INVOICE)]


def _own(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record["properties"].items() if name != "hs_lastmodifieddate"}


def agreed(world: World) -> None:
    """Nothing is open, and another look plans nothing."""
    assert world.open_intents().is_empty()
    assert world.pass_through() == 0


def the_order(accountant: Accountant) -> str:
    (order,) = accountant.orders()
    return order.id


def test_a_won_deals_order_and_its_invoice_are_shown_beside_it(
    world: World, ordered: tuple[str, str], seller: Person, accountant: Accountant
) -> None:
    made, company = ordered
    (mirror,) = orders(seller)
    (document,) = accountant.orders()
    assert mirror["hs_external_order_id"] == document.number
    assert (mirror["hs_order_name"], mirror["hs_currency_code"]) == ("Big deal", "USD")
    assert mirror["hs_external_order_status"] == "Pending Fulfillment"
    assert (Decimal(mirror["hs_total_price"]), Decimal(mirror["hs_subtotal_price"])) == (240, 240)
    assert mirror["hs_external_created_date"].startswith("2026-06-15")
    assert list(seller.linked("orders", mirror["hs_object_id"], "companies")) == [company]
    assert list(seller.linked("orders", mirror["hs_object_id"], "deals")) == [made]
    assert invoices(seller) == []
    accountant.bill(document.id, date(2026, 6, 20), date(2126, 7, 20))
    world.settle()
    (shown,) = invoices(seller)
    (billed,) = accountant.invoices()
    assert (shown["hs_number"], shown["hs_currency"], Decimal(shown["hs_amount_billed"])) == (billed.number, "USD", 240)
    assert (shown["hs_invoice_billable"], shown["hs_invoice_status"], shown["erp_invoice_status"]) == (
        *("false", "open"),
        "Open",
    )
    assert (shown["hs_invoice_date"][:10], shown["hs_due_date"][:10]) == ("2026-06-20", "2126-07-20")
    assert list(seller.linked("invoices", shown["hs_object_id"], "companies")) == [company]
    assert list(seller.linked("invoices", shown["hs_object_id"], "deals")) == [made]
    (mirror,) = orders(seller)
    assert (mirror["hs_external_order_status"], mirror["hs_payment_status"]) == ("Billed", "Open")
    assert Decimal(mirror["erp_open_balance"]) == 240
    agreed(world)


def test_an_invoice_that_is_part_paid_credited_and_paid_is_shown_so(
    world: World, billed: str, seller: Person, accountant: Accountant
) -> None:
    seen = []
    for step in (
        lambda: accountant.pay(billed, Decimal(100), TODAY),
        lambda: accountant.credit(billed, Decimal(40), TODAY),
        lambda: accountant.pay(billed, None, TODAY),
    ):
        step()
        world.settle()
        (shown,) = invoices(seller)
        amounts = tuple(Decimal(shown[name] or 0) for name in ("erp_paid", "erp_credited", "erp_open_balance"))
        seen.append((shown["hs_invoice_status"], shown["erp_invoice_status"], *amounts))
    assert seen == [
        ("open", "Partially Paid", 100, 0, 140),
        ("open", "Partially Paid", 100, 40, 100),
        ("paid", "Paid", 200, 40, 0),
    ]
    (mirror,) = orders(seller)
    assert (mirror["hs_payment_status"], Decimal(mirror["erp_paid"])) == ("Paid", 200)
    agreed(world)


def test_what_somebody_edits_in_a_mirror_is_overruled(
    world: World, billed: str, seller: Person, accountant: Accountant
) -> None:
    before = orders(seller), invoices(seller)
    other = seller.create("companies", {"name": "Zebra Foods Ltd", "city": "London"})
    order, invoice = before[0][0]["hs_object_id"], before[1][0]["hs_object_id"]
    seller.edit("orders", order, {"hs_total_price": "1", "hs_external_order_status": "Lost"})
    wrong = {"hs_invoice_status": "voided", "erp_open_balance": "0", "hs_due_date": ""}
    seller.edit("invoices", invoice, wrong)
    seller.edit("invoices", invoice, {"hs_invoice_billable": "true"})
    world.settle()
    assert (orders(seller), invoices(seller)) == before
    assert not seller.linked("orders", order, "companies").keys() & {other}
    agreed(world)
    with world.platform() as used, used.ledger.read() as tx:
        assert tx.reviews.list().filter(entity="order_mirror").is_empty()


def test_a_mirror_that_somebody_deletes_is_not_made_again(
    world: World, billed: str, seller: Person, accountant: Accountant
) -> None:
    (mirror,) = orders(seller)
    seller.delete("orders", mirror["hs_object_id"])
    accountant.pay(billed, None, TODAY)
    world.settle()
    assert orders(seller) == []
    assert len(invoices(seller)) == 1
    agreed(world)


def test_a_document_that_is_deleted_in_the_erp_is_shown_as_ended(
    world: World, billed: str, seller: Person, accountant: Accountant, clerk: Clerk
) -> None:
    clerk.delete("invoice", billed)
    clerk.delete("salesOrder", the_order(accountant))
    world.settle()
    (order,), (shown,) = orders(seller), invoices(seller)
    assert order["hs_external_order_status"] == "Cancelled"
    assert (shown["hs_invoice_status"], shown["erp_invoice_status"]) == ("voided", "Void")


def test_orders_of_other_sources_are_left_alone(world: World, seller: Person, accountant: Accountant) -> None:
    values = {"hs_order_name": "#1001", "hs_external_order_id": "SHOP-1", "hs_total_price": "240"}
    shop = seller.create("orders", values)
    deal(seller, "closedwon")
    world.settle()
    found = {one["hs_object_id"]: one for one in orders(seller)}
    assert len(found) == 2
    assert {name: found[shop][name] for name in values} == values
    assert found[shop]["crmerp_id"] is None
    assert world.orders()[0] == 1
    agreed(world)


def test_without_the_policy_neither_object_is_asked_for(world: World, seller: Person) -> None:
    world.policy(GO_LIVE)
    made, _ = deal(seller, "closedwon")
    world.settle()
    assert seller.get("deals", made, "erp_order_number")["properties"]["erp_order_number"]
    asked = json.dumps(world.admin("crm", "calls", method="GET"))
    assert "/deals" in asked
    assert not [object for object in ("/orders", "/invoices") if object in asked]
    assert orders(seller) == []


def test_neither_drafts_nor_what_is_older_than_the_go_live_is_shown(
    world: World, ordered: tuple[str, str], seller: Person, accountant: Accountant
) -> None:
    accountant.bill(the_order(accountant), date(2025, 12, 31), date(2126, 1, 1))
    world.settle()
    assert (len(orders(seller)), invoices(seller)) == (1, [])
    with world.platform() as used:
        assert laid_out(used, "invoice_mirror") == []
    world.policy(MIRRORED.replace("2026-01-01", "2025-12-01"))
    world.settle()
    assert len(invoices(seller)) == 1
    agreed(world)


def test_an_order_that_was_entered_in_the_erp_gets_its_deal_later(
    world: World, ordered: tuple[str, str], seller: Person, accountant: Accountant, clerk: Clerk
) -> None:
    customer, item = (world.suiteql(f"SELECT id FROM {table} ORDER BY id")[0]["id"] for table in ("customer", "item"))
    lines = {"items": [{"item": {"id": item}, "quantity": 3, "rate": 9.5}]}
    values = {"entity": {"id": customer}, "tranDate": "2026-07-01", "memo": "By telephone", "item": lines}
    order = clerk.create("salesOrder", values)
    accountant.bill(order, TODAY, date(2126, 1, 1))
    world.settle()
    number = clerk.get("salesOrder", order)["tranId"]
    mirror = {one["hs_external_order_id"]: one for one in orders(seller)}[number]
    (shown,) = invoices(seller)
    assert seller.linked("orders", mirror["hs_object_id"], "deals") == {}
    assert seller.linked("invoices", shown["hs_object_id"], "deals") == {}
    world.policy(MIRRORED + "create: {order: {crm: always}}\n")
    world.settle()
    (made,) = [one["id"] for one in seller.all("deals", "dealname") if one["properties"]["dealname"] != "Big deal"]
    assert list(seller.linked("orders", mirror["hs_object_id"], "deals")) == [made]
    assert list(seller.linked("invoices", shown["hs_object_id"], "deals")) == [made]
    agreed(world)


def test_the_job_order_to_cash_brings_both_to_the_crm(world: World, seller: Person, accountant: Accountant) -> None:
    deal(seller, "closedwon")
    world.run("sync")
    accountant.bill(the_order(accountant), TODAY, date(2126, 1, 1))
    world.run("order_to_cash")
    assert (len(orders(seller)), len(invoices(seller))) == (1, 1)


def test_a_rebuilt_ledger_knows_the_mirrors(world: World, billed: str, seller: Person, accountant: Accountant) -> None:
    before = orders(seller), invoices(seller)
    for file in world.state.glob("ledger.sqlite*"):
        file.unlink()

    def empty() -> None:
        for file in world.state.glob("warehouse.duckdb*"):
            file.unlink()

    with world.platform() as used:
        rebuilt = rebuild(used, empty)
    assert rebuilt.records.filter(entity="order_mirror").select("by_key", "alone").row(0) == (2, 0)
    agreed(world)
    assert (orders(seller), invoices(seller)) == before


def test_changes_alone_lay_out_what_everything_does(
    world: World, billed: str, seller: Person, accountant: Accountant
) -> None:
    accountant.pay(billed, Decimal(100), TODAY)
    world.settle()
    with world.platform() as used:
        before = {entity: laid_out(used, entity) for entity in used.mirrors}
        with used.warehouse.open() as con:
            con.execute("DELETE FROM state.progress WHERE consumer LIKE 'mirror:%'")
            for entity in used.mirrors:
                con.execute(f"DELETE FROM {tables.conformed('netsuite', entity).sql}")
        for entity in used.mirrors:
            lay_out(used, entity)
        assert {entity: laid_out(used, entity) for entity in used.mirrors} == before


def test_what_is_billed_of_an_order_alone_is_laid_out(world: World, billed: str) -> None:
    """Of the invoice's parts, though neither the golden order nor the customer has moved."""
    with world.platform() as used, used.warehouse.open() as con:
        part = con.execute(f"SELECT * EXCLUDE (_hash, _change) FROM {SHARES.sql}").pl()
        SHARES.upsert(con, part.with_columns(pl.lit(Decimal(7)).cast(part["paid"].dtype).alias("paid")))
        lay_out(used, "order_mirror")
        table = tables.conformed("netsuite", "order_mirror").sql
        assert con.execute(f"SELECT paid FROM {table}").fetchall() == [(7,)]


def laid_out(used: Any, entity: str) -> list[Any]:
    with used.warehouse.open() as con:
        sql = f"SELECT * EXCLUDE (_change) FROM {tables.conformed('netsuite', entity).sql} ORDER BY native_id"
        return list(con.execute(sql).fetchall())


def test_a_mirror_is_traced_by_its_number_and_its_writes_can_be_taken_back(
    world: World, billed: str, seller: Person, accountant: Accountant
) -> None:
    (document,) = accountant.orders()
    with world.platform() as used:
        found = {one.entity: one for one in trace(used, document.number)}
        assert set(found) == {"order", "order_mirror"}
        assert found["order_mirror"].intents["operation"].to_list() == ["create", "update"]
        plan = reverse_plan(used, Selection(entity="order_mirror"))
        assert plan["connection"].unique().to_list() == ["hubspot"]
