"""Two records of one system that look like one thing: the newer one waits until a person has looked.

`same`: it waits until they are merged in their system, so that nothing is made of it in the other one. `different`: it
becomes a record of its own, and the two are never proposed again.
"""

import json
from collections.abc import Mapping
from typing import Any

import duckdb
import polars as pl

from crmerp_assets.ledger import Transaction
from crmerp_assets.sync.decisions import Decision, Kind, Review
from crmerp_assets.sync.link_answers import SYSTEMS, TITLES, question_detail
from crmerp_assets.sync.platform import Platform

REVIEW = "duplicate"


def ask(tx: Transaction, entity: str, pairs: pl.DataFrame) -> None:
    """Open a review for each pair (side, a_id the newer, b_id the older, a_name, b_name, and what its detail keeps).

    Those that are no question any more are closed; who was told to merge two records is not asked again.
    """
    told = set(tx.reviews.decisions(REVIEW).filter(entity=entity)["subject"])
    rows: list[dict[str, Any]] = [
        {
            "kind": REVIEW,
            "entity": entity,
            "subject": json.dumps([row["side"], row["a_id"], row["b_id"]]),
            "title": _title(entity, row),
            "detail": question_detail(row),
            "value": row.get("value"),
        }
        for row in pairs.iter_rows(named=True)
    ]
    tx.reviews.open(row for row in rows if row["subject"] not in told)
    tx.reviews.close(REVIEW, entity, keep=[row["subject"] for row in rows])


def _title(entity: str, row: Mapping[str, Any]) -> str:
    system = SYSTEMS[row["side"]]
    return f"Is {entity} {row['a_name']!r} in the {system} entered twice, as {row['b_name']!r} ({row['b_id']})?"


def described(con: duckdb.DuckDBPyConnection, pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs with the names of both records."""
    found = [pairs.clear().with_columns(a_name=pl.lit(""), b_name=pl.lit(""))]
    for (side,), group in pairs.group_by("side", maintain_order=True):
        con.register("_twice", group.to_arrow())
        columns = [row[0] for row in con.execute(f"DESCRIBE _side_{side}").fetchall()]
        names = {x: "".join(f"{x}.{title}, " for title in TITLES if title in columns) for x in "ab"}
        found.append(
            con.execute(
                f"SELECT q.*, coalesce({names['a']}q.a_id) AS a_name, coalesce({names['b']}q.b_id) AS b_name "
                f"FROM _twice q LEFT JOIN _side_{side} a ON a.native_id = q.a_id "
                f"LEFT JOIN _side_{side} b ON b.native_id = q.b_id"
            ).pl()
        )
        con.unregister("_twice")
    return pl.concat(found, how="diagonal_relaxed")


def separated(tx: Transaction, entity: str) -> list[tuple[str, str, str]]:
    """Pairs (side, a, b) of one system that a person separated."""
    decided = tx.reviews.decisions(REVIEW).filter(entity=entity)
    return [
        tuple(json.loads(row["subject"]))
        for row in decided.iter_rows(named=True)
        if not json.loads(row["decision"])["same"]
    ]


def _decide(_platform: Platform, review: Review, answer: str) -> Decision:
    side, newer, older = json.loads(review["subject"])
    if answer == "different":
        return Decision({"same": False}, f"With the next sync {newer} becomes a record of its own.")
    then = f"Merge {newer} and {older} in the {SYSTEMS[side]} now; until then nothing is made of {newer}."
    return Decision({"same": True}, then)


KIND = Kind(
    REVIEW,
    "Is this one record, entered twice?",
    {"same": "merge them in their system; the newer one waits for that", "different": "they stay two records"},
    _decide,
)
