"""A first load is a hundred thousand records: the ledger must not be what people wait for.

Judged by processor seconds of this process and by statements, as seconds on the wall depend on who else is working.
SQLite computes within the process; PostgreSQL does so elsewhere, and what it is asked shows in the statements.
"""

import json
import time
from collections.abc import Callable
from typing import Any

import polars as pl

from crmerp_assets.ledger import Ledger
from crmerp_assets_tests.ledger.statements import statements

MANY = 100_000
IDS = [f"cus-{n:016x}" for n in range(MANY)]
WRITTEN, READ = (6, 20), (2, 1)
"""Processor seconds, and statements; those that are run for many rows at once take twenty thousand each."""


def costs_no_more(limit: tuple[float, int], what: Callable[[], Any]) -> bool:
    start = time.process_time()
    with statements() as asked:
        what()
    return time.process_time() - start <= limit[0] and len(asked) <= limit[1]


def test_a_hundred_thousand_links_are_written_and_read_in_seconds(ledger: Ledger) -> None:
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
        assert costs_no_more(WRITTEN, lambda: tx.links.add(rows, by="linking"))
    with ledger.read() as tx:
        assert costs_no_more(READ, lambda: tx.links.all("customer"))
        assert costs_no_more(READ, lambda: tx.links.of("customer", IDS))


def test_a_hundred_thousand_snapshots_are_written_and_read_in_seconds(ledger: Ledger) -> None:
    values = json.dumps({f"field_{n}": "a value of some length" for n in range(15)})
    frame = pl.DataFrame({"golden_id": IDS, "values": [values] * MANY})
    with ledger.begin() as tx:
        assert costs_no_more(WRITTEN, lambda: tx.snapshots.put("customer", frame))
    with ledger.read() as tx:
        assert costs_no_more(READ, lambda: tx.snapshots.get("customer", IDS))
