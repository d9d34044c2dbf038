"""Survivors: who took over from whom, aliases that resolve for ever, intents that give way.

Taken out once, each seen to fail here: the renumbering of links (mirrors hear), in-flight rows kept out of `give_way`
(what rests gives way), the golden ids that a row keeps when it is decided anew (a double that is settled).
"""

import polars as pl
import pytest
from sqlalchemy.exc import IntegrityError

from crmerp_assets.ledger import Ledger
from crmerp_assets.matching.survivors import Takeover
from crmerp_assets_tests.ledger.plans import intent, plan
from crmerp_assets_tests.ledger.test_ledger_links import link


def takeover(loser: str, survivor: str, double: bool = False, lives: str = "survivor") -> Takeover:
    old, own = f"g{loser}", f"g{survivor}"
    return Takeover("crm", loser, survivor, old, own, own if lives == "survivor" else old, double)


def test_aliases_resolve_to_the_golden_id_at_the_end_of_their_chain(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.survivors.put("customer", [takeover("a", "b")], "merged")
        tx.survivors.put("customer", [takeover("b", "c", lives="loser")], "merged")
        assert tx.survivors.aliases("customer") == {"ga": "gb", "gc": "gb"}
        assert tx.survivors.aliases("contact") == {}


def test_an_undone_merge_is_no_alias_and_stays_in_the_history(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.survivors.put("customer", [takeover("a", "b")], "merged")
        (row,) = tx.survivors.standing("customer").to_dicts()
        tx.survivors.end("customer", [row["number"]], "undone", "ana", "two companies")
        assert tx.survivors.aliases("customer") == {}
        assert tx.survivors.standing("customer")["state"].to_list() == ["undone"]
        tx.survivors.end("customer", [row["number"]], "back", "linking", "exists again")
        assert tx.survivors.standing("customer").is_empty()
        assert tx.survivors.history("customer")["ended_by"].to_list() == ["linking"]
        tx.survivors.put("customer", [takeover("a", "b")], "merged again")
        assert tx.survivors.aliases("customer") == {"ga": "gb"}


def test_a_double_that_is_settled_keeps_what_both_had_before(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.survivors.put("customer", [takeover("a", "b", double=True)], "merged")
        tx.survivors.put("customer", [Takeover("crm", "a", "b", "gb", "ga", "ga")], "merged")
        (row,) = tx.survivors.history("customer").to_dicts()
    assert (row["state"], row["loser_golden"], row["survivor_golden"], row["golden_id"]) == ("over", "ga", "gb", "ga")


def test_a_merge_that_waits_is_no_alias_yet_and_names_its_golden_ids(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.survivors.put("customer", [takeover("a", "b")], "a write is under way", waiting=True)
        assert tx.survivors.aliases("customer") == {}
        assert tx.survivors.waiting("customer") == {"ga", "gb"}
        tx.survivors.put("customer", [takeover("a", "b")], "merged")
        assert tx.survivors.aliases("customer") == {"ga": "gb"}
        assert tx.survivors.waiting("customer") == set()


def test_a_loser_has_one_row_that_stands(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.survivors.put("customer", [takeover("a", "b")], "merged")
    with pytest.raises(IntegrityError), ledger.begin() as tx:
        tx.survivors.put("customer", [takeover("x", "b"), takeover("x", "c")], "merged")
    with ledger.read() as tx:
        assert tx.survivors.history("customer")["loser"].to_list() == ["a"]


def test_mirrors_hear_of_links_whose_golden_id_became_an_alias(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.links.add([link("a", "ga"), link("b", "gb"), link("c", "gc")], by="linking")
        seen = tx.links.all("customer")["version"].max()
        tx.survivors.put("customer", [takeover("a", "b")], "merged")
        assert tx.links.all("customer", since_version=seen)["native_id"].to_list() == ["a"]
        seen = tx.links.all("customer")["version"].max()
        tx.survivors.put("customer", [takeover("b", "c")], "merged")
        assert tx.links.all("customer", since_version=seen)["native_id"].to_list() == ["a", "b"]
        assert tx.links.history("customer", "a").height == 1, "nothing about the link itself changed"


def test_what_rests_gives_way_and_what_is_in_a_pushers_hand_does_not(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1"), intent("g2")))
        tx.intents.claim("erp", "customer", "worker", 1, 60)
    with ledger.begin() as tx:
        claimed = tx.intents.open(states=["claimed"])["golden_id"].to_list()
        assert tx.intents.give_way("customer", ["g1", "g2", "g3"], "merged") == claimed
        (resting,) = {"g1", "g2"} - set(claimed)
        (given,) = tx.intents.of("customer", resting).to_dicts()
        assert (given["state"], given["reason"]) == ("superseded", "merged")
        assert tx.intents.of("customer", claimed[0])["state"].to_list() == ["claimed"]
        assert tx.intents.waiting_golden_ids("customer") == [resting]
        assert tx.intents.attempts(given["id"])["event"].to_list() == ["superseded"]


def test_a_withdrawn_review_is_asked_anew_though_it_was_decided(ledger: Ledger) -> None:
    row = {"kind": "deletion", "entity": "customer", "subject": "s", "title": "t", "detail": "{}"}
    with ledger.begin() as tx:
        tx.reviews.open([row])
        tx.reviews.decide(tx.reviews.list()["id"][0], "{}", "ana")
        assert tx.reviews.withdraw("deletion", "customer", ["s", "other"]) == 1
        assert tx.reviews.decisions("deletion").is_empty()
        tx.reviews.open([row])
        assert tx.reviews.list("deletion")["decided_by"].to_list() == [None]


def test_the_links_behind_a_golden_id_and_a_record_are_told(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.links.add([link("a", "g1"), link("b", "g2")], by="linking")
        tx.links.add([link("a", "g2"), link("b", "g1")], by="ana")
        assert tx.links.concerning("customer", "g1").height == 3
        assert tx.links.concerning("customer", "a")["golden_id"].to_list() == ["g1", "g2"]
        assert tx.links.concerning("customer", "G2").select(pl.len()).item() == 3
