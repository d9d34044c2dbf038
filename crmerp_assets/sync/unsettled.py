"""A record with a write whose outcome is unknown is not merged before that is settled.

What its system holds by now may be our own write. The base of the three-way compare does not know of it yet, so it
would look like a person's edit there, and go to the other side over what a person has really changed.
"""

from collections.abc import Collection
from dataclasses import replace

import duckdb
import polars as pl

from crmerp_assets.ledger import Transaction
from crmerp_assets.sync import tables
from crmerp_assets.sync.gather import Gathered
from crmerp_assets.warehouse.tables import listed


def open_ended(tx: Transaction, entity: str) -> list[str]:
    """Golden ids with a write, to either side, that may have happened and may not."""
    return tx.intents.open(entity=entity, states=["sent", "unknown"])["golden_id"].unique().to_list()


def left_out(con: duckdb.DuckDBPyConnection, entity: str) -> list[str]:
    """Golden ids that the last merge left out, to be looked at again though nothing of theirs has changed since."""
    table = tables.unsettled(entity)
    return [row[0] for row in con.execute(f"SELECT golden_id FROM {table.sql}").fetchall()] if table.exists(con) else []


def leave_out(con: duckdb.DuckDBPyConnection, entity: str, gathered: Gathered, unknown: Collection[str]) -> Gathered:
    """The gathered records without those; they are remembered for the next merge."""
    among = pl.col("golden_id").is_in(list(unknown))
    left, table = gathered.frame.filter(among).select("golden_id"), tables.unsettled(entity)
    if left.height or table.exists(con):
        table.ensure(con, left)
        with listed(con, "_left", left["golden_id"]):
            con.execute(f"DELETE FROM {table.sql} WHERE golden_id NOT IN (SELECT id FROM _left)")
        table.upsert(con, left)
    return replace(gathered, frame=gathered.frame.filter(~among))
