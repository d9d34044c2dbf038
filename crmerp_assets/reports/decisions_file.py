"""Decisions that people wrote into a spreadsheet (.xlsx or .csv): read whole or not at all."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

ID, DECISION, WHY = "id", "decision", "why"
Line = tuple[int, str, str, str]
"""The number of the row in the file, and the texts of its id, decision and why."""


class Unreadable(LookupError):
    """The file cannot be used; nothing of it was taken."""


def read(path: Path) -> list[Line]:
    """The rows that hold a decision, in the order of the file.

    Raises Unreadable where there is no such file, it is none of the two kinds, or a column is missing.
    """
    try:
        rows = list(_workbook(path) if path.suffix.lower() == ".xlsx" else _csv(path))
    except (OSError, BadZipFile, InvalidFileException, UnicodeDecodeError, KeyError, csv.Error) as error:
        raise Unreadable(f"{path} cannot be read as .xlsx or .csv ({error}); nothing was taken.") from error
    heading = [_text(cell).lower() for cell in rows[0]] if rows else []
    missing = [name for name in (ID, DECISION) if name not in heading]
    if missing:
        raise Unreadable(
            f"{path} has no column '{missing[0]}'; nothing was taken. "
            "Fill in a file that `crmerp review matches --export` wrote."
        )
    id_, decision, why = (heading.index(name) if name in heading else None for name in (ID, DECISION, WHY))
    lines = [(n, _cell(row, id_), _cell(row, decision), _cell(row, why)) for n, row in enumerate(rows[1:], start=2)]
    return [line for line in lines if line[2]]


def _workbook(path: Path) -> Iterator[Sequence[Any]]:
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        yield from book.worksheets[0].iter_rows(values_only=True)
    finally:
        book.close()


def _csv(path: Path) -> Iterator[Sequence[str]]:
    """Spreadsheets of some countries part by semicolons."""
    text = path.read_text(encoding="utf-8-sig")
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _cell(row: Sequence[Any], column: int | None) -> str:
    return "" if column is None or column >= len(row) else _text(row[column])


def _text(value: Any) -> str:
    """Without the apostrophe that keeps a text from acting as a formula."""
    return "" if value is None else str(value).strip().removeprefix("'").strip()
