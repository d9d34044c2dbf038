"""Leases: who lost a claim sends nothing of it, and what it says later moves nothing.

Protections removed once, and the test that failed: the lease check of `renew` and `mark_sent` (the first), `worker`
in `record` (the second), `worker` in `release` (the fourth), the renewing thread (the fifth).
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from crmerp_assets.ledger import IllegalTransition, Ledger
from crmerp_assets.sync.heartbeat import heartbeat
from crmerp_assets_tests.ledger.plans import Clock, intent, plan


def claimed(ledger: Ledger, *golden_ids: str, worker: str = "slow", lease: float = 60) -> list[str]:
    with ledger.begin() as tx:
        tx.intents.replace("erp", "customer", [], plan(*(intent(g) for g in golden_ids)))
        return tx.intents.claim("erp", "customer", worker, 100, lease)["id"].to_list()


def test_who_let_a_lease_run_out_sends_nothing_though_nobody_took_the_claim_yet(ledger: Ledger, clock: Clock) -> None:
    one, two = claimed(ledger, "g1", "g2")
    with ledger.begin() as tx:
        assert tx.intents.renew([one], "slow", 600) == [one]
        assert tx.intents.renew([one, two], "other", 600) == []
    clock.forward(61)
    with ledger.begin() as tx:
        assert tx.intents.renew([one, two], "slow", 600) == [one]
        tx.intents.mark_sent([one], worker="slow")
    with pytest.raises(IllegalTransition, match="claim again"), ledger.begin() as tx:
        tx.intents.mark_sent([two], worker="slow")


def test_a_late_answer_is_noted_and_moves_nothing_and_the_rest_of_its_batch_is_recorded(
    ledger: Ledger, clock: Clock
) -> None:
    ids = claimed(ledger, "g1", "g2", "g3", lease=600)
    with ledger.begin() as tx:
        tx.intents.mark_sent(ids[:2], worker="slow", lease_seconds=60)
        tx.intents.mark_sent(ids[2:], worker="slow", lease_seconds=600)
    clock.forward(61)
    with ledger.begin() as tx:
        assert tx.intents.orphans(clock(), worker="settler")["id"].to_list() == ids[:2]
        tx.intents.record([{"id": ids[0], "outcome": "retry"}], worker="settler")
    with ledger.begin() as tx:
        late = tx.intents.record([{"id": i, "outcome": "applied", "native_id": "7"} for i in ids], worker="slow")
        tx.intents.record([{"id": ids[1], "outcome": "settled", "native_id": "8"}], worker="settler")
    with ledger.read() as tx:
        assert late == ids[:2]
        found = {row["id"]: (row["state"], row["native_id"]) for row in tx.intents.get(ids).to_dicts()}
        assert found == {ids[0]: ("planned", None), ids[1]: ("settled", "8"), ids[2]: ("applied", "7")}
        told = tx.intents.attempts(ids[0]).to_dicts()[-1]
        assert (told["event"], told["native_id"]) == ("late", "7")
        assert told["error"] == "applied: came after the lease had run out, while the intent was planned"


def test_an_answer_after_the_lease_counts_while_nobody_has_taken_the_intent_over(ledger: Ledger, clock: Clock) -> None:
    (one,) = claimed(ledger, "g1")
    with ledger.begin() as tx:
        tx.intents.mark_sent([one], worker="slow", lease_seconds=60)
    clock.forward(61)
    with ledger.begin() as tx:
        assert tx.intents.record([{"id": one, "outcome": "applied", "native_id": "7"}], worker="slow") == []
        assert tx.intents.orphans(clock(), worker="settler").is_empty()
        assert tx.intents.get([one])["state"].to_list() == ["applied"]


def test_a_claim_is_given_back_by_its_holder_only(ledger: Ledger, clock: Clock) -> None:
    (one,) = claimed(ledger, "g1")
    clock.forward(61)
    with ledger.begin() as tx:
        tx.intents.release(tx.intents.orphans(clock())["id"])
        tx.intents.claim("erp", "customer", "quick", 5, 60)
        assert tx.intents.release([one], worker="slow") == 0
        tx.intents.mark_sent([one], worker="quick")


def now() -> datetime:
    return datetime.now(UTC)


def test_a_call_may_take_longer_than_the_lease(url: str) -> None:
    ledger = Ledger.open(url, now)
    (one,) = claimed(ledger, "g1", lease=0.6)
    with heartbeat(ledger, [one], "slow", 0.6):
        time.sleep(1.5)
        with ledger.begin() as tx:
            assert tx.intents.orphans(now(), worker="settler").is_empty()
            tx.intents.mark_sent([one], worker="slow", lease_seconds=0.6)
        time.sleep(1)
    with ledger.begin() as tx:
        assert tx.intents.record([{"id": one, "outcome": "applied"}], worker="slow") == []
    ledger.close()


def test_the_lease_of_a_pusher_that_ended_runs_out_and_a_lost_claim_is_not_renewed(url: str) -> None:
    ledger = Ledger.open(url, now)
    (one,) = claimed(ledger, "g1", lease=0.4)
    with heartbeat(ledger, [one], "slow", 0.4), ledger.begin() as tx:
        tx.intents.abandon(["slow"])
    with heartbeat(ledger, [one], "slow", 0.4):
        assert _soon(lambda: _orphans(ledger) == [one])
        time.sleep(0.3)
        assert _orphans(ledger) == [one]
    ledger.close()


def _orphans(ledger: Ledger) -> list[str]:
    with ledger.read() as tx:
        return tx.intents.orphans(now())["id"].to_list()


def _soon(holds: Callable[[], bool], seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()
