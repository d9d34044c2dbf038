"""Items of the ERP that are no product never become one, whatever the policy of creating, and documents may name them.

Taken out once and seen to fail: the filter of NetSuite's items (`become_no_products`) and the use of an item in its
record type (`be_resold`).
"""

from decimal import Decimal

from world import GO_LIVE, World, sold

from crmerp_assets.sandbox.company.people import Accountant
from crmerp_assets.sync.parked_work import parked_work

D = Decimal
WRITE_OFFS = "receivables: {write_off_items: [BAD-DEBT]}\n"


def test_items_to_be_resold_become_products_and_get_our_key(world: World) -> None:
    world.policy(GO_LIVE)
    kinds = ("nonInventoryResaleItem", "serviceResaleItem", "otherChargeSaleItem", "kitItem", "assemblyItem")
    for kind in kinds:
        world.seed("erp", kind, [{"itemId": kind, "displayName": f"A {kind}"}])

    world.settle()

    assert {row["ProductCode"] for row in world.soql("SELECT ProductCode FROM Product2")} == set(kinds)
    held = world.suiteql("SELECT itemid, externalid FROM item")
    assert {row["externalid"] for row in held} == {row["golden_id"] for row in world.golden("product").to_dicts()}
    assert world.settle() == 0


def test_discounts_and_what_is_bought_only_become_no_products(world: World) -> None:
    _, _, (deal,) = sold(world, GO_LIVE + WRITE_OFFS, lines=1)
    with Accountant(world.erp.url) as bob:
        discount = bob.create("discountItem", {"itemId": "BAD-DEBT", "displayName": "Bad debt"})
        bob.create("descriptionItem", {"itemId": "NOTE"})
        bob.create("nonInventoryPurchaseItem", {"itemId": "SUPPLIES"})
        assert world.settle() == 0
        order = bob.orders()[0]["id"]
        bob.approve(order)
        invoice = bob.bill(order)
        lines = {"items": [{"item": {"id": discount}, "amount": 4}]}
        bob.transform("invoice", invoice, "creditMemo", {"item": lines}, replace="item")
        world.settle()

    assert [row["ProductCode"] for row in world.soql("SELECT ProductCode FROM Product2")] == ["SKU-0"]
    assert world.golden("product")["sku"].to_list() == ["SKU-0"]
    (row,) = world.golden("invoice").to_dicts()
    assert (row["written_off"], row["credited"]) == (D(4), 0)
    (shown,) = world.soql(f"SELECT ERP_Written_Off__c FROM Opportunity WHERE Id = '{deal}'")
    assert shown["ERP_Written_Off__c"] == 4
    assert world.open_intents().is_empty()
    with world.platform() as used:
        assert parked_work(used).is_empty()
    assert world.settle() == 0
