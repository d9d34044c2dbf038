"""Claim, send, record: an intent is somebody's, then on its way, then known, and its history tells it all."""

from datetime import timedelta

import pytest

from crmerp_assets.ledger import IllegalTransition, Ledger, NotFound, Transaction
from crmerp_assets_tests.ledger.plans import Clock, intent, plan


def planned(tx: Transaction, *golden_ids: str) -> None:
    tx.intents.replace("erp", "customer", [], plan(*(intent(g) for g in golden_ids)))


def sent(tx: Transaction, *golden_ids: str, worker: str = "w") -> list[str]:
    planned(tx, *golden_ids)
    ids = tx.intents.claim("erp", "customer", worker, 100, 60)["id"].to_list()
    tx.intents.mark_sent(ids, {i: "hash of " + i for i in ids})
    return ids


def test_the_most_urgent_intents_are_claimed_first(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        rows = plan(
            intent("g1", priority=20), intent("g2", priority=0), intent("g3", priority=10), intent("g4", gate="x")
        )
        tx.intents.replace("erp", "customer", [], rows)
        first = tx.intents.claim("erp", "customer", "w", 2, 60)
        assert first["golden_id"].to_list() == ["g2", "g3"]
        assert first["state"].to_list() == ["claimed"] * 2
        assert tx.intents.claim("erp", "customer", "w", 5, 60)["golden_id"].to_list() == ["g1"]
        assert tx.intents.claim("erp", "customer", "w", 5, 60).is_empty()
        assert tx.intents.claim("crm", "customer", "w", 5, 60).is_empty()


def test_the_history_tells_each_attempt(ledger: Ledger, clock: Clock) -> None:
    later = clock() + timedelta(seconds=30)
    with ledger.begin() as tx:
        (one,) = sent(tx, "g1")
        tx.intents.record(
            [{"id": one, "outcome": "retry", "error_class": "Transient", "error": "503", "next_attempt_at": later}]
        )
        assert tx.intents.claim("erp", "customer", "w", 5, 60).is_empty()
        clock.forward(31)
        tx.intents.mark_sent(tx.intents.claim("erp", "customer", "v", 5, 60)["id"])
        tx.intents.record([{"id": one, "outcome": "applied", "native_id": "7"}])
        told = tx.intents.attempts(one)
        (row,) = tx.intents.get([one]).to_dicts()
    assert told.select("number", "event", "by").rows() == [
        (1, "sent", "w"),
        (1, "retry", None),
        (2, "sent", "v"),
        (2, "applied", None),
    ]
    assert told["payload_hash"][0] == "hash of g1:1:"
    assert told["next_attempt_at"][1] == later
    assert (row["attempts"], row["native_id"], row["error"], row["applied_at"]) == (2, "7", None, clock())


def test_an_expired_lease_makes_an_orphan_and_an_unknown_outcome_is_one_at_once(ledger: Ledger, clock: Clock) -> None:
    with ledger.begin() as tx:
        ids = sent(tx, "g1", "g2")
        tx.intents.record([{"id": ids[0], "outcome": "unknown", "error_class": "Unknown", "error": "no answer"}])
        assert tx.intents.orphans(clock())["id"].to_list() == [ids[0]]
        assert tx.intents.orphans(clock(), connection="crm").is_empty()
        clock.forward(601)
        assert sorted(tx.intents.orphans(clock())["state"]) == ["sent", "unknown"]


def test_an_orphan_is_settled_by_one_process_at_a_time(ledger: Ledger, clock: Clock) -> None:
    with ledger.begin() as tx:
        (one,) = sent(tx, "g1")
        tx.intents.record([{"id": one, "outcome": "unknown"}])
        assert tx.intents.orphans(clock(), worker="a", lease_seconds=60).height == 1
        assert tx.intents.orphans(clock(), worker="b", lease_seconds=60).is_empty()
        clock.forward(61)
        assert tx.intents.orphans(clock(), worker="b", lease_seconds=60).height == 1
        tx.intents.record([{"id": one, "outcome": "settled", "native_id": "7"}])
        assert tx.intents.get([one]).select("state", "native_id").rows() == [("settled", "7")]


def test_release_gives_back_what_was_not_sent_and_leaves_the_rest(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        planned(tx, "g1", "g2", "g3")
        ids = tx.intents.claim("erp", "customer", "w", 2, 60)["id"].to_list()
        tx.intents.mark_sent(ids[:1])
        assert tx.intents.release(ids, worker="v") == 0
        assert tx.intents.release(ids) == 1
        states = dict(tx.intents.get(ids).select("id", "state").iter_rows())
        assert states == {ids[0]: "sent", ids[1]: "planned"}
        assert tx.intents.release(ids, sent=True) == 1
        assert tx.intents.get(ids).select("state", "attempts", "claimed_by").rows() == [("planned", 0, None)] * 2


def test_an_approved_intent_is_still_approved_after_a_failed_attempt(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1", gate="discount")))
        assert tx.intents.claim("erp", "customer", "w", 5, 60).is_empty()
        tx.intents.approve(["g1:1:"], "ann")
        tx.intents.mark_sent(tx.intents.claim("erp", "customer", "w", 5, 60)["id"])
        tx.intents.record([{"id": "g1:1:", "outcome": "retry"}])
        assert tx.intents.open()["state"].to_list() == ["approved"]
        tx.intents.release(tx.intents.claim("erp", "customer", "w", 5, 60)["id"])
        assert tx.intents.open()["state"].to_list() == ["approved"]
        assert tx.intents.attempts("g1:1:")["event"].to_list() == ["approved", "sent", "retry"]


def test_only_one_of_two_that_believe_to_hold_an_intent_sends_it(ledger: Ledger, clock: Clock) -> None:
    with ledger.begin() as tx:
        planned(tx, "g1")
        tx.intents.claim("erp", "customer", "slow", 5, 60)
        clock.forward(61)
        tx.intents.release(tx.intents.orphans(clock())["id"])
        tx.intents.claim("erp", "customer", "quick", 5, 60)
    with pytest.raises(IllegalTransition, match="claim again"), ledger.begin() as tx:
        tx.intents.mark_sent(["g1:1:"], worker="slow")
    with ledger.begin() as tx:
        tx.intents.mark_sent(["g1:1:"], worker="quick")
    with pytest.raises(IllegalTransition, match="cannot become sent"), ledger.begin() as tx:
        tx.intents.mark_sent(["g1:1:"])


def test_an_outcome_that_cannot_be_is_refused_and_nothing_is_stored(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        ids = sent(tx, "g1", "g2")
        tx.intents.record([{"id": ids[0], "outcome": "applied"}])
    for results, error in [
        ([{"id": ids[1], "outcome": "applied"}, {"id": ids[0], "outcome": "rejected"}], IllegalTransition),
        ([{"id": ids[1], "outcome": "applied"}, {"id": "nothing", "outcome": "applied"}], NotFound),
        ([{"id": ids[1], "outcome": "applied"}] * 2, ValueError),
        ([{"id": ids[1], "outcome": "done"}], ValueError),
    ]:
        with pytest.raises(error), ledger.begin() as tx:
            tx.intents.record(results)
    with ledger.begin() as tx:
        assert tx.intents.get(ids[1:])["state"].to_list() == ["sent"]
        assert tx.intents.attempts(ids[1]).height == 1


def test_a_result_cannot_open_a_gate_or_end_what_was_never_claimed(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1", gate="not_won"), intent("g2")))
    for golden_id, outcome in (("g1", "retry"), ("g2", "superseded")):
        with pytest.raises(IllegalTransition, match="claimed, sent or unknown"), ledger.begin() as tx:
            tx.intents.record([{"id": f"{golden_id}:1:", "outcome": outcome}])


def test_what_a_dead_worker_held_can_be_settled_at_once_and_a_living_one_keeps_its_own(
    ledger: Ledger, clock: Clock
) -> None:
    with ledger.begin() as tx:
        planned(tx, "g1", "g2", "g3")
        dead = tx.intents.claim("erp", "customer", "dead", 2, 600)["id"].to_list()
        alive = tx.intents.claim("erp", "customer", "alive", 1, 600)["id"].to_list()
        tx.intents.mark_sent([dead[0], *alive])
        assert tx.intents.orphans(clock()).is_empty()
        assert tx.intents.abandon(["dead", "never seen"]) == 2
        orphans = dict(tx.intents.orphans(clock()).select("id", "state").iter_rows())
    assert orphans == {dead[0]: "sent", dead[1]: "claimed"}


def test_an_update_that_was_sent_is_begun_until_a_write_to_its_record_takes_effect(ledger: Ledger) -> None:
    """Whatever became of it: unknown, refused, superseded by another plan, or planned once more."""
    update = {"operation": "update", "native_id": "7"}

    def begun() -> list[str]:
        return tx.intents.begun("erp", "customer", ["g1", "g2"])

    with ledger.begin() as tx:
        sent(tx, "g2")
        tx.intents.replace("erp", "customer", [], plan(intent("g1", **update)))
        (one,) = tx.intents.claim("erp", "customer", "w", 5, 60)["id"].to_list()
        assert begun() == [], "a create that was sent is none"
        tx.intents.mark_sent([one])
        assert begun() == ["g1"]
        tx.intents.record([{"id": one, "outcome": "superseded"}])
        tx.intents.replace("erp", "customer", ["g1"], plan(intent("g1", "2", **update)))
        tx.intents.replace("erp", "customer", ["g1"], plan())
        assert begun() == ["g1"]
        assert tx.intents.begun("crm", "customer", ["g1"]) == tx.intents.begun("erp", "customer", ["g2"]) == []
        tx.intents.replace("erp", "customer", ["g1"], plan(intent("g1", "3", **update)))
        tx.intents.mark_sent(tx.intents.claim("erp", "customer", "w", 5, 60)["id"])
        tx.intents.record([{"id": "g1:3:", "outcome": "applied", "native_id": "7"}])
        assert begun() == []
