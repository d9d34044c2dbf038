"""A first load is a hundred thousand records: the ledger must not be what people wait for."""

import json
import time
from collections.abc import Callable
from typing import Any

import polars as pl

from crmerp_assets.ledger import Ledger
from crmerp_assets_tests.ledger.plans import Clock

MANY = 100_000
IDS = [f"cus-{n:016x}" for n in range(MANY)]


def timed(what: Callable[[], Any]) -> float:
    start = time.perf_counter()
    what()
    return time.perf_counter() - start


def test_a_hundred_thousand_links_are_written_in_4_and_read_in_1_5_seconds(sqlite_url: str) -> None:
    ledger = Ledger.open(sqlite_url, Clock())
    frame = pl.DataFrame({"golden_id": IDS}).select(
        pl.lit("customer").alias("entity"),
        pl.lit("crm").alias("connection"),
        pl.col("golden_id").str.replace("cus-", "001").alias("native_id"),
        "golden_id",
        pl.lit("born").alias("method"),
        pl.lit("no record of the other side matches").alias("evidence"),
    )
    rows = frame.to_dicts()
    with ledger.begin() as tx:
        assert timed(lambda: tx.links.add(rows, by="linking")) < 4
    with ledger.read() as tx:
        assert timed(lambda: tx.links.all("customer")) < 1.5
        assert timed(lambda: tx.links.of("customer", IDS)) < 1.5
    ledger.close()


def test_a_hundred_thousand_snapshots_are_written_in_4_and_read_in_1_5_seconds(sqlite_url: str) -> None:
    ledger = Ledger.open(sqlite_url, Clock())
    values = json.dumps({f"field_{n}": "a value of some length" for n in range(15)})
    frame = pl.DataFrame({"golden_id": IDS, "values": [values] * MANY})
    with ledger.begin() as tx:
        assert timed(lambda: tx.snapshots.put("customer", frame)) < 4
    with ledger.read() as tx:
        assert timed(lambda: tx.snapshots.get("customer", IDS)) < 1.5
    ledger.close()
