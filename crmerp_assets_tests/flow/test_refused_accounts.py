"""Won deals whose account cannot be billed: they wait with the reason, and go to whoever takes the account's place.

Taken out once and seen to fail: the gate `no_account` (the ERP refuses the order instead).
"""

from typing import Any

from world import CLOSED, GO_LIVE, World

from crmerp_assets.sandbox.company.people import Accountant, Seller
from crmerp_assets.sync.reconcile import run_reconciliation

TOO_LONG = "A company with a name that no field of eighty-three characters holds, whatever one does to it Ltd"


def test_a_deal_without_an_account_waits_until_one_is_chosen(world: World) -> None:
    world.policy(GO_LIVE)
    (account,) = world.accounts(1)
    deal = _won(world, "Whose?", None)
    world.settle()

    (waiting,) = _waiting(world)
    assert (waiting["gate"], waiting["reason"]) == ("no_account", "the deal has no account; choose one in the CRM")
    assert _break(world, deal)["owner"] == "sales"
    assert world.orders()[0] == 0

    with Seller(world.crm.url) as ann:
        ann.change("Opportunity", deal, {"AccountId": account})
    world.settle()
    assert world.orders()[:2] == (1, 1)
    assert _buyers(world) == ["Company 0"]
    assert world.settle() == 0


def test_a_deal_of_an_account_that_the_erp_cannot_take_follows_the_account_into_its_survivor(world: World) -> None:
    world.policy(GO_LIVE)
    (survivor,) = world.accounts(1)
    (refused,) = world.seed("crm", "Account", [{"Name": TOO_LONG, "CurrencyIsoCode": "USD"}])
    deal = _won(world, "Refused", refused)
    world.settle()

    (waiting,) = _waiting(world)
    assert waiting["gate"] == "no_customer"
    assert waiting["reason"].startswith("the customer is not in the ERP: ")
    assert "83" in waiting["reason"], "the customer's own reason is told"
    assert _break(world, deal)["owner"] == "finance"

    world.admin("crm", "merge", {"object": "Account", "winner": survivor, "losers": [refused]})
    world.settle()
    assert world.orders()[:2] == (1, 1)
    assert _buyers(world) == ["Company 0"]
    assert world.open_intents().is_empty(), "nothing waits for the account that is gone"
    assert world.settle() == 0


def test_a_deal_that_waits_for_credit_is_judged_by_the_survivor_of_its_account(world: World) -> None:
    world.policy(GO_LIVE)
    survivor, held = world.accounts(2)
    for account in (survivor, held):
        _won(world, "First", account)
    world.settle()
    ids = {row["companyname"]: row["id"] for row in world.suiteql("SELECT id, companyname FROM customer")}
    with Accountant(world.erp.url) as bob:
        bob.change_customer(ids["Company 1"], creditHoldOverride={"id": "ON"})
        _won(world, "Held", held)
        world.settle()
        assert [row["gate"] for row in _waiting(world)] == ["credit_hold"]

        world.admin("erp", "merge", {"winner": ids["Company 0"], "losers": [ids["Company 1"]]})
        world.admin("crm", "merge", {"object": "Account", "winner": survivor, "losers": [held]})
        world.settle()
    assert world.orders()[:2] == (3, 3)
    assert set(_buyers(world)) == {"Company 0"}
    assert world.settle() == 0


def _won(world: World, name: str, account: str | None) -> str:
    if not world.soql("SELECT Id FROM Product2"):
        world.catalogue(1)
    deal: dict[str, Any] = {"StageName": "Closed Won", "CloseDate": CLOSED, "CurrencyIsoCode": "USD", "Amount": 50}
    deal |= {"Name": name, "Product_Name__c": "Product 0"} | ({"AccountId": account} if account else {})
    return world.seed("crm", "Opportunity", [deal])[0]


def _waiting(world: World) -> list[dict[str, Any]]:
    return world.open_intents("waiting").filter(entity="order", connection="netsuite").to_dicts()


def _break(world: World, deal: str) -> dict[str, Any]:
    with world.platform() as used:
        return run_reconciliation(used).breaks.filter(record=deal).row(0, named=True)


def _buyers(world: World) -> list[str]:
    query = "SELECT c.companyname FROM transaction t JOIN customer c ON c.id = t.entity WHERE t.type = 'SalesOrd'"
    return [row["companyname"] for row in world.suiteql(query)]
