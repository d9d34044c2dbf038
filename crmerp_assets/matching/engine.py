"""The engine's steps in order, for a whole population and for what changed in it.

`rebuild` reads everything; `update` takes in changed records; `compare_all` and `compare_fresh` score pairs. The same
weights give the same pairs either way, whatever order records arrive in.
"""

import duckdb

from crmerp_assets.matching import block, compare, fit, normalise
from crmerp_assets.matching.block import Tables
from crmerp_assets.matching.model import Model
from crmerp_assets.matching.spec import Spec

_NORMAL = "_normal"
PAIRS, LEVELS, SCORED = "_pairs", "_levels", "_scored"
"""Temporary tables that hold the last comparison."""


def rebuild(con: duckdb.DuckDBPyConnection, spec: Spec, tables: Tables, source: str) -> None:
    """Make all tables anew from the records in `source`."""
    normalise.normalise(con, spec, source, _NORMAL)
    block.count_words(con, spec, _NORMAL, tables)
    block.store(con, spec, _NORMAL, tables)
    con.execute(f"DROP TABLE {_NORMAL}")
    block.store_keys(con, spec, tables)


def update(con: duckdb.DuckDBPyConnection, spec: Spec, tables: Tables, source: str, gone: str) -> None:
    """Take in the records in `source`, and let go of the rids in the relation `gone`."""
    normalise.normalise(con, spec, source, _NORMAL)
    counted = ", ".join(spec.counted)
    leaving = f"rid IN (SELECT rid FROM {gone} UNION ALL SELECT rid FROM {_NORMAL})"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE _touched AS SELECT {counted} FROM {tables.records} WHERE {leaving} "
        f"UNION ALL SELECT {counted} FROM {_NORMAL}"
    )
    for table in (tables.records, tables.keys):
        con.execute(f"DELETE FROM {table} WHERE {leaving}")
    fresh = ", ".join(f"1 AS {column}_n, hash({column}) AS {column}_h" for column in spec.counted)
    con.execute(f"INSERT INTO {tables.records} BY NAME SELECT *, {fresh} FROM {_NORMAL}")
    block.count_again(con, spec, tables, "_touched")
    block.add_keys(con, spec, tables, _NORMAL)
    con.execute(f"DROP TABLE {_NORMAL}; DROP TABLE _touched")


def compare_all(con: duckdb.DuckDBPyConnection, spec: Spec, model: Model, tables: Tables) -> None:
    """Score every candidate pair, in SCORED: l, r, `g_<feature>`, weight, p."""
    block.pairs(con, spec, tables, PAIRS)
    compare_given(con, spec, model, tables)


def compare_fresh(con: duckdb.DuckDBPyConnection, spec: Spec, model: Model, tables: Tables, fresh: str) -> None:
    """Score the candidate pairs that have a record of `fresh`, a relation of rids, in SCORED."""
    block.pairs(con, spec, tables, PAIRS, fresh)
    few = block.few_records(con, tables, PAIRS)
    compare.levels(con, spec, few or tables.records, PAIRS, LEVELS)
    compare.score(con, spec, model, LEVELS, SCORED)


def compare_given(con: duckdb.DuckDBPyConnection, spec: Spec, model: Model, tables: Tables) -> None:
    """Score the pairs in PAIRS, in SCORED."""
    compare.levels(con, spec, tables.records, PAIRS, LEVELS)
    compare.score(con, spec, model, LEVELS, SCORED)


def learn(con: duckdb.DuckDBPyConnection, spec: Spec, tables: Tables, start: Model) -> tuple[fit.Fit, fit.Check]:
    """Fit weights to the pairs that `compare_all` compared, and check the fit."""
    seen = fit.patterns(con, spec, tables.records, LEVELS)
    found = fit.fit(spec, seen, start)
    return found, fit.check(spec, seen, found, start)
