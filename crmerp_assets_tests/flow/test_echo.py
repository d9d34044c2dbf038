"""What we wrote comes back as nothing new, and an edit of a person is taken up, also in the very second of ours.

The sandboxes' clocks stand still in these tests: everything happens in one second, and only the values differ. To see
that the tests bite, protections were removed one at a time. What was removed, and what failed:

- the values in `freshness._as_planned`: `test_an_edit_in_the_second_of_the_plans_version_is_not_overwritten`
- `change["after"]` in it: `test_what_already_holds_the_planned_value_is_not_planned_again`
- (with the time of change back in it): `test_an_edit_of_other_fields_does_not_hold_up_what_was_planned`
- `_timed` in it: `test_an_order_that_was_billed_after_the_plan_is_planned_again`
- the references in `freshness._golden`: `test_a_reference_is_compared_as_the_record_it_points_to`
- the base in `intent_ids`: `test_what_we_wrote_is_no_news_and_a_person_who_puts_it_back_in_that_second_is`
"""

import json
from datetime import date

import polars as pl
from world import CLOSED, World, sold

from crmerp_assets.sandbox.company.people import Accountant, Seller
from crmerp_assets.sync.push import push

DAY = date.fromisoformat(CLOSED)
INTEGRATION = "integration"


def pair(world: World, count: int = 1) -> tuple[list[str], list[str]]:
    """Accounts and customers that are linked and agree."""
    accounts, _, _ = sold(world, accounts=count, deals=count)
    rows = world.suiteql("SELECT id, companyname FROM customer ORDER BY companyname")
    return accounts, [row["id"] for row in rows]


def stop_clocks(world: World) -> None:
    for system in ("crm", "erp"):
        world.admin(system, "clock", {"stopped": True})


def sent(world: World, connection: str) -> dict[str, int]:
    """Push what is planned; outcomes by name."""
    with world.platform() as used:
        return {what: count for (_, what), count in push(used, connection, "test").outcomes.items()}


def test_what_we_wrote_is_no_news_and_a_person_who_puts_it_back_in_that_second_is(world: World) -> None:
    """The ERP owns billing addresses: what somebody enters in the CRM is put right, each time."""
    accounts, customers = pair(world)
    stop_clocks(world)
    with Accountant(world.erp.url) as bob, Seller(world.crm.url, INTEGRATION) as ann:
        ann.change("Account", accounts[0], {"Description": "of that second"})
        bob.change_address(customers[0], city="Boston")
        assert world.settle() > 0
        assert world.pass_through() == 0
        assert _city(world) == "Boston"

        ann.change("Account", accounts[0], {"BillingCity": None, "BillingCountry": None})
        assert world.settle() == 1
        assert _city(world) == "Boston"
        ann.change("Account", accounts[0], {"Website": "ours.example.com"})
        assert world.settle() == 1
    assert "ours.example.com" in world.suiteql("SELECT url FROM customer")[0]["url"]
    assert world.pass_through() == 0


def test_an_edit_in_the_second_of_the_plans_version_is_not_overwritten(world: World) -> None:
    accounts, customers = pair(world)
    stop_clocks(world)
    with Accountant(world.erp.url) as bob, Seller(world.crm.url, INTEGRATION) as ann:
        ann.change("Account", accounts[0], {"Description": "of that second"})
        bob.change_customer(customers[0], phone="+1 202 555 0101")
        world.pass_through(push=False)
        ann.change("Account", accounts[0], {"Phone": "(202) 555-0199"})

        assert sent(world, "salesforce") == {"superseded": 1}
        assert world.soql("SELECT Phone FROM Account")[0]["Phone"] == "(202) 555-0199"

        world.settle()
        (row,) = world.suiteql("SELECT phone FROM customer")
        numbers = {"".join(c for c in text if c.isdigit())[-4:] for text in (row["phone"], _phone(world))}
        assert numbers == {"0199"}, "both changed: the CRM's counts in a tie, and no edit bounces"
    assert world.pass_through() == 0


