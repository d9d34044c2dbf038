"""Customers outside the scope: the ERP hears nothing of them, their deals wait and say why, until the scope has them.

Taken out once and seen to fail: the scope of creates (the first test), of updates (the second), of the contacts of a
customer (both), contacts planned again with their customer and all records with the policy (the second), and a parent
outside it left out (the first).
"""

from typing import Any

from world import GO_LIVE, World

from crmerp_assets.sandbox.company.people import Accountant, Seller
from crmerp_assets.sync.reconcile import run_reconciliation

SCOPE = GO_LIVE + "scope: {customer: {only: {billing_country: [US]}, without: {tier: [Internal]}}}\n"


def test_the_erp_gets_no_customer_outside_the_scope_and_their_deals_wait_and_name_account_and_rule(
    world: World,
) -> None:
    world.policy(SCOPE)
    abroad, *_ = _accounts(world, Abroad={"BillingCountry": "France"}, Ours={"Tier__c": "Internal"}, Nowhere={})
    (inside,) = _accounts(world, Inside={"BillingCountry": "USA", "ParentId": abroad})
    _contacts(world, abroad, inside)
    world.settle()

    assert _customers(world) == {"Inside": None}, "the holding is abroad"
    assert _people(world) == {"Inside"}
    assert world.orders()[0] == 1
    open_intents = world.open_intents()
    assert set(open_intents["entity"]) == {"order"}, "customers and contacts are left out without a word"
    assert set(open_intents["gate"]) == {"outside_scope"}
    assert set(open_intents["reason"]) == {
        f"account {said} (policy.yaml, scope)"
        for said in (
            "Abroad: billing_country is FR, and only US is in scope",
            "Ours: billing_country is blank, and only US is in scope",
            "Nowhere: billing_country is blank, and only US is in scope",
        )
    }
    with world.platform() as used:
        gaps = run_reconciliation(used).breaks
    assert gaps.select("gate", "owner").unique().rows() == [("outside_scope", "sales operations")]

    world.policy(GO_LIVE)
    world.settle()
    assert world.open_intents().is_empty()
    assert _customers(world) == {"Abroad": None, "Inside": "Abroad", "Ours": None, "Nowhere": None}
    assert _people(world) == {"Abroad", "Inside"}
    assert world.orders()[0] == 4


def test_a_customer_that_leaves_the_scope_is_left_alone_until_it_is_back(world: World) -> None:
    world.policy(SCOPE)
    (account,) = _accounts(world, Mover={"BillingCountry": "USA"})
    _contacts(world, account)
    world.settle()
    before = _erp(world)

    with Seller(world.crm.url) as ann, Accountant(world.erp.url) as bob:
        ann.change("Account", account, {"Tier__c": "Internal", "Website": "moved.example.com"})
        ann.change("Contact", world.soql("SELECT Id FROM Contact")[0]["Id"], {"Title": "Buyer"})
        ann.change("Opportunity", world.soql("SELECT Id FROM Opportunity")[0]["Id"], {"Amount": 300})
        bob.change_customer(world.suiteql("SELECT id FROM customer")[0]["id"], email="books@example.com")
        world.settle()
        assert _erp(world) == before
        assert world.soql("SELECT Email__c FROM Account")[0]["Email__c"] == "books@example.com", "the way back is open"
        (waiting,) = world.open_intents().to_dicts()
        assert (waiting["entity"], waiting["gate"]) == ("order", "outside_scope")
        assert "Mover: tier is Internal, which is out of scope" in waiting["reason"]

        ann.change("Account", account, {"Tier__c": "Strategic"})
        world.settle()
        assert world.open_intents().is_empty()
        back = {"url": "https://moved.example.com", "title": "Buyer", "total": "300"}
        assert _erp(world) == back

        world.policy(SCOPE.replace("Internal", "Strategic"))
        ann.change("Account", account, {"Website": "again.example.com"})
        world.settle()
        assert _erp(world) == back
    world.policy(GO_LIVE)
    world.settle()
    assert _erp(world) == back | {"url": "https://again.example.com"}, "the policy alone lets it in"


def _accounts(world: World, **fields: dict[str, Any]) -> list[str]:
    """Accounts of these names, each with a won deal over 200."""
    if not world.soql("SELECT Id FROM Product2"):
        world.catalogue(1)
    rows = [{"Name": name, "CurrencyIsoCode": "USD", **more} for name, more in fields.items()]
    made = world.seed("crm", "Account", rows)
    deal = {"StageName": "Closed Won", "CloseDate": "2026-06-15", "Product_Name__c": "Product 0", "Amount": 200}
    deals = [deal | {"Name": "Deal", "AccountId": account, "CurrencyIsoCode": "USD"} for account in made]
    world.seed("crm", "Opportunity", deals)
    return made


def _contacts(world: World, *accounts: str) -> None:
    names = {row["Id"]: row["Name"] for row in world.soql("SELECT Id, Name FROM Account")}
    world.seed("crm", "Contact", [{"LastName": names[account], "AccountId": account} for account in accounts])


def _customers(world: World) -> dict[str, str | None]:
    """Name -> name of the parent, as the ERP has them."""
    rows = world.suiteql(
        "SELECT c.companyname n, p.companyname p FROM customer c LEFT JOIN customer p ON p.id = c.parent"
    )
    return {row["n"]: row.get("p") for row in rows}


def _people(world: World) -> set[str]:
    return {row["lastname"] for row in world.suiteql("SELECT lastname FROM contact")}


def _erp(world: World) -> dict[str, str | None]:
    """What the ERP has of the only customer, contact and order."""
    customer, person = (world.suiteql(f"SELECT * FROM {table}")[0] for table in ("customer", "contact"))
    return {"url": customer.get("url"), "title": person.get("title"), "total": str(int(world.orders()[2]))}
