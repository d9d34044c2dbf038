"""A population scored by the engine, for tests that ask what others make of the same."""

from dataclasses import dataclass

import duckdb
import polars as pl

from crmerp_assets.matching import SPECS, engine
from crmerp_assets.matching.block import Tables
from crmerp_assets.matching.model import Model, shipped
from crmerp_assets.matching.spec import Spec
from crmerp_assets.sandbox.population import population

TABLES = Tables("records", "keys", "words", "stops")


@dataclass(frozen=True, slots=True)
class Scored:
    """The engine's tables in `con`; `pairs` (l, r, p) across systems; `truth` (rid, side, entity)."""

    con: duckdb.DuckDBPyConnection
    spec: Spec
    model: Model
    pairs: pl.DataFrame
    truth: pl.DataFrame


def scored_population(size: int, seed: int = 3) -> Scored:
    """That many companies a side, scored with the shipped weights."""
    made, spec = population(size, seed), SPECS["customer"]
    sides = [frame.with_columns(side=pl.lit(side)) for side, frame in (("crm", made.crm), ("erp", made.erp))]
    records = pl.concat(sides).with_columns(rid=pl.int_range(pl.len()))
    con = duckdb.connect()
    con.register("source", records.to_arrow())
    engine.rebuild(con, spec, TABLES, "source")
    model = shipped("customer")
    engine.compare_all(con, spec, model, TABLES)
    pairs = con.execute(
        f"SELECT l, r, p FROM {engine.SCORED} s JOIN records a ON a.rid = s.l JOIN records b ON b.rid = s.r "
        "WHERE a.side <> b.side"
    ).pl()
    truth = made.truth.select(rid=pl.int_range(pl.len()), side="system", entity="company")
    return Scored(con, spec, model, pairs, truth)
