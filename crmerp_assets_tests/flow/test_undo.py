"""Undo takes back what was written, says what it leaves and why, and lasts through the syncs that follow.

Protection removed once, and the test that failed: keeping the base as it was for reverse writes (the first). What the
planner leaves alone is held by ledger/test_reverse_writes.py, what is a conflict by laws/test_undo_laws.py.
"""

from typing import Any

import polars as pl
from world import GO_LIVE, World

from crmerp_assets.sandbox.company.people import Accountant, Seller
from crmerp_assets.sync import undo
from crmerp_assets.sync.holds import lift
from crmerp_assets_tests.flow.begun import begun

OLD, NEW = "+1 202 555 0100", "+1 202 555 0142"


def _plan(world: World, *, hold: bool = False, **chosen: Any) -> pl.DataFrame:
    with world.platform() as used:
        return undo.reverse_plan(used, undo.Selection(**chosen), hold=hold)


def _undo(world: World, *, hold: bool = False, **chosen: Any) -> pl.DataFrame:
    with world.platform() as used:
        plan = undo.reverse_plan(used, undo.Selection(**chosen), hold=hold)
        undo.store(used, plan, "ann", hold=hold)
    return plan


def _digits(text: str | None) -> str:
    return "".join(c for c in text or "" if c.isdigit())[-7:]


def _phones(world: World) -> dict[str, tuple[str, str]]:
    crm = {row["Name"]: _digits(row["Phone"]) for row in world.soql("SELECT Name, Phone FROM Account")}
    erp = {
        row["companyname"]: _digits(row.get("phone"))
        for row in world.suiteql("SELECT companyname, phone FROM customer")
    }
    return {name: (crm[name], erp[name]) for name in erp}


@begun
def _changed(world: World) -> list[str]:
    """Three customers in agreement on the old phone; then the CRM's new phone and shipping city reach the ERP."""
    world.policy(GO_LIVE)
    accounts = world.accounts(3)
    with Seller(world.crm.url) as ann:
        for account in accounts:
            ann.change("Account", account, {"Phone": OLD, "ShippingCity": "Boston", "ShippingCountry": "USA"})
        world.deals(accounts, world.catalogue(1), 3, lines=1)
        world.settle()
        for account in accounts:
            ann.change("Account", account, {"Phone": NEW, "ShippingCity": "Salem"})
    world.settle()
    assert set(_phones(world).values()) == {(_digits(NEW), _digits(NEW))}
    return accounts


def _last_change(world: World) -> dict[str, Any]:
    with world.platform() as used, used.ledger.read() as tx:
        done = tx.intents.effective().filter(
            pl.col("changes").str.contains("phone") & (pl.col("operation") == "update")
        )
    return {"since": done["applied_at"].min(), "entity": "customer", "connection": "netsuite"}


def test_a_shared_field_goes_back_on_both_sides_and_stays_and_the_undo_can_be_undone(world: World) -> None:
    _changed(world)
    chosen = _last_change(world)

    plan = _undo(world, **chosen)

    verdicts = plan.select("field", "verdict").unique().sort("field").rows()
    assert verdicts == [("phone", "reverse"), ("shipping_city", "would return")]
    owned = plan.filter(pl.col("field") == "shipping_city")["note"][0]
    assert owned == "owned by the CRM: correct it there, or hold the record"
    world.pass_through(push=False)
    assert world.open_intents("planned").filter(pl.col("undoes").is_not_null()).height == 3
    world.settle()
    assert set(_phones(world).values()) == {(_digits(OLD), _digits(OLD))}
    assert world.pass_through() == 0
    again = _plan(world, **chosen)
    assert "phone" not in set(again["field"]), "a span that holds its own undo comes to nothing"

    with world.platform() as used, used.ledger.read() as tx:
        mine = tx.intents.effective().filter(pl.col("undoes").is_not_null())
        sent_by = tx.intents.attempts(mine["id"][0]).filter(pl.col("event") == "sent")["by"][0]
    assert sent_by == "test"
    _undo(world, since=mine["applied_at"].min(), connection="netsuite")
    world.settle()
    assert set(_phones(world).values()) == {(_digits(NEW), _digits(NEW))}
    assert world.pass_through() == 0


