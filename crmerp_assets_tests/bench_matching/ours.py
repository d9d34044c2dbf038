"""The engine, stage by stage, on the population in a folder; the last stage says how good it was."""

import json
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import duckdb
import numpy as np
import polars as pl

from crmerp_assets.matching import SPECS, block, compare, engine, normalise
from crmerp_assets.matching.block import Tables
from crmerp_assets.matching.cluster import clusters
from crmerp_assets.matching.model import Model, shipped
from crmerp_assets.matching.splink import records_sql, settings
from crmerp_assets_tests.matching.measures import Judged, judged, partition

from .gauge import Gauge

TABLES = Tables("records", "keys", "words", "stops")
SPEC = SPECS["customer"]
THREADS = 2
LOWEST = -12
"""Evidence below which a pair is as good as never compared, as in the nightly run."""


def whole(folder: Path, gauge: Gauge) -> None:
    """Every stage of a full run, for both systems and inside each of them."""
    con = _opened(folder / "engine.duckdb", anew=True)
    model = shipped("customer")
    with gauge.stage("load"):
        con.execute(f"CREATE TABLE source AS FROM '{folder / 'records.parquet'}'")
        con.execute("CHECKPOINT")
    _tables(con, gauge)
    with gauge.stage("pairs"):
        block.pairs(con, SPEC, TABLES, engine.PAIRS)
    gauge.facts["left out"] = block.left_out(con, SPEC, TABLES).to_dicts()
    with gauge.stage("levels"):
        compare.levels(con, SPEC, TABLES.records, engine.PAIRS, engine.LEVELS)
    with gauge.stage("score"):
        compare.score(con, SPEC, model, engine.LEVELS, engine.SCORED)
    with gauge.stage("learn and check"):
        learned, check = engine.learn(con, SPEC, TABLES, model)
    gauge.facts["keys"] = _count(con, TABLES.keys)
    gauge.facts["pairs"] = _count(con, engine.SCORED)
    gauge.facts["check"] = {"objections": check.objections, "checked": check.checked, "wrong": check.wrong}
    truth = pl.read_parquet(folder / "truth.parquet")
    with gauge.stage("cluster"):
        edges = con.execute(f"SELECT l, r, weight FROM {engine.SCORED} WHERE weight > {LOWEST}").pl()
        label = clusters(truth.height, *(edges[name].to_numpy() for name in ("l", "r", "weight")))
    joined = partition(pl.DataFrame({"rid": np.arange(truth.height), "cluster": label}), truth)
    gauge.facts["clusters"] = {"precision": joined.precision, "recall": joined.recall, "f1": joined.f1}
    gauge.facts["shipped"] = _quality(con, truth)
    compare.score(con, SPEC, learned.model, engine.LEVELS, engine.SCORED)
    gauge.facts["learned"] = _quality(con, truth)
    _for_others(con, folder, model)


def _tables(con: duckdb.DuckDBPyConnection, gauge: Gauge) -> None:
    """What `engine.rebuild` does, in parts."""
    with gauge.stage("normalise"):
        normalise.normalise(con, SPEC, "source", "normal")
    with gauge.stage("keys"):
        block.count_words(con, SPEC, "normal", TABLES)
        block.store(con, SPEC, "normal", TABLES)
        con.execute("DROP TABLE normal")
        block.store_keys(con, SPEC, TABLES)


def _quality(con: duckdb.DuckDBPyConnection, truth: pl.DataFrame) -> dict[str, object]:
    scored = con.execute(f"SELECT l, r, p FROM {engine.SCORED}").pl()
    link = judged(scored, truth, across=True)
    return {"link": said(link), "both": said(judged(scored, truth)), "bins": link.bins().to_dicts()}


def said(found: Judged) -> dict[str, float]:
    """The figures that the page shows."""
    best, auto = found.best(), found.at(0.95)
    asked = found.at(0.20)
    return {
        "f1": best.f1,
        "precision": best.precision,
        "recall": best.recall,
        "auto_precision": auto.precision,
        "auto_recall": auto.recall,
        "precise_recall": found.at_precision(0.995).recall,
        "asked": asked.found - auto.found,
        "asked_right": (asked.right - auto.right) / max(asked.found - auto.found, 1),
        "met": float(found.right.sum()) / found.expected,
    }


def _for_others(con: duckdb.DuckDBPyConnection, folder: Path, model: Model) -> None:
    """The same records, keys, levels and weights for Splink; and the file as production leaves it."""
    for side in ("crm", "erp"):
        file = folder / f"splink-in-{side}.parquet"
        con.execute(f"COPY (SELECT * FROM ({records_sql(SPEC, TABLES)}) WHERE side = '{side}') TO '{file}'")
    (folder / "splink.json").write_text(json.dumps(settings(SPEC, model)), encoding="utf-8")
    con.execute("DROP TABLE source")
    con.close()


def incremental(folder: Path, gauge: Gauge) -> None:
    """New records against all: the median of five times 10 of them, once 1,000 and 10,000."""
    con = _opened(folder / "engine.duckdb", anew=False)
    model, first = shipped("customer"), 0
    fresh = pl.read_parquet(folder / "fresh.parquet")
    con.execute("CREATE TEMP TABLE gone (rid BIGINT)")
    taken: dict[str, list[float]] = {}
    started, tens = process_time(), 5
    for size in (*(10,) * tens, 1000, 10_000):
        batch = fresh.slice(first, size)
        first += size
        taken.setdefault(f"{size:,}", []).append(_timed(lambda batch=batch: _take_in(con, batch, model)))
        if len(taken["10"]) == tens:
            gauge.facts.setdefault("incremental processor", (process_time() - started) / tens)
    gauge.facts["incremental"] = {size: median(times) for size, times in taken.items()}
    gauge.facts["incremental first"] = taken["10"][0]
    con.close()


def _take_in(con: duckdb.DuckDBPyConnection, batch: pl.DataFrame, model: Model) -> None:
    con.register("batch", batch.to_arrow())
    con.execute("BEGIN")
    engine.update(con, SPEC, TABLES, "batch", "gone")
    con.execute("CREATE OR REPLACE TEMP TABLE added AS SELECT rid FROM batch")
    engine.compare_fresh(con, SPEC, model, TABLES, "added")
    con.execute(f"SELECT * FROM {engine.SCORED} WHERE p >= 0.2 ORDER BY p DESC").pl()
    con.execute("COMMIT")
    con.unregister("batch")


def _timed(what: Callable[[], None]) -> float:
    started = perf_counter()
    what()
    return perf_counter() - started


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def _opened(file: Path, *, anew: bool) -> duckdb.DuckDBPyConnection:
    if anew:
        file.unlink(missing_ok=True)
    con = duckdb.connect(str(file))
    con.execute(f"SET threads = {THREADS}; SET enable_progress_bar = false")
    return con
