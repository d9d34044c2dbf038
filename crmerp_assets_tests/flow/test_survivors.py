"""Merges on either side: the survivor takes over, nothing reaches the ghost, and a person can undo it.

Taken out once and seen to fail: the gate of deals whose account is being merged (a_merge_waits...).
"""

import json

import polars as pl
import pytest
from world import GO_LIVE, World

from crmerp_assets.sandbox.company.people import Accountant, Seller
from crmerp_assets.sync.plan import plan
from crmerp_assets.sync.push import push
from crmerp_assets.sync.review import decide
from crmerp_assets.sync.survivors import NotUndone, unmerge
from crmerp_assets_tests.flow.begun import begun


def test_the_survivor_takes_over_the_partner_the_work_and_the_golden_id_that_is_written_in_the_erp(
    world: World,
) -> None:
    """Three merges: of a loser that alone has a partner, of a survivor that alone has one, and of two without."""
    handing, taking, poor, rich, lone, only = _accounts(world, ordered=[0, 3], count=6)
    handed, kept = _linked(world, handing), _linked(world, rich)
    written, absorbed = _golden_id(world, handing), _golden_id(world, poor)
    won = _deals(world, [poor, lone], "Won by the loser")

    for survivor, loser in ((taking, handing), (rich, poor), (only, lone)):
        _merge_accounts(world, survivor, loser)
    world.settle()

    assert (_linked(world, taking), _golden_id(world, taking)) == (handed, written)
    assert _key("crm", world, taking) == _key("erp", world, handed) == written
    assert _linked(world, rich) == kept
    assert _aliases(world)[absorbed] == _golden_id(world, rich)
    customers = {row["id"] for row in world.suiteql("SELECT id FROM customer")}
    assert customers == {handed, kept, _linked(world, only)}, "no customer was made for a loser"
    sold = world.suiteql("SELECT entity FROM transaction WHERE type = 'SalesOrd' ORDER BY id")
    assert sorted(row["entity"] for row in sold) == sorted([handed, kept, kept, _linked(world, only)])
    assert world.orders()[0] == 2 + len(won)
    _at_rest(world)

    with Seller(world.crm.url) as ann:
        ann.change("Account", taking, {"Website": "after.example.com"})
    world.settle()
    assert "after.example.com" in world.suiteql(f"SELECT url FROM customer WHERE id = {handed}")[0]["url"]


def test_where_both_have_a_partner_a_person_is_asked_and_nothing_reaches_the_ghost(world: World) -> None:
    loser, survivor = _accounts(world, ordered=[0, 1])
    ghost_partner, partner = _linked(world, loser), _linked(world, survivor)
    before = world.suiteql("SELECT id, companyname, externalid FROM customer ORDER BY id")

    _merge_accounts(world, survivor, loser)
    world.settle()

    (review,) = _reviews(world, "double")
    assert all(name in review["title"] for name in ("'Company 0'", ghost_partner, partner))
    assert _reviews(world, "deletion") == [], "a merge is no deletion"
    assert world.suiteql("SELECT id, companyname, externalid FROM customer ORDER BY id") == before
    assert {_golden_id(world, loser), _golden_id(world, survivor)} <= set(world.golden("customer")["golden_id"])
    _deals(world, [survivor], "New")
    world.settle()
    newest = world.suiteql("SELECT entity FROM transaction WHERE type = 'SalesOrd' ORDER BY id DESC")[0]
    assert newest["entity"] == partner
    _at_rest(world)

    world.admin("erp", "merge", {"winner": partner, "losers": [ghost_partner]})
    world.settle()

    assert _reviews(world, "double") == []
    assert _linked(world, survivor) == partner
    owners = {row["entity"] for row in world.suiteql("SELECT entity FROM transaction WHERE type = 'SalesOrd'")}
    assert owners == {partner}
    assert world.orders()[0] == 3
    _at_rest(world)


def test_a_double_may_be_kept_apart_by_a_person(world: World) -> None:
    loser, survivor = _accounts(world, ordered=[0, 1])
    before = _links(world)
    _merge_accounts(world, survivor, loser)
    world.settle()
    (review,) = _reviews(world, "double")

    with world.platform() as used:
        told = decide(used, review["id"], "unmerge", "ana")
    world.settle()

    assert "two records again" in told.consequence
    assert _links(world) == before
    assert _reviews(world, "double") == []
    assert len(_reviews(world, "deletion")) == 1, "the account is still deleted, which is a question of its own"
    _at_rest(world)


