"""Pairs for people to label, and what their labels say about the thresholds."""

import json
from collections.abc import Iterable, Mapping

import duckdb
import polars as pl

from crmerp_assets.matching import SPECS, engine
from crmerp_assets.matching.calibrate import Calibration, calibrated, drawn
from crmerp_assets.sync import identity, matches
from crmerp_assets.sync.gather import sides
from crmerp_assets.sync.link_answers import SYSTEMS
from crmerp_assets.sync.platform import Platform, in_one_transaction

_WORDS = {"same": True, "different": False}


class NoLabels(LookupError):
    """A row of the file is no label; nothing was taken."""


@in_one_transaction
def to_label(platform: Platform, entity: str, count: int) -> pl.DataFrame:
    """Pairs of both systems to label, as the rows of MATCHES that an export needs; `id` holds both native ids."""
    with platform.warehouse.open() as con:
        chosen = drawn(_scored(platform, con, entity), count)
    return pl.DataFrame(
        [
            {"id": json.dumps([row["a_id"], row["b_id"]]), "entity": entity, "p": row["p"]}
            | {"first_system": SYSTEMS["crm"], "first": row["a_id"]}
            | {"second_system": SYSTEMS["erp"], "second": row["b_id"]}
            for row in chosen.iter_rows(named=True)
        ],
        schema=matches.MATCHES,
    )


@in_one_transaction
def calibrate(platform: Platform, entity: str, labels: Iterable[tuple[int, str, str, str]]) -> Calibration:
    """What the labels (row, id, word, why) of a filled-in file say. Raises NoLabels, TooFewLabels."""
    said = pl.DataFrame(
        [_label(row, id_, word, _WORDS) for row, id_, word, _ in labels],
        schema={"a_id": pl.String, "b_id": pl.String, "same": pl.Boolean},
        orient="row",
    ).unique(["a_id", "b_id"], keep="last", maintain_order=True)
    with platform.warehouse.open() as con:
        scored = _scored(platform, con, entity)
    return calibrated(said.join(scored, on=["a_id", "b_id"], how="inner"), scored)


def _label(row: int, id_: str, word: str, words: Mapping[str, bool]) -> tuple[str, str, bool]:
    try:
        a_id, b_id = json.loads(id_)
        return str(a_id), str(b_id), words[word.lower()]
    except (ValueError, KeyError, TypeError) as error:
        raise NoLabels(
            f"Row {row} says '{word}' of '{id_}'; nothing was taken. Write same or different into rows that "
            "`crmerp review calibrate --export` wrote."
        ) from error


def _scored(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str) -> pl.DataFrame:
    """Every pair of both systems that matching compares: l, r, a_id (CRM), b_id (ERP), p, weight."""
    identity.refresh(platform, con, entity, sides(platform, con, entity))
    own = identity.tables_of(entity)
    engine.compare_all(con, SPECS[entity], identity.model(platform, entity), own)
    return con.execute(
        f"SELECT p.l, p.r, CASE a.side WHEN 'crm' THEN a.native_id ELSE b.native_id END AS a_id, "
        f"CASE a.side WHEN 'crm' THEN b.native_id ELSE a.native_id END AS b_id, p.p, p.weight FROM {engine.SCORED} p "
        f"JOIN {own.records} a ON a.rid = p.l JOIN {own.records} b ON b.rid = p.r WHERE a.side <> b.side"
    ).pl()
