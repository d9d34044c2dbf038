"""Reverse writes among plans, holds, and which applied writes a run or a span of time names.

Protections removed once, and the test that failed: `reverse` in planning.decide (the first test), `undoes IS NULL` of
the new row there (the second), the attempt's number in `effective` (the third).
"""

from datetime import timedelta

from crmerp_assets.ledger import Ledger, Transaction
from crmerp_assets.sync.holds import put_on_hold
from crmerp_assets_tests.ledger.plans import Clock, intent, plan


def states(tx: Transaction) -> dict[str, str]:
    return dict(tx.intents.of("customer", "g1").select("id", "state").iter_rows())


def test_a_plan_leaves_a_ready_reverse_write_alone_and_is_made_again_afterwards(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1", "old", undoes="i0")))
        done = tx.intents.replace("erp", "customer", ["g1"], plan(intent("g1", "new")))
        assert (done.in_flight, done.superseded) == (["g1"], 0)
        assert tx.intents.replace("erp", "customer", ["g1"], plan()).superseded == 0
        assert tx.intents.replace("erp", "customer", ["g1"], plan(intent("g1", "new"))).in_flight == ["g1"]
        assert states(tx) == {"g1:old:": "planned"}
        assert tx.intents.waiting_golden_ids("customer") == ["g1"]
        tx.intents.mark_sent(tx.intents.claim("erp", "customer", "w", 5, 60)["id"])
        tx.intents.record([{"id": "g1:old:", "outcome": "rejected"}])
        assert tx.intents.replace("erp", "customer", ["g1"], plan(intent("g1", "new"))).inserted == 1
        assert states(tx) == {"g1:old:": "superseded", "g1:new:": "planned"}


def test_a_newer_undo_takes_the_place_of_an_open_intent_and_of_an_older_undo(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1", "new")))
        assert tx.intents.replace("erp", "customer", [], plan(intent("g1", "old", undoes="i0"))).superseded == 1
        assert tx.intents.replace("erp", "customer", [], plan(intent("g1", "older", undoes="i1"))).superseded == 1
        assert states(tx) == {"g1:new:": "superseded", "g1:old:": "superseded", "g1:older:": "planned"}


def test_the_writes_of_a_run_are_those_it_sent_last_and_those_of_a_span_took_effect_in_it(
    ledger: Ledger, clock: Clock
) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1"), intent("g2")))
        tx.intents.mark_sent(tx.intents.claim("erp", "customer", "run-1", 5, 60)["id"], worker="run-1")
        tx.intents.record([{"id": "g1:1:", "outcome": "applied"}, {"id": "g2:1:", "outcome": "retry"}], worker="run-1")
        start = clock()
        clock.forward(60)
        tx.intents.mark_sent(tx.intents.claim("erp", "customer", "run-2", 5, 60)["id"], worker="run-2")
        tx.intents.record([{"id": "g2:1:", "outcome": "unknown"}], worker="run-2")
        tx.intents.orphans(clock(), worker="run-3")
        tx.intents.record([{"id": "g2:1:", "outcome": "settled"}], worker="run-3")
        found = {run: tx.intents.effective(run)["id"].to_list() for run in ("run-1", "run-2", "run-3")}
        assert found == {"run-1": ["g1:1:"], "run-2": ["g2:1:"], "run-3": []}
        assert tx.intents.effective(since=start, until=clock())["id"].to_list() == ["g1:1:"]
        assert tx.intents.effective(since=start + timedelta(seconds=1))["id"].to_list() == ["g2:1:"]


def test_a_held_record_waits_at_once_except_for_its_reverse_writes(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(intent("g1", undoes="i0"), intent("g2"), intent("g3")))
        put_on_hold(tx, "customer", ["g1", "g2"], "wrong bank details", "ann")
        assert tx.intents.open(states=["waiting"]).select("golden_id", "gate", "reason").rows() == [
            ("g2", "on_hold", "on hold: wrong bank details")
        ]
        assert tx.intents.claim("erp", "customer", "w", 5, 60)["golden_id"].to_list() == ["g1", "g3"]
        assert tx.holds.list("customer").select("golden_id", "made_by").rows() == [("g1", "ann"), ("g2", "ann")]
        put_on_hold(tx, "customer", ["g1"], "another reason", "bob")
        assert tx.holds.list()["reason"].to_list() == ["another reason", "wrong bank details"]
        assert tx.holds.lift("customer", ["g1", "g9"]) == 1
        assert tx.holds.list()["golden_id"].to_list() == ["g2"]
