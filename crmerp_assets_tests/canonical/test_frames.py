"""Typed frames and canonical text are each other's reverse, and bad values stop nothing."""

import datetime as dt
from decimal import Decimal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from crmerp_assets.canonical import frames
from crmerp_assets.standardise.numbers import canonical_number

MONEY = st.decimals(-(10**13), 10**13, places=6).map(canonical_number)
RATES = st.decimals(0, 10**15, places=12).map(canonical_number)
DATES = st.dates(dt.date(1, 1, 1)).map(dt.date.isoformat)


def _column(values: st.SearchStrategy[str]) -> st.SearchStrategy[list[str | None]]:
    return st.lists(st.none() | values, min_size=5, max_size=5)


@settings(max_examples=40, deadline=None)
@given(total=_column(MONEY), rate=_column(RATES), due=_column(DATES), number=_column(st.text(min_size=1)))
def test_text_of_typed_is_the_same_text(total, rate, due, number) -> None:
    columns = {"number": number, "exchange_rate": rate, "due_date": due, "total": total}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    typed = frames.typed("invoice", frame)
    assert typed["issues"].list.len().sum() == 0
    assert_frame_equal(frames.text("invoice", typed), frame)


def test_booleans_and_lines_survive() -> None:
    frame = pl.DataFrame({"native_id": ["1", "2"], "won": ["true", "false"], "lines": ['[{"quantity":"1"}]', None]})
    assert_frame_equal(frames.text("order", frames.typed("order", frame)), frame)


def test_types_are_exact() -> None:
    frame = pl.DataFrame({"total": ["1054.5"], "exchange_rate": ["0.000061234567"], "due_date": ["2024-02-29"]})
    row = frames.typed("invoice", frame).row(0, named=True)
    assert row["total"] == Decimal("1054.5")
    assert row["exchange_rate"] == Decimal("0.000061234567")
    assert row["due_date"] == dt.date(2024, 2, 29)


def test_a_value_that_does_not_fit_becomes_null_and_is_listed() -> None:
    frame = pl.DataFrame(
        {
            "amount": ["12x", "5", "1e3"],
            "close_date": ["2024-02-30", None, "2024-01-01"],
            "won": ["maybe", "true", None],
            "lines": ["nope", None, "[]"],
        }
    )
    typed = frames.typed("order", frame)
    assert typed["issues"].to_list() == [["close_date", "amount", "won", "lines"], [], ["amount"]]
    assert typed["amount"].to_list() == [None, Decimal(5), None]


def test_an_amount_too_large_for_its_type_is_listed_and_not_cut() -> None:
    typed = frames.typed("order", pl.DataFrame({"amount": ["9" * 30]}))
    assert typed["issues"].to_list() == [["amount"]]


def test_other_columns_stay_and_absent_fields_stay_away() -> None:
    typed = frames.typed("product", pl.DataFrame({"native_id": ["1"], "price": ["2"], "modified": ["x"]}))
    assert typed.columns == ["native_id", "price", "modified", "issues"]


def test_an_empty_frame_is_typed_too() -> None:
    frame = pl.DataFrame(schema={"native_id": pl.String, "price": pl.String})
    assert frames.typed("product", frame).schema["price"] == pl.Decimal(20, 6)
    assert frames.text("product", frames.typed("product", frame)).schema["price"] == pl.String
