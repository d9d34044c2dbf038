"""A new plan replaces the open one, except what is the same and what is on its way."""

import pytest

from crmerp_assets.ledger import Ledger
from crmerp_assets_tests.ledger.plans import Clock, intent, plan


def test_a_new_plan_becomes_open_intents(ledger: Ledger, clock: Clock) -> None:
    with ledger.begin() as tx:
        done = tx.intents.replace(
            "erp", "customer", ["g1", "g2"], plan(intent("g1"), intent("g2", gate="not_won", reason="the deal is open"))
        )
        first, second = tx.intents.open("erp", "customer").sort("golden_id").to_dicts()
    assert done.inserted == 2
    assert (first["state"], first["attempts"], first["created_at"]) == ("planned", 0, clock())
    assert (second["state"], second["gate"], second["reason"]) == ("waiting", "not_won", "the deal is open")


def test_the_same_plan_again_touches_nothing(ledger: Ledger, clock: Clock) -> None:
    rows = plan(intent("g1"), intent("g2", gate="not_won"))
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], rows)
        before = tx.intents.open()
        clock.forward(60)
        assert tx.intents.replace("erp", "customer", ["g1", "g2"], rows).kept == 2
        assert tx.intents.open().equals(before)


def test_a_different_plan_supersedes_the_open_one(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1", "1"), intent("g2", "1")))
        done = tx.intents.replace("erp", "customer", ["g1", "g2", "g3"], plan(intent("g1", "2")))
        assert (done.inserted, done.superseded) == (1, 2)
        assert tx.intents.open()["id"].to_list() == ["g1:2:"]
        assert tx.intents.of("customer", "g1")["state"].to_list() == ["superseded", "planned"]


def test_golden_ids_that_were_not_considered_keep_their_plan(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1"), intent("g2")))
        tx.intents.replace("erp", "customer", ["g2"], plan())
        assert tx.intents.open()["golden_id"].to_list() == ["g1"]


def test_a_gate_that_opens_makes_the_same_intent_ready(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1", gate="not_won", reason="open")))
        assert tx.intents.replace("erp", "customer", [], plan(intent("g1"))).changed == 1
        (row,) = tx.intents.of("customer", "g1").to_dicts()
    assert (row["state"], row["gate"], row["reason"]) == ("planned", None, None)


def test_the_reason_of_a_kept_intent_follows_the_newest_plan(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1", gate="unknown_product", reason="Bolt is unknown")))
        again = tx.intents.replace(
            "erp", "customer", [], plan(intent("g1", gate="unknown_product", reason="Nut is unknown"))
        )
        assert again.kept == 1
        assert tx.intents.open()["reason"].to_list() == ["Nut is unknown"]


def test_a_superseded_plan_can_come_back(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1", "1")))
        tx.intents.replace("erp", "customer", [], plan(intent("g1", "2")))
        assert tx.intents.replace("erp", "customer", [], plan(intent("g1", "1"))).inserted == 1
        assert tx.intents.open()["id"].to_list() == ["g1:1:"]


def test_a_rejected_intent_stays_rejected_until_its_data_change(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1", "1")))
        claimed = tx.intents.claim("erp", "customer", "w", 10, 60)["id"]
        tx.intents.mark_sent(claimed)
        tx.intents.record([{"id": claimed[0], "outcome": "rejected", "error_class": "Rejected", "error": "no terms"}])
        assert tx.intents.replace("erp", "customer", [], plan(intent("g1", "1"))).kept == 1
        assert tx.intents.open()["state"].to_list() == ["rejected"]
        assert tx.intents.replace("erp", "customer", [], plan(intent("g1", "2"))).superseded == 1
        assert tx.intents.open().select("id", "state", "attempts").rows() == [("g1:2:", "planned", 0)]


def test_an_approved_intent_keeps_its_approval_while_the_plan_is_the_same(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1", gate="discount")))
        tx.intents.approve(["g1:1:"], "ann")
        assert tx.intents.replace("erp", "customer", [], plan(intent("g1", gate="discount"))).kept == 1
        assert tx.intents.open()["state"].to_list() == ["approved"]
        tx.intents.replace("erp", "customer", [], plan(intent("g1", gate="credit_hold")))
        assert tx.intents.open()["state"].to_list() == ["waiting"]


def test_what_is_in_flight_is_left_and_planned_again_afterwards(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1", "1"), intent("g2", "1")))
        tx.intents.mark_sent(tx.intents.claim("erp", "customer", "w", 10, 60)["id"])
        before = tx.intents.open().drop("replan")
        done = tx.intents.replace("erp", "customer", ["g1", "g2"], plan(intent("g1", "2"), intent("g2", "1")))
        assert sorted(done.in_flight) == ["g1", "g2"]
        assert tx.intents.open().drop("replan").equals(before)
        assert tx.intents.waiting_golden_ids("customer") == []
        tx.intents.record([{"id": f"{g}:1:", "outcome": "applied"} for g in ("g1", "g2")])
        assert tx.intents.waiting_golden_ids("customer") == ["g1"]
        tx.intents.replace("erp", "customer", ["g1"], plan(intent("g1", "2")))
        assert tx.intents.waiting_golden_ids("customer") == []


def test_a_write_that_was_applied_is_not_planned_again(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1")))
        tx.intents.mark_sent(tx.intents.claim("erp", "customer", "w", 10, 60)["id"])
        tx.intents.record([{"id": "g1:1:", "outcome": "applied", "native_id": "7"}])
        done = tx.intents.replace("erp", "customer", ["g1"], plan(intent("g1")))
        assert (done.inserted, done.finished) == (0, ["g1:1:"])
        assert tx.intents.of("customer", "g1")["state"].to_list() == ["applied"]


def test_records_held_by_a_gate_or_whose_write_came_to_nothing_are_planned_again(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1", gate="not_won"), intent("g2"), intent("g3")))
        tx.intents.claim("erp", "customer", "w", 10, 60)
        tx.intents.record([{"id": "g2:1:", "outcome": "superseded", "error_class": "VersionConflict"}])
        assert tx.intents.waiting_golden_ids("customer") == ["g1", "g2"]
        assert tx.intents.waiting_golden_ids("order") == []


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (plan(intent("g1", "1"), intent("g1", "2")), "two intents"),
        (plan(intent("g1", connection="crm")), "not for customer on erp"),
        (plan(intent("g1", state="applied")), "planned or waiting"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(ledger: Ledger, rows: object, why: str) -> None:
    with ledger.begin() as tx, pytest.raises(ValueError, match=why):
        tx.intents.replace("erp", "customer", [], rows)  # type: ignore[arg-type]