def test_an_edit_of_other_fields_does_not_hold_up_what_was_planned(world: World) -> None:
    accounts, customers = pair(world)
    with Accountant(world.erp.url) as bob, Seller(world.crm.url) as ann:
        bob.change_customer(customers[0], phone="+1 202 555 0101", email="a@example.com")
        world.pass_through(push=False)
        world.admin("crm", "clock", {"offset_seconds": 60})
        ann.change("Account", accounts[0], {"Description": "Touched", "Website": "ours.example.com"})
        world.crm.meter.reset()

        assert sent(world, "salesforce") == {"applied": 1}

        assert world.crm.meter.report()["by_user"] == {INTEGRATION: 3}, "one look, one write, one reading back"
        world.settle()
    account = world.soql("SELECT Phone, Email__c, Website, Description FROM Account")[0]
    assert (account["Email__c"], account["Website"], account["Description"]) == (
        "a@example.com",
        "ours.example.com",
        "Touched",
    )
    assert "ours.example.com" in world.suiteql("SELECT url FROM customer")[0]["url"]


def test_what_already_holds_the_planned_value_is_not_planned_again(world: World) -> None:
    accounts, customers = pair(world)
    with Accountant(world.erp.url) as bob, Seller(world.crm.url) as ann:
        bob.change_customer(customers[0], phone="+1 202 555 0101")
        world.pass_through(push=False)
        ann.change("Account", accounts[0], {"Phone": "(202) 555 0101"})

        assert sent(world, "salesforce") == {"applied": 1}
    world.settle()
    assert world.pass_through() == 0


def test_an_order_that_was_billed_after_the_plan_is_planned_again(world: World) -> None:
    pair(world)
    with Accountant(world.erp.url) as bob, Seller(world.crm.url) as ann:
        deal = world.soql("SELECT Id FROM Opportunity")[0]["Id"]
        (order,) = bob.orders()
        ann.change("Opportunity", deal, {"Name": "Another name"})
        world.pass_through(push=False)
        assert world.open_intents("planned").height == 1
        world.admin("erp", "clock", {"offset_seconds": 60})
        bob.bill(order["id"], invoice_date=DAY)

        assert sent(world, "netsuite") == {"superseded": 1}

        world.settle()
        assert world.open_intents("waiting")["gate"].to_list() == ["amended_after_billing"]


def test_a_reference_is_compared_as_the_record_it_points_to(world: World) -> None:
    accounts, customers = pair(world, 3)
    with Seller(world.crm.url) as ann, Accountant(world.erp.url) as bob:
        ann.change("Account", accounts[0], {"ParentId": accounts[1]})
        world.settle()
        ann.change("Account", accounts[0], {"ParentId": accounts[2]})
        world.pass_through(push=False)
        assert _changes(world, "netsuite") == {"parent"}
        world.admin("erp", "clock", {"offset_seconds": 60})
        bob.change_customer(customers[0], comments="Touched")
        assert sent(world, "netsuite") == {"applied": 1}

        ann.change("Account", accounts[0], {"ParentId": accounts[1]})
        world.pass_through(push=False)
        bob.change_customer(customers[0], parent=None)
        assert sent(world, "netsuite") == {"superseded": 1}
    world.settle()
    parents = {
        row["companyname"]: row.get("parent") for row in world.suiteql("SELECT companyname, parent FROM customer")
    }
    assert parents["Company 0"] == customers[1]


def _changes(world: World, connection: str) -> set[str]:
    rows = world.open_intents("planned").filter(pl.col("connection") == connection)
    return {name for text in rows["changes"] for name in json.loads(text)}


def _city(world: World) -> str:
    return str(world.soql("SELECT BillingCity FROM Account")[0]["BillingCity"])


def _phone(world: World) -> str:
    return str(world.soql("SELECT Phone FROM Account")[0]["Phone"])
