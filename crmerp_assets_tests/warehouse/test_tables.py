"""Tables that know what changed, by example."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product

import duckdb
import polars as pl
import pytest

from crmerp_assets.warehouse import Changes, Table
from crmerp_assets.warehouse.tables import NO_CHANGES, advance, newest, seen, unseen
from crmerp_assets_tests.warehouse.files import in_memory

ROWS = Table("raw", "Some Object", ("id",))
LINES = Table("conformed", "order_line", ("parent_id", "position"))


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with in_memory().open() as connection:
        yield connection


def stored(con: duckdb.DuckDBPyConnection, table: Table, columns: str) -> list[tuple[object, ...]]:
    return con.execute(f"SELECT {columns} FROM {table.sql} ORDER BY ALL").fetchall()


def lines(*rows: tuple[str, int, str]) -> pl.DataFrame:
    shape = {"parent_id": pl.String, "position": pl.Int64, "text": pl.String}
    return pl.DataFrame(list(rows), schema=shape, orient="row")


def test_the_same_rows_again_change_nothing_whatever_their_types(con: duckdb.DuckDBPyConnection) -> None:
    frame = pl.DataFrame(
        {
            "id": ["a", "b"],
            "Account.Name": ["Acme", None],
            "amount": [Decimal("1.10"), None],
            "day": [date(2026, 1, 1), None],
            "at": [datetime(2026, 1, 1, tzinfo=UTC), None],
            "flags": [["x", "y"], []],
            "won": [True, None],
        },
        schema_overrides={"amount": pl.Decimal(20, 6)},
    )
    assert ROWS.upsert(con, frame) == Changes(2, 0, 0)
    assert ROWS.upsert(con, frame.reverse().select(reversed(frame.columns))) == Changes(0, 0, 2)
    found = con.execute(f"SELECT * EXCLUDE (_hash, _change) FROM {ROWS.sql} ORDER BY id").pl()
    assert found.to_dicts() == frame.to_dicts()


def test_the_later_of_two_rows_with_one_key_counts(con: duckdb.DuckDBPyConnection) -> None:
    assert ROWS.upsert(con, pl.DataFrame({"id": ["a", "b", "a"], "v": ["1", "2", "3"]})) == Changes(2, 0, 0)
    assert stored(con, ROWS, "id, v") == [("a", "3"), ("b", "2")]


def test_a_value_that_moves_to_another_column_is_a_change(con: duckdb.DuckDBPyConnection) -> None:
    ROWS.upsert(con, pl.DataFrame({"id": ["a"], "Phone": ["1"]}))
    assert ROWS.upsert(con, pl.DataFrame({"id": ["a"], "MobilePhone": ["1"]})) == Changes(0, 1, 0)
    assert stored(con, ROWS, 'id, "Phone", "MobilePhone"') == [("a", None, "1")]


def test_every_change_of_content_is_noticed_and_nothing_else(con: duckdb.DuckDBPyConnection) -> None:
    """Every pair of contents of three columns: values that swap, move, come and go."""
    contents = list(product([None, "x", "y"], repeat=3))
    pairs = list(product(contents, contents))
    shape = dict.fromkeys(["id", "a", "b", "c"], pl.String)
    first, second = (
        pl.DataFrame([(str(n), *pair[at]) for n, pair in enumerate(pairs)], schema=shape, orient="row") for at in (0, 1)
    )
    ROWS.upsert(con, first)
    before = newest(con, ROWS)
    ROWS.upsert(con, second)
    changed = con.execute(f"SELECT id FROM {ROWS.sql} WHERE _change > {before}").fetchall()
    assert {int(n) for (n,) in changed} == {n for n, (old, new) in enumerate(pairs) if old != new}


def test_a_new_column_without_values_changes_no_row(con: duckdb.DuckDBPyConnection) -> None:
    ROWS.upsert(con, pl.DataFrame({"id": ["a"], "v": ["1"]}))
    wider = pl.DataFrame({"id": ["a"], "v": ["1"], "w": [None]}, schema_overrides={"w": pl.String})
    assert ROWS.upsert(con, wider) == Changes(0, 0, 1)
    assert ROWS.columns(con) == ["id", "v", "w"]


def test_an_empty_frame_makes_the_table_and_changes_nothing(con: duckdb.DuckDBPyConnection) -> None:
    assert ROWS.upsert(con, pl.DataFrame(schema={"id": pl.String})) == NO_CHANGES
    assert ROWS.exists(con)
    assert (newest(con, ROWS), unseen(con, ROWS, "reader").height) == (0, 0)


def test_a_table_that_never_was_has_nothing_unseen(con: duckdb.DuckDBPyConnection) -> None:
    assert unseen(con, ROWS, "reader").shape == (0, 0)
    assert (newest(con, ROWS), seen(con, ROWS, "reader")) == (0, 0)


def test_a_consumer_never_moves_back_and_reads_for_itself(con: duckdb.DuckDBPyConnection) -> None:
    ROWS.upsert(con, pl.DataFrame({"id": ["a"]}))
    first = newest(con, ROWS)
    ROWS.upsert(con, pl.DataFrame({"id": ["b"]}))
    advance(con, ROWS, "one", newest(con, ROWS))
    advance(con, ROWS, "one", first)
    assert seen(con, ROWS, "one") == newest(con, ROWS)
    advance(con, ROWS, "two", first)
    assert unseen(con, ROWS, "one").height == 0
    assert unseen(con, ROWS, "two")["id"].to_list() == ["b"]
    assert unseen(con, ROWS, "three", where="id = 'a'")["id"].to_list() == ["a"]


def test_one_batch_has_one_change_number(con: duckdb.DuckDBPyConnection) -> None:
    ROWS.upsert(con, pl.DataFrame({"id": [str(n) for n in range(5000)]}))
    assert len(stored(con, ROWS, "DISTINCT _change")) == 1


def test_a_child_that_is_gone_stays_as_a_tombstone_and_may_return(con: duckdb.DuckDBPyConnection) -> None:
    LINES.replace_children(con, ["p"], lines(("p", 1, "x"), ("p", 2, "y")))
    assert LINES.replace_children(con, ["p"], lines(("p", 1, "x"))) == Changes(0, 1, 1)
    assert stored(con, LINES, "position, deleted, text") == [(1, False, "x"), (2, True, "y")]
    assert LINES.replace_children(con, ["p"], lines(("p", 1, "x"))) == Changes(0, 0, 1)
    assert LINES.replace_children(con, ["p"], lines(("p", 1, "x"), ("p", 2, "y"))) == Changes(0, 1, 1)
    assert stored(con, LINES, "position, deleted") == [(1, False), (2, False)]


def test_a_parent_without_children_loses_its_own_and_no_other(con: duckdb.DuckDBPyConnection) -> None:
    LINES.replace_children(con, ["p", "q"], lines(("p", 1, "x"), ("q", 1, "y")))
    LINES.replace_children(con, ["p"], lines())
    assert stored(con, LINES, "parent_id, deleted") == [("p", True), ("q", False)]