def test_a_field_that_somebody_changed_since_is_a_conflict_and_is_not_overwritten(world: World) -> None:
    accounts = _changed(world)
    chosen = _last_change(world)
    third, fourth = "+1 202 555 0177", "+1 202 555 0188"
    customers = {row["companyname"]: row["id"] for row in world.suiteql("SELECT id, companyname FROM customer")}
    with Accountant(world.erp.url) as bob, Seller(world.crm.url) as ann:
        bob.change_customer(customers["Company 0"], phone=third)
        ann.change("Account", accounts[1], {"Phone": fourth})

    plan = _undo(world, **chosen).filter(pl.col("field") == "phone")

    assert sorted(plan["verdict"]) == ["conflict", "conflict", "reverse"]
    assert plan.filter(pl.col("verdict") == "conflict")["note"].sort().to_list() == [
        "the CRM was changed since, and its value comes",
        "the ERP holds neither value: somebody changed it since",
    ]
    world.settle()
    phones = _phones(world)
    assert phones["Company 0"] == (_digits(third), _digits(third))
    assert phones["Company 1"] == (_digits(fourth), _digits(fourth))
    assert phones["Company 2"] == (_digits(OLD), _digits(OLD))


def test_a_record_that_is_held_keeps_what_was_undone_though_the_other_side_owns_it(world: World) -> None:
    _changed(world)
    plan = _undo(world, hold=True, **_last_change(world))
    assert plan["verdict"].unique().to_list() == ["reverse"]
    assert world.pass_through() == 3
    world.settle()

    assert set(_phones(world).values()) == {(_digits(NEW), _digits(OLD))}
    waiting = world.open_intents("waiting")
    assert waiting["gate"].unique().to_list() == ["on_hold"]
    assert waiting["reason"][0].startswith("on hold: undone by ann")

    with world.platform() as used:
        for golden_id in plan["golden_id"].unique():
            assert lift(used, golden_id) == "customer"
    world.settle()
    assert set(_phones(world).values()) == {(_digits(OLD), _digits(OLD))}
    assert {row["shipcity"] for row in _cities(world)} == {"Salem"}


def _cities(world: World) -> list[dict[str, str]]:
    return world.suiteql(
        "SELECT a.city AS shipcity FROM customer c "
        "JOIN customeraddressbook b ON b.entity = c.id AND b.defaultshipping = 'T' "
        "JOIN customeraddressbookentityaddress a ON a.nkey = b.addressbookaddress"
    )


def test_undone_creates_are_cancelled_or_made_inactive_and_never_deleted(world: World) -> None:
    world.policy(GO_LIVE)
    accounts = world.accounts(2)
    world.seed("crm", "Contact", [{"LastName": "Person", "AccountId": accounts[0]}])
    world.deals(accounts, world.catalogue(1), 3, lines=1)
    world.settle()
    with Accountant(world.erp.url) as bob:
        orders = bob.orders()
        bob.bill(orders[0]["id"])
    with world.platform() as used, used.ledger.read() as tx:
        start = tx.intents.effective()["applied_at"].min()

    plan = _undo(world, since=start, connection="netsuite")

    found = {
        row: count for *row_, count in plan.group_by("entity", "field", "verdict").len().rows() for row in [tuple(row_)]
    }
    assert found[("order", "order_status", "reverse")] == 2
    assert found[("order", "order_status", "by hand")] == 1
    assert found[("customer", "active", "reverse")] == 2
    assert found[("product", "active", "reverse")] == 1
    assert found[("contact", "(record)", "by hand")] == 1
    world.settle()
    statuses = sorted(row["status"] for row in world.suiteql("SELECT status FROM transaction WHERE type = 'SalesOrd'"))
    assert statuses == ["SalesOrd:C", "SalesOrd:C", "SalesOrd:G"] or statuses == ["C", "C", "G"]
    assert {row["isinactive"] for row in world.suiteql("SELECT isinactive FROM customer")} == {"T"}
    assert len(world.suiteql("SELECT id FROM contact")) == 1
    assert world.pass_through() == 0
