"""JSON Lines, Excel and Parquet as tables of text. Numbers keep their digits: none of them passes through a float."""

from __future__ import annotations

import io
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import polars.selectors as cs
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.files.layout import SYSTEM, ObjectLayout
from crmerp_assets.connectors.files.table import Table, numbered
from crmerp_assets.connectors.protocol import Misread

ERRORS = ("#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#N/A", "#NUM!", "#NULL!")


def read_jsonl(path: Path, shown: str, layout: ObjectLayout) -> Table:
    """One object a line; inner objects become `outer.inner`, lists JSON text."""
    lines = path.read_text(encoding=layout.decoding, errors="replace").split("\n")
    filled = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    misread: list[Misread] = []
    records = [(number, _flat(record)) for number, record in _objects(filled, shown, misread)]
    names = list(dict.fromkeys([*layout.columns, *(name for _, record in records for name in record)]))
    data = {name: [record.get(name) for _, record in records] for name in names}
    frame = numbered(pl.DataFrame(data, schema=dict.fromkeys(names, pl.String)))
    where = [f"line {number}" for number, _ in records]
    return Table(shown, frame, len(filled), lambda rows: [where[row] for row in rows], tuple(misread))


def _objects(
    lines: Sequence[tuple[int, str]], shown: str, misread: list[Misread]
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """All lines in one go; only where that fails, each for itself."""
    try:
        parsed = exactjson.loads("[" + ",".join(line for _, line in lines) + "]")
        values = parsed if len(parsed) == len(lines) else [_parsed(line) for _, line in lines]
    except ValueError:
        values = [_parsed(line) for _, line in lines]
    for (number, _), value in zip(lines, values, strict=True):
        if isinstance(value, Mapping):
            yield number, value
        else:
            misread.append(Misread(None, f"{shown}, line {number}", None, "is not one JSON object"))


def _parsed(line: str) -> Any:
    try:
        return exactjson.loads(line)
    except ValueError:
        return None


def _flat(record: Mapping[str, Any], prefix: str = "") -> dict[str, str | None]:
    flat: dict[str, str | None] = {}
    for name, value in record.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = exactjson.scalar(_flat_items(value) if isinstance(value, list) else value)
    return flat


def _flat_items(items: list[Any]) -> list[Any]:
    return [_flat(item) if isinstance(item, Mapping) else item for item in items]


def read_xlsx(path: Path, shown: str, layout: ObjectLayout, id_column: str | None) -> Table:
    """The first sheet, or the one named, with its header in the first row that is not empty."""
    book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True, data_only=True)
    try:
        if layout.sheet is not None and layout.sheet not in book.sheetnames:
            raise ConfigError(
                f"{shown} has no sheet {layout.sheet}; it has {', '.join(book.sheetnames)}.", system=SYSTEM
            )
        sheet = book[layout.sheet] if layout.sheet is not None else book.worksheets[0]
        if isinstance(sheet, ReadOnlyWorksheet):
            sheet.reset_dimensions()  # Programs write it, and not all keep it right: rows beyond it would not be read.
        rows = [(number, row) for number, row in enumerate(sheet.iter_rows(values_only=True), start=1) if any_of(row)]
    finally:
        book.close()
    names = [str(name).strip() if name is not None else "" for name in rows[0][1]] if rows else []
    used = [at for at, name in enumerate(names) if name]
    twice = sorted(name for name, count in Counter(names).items() if name and count > 1)
    if twice:
        message = f"The header of {shown} names {', '.join(twice)} twice; correct the extract."
        raise ConfigError(message, system=SYSTEM)
    data = {names[at]: [_cell(row[at]) if at < len(row) else None for _, row in rows[1:]] for at in used}
    frame = numbered(pl.DataFrame(data, schema={names[at]: pl.String for at in used}))
    where = [f"row {number}" for number, _ in rows[1:]]
    table = Table(shown, frame, frame.height, lambda found: [where[row] for row in found])
    return _without_errors(table, id_column)


def any_of(row: Sequence[Any]) -> bool:
    """Whether a row of a sheet holds anything."""
    return any(value is not None for value in row)


def _without_errors(table: Table, id_column: str | None) -> Table:
    """A formula that failed is no value."""
    tests = {name: pl.col(name).is_in(ERRORS).fill_null(value=False) for name in table.columns}
    if not tests:
        return table
    bad = table.frame.filter(pl.any_horizontal(list(tests.values())))
    first = pl.coalesce(pl.when(test).then(pl.lit(name)) for name, test in tests.items())
    return table.without(bad, first, "holds a formula that failed", id_column if id_column in tests else None)


def _cell(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _digits(value)
    if isinstance(value, datetime):
        whole = value.time() == time()
        return value.date().isoformat() if whole else value.isoformat(sep="T", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return None if value is None else str(value)


def _digits(value: float) -> str:
    """The shortest digits that stand for the same double: what the person typed."""
    if not math.isfinite(value):
        return str(value)
    return format(Decimal(repr(value)), "f").removesuffix(".0")


def read_parquet(path: Path, shown: str, layout: ObjectLayout) -> Table:
    """Typed columns as text: times in UTC, lists and structs as JSON."""
    frame = pl.read_parquet(path)
    nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
    frame = frame.with_columns(
        cs.datetime(time_zone="*").dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ"),
        cs.datetime(time_zone=None).dt.strftime("%Y-%m-%dT%H:%M:%S%.f"),
    )
    frame = frame.with_columns(
        pl.Series(name, [None if v is None else exactjson.dumps(_plain(v)) for v in frame[name].to_list()], pl.String)
        for name in nested
    )
    table = numbered(frame.with_columns(pl.all().cast(pl.String)))
    return Table(shown, table, table.height, lambda rows: [f"row {row + 1}" for row in rows], replaced=False)


def _plain(value: Any) -> Any:
    """A nested value without floats and dates."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, str | bool | int | Decimal) else _cell(value)
