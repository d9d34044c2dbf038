"""Reports as files for a spreadsheet: amounts with their currency's decimals, texts that cannot act.

A text that begins like a formula would be run by the program that opens it, with the rights of who opens it. In CSV
such a text gets an apostrophe in front; in a workbook every text is stored as text and stays one when its cell is
edited. Numbers stay numbers.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import xlsxwriter

from crmerp_assets.canonical.frames import decimal_text
from crmerp_assets.canonical.iso import MINOR_UNITS
from crmerp_assets.canonical.money import MONEY, RATE, minor_units
from crmerp_assets.reports.reconciliation import TABLES, Reconciliation

MOST_ROWS = 1_048_575  # what a sheet holds below its heading
_ACTS = r"^\s*[=+\-@]|^[\t\r\n]"
_NOT_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_WIDTH, _TEXT_WIDTH = 16, 28


def harmless(frame: pl.DataFrame) -> pl.DataFrame:
    """Texts that begin like a formula, with an apostrophe in front."""
    texts = [pl.col(name) for name, kind in frame.schema.items() if kind == pl.String]
    quoted = [
        pl.when(text.str.contains(_ACTS)).then(pl.concat_str(pl.lit("'"), text)).otherwise(text) for text in texts
    ]
    return frame.with_columns(one.alias(text.meta.output_name()) for one, text in zip(quoted, texts, strict=True))


def csv(frame: pl.DataFrame) -> bytes:
    """With a heading, in UTF-8 with the mark that spreadsheets look for; decimals plain and with a point."""
    amounts = [_plain(pl.col(name), _digits(frame, name)).alias(name) for name in _amounts(frame)]
    rates = [decimal_text(pl.col(name)).alias(name) for name, kind in frame.schema.items() if kind == RATE]
    return harmless(frame).with_columns(*amounts, *rates).write_csv(include_bom=True).encode()


def _plain(amount: pl.Expr, digits: pl.Series) -> pl.Expr:
    """With the decimals of its currency, and more only where the amount has more."""
    whole = amount.cast(pl.String)
    least = whole.str.len_bytes().cast(pl.Int64) - MONEY.scale + digits
    needed = whole.str.strip_chars_end("0").str.len_bytes().cast(pl.Int64)
    return whole.str.head(pl.max_horizontal(least, needed)).str.strip_chars_end(".")


def _amounts(frame: pl.DataFrame) -> list[str]:
    return [name for name, kind in frame.schema.items() if isinstance(kind, pl.Decimal) and kind != RATE]


def _currency_of(frame: pl.DataFrame, amount: str) -> str | None:
    wanted = "company_currency" if amount.startswith("company_") else "currency"
    return wanted if wanted in frame.columns else None


def workbook(result: Reconciliation, most_rows: int = MOST_ROWS) -> bytes:
    """One sheet a table of TABLES, after a summary. Tables with more than `most_rows` are left to their CSV files."""
    tables = {name: getattr(result, name) for name in TABLES}
    left_out = [name for name, frame in tables.items() if frame.height > most_rows]
    return sheets(_summary(result, left_out), {name: frame for name, frame in tables.items() if name not in left_out})


def sheets(said: Sequence[tuple[str, str]], tables: Mapping[str, pl.DataFrame]) -> bytes:
    """A workbook with a sheet `summary` of what is said, then one a table."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **_NOT_TEXT}) as book:
        formats = _Formats(book)
        summary = book.add_worksheet("summary")
        for row, (what, value) in enumerate(said):
            summary.write_string(row, 0, what, formats.bold)
            summary.write_string(row, 1, value, formats.text)
        summary.set_column(0, 1, _TEXT_WIDTH)
        for name, frame in tables.items():
            _sheet(book, formats, name, frame)
    return buffer.getvalue()


def one_sheet(name: str, frame: pl.DataFrame) -> bytes:
    """A workbook with the frame as its only sheet. ValueError where it is too long for one."""
    if frame.height > MOST_ROWS:
        raise ValueError(f"{frame.height:,} rows are more than a sheet holds; write .csv instead")
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **_NOT_TEXT}) as book:
        _sheet(book, _Formats(book), name, frame)
    return buffer.getvalue()


class _Formats:
    """The formats of a workbook, made once. `text` keeps its cell a text also when somebody edits it."""

    def __init__(self, book: Any) -> None:
        self.bold = book.add_format({"bold": True, "bottom": 1})
        self.text = book.add_format({"quote_prefix": True})
        self.date = book.add_format({"num_format": "yyyy-mm-dd"})
        self.rate = book.add_format({"num_format": "0.############"})
        self.number = book.add_format({"num_format": "#,##0"})
        usual = {digits: "#,##0" + ("." + "0" * digits if digits else "") for digits in (*MINOR_UNITS, 2)}
        self.money = {digits: book.add_format({"num_format": shown}) for digits, shown in usual.items()}


def _summary(result: Reconciliation, left_out: list[str]) -> list[tuple[str, str]]:
    earlier = f"{result.compared_with:%Y-%m-%d %H:%M}" if result.compared_with else "nothing: this was the first run"
    return [
        ("made at", f"{result.made_at:%Y-%m-%d %H:%M} UTC"),
        ("compared with", earlier),
        ("explained", "every break has a reason" if result.explained else "some money is not explained: see breaks"),
        ("deals", f"{result.deals.height:,}"),
        ("too long for here", ", ".join(f"{name}.csv" for name in left_out) or "nothing"),
    ]


def _sheet(book: Any, formats: _Formats, name: str, frame: pl.DataFrame) -> None:
    sheet = book.add_worksheet(name)
    for column, title in enumerate(frame.columns):
        sheet.write_string(0, column, title, formats.bold)
        values = frame[title]
        if title in _amounts(frame):
            _write_money(sheet, formats, column, values, _digits(frame, title))
        else:
            sheet.write_column(1, column, values.to_list(), _format(formats, values.dtype))
        sheet.set_column(column, column, _TEXT_WIDTH if values.dtype == pl.String else _WIDTH)
    sheet.freeze_panes(1, 0)
    if frame.height:
        sheet.autofilter(0, 0, frame.height, frame.width - 1)


def _digits(frame: pl.DataFrame, amount: str) -> pl.Series:
    """The decimals of each row's amount."""
    currency = _currency_of(frame, amount)
    if currency is None:
        return pl.repeat(2, frame.height, dtype=pl.Int64, eager=True)
    known = {code: minor_units(code) for code in frame[currency].drop_nulls().unique()}
    return frame[currency].replace_strict(known, default=2, return_dtype=pl.Int64)


def _write_money(sheet: Any, formats: _Formats, column: int, values: pl.Series, digits: pl.Series) -> None:
    for row, (value, places) in enumerate(zip(values.cast(pl.Float64), digits, strict=True), start=1):
        if value is not None:
            sheet.write_number(row, column, value, formats.money[places])


def _format(formats: _Formats, kind: pl.DataType) -> Any:
    if kind == pl.Date:
        return formats.date
    if kind == RATE:
        return formats.rate
    return formats.number if kind.is_integer() else formats.text
