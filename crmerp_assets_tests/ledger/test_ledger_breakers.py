"""Breakers hold one queue, let it go, and count what a plan would add to.

To see that the tests bite, protections were removed one at a time. What was removed, and what failed:

- `c.entity == entity` in `hold`: `test_a_queue_is_held_and_let_go_and_no_other_one`
- `not_(...)` in `backlog`: `test_the_backlog_is_what_is_ready_besides_the_considered`
"""

import json
from datetime import timedelta

import polars as pl

from crmerp_assets.ledger import Breaker, Ledger
from crmerp_assets_tests.ledger.plans import Clock, intent, plan


def _planned(ledger: Ledger, *rows: dict[str, object]) -> None:
    for (connection, entity), group in plan(*rows).group_by("connection", "entity"):
        with ledger.begin() as tx:
            tx.intents.replace(str(connection), str(entity), [], group)


def _states(ledger: Ledger) -> dict[str, str]:
    with ledger.read() as tx:
        return dict(tx.intents.open().select("golden_id", "state").iter_rows())


def test_a_breaker_is_kept_per_queue_and_cause(ledger: Ledger, clock: Clock) -> None:
    one = Breaker("erp", "order", "size", "open", "{}", clock())
    two = Breaker("erp", "order", "errors", "open", "{}", clock(), clock() + timedelta(seconds=9))
    with ledger.begin() as tx:
        tx.breakers.put(one)
        tx.breakers.put(two)
        tx.breakers.put(Breaker("crm", "order", "size", "open", "{}", clock()))
        clock.forward(5)
        tx.breakers.decide(one, "released")
        found = tx.breakers.of("erp", "order")
        assert found["errors"] == two
        assert (found["size"].state, found["size"].decided_at, found["size"].holds) == ("released", clock(), False)
        tx.breakers.probe_now("erp", None)
        assert tx.breakers.of("erp", "order")["errors"].probe_at == clock()
        tx.breakers.close(one)
        assert [(b.connection, b.cause) for b in tx.breakers.all(entity="order")] == [
            ("crm", "size"),
            ("erp", "errors"),
        ]


def test_a_queue_is_held_and_let_go_and_no_other_one(ledger: Ledger) -> None:
    _planned(ledger, *(intent(f"g{n}") for n in range(4)), intent("o1", entity="order"), intent("c1", connection="crm"))
    with ledger.begin() as tx:
        assert tx.breakers.hold("erp", "customer", "look first") == 4
    assert {state for golden_id, state in _states(ledger).items() if golden_id[0] == "g"} == {"waiting"}
    assert (_states(ledger)["o1"], _states(ledger)["c1"]) == ("planned", "planned")
    with ledger.begin() as tx:
        assert set(tx.intents.waiting_golden_ids("customer")) == {"g0", "g1", "g2", "g3"}
        assert tx.breakers.let_go("erp", "customer", 1) == 1
        assert tx.breakers.let_go("erp", "customer") == 3
    assert set(_states(ledger).values()) == {"planned"}
    with ledger.read() as tx:
        assert tx.intents.open()["gate"].null_count() == 6


def test_an_intent_that_another_gate_holds_is_not_let_go(ledger: Ledger) -> None:
    _planned(ledger, intent("g1", state="waiting", gate="does_not_fit", reason="too long"), intent("g2"))
    with ledger.begin() as tx:
        tx.breakers.hold("erp", "customer", "look first")
        assert tx.breakers.let_go("erp", "customer") == 1
    assert _states(ledger) == {"g1": "waiting", "g2": "planned"}


def test_the_backlog_is_what_is_ready_besides_the_considered(ledger: Ledger, clock: Clock) -> None:
    blanked = json.dumps(
        {"a": {"before": "x", "after": None}, "b": {"before": "x", "after": "y"}}, separators=(",", ":")
    )
    rows = [intent(f"u{n}", operation="update", native_id=str(n), changes=blanked) for n in range(3)]
    _planned(ledger, *rows, intent("n1"), intent("n2"))
    with ledger.begin() as tx:
        assert tx.breakers.backlog("erp", "customer", []) == (2, 3, 6, 3)
        assert tx.breakers.backlog("erp", "customer", ["u1", "n1"]) == (1, 2, 4, 2)
        assert tx.breakers.backlog("crm", "customer", []) == (0, 0, 0, 0)
        assert sorted(tx.intents.ready("erp")) == [("customer", 2, 3)]
        start = clock()
        clock.forward(5)
        taken = tx.intents.claim("erp", "customer", "w", 10, 600)
        tx.intents.mark_sent(taken["id"].to_list())
        outcome = pl.when(pl.col("operation") == "create").then(pl.lit("applied")).otherwise(pl.lit("rejected"))
        tx.intents.record(taken.select("id", pl.lit("n").alias("native_id"), outcome.alias("outcome")).to_dicts())
        assert tx.breakers.backlog("erp", "customer", []) == (0, 0, 0, 0)
        assert tx.breakers.applied_since("erp", "customer", start) == (2, 0, 0, 0)
        assert tx.breakers.applied_since("erp", "customer", clock() + timedelta(seconds=1)) == (0, 0, 0, 0)
        assert sorted(tx.breakers.stopped(taken["id"])) == sorted(taken["id"])


def test_the_base_is_what_the_side_holds(ledger: Ledger) -> None:
    link = {"entity": "customer", "connection": "erp", "method": "key", "evidence": ""}
    with ledger.begin() as tx:
        tx.links.add([link | {"native_id": str(n), "golden_id": f"g{n}"} for n in range(5)], by="test")
        tx.links.remove("customer", "erp", "4", "apart", "ann")
        assert (tx.breakers.base("erp", "customer"), tx.breakers.base("crm", "customer")) == (4, 0)
