"""The engine on public data: what it reaches with the weights that ship, and with those it learns there."""

from typing import Any

import duckdb
import numpy as np
import polars as pl

from crmerp_assets.matching import SPECS, compare, engine
from crmerp_assets.matching.cluster import clusters
from crmerp_assets.matching.model import shipped
from crmerp_assets_tests.matching.measures import Judged, judged, judged_pairs, partition
from crmerp_assets_tests.matching.public import Known, chicago_sites, name_bench

from .gauge import Gauge
from .ours import SPEC, TABLES

SURER = 1.5
"""Bits above even odds from which records of one system are put together."""


def measured(gauge: Gauge) -> None:
    """`rows`: data, what and figure."""
    gauge.facts["rows"] = [*_chicago(), *_names()]


def _chicago() -> list[dict[str, Any]]:
    known, model = chicago_sites(), shipped("customer")
    with duckdb.connect() as con:
        con.register("source", known.records.to_arrow())
        engine.rebuild(con, SPEC, TABLES, "source")
        engine.compare_all(con, SPEC, model, TABLES)
        found = [_row("chicago_sites", "pairs, shipped weights", _judged(con, known))]
        learned, check = engine.learn(con, SPEC, TABLES, model)
        compare.score(con, SPEC, learned.model, engine.LEVELS, engine.SCORED)
        verdict = "accepted" if not check.objections else "not accepted"
        found.append(_row("chicago_sites", f"pairs, weights learned there ({verdict})", _judged(con, known)))
        scored = con.execute(f"SELECT l, r, weight FROM {engine.SCORED}").pl()
    columns = (scored[name].to_numpy() for name in ("l", "r", "weight"))
    label = clusters(known.truth.height, *columns, least=SURER)
    joined = partition(pl.DataFrame({"rid": np.arange(known.truth.height), "cluster": label}), known.truth)
    said = f"P {joined.precision:.3f} / R {joined.recall:.3f}"
    return [*found, {"data": "chicago_sites", "what": "clusters, weights learned there", "figure": said}]


def _names() -> list[dict[str, Any]]:
    known = name_bench()
    with duckdb.connect() as con:
        con.register("source", known.records.to_arrow())
        engine.rebuild(con, SPECS["customer"], TABLES, "source")
        con.register("asked", known.pairs.select("l", "r").to_arrow())
        compare.levels(con, SPEC, TABLES.records, "asked", engine.LEVELS)
        compare.score(con, SPEC, shipped("customer"), engine.LEVELS, engine.SCORED)
        scored = con.execute(f"SELECT l, r, weight FROM {engine.SCORED}").pl()
    found = judged_pairs(scored, known.pairs.filter("right"), "weight")
    return [_row("name_bench, organisations", "pairs of names alone, shipped weights", found)]


def _judged(con: duckdb.DuckDBPyConnection, known: Known) -> Judged:
    return judged(con.execute(f"SELECT l, r, p FROM {engine.SCORED}").pl(), known.truth)


def _row(data: str, what: str, found: Judged) -> dict[str, Any]:
    best = found.best()
    return {
        "data": data,
        "what": what,
        "figure": f"best F1 {best.f1:.3f} (P {best.precision:.3f} / R {best.recall:.3f})",
    }
