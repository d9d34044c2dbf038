"""Orders that were entered in the ERP, by telephone for example: by policy they become won deals, once.

Taken out once and seen to fail: the policy that lets them, the order's number in place of a name, and its total as the
deal's amount.
"""

from decimal import Decimal

from world import CLOSED, GO_LIVE, World, sold

from crmerp_assets.sandbox.company.people import Accountant


def test_by_policy_an_order_entered_in_the_erp_becomes_one_won_deal_that_ties(world: World) -> None:
    accounts, _, _ = sold(world, lines=1)
    customer, item = (world.suiteql(f"SELECT id FROM {table}")[0]["id"] for table in ("customer", "item"))
    lines = {"item": {"items": [{"item": {"id": item}, "quantity": 3, "rate": 9.5}]}}
    with Accountant(world.erp.url) as bob:
        for memo in ({"memo": "By telephone"}, {}):
            bob.create("salesOrder", {"entity": {"id": customer}, "tranDate": CLOSED} | lines | memo)
        world.settle()
        assert len(world.soql("SELECT Id FROM Opportunity")) == 1, "not without the policy"

        world.policy(GO_LIVE + "create: {order: {crm: always}}\n")
        world.settle()

    made = world.soql("SELECT Name, Amount, IsWon, AccountId, ERP_Order_Number__c FROM Opportunity ORDER BY Name")
    _, telephone, numbered = sorted(made, key=lambda row: (row["Name"] != "Deal 0", row["Name"]))
    assert (telephone["Name"], telephone["Amount"], telephone["IsWon"]) == ("By telephone", 28.5, True)
    assert numbered["Name"] == f"Order {numbered['ERP_Order_Number__c']}"
    assert {row["AccountId"] for row in made} == set(accounts)
    assert world.orders()[:2] == (3, 3)
    assert world.settle() == 0
    assert world.open_intents().is_empty()
    assert world.golden("order")["erp_total"].sum() == Decimal("67.25")
