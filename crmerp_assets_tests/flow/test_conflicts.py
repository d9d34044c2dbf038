"""Conflicts that people decide: once, in bulk or for good, knowing both sides, and never against a newer edit.

To see that the tests bite, protections were removed one at a time. What was removed, and what failed:

- the comparison with the values that were decided on, in `with_choices`:
  `test_a_decision_that_a_newer_edit_overtook_is_not_applied_and_says_so`
- `_overtaken_before` in `note`: `test_a_decision_that_a_newer_edit_overtook_is_not_applied_and_says_so`
- `finish` in `note`: `test_a_decision_that_both_sides_made_idle_is_closed`
- the open conflicts of preferred fields in `to_merge_again`:
  `test_a_preference_decides_what_is_open_and_what_comes_until_it_is_cleared`
- the closing of decisions that the merge did without: `test_a_decision_about_a_record_that_one_side_has_lost_is_closed`
- the look at what is merged already, in `not_merged`: `test_a_decision_whose_write_waits_is_kept_and_not_merged_again`
"""

import json
from typing import Any

import polars as pl
import pytest
from world import GO_LIVE, World

from crmerp_assets.cli.failures import exit_code
from crmerp_assets.mapping import MASK
from crmerp_assets.sandbox.company.people import Accountant, Seller
from crmerp_assets.sync import conflicts, review
from crmerp_assets.sync.decisions import Answer, NotDecidable
from crmerp_assets.sync.merge import merge
from crmerp_assets.sync.trace import trace
from crmerp_assets_tests.flow.begun import begun

MANUAL = """fields:
  website: {owner: shared, conflict: manual}
  email: {owner: shared, conflict: manual, personal: true}
"""


def test_a_manual_conflict_keeps_both_values_and_shows_all_that_a_decision_needs(world: World) -> None:
    account, customer = _agreed(world)
    _both_change(world, account, customer, "crm.example.com", "erp.example.com")

    (asked,) = _open(world)
    assert (asked["field"], asked["crm"], asked["erp"], asked["base"]) == (
        "website",
        "crm.example.com",
        "erp.example.com",
        "old.example.com",
    )
    assert asked["rule"] == "manual"
    assert asked["crm_modified"]
    assert asked["erp_modified"]
    assert asked["crm_modified_by"], "who changed the record last"
    assert asked["erp_modified_by"] is None, "NetSuite names an editor only of transactions"
    assert world.open_intents().is_empty(), "nothing is written"
    assert _websites(world) == ("crm.example.com", "erp.example.com"), "both sides keep what they have"
    assert world.golden("customer")["website"].to_list() == ["old.example.com"], "golden keeps what was agreed"
    assert world.pass_through() == 0

    with world.platform() as used:
        done = review.decide(used, asked["id"][:8], "erp", "ann")
        with pytest.raises(NotDecidable, match="answer `crm`"):
            _reopen(used, asked)
    assert "ERP's value" in done.consequence
    world.settle()

    assert _websites(world) == ("erp.example.com", "erp.example.com")
    assert _open(world) == []
    with world.platform() as used, used.ledger.read() as tx:
        assert tx.reviews.decisions("conflict").is_empty(), "a decision that took effect is not carried on for ever"


def test_a_decision_that_a_newer_edit_overtook_is_not_applied_and_says_so(world: World) -> None:
    account, customer = _agreed(world)
    _both_change(world, account, customer, "crm.example.com", "erp.example.com")
    (asked,) = _open(world)
    with world.platform() as used:
        review.decide(used, asked["id"], "crm", "ann")
    with Accountant(world.erp.url) as bob:
        bob.change_customer(customer, url="https://newer.example.com")

    world.settle()

    assert _websites(world) == ("crm.example.com", "newer.example.com"), "the decision was about another value"
    (again,) = _open(world)
    assert (again["id"], again["erp"]) == (asked["id"], "newer.example.com")
    for word in ("ann decided for the CRM", "an edit in the ERP", again["erp_modified"], "not applied"):
        assert word in again["overtaken"]
    with Seller(world.crm.url) as cleo:
        cleo.change("Account", account, {"Phone": "+1 202 555 0142"})
    world.settle()
    (still,) = _open(world)
    assert still["overtaken"] == again["overtaken"], "asking again does not forget it"

    with world.platform() as used:
        review.decide(used, again["id"], "crm", "ann")
    world.settle()
    assert _websites(world) == ("crm.example.com", "crm.example.com")
    assert _open(world) == []


