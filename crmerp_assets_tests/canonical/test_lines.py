"""Lines as one text: the same for the same lines, and readable again."""

import random

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.canonical.lines import LINE_NAMES, lines_json, parse_lines

LINE = st.fixed_dictionaries(
    {"position": st.integers(1, 30).map(str), "quantity": st.integers(1, 9).map(str)},
    optional={"description": st.text(max_size=12), "product": st.sampled_from(["p1", "p2"])},
)
ORDERS = st.dictionaries(st.sampled_from("abcd"), st.lists(LINE, min_size=1, max_size=5), min_size=1)


def _rows(orders: dict[str, list[dict[str, str]]]) -> list[dict[str, str]]:
    return [{"parent_id": parent, **line} for parent, lines in orders.items() for line in lines]


def _frame(rows: list[dict[str, str]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(("parent_id", *LINE_NAMES), pl.String))


@settings(max_examples=40, deadline=None)
@given(orders=ORDERS, seed=st.integers())
def test_the_order_of_reading_does_not_matter(orders, seed) -> None:
    rows = _rows(orders)
    shuffled = random.Random(seed).sample(rows, len(rows))
    assert lines_json(_frame(rows)).rows() == lines_json(_frame(shuffled)).rows()


@settings(max_examples=40, deadline=None)
@given(orders=ORDERS)
def test_lines_read_back_as_they_were(orders) -> None:
    frame = _frame(_rows(orders))
    back = parse_lines(lines_json(frame), keep=["parent_id"])
    assert sorted(back.rows(), key=str) == sorted(frame.rows(), key=str)


def test_lines_are_sorted_by_number_with_sorted_keys_and_without_nulls() -> None:
    frame = _frame(
        [
            {"parent_id": "a", "position": "10", "quantity": "1"},
            {"parent_id": "a", "position": "2", "product": 'say "hi"\n', "quantity": "3"},
        ]
    )
    text = lines_json(frame)["lines"].item()
    assert text == '[{"position":"2","product":"say \\"hi\\"\\n","quantity":"3"},{"position":"10","quantity":"1"}]'


def test_unreadable_text_counts_as_no_lines_and_harms_no_other_order() -> None:
    texts = ["garbage", '[{"quantity":"1","unknown":"2"}]', None, "[]", "[1]", '{"quantity":"1"}']
    frame = pl.DataFrame({"id": list("abcdef"), "lines": texts})
    assert parse_lines(frame, fields=["quantity"], keep=["id"]).rows() == [("b", "1")]


def test_applications_of_a_payment_use_the_same_text() -> None:
    rows = pl.DataFrame({"parent_id": ["p", "p"], "invoice": ["8", "7"], "amount": ["5", "6"]})
    text = lines_json(rows)["lines"].item()
    assert text == '[{"amount":"5","invoice":"8"},{"amount":"6","invoice":"7"}]'


def test_no_lines_give_no_text() -> None:
    assert lines_json(_frame([])).rows() == []
