"""CSV as the bulk API reads and writes it."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

DELIMITERS = {"COMMA": ",", "SEMICOLON": ";", "TAB": "\t", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
NULL = "#N/A"


def read_csv(text: str, delimiter: str) -> tuple[list[str], list[list[str]]]:
    """(header, rows)."""
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[delimiter]) if row]
    return (rows[0], rows[1:]) if rows else ([], [])


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Any]], delimiter: str = "COMMA") -> str:
    target = io.StringIO(newline="")
    writer = csv.writer(target, delimiter=DELIMITERS[delimiter], quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return target.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