def test_a_decision_that_both_sides_made_idle_is_closed(world: World) -> None:
    account, customer = _agreed(world)
    _both_change(world, account, customer, "crm.example.com", "erp.example.com")
    with world.platform() as used:
        review.decide(used, _open(world)[0]["id"], "crm", "ann")
    with Accountant(world.erp.url) as bob:
        bob.change_customer(customer, url="https://old.example.com")

    world.settle()

    assert _websites(world) == ("crm.example.com", "crm.example.com"), "only the CRM differs from what was agreed"
    assert _open(world) == []
    with world.platform() as used, used.ledger.read() as tx:
        assert tx.reviews.decisions("conflict").is_empty()


def test_a_decision_about_a_record_that_one_side_has_lost_is_closed(world: World) -> None:
    """It keeps the values that were decided on, so nothing else would ever end it."""
    account, customer = _agreed(world)
    _both_change(world, account, customer, "crm.example.com", "erp.example.com")
    with world.platform() as used:
        review.decide(used, _open(world)[0]["id"], "crm", "ann")
    for deal in world.soql("SELECT Id FROM Opportunity"):
        _delete(world, "Opportunity", deal["Id"])
    _delete(world, "Account", account)

    world.pass_through(push=False)

    assert _open(world) == []
    with world.platform() as used, used.ledger.read() as tx:
        assert tx.reviews.decisions("conflict").is_empty()


def test_a_decision_whose_write_waits_is_kept_and_not_merged_again(world: World) -> None:
    account, customer = _agreed(world)
    _both_change(world, account, customer, "crm.example.com", "erp.example.com")
    with world.platform() as used:
        golden_id = trace(used, account)[0].golden_id or ""
        with used.ledger.begin() as tx:
            tx.holds.put("customer", {golden_id: "looked at"}, "ann")
        review.decide(used, _open(world)[0]["id"], "crm", "ann")
        assert merge(used, "customer").considered == 1
        assert merge(used, "customer").considered == 0, "it waits for its write, and for nothing else"
    world.pass_through()
    assert _websites(world) == ("crm.example.com", "erp.example.com")

    with world.platform() as used, used.ledger.begin() as tx:
        assert tx.reviews.decisions("conflict").height == 1
        tx.holds.lift("customer", [golden_id])
    world.settle()

    assert _websites(world) == ("crm.example.com", "crm.example.com")
    with world.platform() as used, used.ledger.read() as tx:
        assert tx.reviews.decisions("conflict").is_empty()


def test_a_preference_decides_what_is_open_and_what_comes_until_it_is_cleared(world: World) -> None:
    account, customer = _agreed(world)
    _both_change(world, account, customer, "crm.example.com", "erp.example.com")
    with world.platform() as used:
        for field, told in (("billing_city", "the ERP decides it"), ("shoe_size", "no field")):
            with pytest.raises(NotDecidable, match=told) as refused:
                conflicts.prefer(used, "customer", field, "crm", "ann")
            assert exit_code(refused.value) == 2
        assert "1 open conflicts" in conflicts.prefer(used, "customer", "website", "crm", "ann")
        assert conflicts.preferences(used).select("field", "choice", "by").rows() == [("website", "crm", "ann")]
    world.pass_through(push=False)
    with world.platform() as used:
        (told,) = [row["why"] for row in trace(used, account)[0].fields.to_dicts() if row["field"] == "website"]
    assert told == "prefer crm (decided by ann) after conflict"
    world.settle()
    assert _open(world) == []
    assert _websites(world) == ("crm.example.com", "crm.example.com")

    _both_change(world, account, customer, "second.example.com", "other.example.com")
    assert _websites(world) == ("second.example.com", "second.example.com"), "it holds from then on"

    with world.platform() as used:
        conflicts.prefer(used, "customer", "website", None, "ann")
        assert conflicts.preferences(used).is_empty()
        assert conflicts.preferences(used, everything=True).height == 2
    _both_change(world, account, customer, "third.example.com", "fourth.example.com")
    assert len(_open(world)) == 1


