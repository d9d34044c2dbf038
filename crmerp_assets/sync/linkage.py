"""How records came to be linked: every change of the links behind a golden id or a record, and what people said."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from crmerp_assets.ledger import Transaction
from crmerp_assets.sync.duplicates import REVIEW as DUPLICATE
from crmerp_assets.sync.link_answers import QUESTION
from crmerp_assets.sync.platform import Platform

SAID = pl.Schema(dict.fromkeys(("at", "entity", "records", "answer", "by", "why"), pl.String()))


def history(platform: Platform, identifier: str) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """(changes of links, merges, answers of people as SAID) for a golden id or a native id, oldest first."""
    links, merges = [], []
    with platform.ledger.read() as tx:
        for entity in platform.governance:
            past = tx.links.concerning(entity, identifier)
            here = pl.any_horizontal(
                pl.col(name).is_in([identifier, identifier.lower()])
                for name in ("loser", "survivor", "loser_golden", "survivor_golden", "golden_id")
            )
            links.append(past)
            merges.append(tx.survivors.history(entity).filter(here))
        found = pl.concat(links).sort("version")
        said = _said(tx, {identifier, *found["native_id"]})
    return found, pl.concat(merges).sort("number"), said


def _said(tx: Transaction, records: set[str]) -> pl.DataFrame:
    """Every answer about a pair that has one of the records, also those that were given anew since."""
    answered = pl.concat([tx.reviews.list(kind, state=None) for kind in (QUESTION, DUPLICATE)])
    rows = [
        one
        for row in answered.drop_nulls("decision").iter_rows(named=True)
        if records & set(json.loads(row["subject"]))
        for one in _answers(row)
    ]
    return pl.DataFrame(rows, schema=SAID, orient="row").sort("at")


def _answers(row: Mapping[str, Any]) -> Iterator[tuple[str | None, ...]]:
    last = json.loads(row["decision"])
    pair = " and ".join(json.loads(row["subject"])[-2:])
    for one in last.pop("earlier", []):
        yield _at(one["at"]), row["entity"], pair, _word(one), one["by"], one.get("why")
    at = f"{row['decided_at']:%Y-%m-%d %H:%M:%S}" if row["decided_at"] else None
    yield at, row["entity"], pair, _word(last), row["decided_by"], last.get("why")


def _word(said: Mapping[str, Any]) -> str:
    return "same" if said["same"] else "different"


def _at(micros: int) -> str:
    return f"{pl.Series([micros]).cast(pl.Datetime('us'))[0]:%Y-%m-%d %H:%M:%S}"
