"""Running the matching engine on frames, as the pipeline does on conformed tables."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import numpy as np
import polars as pl

from crmerp_assets.matching import Spec, engine
from crmerp_assets.matching.block import Tables
from crmerp_assets.matching.cluster import clusters
from crmerp_assets.matching.model import Model, shipped

TABLES = Tables("records", "keys", "words", "stops")
NAMES = ("name", "website", "email", "phone", "tax_id", "billing_street", "billing_city", "billing_postcode")


@contextmanager
def opened(records: pl.DataFrame, spec: Spec) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the engine's tables of the records (rid, side, native_id, columns)."""
    with duckdb.connect(config={"threads": 1}) as con:
        con.register("source", records.to_arrow())
        engine.rebuild(con, spec, TABLES, "source")
        yield con


def scored(con: duckdb.DuckDBPyConnection, spec: Spec, model: Model | None = None) -> pl.DataFrame:
    """Every candidate pair as native ids (l below r), with its levels, weight and p."""
    engine.compare_all(con, spec, model or shipped(spec.entity), TABLES)
    return named(con)


def named(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The last comparison by native ids instead of rids, in their order."""
    return con.execute(
        f"SELECT least(a.native_id, b.native_id) AS l, greatest(a.native_id, b.native_id) AS r, p.* EXCLUDE (l, r) "
        f"FROM {engine.SCORED} p JOIN {TABLES.records} a ON a.rid = p.l JOIN {TABLES.records} b ON b.rid = p.r "
        "ORDER BY 1, 2"
    ).pl()


def clustered(con: duckdb.DuckDBPyConnection, count: int, least: float = 0.0) -> pl.DataFrame:
    """(rid, cluster) by the last comparison, of rids 0 to count - 1."""
    found = con.execute(f"SELECT l, r, weight FROM {engine.SCORED}").fetchnumpy()
    label = clusters(count, found["l"], found["r"], found["weight"], least=least)
    return pl.DataFrame({"rid": np.arange(count), "cluster": label})


def companies(rows: list[dict[str, str | None]], side: str = "crm") -> pl.DataFrame:
    """Records of companies; what a row lacks is missing."""
    known = {name: [row.get(name) for row in rows] for name in (*NAMES, "billing_country")}
    base = {"rid": range(len(rows)), "side": [row.get("side") or side for row in rows]}
    ids = [row.get("native_id") or f"r{n:06}" for n, row in enumerate(rows)]
    return pl.DataFrame(
        {**base, "native_id": ids, **known},
        schema={"rid": pl.Int64, "side": pl.String, "native_id": pl.String, **dict.fromkeys(known, pl.String)},
    )