def test_customers_merged_in_the_erp_are_followed_by_their_documents(world: World) -> None:
    """NetSuite's list of deleted records does not name the survivor, and merging dates no order anew."""
    loser, survivor = _accounts(world, ordered=[0, 1])
    ghost, kept = _linked(world, loser), _linked(world, survivor)

    world.admin("erp", "merge", {"winner": kept, "losers": [ghost]})
    world.settle()

    (review,) = _reviews(world, "double")
    assert review["title"].startswith("netsuite merged 'Company 0'")
    assert _reviews(world, "deletion") == []
    _deals(world, [loser], "Late")
    world.settle()
    owners = {row["entity"] for row in world.suiteql("SELECT entity FROM transaction WHERE type = 'SalesOrd'")}
    assert owners == {kept}, "an order of the loser's account goes to the survivor"
    assert world.orders()[0] == 3
    _at_rest(world)

    _merge_accounts(world, survivor, loser)
    world.settle()
    assert _reviews(world, "double") == []
    assert _linked(world, survivor) == kept
    _at_rest(world)


def test_merges_on_both_sides_in_one_night_end_in_one_pair(world: World) -> None:
    first, second = _accounts(world, ordered=[0, 1])
    customer = {account: _linked(world, account) for account in (first, second)}
    _merge_accounts(world, second, first)
    world.admin("erp", "merge", {"winner": customer[first], "losers": [customer[second]]})
    world.settle()

    assert _linked(world, second) == customer[first]
    assert _reviews(world, "double") == []
    assert world.orders()[0] == 2
    _at_rest(world)


def test_a_merge_between_plan_and_push_is_planned_again_on_the_survivor(world: World) -> None:
    loser, survivor = _accounts(world, ordered=[0])
    partner = _linked(world, loser)
    with Accountant(world.erp.url) as bob:
        bob.change_customer(partner, email="books@example.com")
    world.pass_through(push=False)
    assert "books@example.com" in world.open_intents("planned")["changes"].str.join("")[0]

    _merge_accounts(world, survivor, loser)
    with world.platform() as used:
        pushed = push(used, "salesforce", worker="test")

    assert dict(pushed.outcomes) == {("customer", "superseded"): 1}
    assert world.open_intents("rejected").is_empty()
    world.settle()
    assert world.soql(f"SELECT Email__c FROM Account WHERE Id = '{survivor}'")[0]["Email__c"] == "books@example.com"
    _at_rest(world)


def test_a_merge_waits_for_what_a_pusher_has_in_hand(world: World) -> None:
    """A create whose answer was lost is settled first; then its customer follows to the survivor."""
    loser, survivor = _accounts(world, ordered=[])
    _deals(world, [loser], "Won")
    world.admin("erp", "faults", {"kind": "cut_after", "match": r"^PUT /services/rest/record/v1/customer"})
    world.pass_through()
    assert set(world.open_intents("unknown", "sent")["entity"]) == {"customer"}
    _merge_accounts(world, survivor, loser)
    golden = _golden_id(world, loser)

    world.pass_through(push=False)
    assert _golden_id(world, loser) == golden, "not under a pusher's feet"
    (order,) = world.open_intents().filter(entity="order").to_dicts()
    assert order["gate"] == "account_merged"
    assert "merged while a write to it was under way" in order["reason"]
    world.settle()

    assert len(world.suiteql("SELECT id FROM customer")) == 1
    assert _golden_id(world, survivor) == golden
    assert _linked(world, survivor) == world.suiteql("SELECT id FROM customer")[0]["id"]
    assert world.orders()[0] == 1
    _at_rest(world)


def test_chains_of_merges_and_a_survivor_that_is_deleted_end_well(world: World) -> None:
    a, b, c = _accounts(world, ordered=[0], count=3)
    partner = _linked(world, a)
    _merge_accounts(world, b, a)
    _merge_accounts(world, c, b)
    world.settle()
    assert _linked(world, c) == partner
    assert len(set(_aliases(world).values())) == 1
    _at_rest(world)

    _delete_account(world, c)
    world.settle()

    (review,) = [one for one in _reviews(world, "deletion") if one["entity"] == "customer"]
    assert c in review["title"]
    assert len(world.suiteql("SELECT id FROM customer")) == 1
    assert len(world.soql("SELECT Id FROM Account")) == 0, "nothing is made again"
    _at_rest(world)


