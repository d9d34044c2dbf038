"""What must hold for the engine, whatever the records: the order of rows and how they come in batches change nothing.

Protections removed once, and the test that failed: the frozen counts in `update` (counting the batch instead), and
letting go of a changed record's old keys (each `test_records_that_come_in_batches_end_as_if_they_had_come_at_once`).
"""

import random

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.matching import SPECS, engine
from crmerp_assets.matching.model import shipped
from crmerp_assets.sandbox.population import population
from crmerp_assets_tests.matching.engines import TABLES, named, opened, scored

CUSTOMER = SPECS["customer"]


def records(seed: int, size: int = 60) -> pl.DataFrame:
    """A small population, its companies often there twice, under one numbering."""
    found = population(size, seed, duplicates=0.2)
    sides = [frame.with_columns(side=pl.lit(side)) for side, frame in (("crm", found.crm), ("erp", found.erp))]
    return pl.concat(sides).with_columns(rid=pl.int_range(pl.len()))


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_their_numbers_change_nothing(seed: int, chance: random.Random) -> None:
    rows = records(seed)
    numbers = list(range(rows.height))
    chance.shuffle(numbers)
    shuffled = rows.with_columns(rid=pl.Series(numbers, dtype=pl.Int64)).sort("rid")
    with opened(rows, CUSTOMER) as con:
        once = scored(con, CUSTOMER)
    with opened(shuffled, CUSTOMER) as con:
        assert once.height > 20
        assert scored(con, CUSTOMER).equals(once)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 3), min_size=120, max_size=120))
def test_records_that_come_in_batches_end_as_if_they_had_come_at_once(seed: int, batch: list[int]) -> None:
    """Under the same frozen counts; batch 0 is what was there when they were frozen, one record changes at the end."""
    rows = records(seed).with_columns(batch=pl.Series(batch))
    first = rows.filter(pl.col("batch") == 0).drop("batch")
    later = [rows.filter(pl.col("batch") == n).drop("batch") for n in (1, 2, 3)]
    changed = rows.head(1).drop("batch").with_columns(name=pl.lit("Somebody Else Ltd"), website=None, phone=None)
    whole = pl.concat([rows.drop("batch").tail(-1), changed])
    with opened(first, CUSTOMER) as con:
        for batch_ in (*later, changed):
            take(con, batch_)
        stepwise = scored(con, CUSTOMER)
    with opened(first, CUSTOMER) as con:
        take(con, whole)
        assert scored(con, CUSTOMER).equals(stepwise)


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 20))
def test_comparing_what_is_fresh_finds_the_pairs_of_a_full_comparison(seed: int, fresh: int) -> None:
    rows = records(seed)
    with opened(rows, CUSTOMER) as con:
        full = scored(con, CUSTOMER)
        con.execute(f"CREATE TEMP TABLE fresh AS SELECT rid FROM {TABLES.records} WHERE rid < {fresh}")
        engine.compare_fresh(con, CUSTOMER, shipped("customer"), TABLES, "fresh")
        ids = rows.head(fresh)["native_id"].implode()
        assert named(con).equals(full.filter(pl.col("l").is_in(ids) | pl.col("r").is_in(ids)))


def take(con: duckdb.DuckDBPyConnection, rows: pl.DataFrame) -> None:
    """Take in changed records as an incremental run does."""
    con.register("changed", rows.to_arrow())
    con.execute("CREATE OR REPLACE TEMP VIEW gone AS SELECT rid FROM changed WHERE false")
    engine.update(con, CUSTOMER, TABLES, "changed", "gone")
    con.unregister("changed")


@pytest.mark.parametrize("entity", list(SPECS))
def test_every_level_has_a_weight_and_words_for_it(entity: str) -> None:
    spec, model = SPECS[entity], shipped(entity)
    assert {f.name: f.levels for f in spec.features} == {n: sorted(levels) for n, levels in model.weights.items()}
    assert all(model.weights[name][0] == 0 for name in spec.names)
    assert all(list(w.values()) == sorted(w.values()) for w in _without_nothing(model.weights))
    assert set(spec.guards) | set(spec.settles) <= set(spec.names)


def _without_nothing(weights: dict[str, dict[int, float]]) -> list[dict[int, float]]:
    return [{level: w for level, w in sorted(levels.items()) if level} for levels in weights.values()]
