"""Printing for people, and JSON for scripts.

Names, values and errors are printed as they are: in `Smith [Boston]` the brackets are the customer's, not a style.
"""

import json
from collections.abc import Sequence
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table

IDS = ("id", "review", "golden_id", "native_id")
console = Console(highlight=False, soft_wrap=False, markup=False)
errors = Console(stderr=True, highlight=False, markup=False)


def say(text: str, style: str | None = None) -> None:
    """One line for a person."""
    console.print(text, style=style)


def emit(data: Any) -> None:
    """Machine-readable output."""
    console.print_json(json.dumps(data, default=str), indent=1)


def table(title: str, frame: pl.DataFrame, right: Sequence[str] = ()) -> None:
    """A frame as a table; nothing is printed for an empty one."""
    if frame.is_empty():
        return
    shown = Table(title=title, title_justify="left", header_style="bold", pad_edge=False)
    for column in frame.columns:
        numeric = frame[column].dtype.is_numeric() or column in right
        whole = column.lower() in IDS
        shown.add_column(
            column.replace("_", " "), justify="right" if numeric else "left", overflow="fold", no_wrap=whole
        )
    for row in frame.iter_rows():
        shown.add_row(*("" if value is None else money(value) for value in row))
    console.print(shown)


def short(value: str | None, most: int = 60) -> str:
    """A value in one line; long ones are cut."""
    text = "(blank)" if value is None else value.replace("\n", " / ")
    return text if len(text) <= most else text[: most - 1] + "…"


def money(value: Any) -> str:
    """Decimals with thousands separators and two digits, times to the second, everything else as it is."""
    from datetime import datetime
    from decimal import Decimal

    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