def test_unmerging_by_a_person_restores_the_links_and_holds(world: World) -> None:
    loser, survivor = _accounts(world, ordered=[0])
    before = _links(world)
    golden = _golden_id(world, loser)
    _merge_accounts(world, survivor, loser)
    world.settle()
    assert _links(world) != before

    with world.platform() as used:
        done = unmerge(used, golden, "ana")
        with pytest.raises(NotUndone, match="Nothing that is merged"):
            unmerge(used, golden, "ana")
    world.settle()

    again = world.crmerp("links", "unmerge", golden)
    assert "Nothing that is merged now is called" in "".join(again.communicate(timeout=60))
    assert again.returncode == 2
    told, _ = world.crmerp("links", "history", golden, "--json").communicate(timeout=60)
    assert [one["state"] for one in json.loads(told)["merges"]] == ["undone"]
    assert (done.loser, done.survivor) == (loser, survivor)
    assert _links(world) == before
    assert _key("crm", world, survivor) != golden, "our key follows, so that the loser can be restored"
    world.admin("crm", "undelete", {"object": "Account", "ids": [loser]})
    world.settle()
    assert _links(world) == before
    assert len(world.soql("SELECT Id FROM Account")) == 2
    with world.platform() as used, used.ledger.read() as tx:
        history = tx.links.history("customer", survivor)
        assert tx.survivors.history("customer")["state"].to_list() == ["back"]
    assert history["by"].to_list()[-1] == "ana"
    assert world.open_intents()["gate"].to_list() == ["no_customer"], "Salesforce left the deal with the survivor"
    (deal,) = world.soql("SELECT Id FROM Opportunity")
    with Seller(world.crm.url) as ann:
        ann.change("Opportunity", deal["Id"], {"AccountId": loser})
    world.settle()
    _at_rest(world)


def test_a_loser_that_is_undeleted_has_its_place_again_without_a_word(world: World) -> None:
    loser, survivor = _accounts(world, ordered=[1])
    before = _links(world)
    _merge_accounts(world, survivor, loser)
    world.settle()
    assert _aliases(world)

    world.admin("crm", "undelete", {"object": "Account", "ids": [loser]})
    world.settle()

    assert _links(world) == before
    assert _aliases(world) == {}
    assert len(world.suiteql("SELECT id FROM customer")) == 1
    _at_rest(world)


@begun
def _accounts(world: World, ordered: list[int], count: int = 2) -> list[str]:
    """Accounts Company 0, 1, ... of which the `ordered` ones have a won deal, so that the ERP holds them."""
    world.policy(GO_LIVE)
    accounts = world.accounts(count)
    world.catalogue(1)
    if ordered:
        _deals(world, [accounts[n] for n in ordered], "First")
    world.settle()
    return accounts


def _deals(world: World, accounts: list[str], name: str, stage: str = "Closed Won") -> list[str]:
    entries = [row["Id"] for row in world.soql("SELECT Id FROM PricebookEntry")]
    return world.deals(accounts, entries, len(accounts), lines=1, StageName=stage, Description=name)


def _merge_accounts(world: World, winner: str, loser: str) -> None:
    world.admin("crm", "merge", {"object": "Account", "winner": winner, "losers": [loser]})


def _delete_account(world: World, account: str) -> None:
    with Seller(world.crm.url) as ann:
        ann.call("DELETE", f"/services/data/v68.0/sobjects/Account/{account}")


def _links(world: World) -> dict[tuple[str, str], str]:
    with world.platform() as used, used.ledger.read() as tx:
        rows = tx.links.all("customer").filter(pl.col("golden_id").is_not_null())
    return {(row["connection"], row["native_id"]): row["golden_id"] for row in rows.to_dicts()}


def _golden_id(world: World, account: str) -> str:
    return _links(world)["salesforce", account]


def _linked(world: World, account: str) -> str | None:
    """The ERP customer of an account."""
    links = _links(world)
    golden_id = links["salesforce", account]
    return next((native for (c, native), g in links.items() if c == "netsuite" and g == golden_id), None)


def _aliases(world: World) -> dict[str, str]:
    with world.platform() as used, used.ledger.read() as tx:
        return tx.survivors.aliases("customer")


def _key(system: str, world: World, native_id: str) -> str | None:
    if system == "crm":
        return world.soql(f"SELECT Crmerp_Id__c FROM Account WHERE Id = '{native_id}'")[0]["Crmerp_Id__c"]
    return world.suiteql(f"SELECT externalid FROM customer WHERE id = {native_id}")[0]["externalid"]


def _reviews(world: World, kind: str) -> list[dict[str, str]]:
    with world.platform() as used, used.ledger.read() as tx:
        return tx.reviews.list(kind).to_dicts()


def _at_rest(world: World) -> None:
    """The last round of settling sent nothing; nor does anything wait, or come up when planned again."""
    assert world.open_intents().is_empty()
    with world.platform() as used:
        assert [plan(used, entity).creates for entity in ("customer", "order")] == [0, 0]
