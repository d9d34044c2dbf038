"""Two records were merged in one system while the other holds one of each: nothing is guessed, a person is asked."""

import json

import duckdb
import polars as pl

from crmerp_assets.ledger import Transaction
from crmerp_assets.matching.survivors import Takeover
from crmerp_assets.sync.decisions import Decision, Kind, Review
from crmerp_assets.sync.gather import Side
from crmerp_assets.sync.naming import named
from crmerp_assets.sync.platform import Platform

DOUBLE = "double"


def _decided(_platform: Platform, _review: Review, _answer: str) -> Decision:
    return Decision({"unmerge": True}, "With the next sync they are two records again, each with its own partner.")


KIND = Kind(
    DOUBLE,
    "Merged here, two records there: do they belong together? Merging them there closes this.",
    {"unmerge": "keep the two apart"},
    _decided,
)


def subject(one: Takeover) -> str:
    """What the review of a double is about."""
    return json.dumps([one.connection, one.loser, one.survivor])


def ask(
    tx: Transaction, con: duckdb.DuckDBPyConnection, entity: str, holding: list[Side], doubles: list[Takeover]
) -> None:
    """One review for each double; those that are settled close."""
    tx.reviews.open([_question(tx, con, entity, holding, one) for one in doubles])
    tx.reviews.close(DOUBLE, entity, keep=[subject(one) for one in doubles])


def _question(
    tx: Transaction, con: duckdb.DuckDBPyConnection, entity: str, holding: list[Side], one: Takeover
) -> dict[str, str]:
    here = next(side for side in holding if side.connection.name == one.connection)
    there = next(side for side in holding if side is not here)
    linked = tx.links.of(entity, one.golden_ids).filter(pl.col("connection") == there.connection.name)
    both = {row["golden_id"]: row["native_id"] for row in linked.to_dicts()}
    records = {"loser": both[one.loser_golden], "survivor": both[one.survivor_golden or ""]}
    labels = named(con, here, [one.loser, one.survivor]) | named(con, there, records.values())
    other = there.connection.name
    return {
        "kind": DOUBLE,
        "entity": entity,
        "subject": subject(one),
        "title": f"{one.connection} merged {labels[one.loser]} into {labels[one.survivor]}, but {other} still holds "
        f"{labels[records['loser']]} and {labels[records['survivor']]} for it: merge the first into the second there",
        "detail": json.dumps({"golden_ids": sorted(one.golden_ids), other: records}),
    }
