"""Two pushers, expiring leases, crashes and newer plans in any order: nothing is sent by who does not hold it.

The pushers follow the protocol of sync/push.py and sync/settle.py against a system that upserts by key and may
answer long after the lease is over. Protections removed once, and what failed: the lease in `renew` and `mark_sent`
(send), READY in `claim` (send: sent twice unsettled), claimed ones among IN_FLIGHT in the planner's decision
(plan_again). The holder in `record` is held by test_leases.py: random runs reach it too seldom.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import polars as pl
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from crmerp_assets.ledger.transitions import EFFECTIVE, IN_FLIGHT, OPEN
from crmerp_assets_tests.laws.test_ledger_laws import LAWS
from crmerp_assets_tests.ledger.plans import Clock, intent, plan
from crmerp_assets_tests.ledger.stores import Store

WORKER = st.sampled_from(["a", "b"])
LEASE = 60
ACTS = ["plan", "claim", "claim", "send", "answer", "answer", "record", "settle", "settle", "crash", "beat"]


@dataclass
class Pusher:
    """What a pusher remembers; a crash wipes it."""

    claimed: list[str] = field(default_factory=list)
    in_the_air: list[str] = field(default_factory=list)
    answered: dict[str, str] = field(default_factory=dict)
    settling: list[dict[str, Any]] = field(default_factory=list)


class Leases(RuleBasedStateMachine):
    """The ledger, two pushers, and a system."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.clock = Clock()
        self._opened = store.fresh(self.clock)
        self.ledger = self._opened.__enter__()
        self.pushers = {"a": Pusher(), "b": Pusher()}
        self.version = 0
        self.on_the_wire: list[str] = []
        self.system: set[str] = set()

    def teardown(self) -> None:
        self._opened.__exit__(None, None, None)

    @initialize()
    def something_is_to_be_sent(self) -> None:
        self.plan_again({"g1", "g2"}, set(), new=True)

    def plan_again(self, planned: set[str], considered: set[str], new: bool) -> None:
        self.version += new
        with self.ledger.begin() as tx:
            before = tx.intents.open(states=list(IN_FLIGHT)).drop("replan")
            tx.intents.replace("erp", "customer", considered, plan(*(intent(g, str(self.version)) for g in planned)))
            assert tx.intents.open(states=list(IN_FLIGHT)).drop("replan").equals(before)

    @rule(act=st.sampled_from(ACTS), name=WORKER, yes=st.booleans(), seconds=st.sampled_from([0, 30, 61]))
    def something_happens(self, act: str, name: str, yes: bool, seconds: int) -> None:
        """One rule for all of it: Hypothesis leaves rules out of most runs, and few runs would get anywhere."""
        acts: dict[str, Callable[[], None]] = {
            "plan": lambda: self.plan_again({"g1"} if seconds else {"g1", "g2"}, {"g1", "g2"}, new=yes),
            "claim": lambda: self.claim(name, at_once=yes),
            "send": lambda: self.send(name),
            "answer": lambda: self.answer(arrives=seconds > 0, at_once=yes),
            "record": lambda: self.record(name),
            "settle": lambda: self.settle(name, at_once=yes),
            "crash": lambda: self.crash(name, seen=yes),
            "beat": lambda: self.beat(name),
        }
        self.clock.forward(seconds)
        acts[act]()

    def claim(self, name: str, at_once: bool) -> None:
        with self.ledger.begin() as tx:
            self.pushers[name].claimed += tx.intents.claim("erp", "customer", name, 2, LEASE)["id"].to_list()
        if at_once:
            self.send(name)

    def send(self, name: str) -> None:
        pusher = self.pushers[name]
        with self.ledger.begin() as tx:
            holders = {row["id"]: row for row in tx.intents.get(pusher.claimed).to_dicts()}
            held = tx.intents.renew(pusher.claimed, name, LEASE)
            tx.intents.mark_sent(held, worker=name, lease_seconds=LEASE)
            tx.intents.release(pusher.claimed, worker=name)
            histories = [tx.intents.attempts(one)["event"].to_list() for one in held]
        for one in held:
            assert holders[one]["claimed_by"] == name, "only a holder sends"
            assert holders[one]["lease_until"] > self.clock(), "a lease that ran out sends nothing"
        for history in histories:
            events = [event for event in history if event != "late"]
            assert not {("sent", "sent"), ("unknown", "sent")} & set(pairwise(events))
        pusher.claimed = []
        pusher.in_the_air += held
        self.on_the_wire += held

    def answer(self, arrives: bool, at_once: bool) -> None:
        """The oldest call arrives or is lost; its sender, if it lives, hears of it and records it."""
        if not self.on_the_wire:
            return
        one = self.on_the_wire.pop(0)
        self.system |= {one} if arrives else set()
        name = next((name for name, pusher in self.pushers.items() if one in pusher.in_the_air), None)
        if name is None:
            return
        self.pushers[name].in_the_air.remove(one)
        self.pushers[name].answered[one] = "applied" if arrives else "unknown"
        if at_once:
            self.record(name)

    def record(self, name: str) -> None:
        pusher = self.pushers[name]
        with self.ledger.begin() as tx:
            rows = [{"id": one, "outcome": outcome, "native_id": "7"} for one, outcome in pusher.answered.items()]
            tx.intents.record(rows, worker=name)
        pusher.answered = {}

    def beat(self, name: str) -> None:
        with self.ledger.begin() as tx:
            tx.intents.renew([*self.pushers[name].claimed, *self.pushers[name].in_the_air], name, LEASE)

    def settle(self, name: str, at_once: bool) -> None:
        """What nobody holds any more is taken over, looked up in the system, and recorded at once or later."""
        pusher = self.pushers[name]
        with self.ledger.begin() as tx:
            orphans = tx.intents.orphans(self.clock(), worker=name, lease_seconds=LEASE)
            tx.intents.release(orphans.filter(pl.col("state") == "claimed")["id"])
        pusher.settling = [
            {"id": one, "outcome": "settled" if one in self.system else "retry"}
            for one in orphans.filter(pl.col("state") != "claimed")["id"]
        ]
        if at_once:
            self.finish_settling(name)

    def finish_settling(self, name: str) -> None:
        with self.ledger.begin() as tx:
            tx.intents.record(self.pushers[name].settling, worker=name)
        self.pushers[name].settling = []

    def crash(self, name: str, seen: bool) -> None:
        """What is on the wire may still arrive; `seen`: somebody notices and gives the claims up."""
        self.pushers[name] = Pusher()
        if seen:
            with self.ledger.begin() as tx:
                tx.intents.abandon([name])

    @invariant()
    def one_intent_is_open_per_record_and_what_counts_as_done_is_in_the_system(self) -> None:
        with self.ledger.read() as tx:
            found = tx.intents.open(states=[*OPEN, *EFFECTIVE])
        opened = found.filter(pl.col("state").is_in(OPEN))
        assert opened["golden_id"].n_unique() == opened.height
        assert set(found.filter(pl.col("state").is_in(EFFECTIVE))["id"]) <= self.system


def test_two_pushers_that_crash_and_come_late_keep_every_promise(store: Store) -> None:
    run_state_machine_as_test(
        lambda: Leases(store), settings=settings(LAWS, max_examples=store.examples(20), stateful_step_count=40)
    )
