"""Parked records: counted while they fail, gone when they are usable."""

import polars as pl

from crmerp_assets.ledger import Ledger
from crmerp_assets_tests.ledger.plans import Clock


def failing(*native_ids: str, reason: str = "no currency") -> pl.DataFrame:
    return pl.DataFrame({"native_id": native_ids, "reason": [reason] * len(native_ids)})


def test_a_record_that_keeps_failing_is_counted(ledger: Ledger, clock: Clock) -> None:
    with ledger.begin() as tx:
        tx.parked.put("conform", "order", "crm", failing("a", "b"))
        clock.forward(60)
        tx.parked.put("conform", "order", "crm", failing("a", reason="no customer"))
        rows = {row["native_id"]: row for row in tx.parked.list().to_dicts()}
    assert (rows["a"]["times"], rows["a"]["reason"], rows["b"]["times"]) == (2, "no customer", 1)
    assert (rows["a"]["last_seen"] - rows["a"]["first_seen"]).total_seconds() == 60


def test_a_usable_record_is_resolved_and_a_new_failure_counts_anew(ledger: Ledger, clock: Clock) -> None:
    with ledger.begin() as tx:
        tx.parked.put("conform", "order", "crm", failing("a", "b"))
        assert tx.parked.resolve("conform", "order", "crm", ["a", "never failed"]) == 1
        assert tx.parked.resolve("golden", "order", "crm", ["b"]) == 0
        assert tx.parked.list()["native_id"].to_list() == ["b"]
        clock.forward(60)
        tx.parked.put("conform", "order", "crm", failing("a"))
        again = tx.parked.list().filter(pl.col("native_id") == "a").row(0, named=True)
    assert (again["times"], again["first_seen"]) == (1, clock())


def test_golden_records_are_parked_by_golden_id(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.parked.put("golden", "order", "golden", failing("g1").rename({"native_id": "golden_id"}))
        assert tx.parked.list()["native_id"].to_list() == ["g1"]
