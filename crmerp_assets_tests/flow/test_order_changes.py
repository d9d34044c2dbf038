"""Changes after the close: what the ERP's state of an order still allows, and what becomes of a deal not won.

Taken out once and seen to fail: a lowered quantity refused once work has begun (an_open_order...), only deals that are
not won asked about, cancelled orders left alone (both an_order_of_a_deal...), the policy's `cancel` (by_policy...).
"""

from typing import Any

import pytest
from world import GO_LIVE, World

from crmerp_assets.sandbox.company.people import Accountant, Seller
from crmerp_assets.sync import review
from crmerp_assets.sync.decisions import NotDecidable
from crmerp_assets_tests.flow.begun import begun


def test_an_open_order_follows_its_deal_and_a_billed_one_says_what_to_do(world: World) -> None:
    world.policy(GO_LIVE)
    deal, order = _ordered(world)
    with Seller(world.crm.url) as ann, Accountant(world.erp.url) as bob:
        _raise(world, ann, deal, 5)
        world.settle()
        assert _quantities(world) == [5, 1]

        bob.bill(order, partial={1: 2})
        _raise(world, ann, deal, 8)
        world.settle()
        assert _quantities(world) == [8, 1], "a raised quantity is still welcome"
        _raise(world, ann, deal, 3)
        world.settle()
        (waiting,) = _waiting(world)
        assert waiting["gate"] == "order_closed"
        assert (
            "already partially fulfilled in the ERP, and a quantity was lowered: close what is left"
            in (waiting["reason"])
        )
        _raise(world, ann, deal, 8)
        world.settle()
        assert _waiting(world) == []

        bob.bill(order)
        _raise(world, ann, deal, 9)
        world.settle()
        (waiting,) = _waiting(world)
        assert waiting["gate"] == "amended_after_billing"
        assert "a quantity was raised: win an amendment deal" in waiting["reason"]


def test_an_order_of_a_deal_that_was_lost_is_cancelled_when_a_person_says_so(world: World) -> None:
    world.policy(GO_LIVE)
    deal, _ = _ordered(world)
    with Seller(world.crm.url) as ann:
        ann.change("Opportunity", deal, {"StageName": "Closed Lost"})
        world.settle()
        (asked,) = _asked(world)
        assert "is no longer won (Closed Lost) in salesforce" in asked["title"]
        assert _status(world) == "B"
        assert world.golden("account")["order_count"].to_list() == [1]

        ann.change("Opportunity", deal, {"StageName": "Closed Won"})
        world.settle()
        assert _asked(world) == [], "a deal that is won again needs no answer"

        ann.change("Opportunity", deal, {"StageName": "Closed Lost"})
        world.settle()
        with world.platform() as used:
            review.decide(used, _asked(world)[0]["id"], "cancel", "finance")
        world.settle()
        assert _status(world) == "C"
        assert world.golden("account")["order_count"].fill_null(0).to_list() == [0], "a cancelled order is none"
        assert _asked(world) == []
        assert world.soql("SELECT ERP_Order_Status__c FROM Opportunity")[0]["ERP_Order_Status__c"] == "Cancelled"

        ann.change("Opportunity", deal, {"Name": "Perhaps next year", "CloseDate": "2030-01-31"})
        world.settle()
        assert _waiting(world) == [], "nothing is left to decide"

        ann.change("Opportunity", deal, {"StageName": "Closed Won", "Name": "Won again"})
        world.settle()
        (waiting,) = _waiting(world)
        assert "already cancelled in the ERP, and name or date was changed: win a new deal" in waiting["reason"]
        assert world.orders()[0] == 1


def test_by_policy_an_order_nobody_worked_on_is_cancelled_and_a_billed_one_is_asked_about(world: World) -> None:
    world.policy(GO_LIVE + "orders: {not_won: cancel}\ndeletions: {order: {crm: deactivate}}\n")
    entries = world.catalogue(1)
    lost, billed, deleted = world.deals(world.accounts(1), entries, 3, lines=1)
    world.settle()
    orders = {row["memo"]: row["id"] for row in world.suiteql("SELECT id, memo FROM transaction")}
    with Seller(world.crm.url) as ann, Accountant(world.erp.url) as bob:
        bob.bill(orders["Deal 1"])
        for deal in (lost, billed):
            ann.change("Opportunity", deal, {"StageName": "Negotiation"})
        ann.call("DELETE", f"/services/data/v68.0/sobjects/Opportunity/{deleted}")
        world.settle()

    found = {
        row["memo"]: row["status"]
        for row in world.suiteql("SELECT memo, status, type FROM transaction")
        if row["type"] == "SalesOrd"
    }
    assert found == {"Deal 0": "C", "Deal 1": "G", "Deal 2": "C"}
    (asked,) = _asked(world)
    with world.platform() as used:
        with pytest.raises(NotDecidable, match="already billed in the ERP: undo it there by hand"):
            review.decide(used, asked["id"], "cancel", "finance")
        review.decide(used, asked["id"], "keep", "finance")
    assert world.settle() == 0
    assert _asked(world) == []


@begun
def _ordered(world: World) -> tuple[str, str]:
    """A won deal of two lines and its order."""
    (deal,) = world.deals(world.accounts(1), world.catalogue(2), 1, lines=2)
    world.settle()
    return deal, world.suiteql("SELECT id FROM transaction WHERE type = 'SalesOrd'")[0]["id"]


def _raise(world: World, ann: Seller, deal: str, quantity: int) -> None:
    """Another quantity in the first line."""
    found = world.soql(f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{deal}' ORDER BY SortOrder")
    ann.change("OpportunityLineItem", found[0]["Id"], {"Quantity": quantity})


def _quantities(world: World) -> list[int]:
    query = (
        "SELECT l.quantity FROM transactionline l JOIN transaction t ON t.id = l.transaction "
        "WHERE l.mainline = 'F' AND t.type = 'SalesOrd' ORDER BY l.id"
    )
    return [-int(float(row["quantity"])) for row in world.suiteql(query)]


def _status(world: World) -> str:
    return world.suiteql("SELECT status FROM transaction WHERE type = 'SalesOrd'")[0]["status"]


def _waiting(world: World) -> list[dict[str, Any]]:
    return world.open_intents("waiting").filter(entity="order", connection="netsuite").to_dicts()


def _asked(world: World) -> list[dict[str, Any]]:
    with world.platform() as used:
        return review.open_reviews(used, "not_won").to_dicts()