def test_many_conflicts_are_decided_at_once_and_personal_values_are_masked_in_lists(world: World) -> None:
    account, customer = _agreed(world)
    with Seller(world.crm.url) as ann, Accountant(world.erp.url) as bob:
        phones = ("+1 202 555 0142", "+1 202 555 0199")
        ann.change(
            "Account", account, {"Email__c": "crm@example.com", "Website": "crm.example.com", "Phone": phones[0]}
        )
        bob.change_customer(customer, email="erp@example.com", url="https://erp.example.com", phone=phones[1])
    world.settle()

    (by_rule,) = json.loads(world.told("review", "conflicts", "--json"))
    assert [by_rule[name] for name in ("field", "crm", "erp", "golden")] == ["phone", MASK, MASK, MASK]
    assert by_rule["why"].endswith("newer after conflict")
    listed = {row["field"]: row for row in json.loads(world.told("review", "list", "--kind", "conflict", "--json"))}
    assert listed["email"]["crm"] == listed["email"]["erp"] == MASK
    assert listed["website"]["crm"] == "crm.example.com"
    assert "crm@example.com" in world.told("review", "show", listed["email"]["id"][:8])
    world.told("review", "decide", "--all", "--field", "email", "--entity", "customer", "crm")
    assert "1 reviews decided" in world.told("review", "decide", listed["website"]["id"][:8], "erp")
    world.settle()

    row = world.soql(f"SELECT Email__c, Website FROM Account WHERE Id = '{account}'")[0]
    assert row["Email__c"] == "crm@example.com"
    assert _websites(world) == ("erp.example.com", "erp.example.com")


@begun
def _agreed(world: World) -> tuple[str, str]:
    """A customer that both sides agree on, with fields whose conflicts people decide; account and customer id."""
    folder = world.state / "config" / "mapping" / "governance"
    folder.mkdir(parents=True)
    (folder / "customer.yaml").write_text(MANUAL, encoding="utf-8")
    world.policy(GO_LIVE)
    known = {"Website": "old.example.com", "Phone": "+1 202 555 0100"}
    account = world.seed("crm", "Account", [{"Name": "Ada Ltd", "CurrencyIsoCode": "USD"} | known])
    world.deals(account, world.catalogue(1), 1)
    world.settle()
    return account[0], world.suiteql("SELECT id FROM customer")[0]["id"]


def _both_change(world: World, account: str, customer: str, crm: str, erp: str) -> None:
    with Seller(world.crm.url) as ann, Accountant(world.erp.url) as bob:
        ann.change("Account", account, {"Website": crm})
        bob.change_customer(customer, url=f"https://{erp}")
    world.settle()


def _websites(world: World) -> tuple[str, str]:
    crm, erp = (
        world.soql("SELECT Website FROM Account")[0]["Website"],
        world.suiteql("SELECT url FROM customer")[0]["url"],
    )
    return crm.removeprefix("https://").rstrip("/"), erp.removeprefix("https://").rstrip("/")


def _delete(world: World, object: str, id_: str) -> None:
    with Seller(world.crm.url) as ann:
        ann.call("DELETE", f"/services/data/v68.0/sobjects/{object}/{id_}")


def _open(world: World) -> list[dict[str, Any]]:
    with world.platform() as used:
        return conflicts.open_conflicts(used).to_dicts()


def _reopen(used: Any, asked: dict[str, Any]) -> None:
    """An answer that is none, for the review as it was."""
    with used.ledger.read() as tx:
        row = tx.reviews.list(state=None).filter(pl.col("id") == asked["id"]).row(0, named=True)
    review.KINDS["conflict"].judged(used, row, Answer("maybe", "ann"))
