"""Approvals of orders: nothing above the thresholds is ordered before the right people have said so, and why.

Taken out once and seen to fail: an answer counts on its facts only (a_discount_waits...), no person gives two levels
and a late level is escalated (one_person...), questions about orders that wait no more are closed (a_deal_that_is...).
"""

import pytest
from world import GO_LIVE, World

from crmerp_assets.sandbox.company.people import Seller
from crmerp_assets.sync import review
from crmerp_assets.sync.decisions import NotDecidable

POLICY = (
    GO_LIVE
    + """
orders:
  approvals:
    - name: deep discount
      discount_over: 20
      levels: [{name: sales manager}, {name: finance, people: [cfo], escalate_hours: 1000, escalate_to: [ceo]}]
    - name: large
      total_over: {USD: 1000, default: 500}
      levels: [{name: sales manager, people: [bob], escalate_hours: 0.0000001, escalate_to: [ceo]}]
"""
)


def test_a_discount_waits_for_every_level_and_a_changed_line_asks_again(world: World) -> None:
    world.policy(POLICY)
    (deal,) = _discounted(world, 35)

    world.settle()

    assert world.orders()[0] == 0
    (waiting,) = world.open_intents("waiting").filter(entity="order").to_dicts()
    assert waiting["gate"] == "waiting_approval"
    assert "deep discount: 35% discount on SKU-0; waiting for sales manager" in waiting["reason"]
    (asked,) = _open(world)
    with world.platform() as used, pytest.raises(NotDecidable, match="--why"):
        review.decide(used, asked["id"], "approve", "ann")
    _decide(world, "approve", "ann")
    world.settle()
    assert world.orders()[0] == 0
    with world.platform() as used, pytest.raises(NotDecidable, match="ann may not decide 'finance': cfo may"):
        review.decide(used, _open(world)[0]["id"], "approve", "ann", "agreed")
    _decide(world, "approve", "cfo")
    world.settle()
    assert world.orders()[0] == 1
    assert _open(world) == []

    with Seller(world.crm.url) as seller:
        (line,) = world.soql(f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{deal}'")
        seller.change("OpportunityLineItem", line["Id"], {"Quantity": 9})
    world.settle()

    (waiting,) = world.open_intents("waiting").filter(entity="order", connection="netsuite").to_dicts()
    assert (waiting["operation"], waiting["gate"]) == ("update", "waiting_approval")
    assert world.suiteql("SELECT quantity FROM transactionline WHERE mainline = 'F'")[0]["quantity"] == "-1"
    _decide(world, "refuse", "ann")
    world.settle()
    (waiting,) = world.open_intents("waiting").filter(entity="order", connection="netsuite").to_dicts()
    assert waiting["gate"] == "approval_refused"
    assert "ann (sales manager) refused it: because" in waiting["reason"]


def test_one_person_gives_one_level_and_a_late_one_is_escalated(world: World) -> None:
    world.policy(POLICY.replace("people: [cfo], ", ""))
    _discounted(world, 35, quantity=200)

    world.settle()

    asked = {row["title"].split(":")[0] + row["title"].split("? ")[1][:5]: row["id"] for row in _open(world)}
    assert set(asked) == {"sales managerdeep ", "sales managerlarge"}
    reasons = world.open_intents("waiting").filter(entity="order")["reason"].to_list()
    assert len(reasons) == 1
    with world.platform() as used:
        review.decide(used, asked["sales managerdeep "], "approve", "ann", "agreed")
        with pytest.raises(NotDecidable, match="ann may not decide"):
            review.decide(used, asked["sales managerlarge"], "approve", "ann", "agreed")
        review.decide(used, asked["sales managerlarge"], "approve", "ceo", "bob is away")
    world.settle()
    (last,) = _open(world)
    with world.platform() as used, pytest.raises(NotDecidable, match="another level"):
        review.decide(used, last["id"], "approve", "ann", "agreed")
    _decide(world, "approve", "dan")
    world.settle()
    assert world.orders()[0] == 1


def test_a_deal_that_is_lost_while_it_waits_is_not_asked_about_any_more(world: World) -> None:
    world.policy(POLICY)
    (deal,) = _discounted(world, 50)
    world.settle()
    assert len(_open(world)) == 1

    with Seller(world.crm.url) as seller:
        seller.change("Opportunity", deal, {"StageName": "Closed Lost"})
    world.settle()

    assert _open(world) == []
    assert world.orders()[0] == 0


def _discounted(world: World, percent: float, quantity: int = 1) -> list[str]:
    """A won deal with one line at a discount."""
    entries = world.catalogue(1)
    (deal,) = world.deals(world.accounts(1), entries, 1, lines=0)
    line = {"OpportunityId": deal, "PricebookEntryId": entries[0], "Quantity": quantity, "UnitPrice": 10.0}
    world.seed("crm", "OpportunityLineItem", [line | {"Discount": percent, "SortOrder": 1}])
    return [deal]


def _open(world: World) -> list[dict[str, object]]:
    with world.platform() as used:
        return review.open_reviews(used, "approval").to_dicts()


def _decide(world: World, answer: str, by: str) -> None:
    (asked,) = _open(world)
    with world.platform() as used:
        review.decide(used, str(asked["id"]), answer, by, "because")
