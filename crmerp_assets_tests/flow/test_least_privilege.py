"""The rights that are printed are enough for a sync, and a right that is missing is named with the place to grant it.

Removed once, each caught here: the fields of a child list, our key, the records that the policy makes, what NetSuite
joins, what its lists are looked up in.
"""

from least import beyond, grant_in_salesforce, looked_at, missing, needed, without
from world import GO_LIVE, World

SETS = "Setup > Permission Sets > Crmerp_Integration"


def test_salesforce_is_content_with_the_rights_that_are_printed(world: World) -> None:
    world.policy(GO_LIVE)
    world.deals(world.accounts(2), world.catalogue(2), 2)
    world.seed("crm", "Contact", [{"LastName": "Berg", "AccountId": world.soql("SELECT Id FROM Account")[0]["Id"]}])
    world.seed("erp", "customer", [{"companyName": "Born in the ERP", "subsidiary": {"id": "1"}}])
    too_much = beyond(looked_at(world, "salesforce"))
    assert {"Account: Delete", "Opportunity: Create", "Customize Application"} <= set(too_much)
    grant_in_salesforce(world, needed(looked_at(world, "salesforce")))
    found = looked_at(world, "salesforce")
    assert (missing(found), beyond(found)) == ({}, [])

    world.settle()

    assert world.open_intents().is_empty()
    assert world.orders()[:2] == (2, 2)
    assert all(row["ERP_Order_Number__c"] for row in world.soql("SELECT ERP_Order_Number__c FROM Opportunity"))
    assert len(world.soql("SELECT Id FROM Account WHERE Name = 'Born in the ERP'")) == 1


def test_a_right_that_salesforce_did_not_grant_is_named_with_its_place(world: World) -> None:
    rights = needed(looked_at(world, "salesforce"))
    objects = f"{SETS} > Object Settings"
    for lacking, where in (
        ("Account: Create", f"{objects} > Account"),
        ("Contact: Edit", f"{objects} > Contact"),
        ("Product2: View All Records", f"{objects} > Product2"),
        ("Pricebook2: Read", f"{objects} > Pricebook2"),
        ("Account: Edit fields", f"{objects} > Account > Field Permissions"),
        ("View Setup and Configuration", f"{SETS} > System Permissions"),
    ):
        grant_in_salesforce(world, [one for one in rights if one.name != lacking])
        assert missing(looked_at(world, "salesforce"))[lacking] == where
    grant_in_salesforce(world, [without(one, "Opportunity: Read fields", "Amount") for one in rights])
    (found,) = [one for one in looked_at(world, "salesforce").rights if one.granted is False]
    assert (found.name, found.fields) == ("Opportunity: Read fields", ("Amount",))
