"""CSV, read by DuckDB: it goes on behind a line that does not fit, and says which it was."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.files.layout import SYSTEM, ObjectLayout
from crmerp_assets.connectors.files.table import REPLACED, ROW, Table, numbered
from crmerp_assets.connectors.protocol import Misread

PIECE = 1 << 24
Positions: TypeAlias = npt.NDArray[np.int64]
_REJECTS = "SELECT line_byte_position AS starts_at, column_name AS name, error_type AS kind, csv_line AS line"
_REASONS = {
    "MISSING COLUMNS": "is missing: the line has too few columns",
    "TOO MANY COLUMNS": "the line has more columns than the header",
    "UNQUOTED VALUE": "a quotation mark is not closed, or stands in the middle of a value",
}


def read_csv(path: Path, shown: str, layout: ObjectLayout, id_column: str | None) -> Table:
    """The table in a CSV file with a header line; ConfigError where the header cannot be used."""
    text = path.with_name(f"{path.name}.utf8")
    replaced = _transcode(path, text, layout.decoding)
    names = _header(text, shown, layout.delimiter)
    if not names:
        return Table(
            shown, pl.DataFrame({ROW: []}, schema={ROW: pl.UInt32}), 0, partial(_lines, pl.DataFrame(), (), ())
        )
    with duckdb.connect() as con:
        frame = con.execute(_query(text, names, layout.delimiter)).pl()
        rejects = con.execute(f"{_REJECTS} FROM reject_errors ORDER BY starts_at").pl()
        rejects = rejects.unique("starts_at", maintain_order=True)
    frame, layer = numbered(frame), Physical.of(text)
    starts = layer.lines(rejects["starts_at"].to_list())
    misread = tuple(_misread(rejects, starts, shown, names, layout.delimiter, id_column))
    where = partial(_lines, frame.drop(ROW), layer.records(rejects["starts_at"].to_list()), starts)
    return Table(shown, frame, frame.height + len(misread), where, misread, replaced)


@dataclass(frozen=True, slots=True)
class Physical:
    """Where lines end and records start: behind line ends outside of quotation marks, where something stands."""

    ends: Positions
    starts: Positions

    @classmethod
    def of(cls, text: Path) -> Physical:
        data = np.fromfile(text, dtype=np.uint8)
        ends = np.flatnonzero(data == ord("\n"))
        quotes = np.flatnonzero(data == ord('"'))
        outside = ends[np.searchsorted(quotes, ends) % 2 == 0]
        starts = np.concatenate([[0], outside + 1])
        starts = starts[starts < data.size]
        return cls(ends, starts[~np.isin(data[starts], (ord("\n"), ord("\r")))])

    def lines(self, positions: Sequence[int]) -> list[int]:
        """The lines at which byte positions (from 1) stand."""
        at = np.asarray(positions, dtype=np.int64) - 1
        return [int(number) + 1 for number in np.searchsorted(self.ends, at)]

    def records(self, without: Sequence[int]) -> list[int]:
        """The lines at which records start, but for the header and the positions in `without`."""
        return self.lines(np.setdiff1d(self.starts[1:] + 1, np.asarray(without, dtype=np.int64)).tolist())


def _transcode(source: Path, target: Path, encoding: str) -> bool:
    """The file as UTF-8, in pieces; whether something was no text in its encoding and became U+FFFD."""
    decoder, replaced = codecs.getincrementaldecoder(encoding)("replace"), False
    with source.open("rb") as read, target.open("wb") as write:
        while piece := read.read(PIECE):
            text = decoder.decode(piece)
            replaced = replaced or REPLACED in text
            write.write(text.encode("utf-8"))
        rest = decoder.decode(b"", final=True)
        write.write(rest.encode("utf-8"))
    return replaced or REPLACED in rest


def _header(text: Path, shown: str, delimiter: str) -> list[str]:
    try:
        with text.open(encoding="utf-8", newline="") as file:
            names = [name.strip() for name in next(csv.reader(file, delimiter=delimiter), [])]
    except csv.Error as failure:
        message = f"The header of {shown} cannot be read ({failure}); correct the extract."
        raise ConfigError(message, system=SYSTEM) from failure
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or "" in names:
        what = f"names {', '.join(twice)} twice" if twice else "has a column without a name"
        raise ConfigError(f"The header of {shown} {what}; correct the extract.", system=SYSTEM)
    return names


def _query(text: Path, names: Sequence[str], delimiter: str) -> str:
    columns = ", ".join(f"{_quoted(name)}: 'VARCHAR'" for name in names)
    return (
        f"SELECT * FROM read_csv({_quoted(str(text))}, header = true, auto_detect = false, strict_mode = true, "
        f"delim = {_quoted(delimiter)}, quote = '\"', escape = '\"', nullstr = '', store_rejects = true, "
        f"columns = {{{columns}}})"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _misread(
    rejects: pl.DataFrame,
    starts: Sequence[int],
    shown: str,
    names: Sequence[str],
    delimiter: str,
    id_column: str | None,
) -> Iterator[Misread]:
    """One for each line of what could not be read: a quotation mark that is not closed swallows those below it.

    Only where the id comes first is it sure to be that of the line: further on, cells may have moved.
    """
    first = names[0] == id_column
    for start, name, kind, text in zip(starts, rejects["name"], rejects["kind"], rejects["line"], strict=True):
        reason = _REASONS.get(kind, kind.lower())
        for number, line in enumerate((text or "").strip("\n").split("\n")):
            native = _first(line, delimiter) if first else None
            yield Misread(native, f"{shown}, line {start + number}", name, reason)


def _first(line: str, delimiter: str) -> str | None:
    """The first value of a line; None where it is not plain where that ends."""
    cell = line.strip("\r").partition(delimiter)[0]
    if cell.startswith('"') and cell.endswith('"') and len(cell) > 1:
        cell = cell[1:-1]
    return cell if cell and '"' not in cell and REPLACED not in cell else None


def _lines(frame: pl.DataFrame, records: Sequence[int], rejected: Sequence[int], rows: Sequence[int]) -> list[str]:
    """Where rows stand: at the starts of records; where quotation marks within values hide those, about there."""
    if frame.height == len(records):
        return [f"line {records[row]}" for row in rows]
    breaks = frame.select(pl.sum_horizontal(pl.all().str.count_matches("\n").fill_null(0))).to_series().to_numpy()
    before = np.concatenate([[0], np.cumsum(breaks.astype(np.int64))])[np.array(rows)]
    own = np.array(rows) + 2 + before
    shifted = np.array(rejected, dtype=np.int64) - np.arange(len(rejected))
    return [f"about line {line}" for line in own + np.searchsorted(shifted, own, side="right")]
