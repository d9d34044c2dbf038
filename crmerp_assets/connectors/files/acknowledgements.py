"""What the system says to import files: one row for each write, in a file named like the import file.

Columns: `_write_id`, `_status` (applied, rejected or gone), `_id` (the native id), and where there is something to say
`_reason`, `_code`, `_field`, `_modified`. Any other column is a field of the record as the system holds it now, such as
the number that it gave an order. Several files for one import file (`00000042.customer.2.csv`) add up, the later over
the earlier one. They are written as the extracts of their object are: its encoding, delimiter, time zone and control
file. A last line without a line end may be cut anywhere, so it is not read.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.files.layout import Folders, ObjectLayout, by_stamp
from crmerp_assets.connectors.files.store import File, Store
from crmerp_assets.connectors.files.table import REPLACED
from crmerp_assets.connectors.files.times import exact

logger = logging.getLogger(__name__)

STATUSES = ("applied", "rejected", "gone")
_UNKNOWN = ObjectLayout(id="_id", full="*", format="csv")
"""For objects that have no layout any more: what was sent to them is answered still."""
_OWN = ("_write_id", "_status", "_id", "_reason", "_code", "_field", "_modified")


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one write. `at` is when it was applied: as the system says (`told`), or as its file is dated."""

    status: str
    native_id: str | None
    reason: str
    code: str
    field: str | None
    at: datetime
    told: bool
    place: str
    values: Mapping[str, str | None] = dataclasses.field(default_factory=dict)


class Acknowledgements:
    """Reads each file once; a file that changes is read again."""

    def __init__(self, store: Store, folders: Folders, layouts: Mapping[str, ObjectLayout]) -> None:
        self._store = store
        self._layouts = layouts
        self._folder = folders.acknowledgements
        self._read: dict[str, tuple[str, list[tuple[str, Answer]]]] = {}

    def of(self, stems: Sequence[str]) -> dict[tuple[str, str], Answer]:
        """(stem, write id) -> the last that was said."""
        wanted = set(stems)
        found: dict[tuple[str, str], Answer] = {}
        files = self._store.files(self._folder) if wanted else []
        counts = {file.name: file for file in files if file.name.endswith(".count")}
        for file in sorted(files, key=lambda one: (one.at, by_stamp(one.name))):
            stem = ".".join(file.name.split(".")[:2])
            if stem in wanted and file.name not in counts:
                answers = self._answers(file, stem.partition(".")[2], counts.get(f"{file.name}.count"))
                found |= {(stem, write_id): answer for write_id, answer in answers}
        return found

    def _answers(self, file: File, object: str, count: File | None) -> list[tuple[str, Answer]]:
        layout = self._layouts.get(object, _UNKNOWN)
        if layout.control and count is None:
            return []
        mark = f"{file.mark} {count.mark if count is not None else ''}"
        known = self._read.get(file.path)
        if known is None or known[0] != mark:
            known = (mark, self._parsed(file, layout))
            self._read[file.path] = known
        return known[1]

    def _parsed(self, file: File, layout: ObjectLayout) -> list[tuple[str, Answer]]:
        """Nothing from a file that does not hold as many rows as its control file says."""
        text = self._store.read(file.path).decode(layout.decoding, "replace")
        whole = text[: text.rfind("\n") + 1]
        rows = list(_json(whole) if file.name.endswith(("jsonl", "ndjson", "json")) else _csv(whole, layout.delimiter))
        if layout.control and self._store.read(f"{file.path}.count").strip() != str(len(rows)).encode():
            logger.info("%s holds %s rows and its control file says otherwise; it is read again", file.path, len(rows))
            return []
        return [
            (str(row["_write_id"]), _answer(row, f"{file.path}, row {n}", file.at, layout)) for n, row in _usable(rows)
        ]


def _csv(text: str, delimiter: str) -> Iterator[Mapping[str, str] | None]:
    """One for each row; None for one that is none, such as the rest behind a quotation mark that is not closed."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] | None = None
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield None
            continue
        if names is None:
            names = [name.strip() for name in cells]
        elif cells:
            yield dict(zip(names, cells, strict=False))


def _json(text: str) -> Iterator[Any]:
    """Lines end with a line feed only: U+2028 may stand within a text."""
    for line in filter(str.strip, text.split("\n")):
        try:
            yield exactjson.loads(line)
        except ValueError:
            yield None


def _usable(rows: Sequence[Any]) -> list[tuple[int, Mapping[str, Any]]]:
    """Rows that name a write; any other says nothing about one, so that its write stays open."""
    return [(n, row) for n, row in enumerate(rows, 1) if isinstance(row, Mapping) and row.get("_write_id")]


def _answer(row: Mapping[Any, Any], place: str, appeared: datetime, layout: ObjectLayout) -> Answer:
    """A value with bytes that are no text in the encoding is left out: it would be another one."""
    text = {str(name): exactjson.scalar(value) or None for name, value in row.items()}
    text = {name: value for name, value in text.items() if name == "_reason" or REPLACED not in (value or "")}
    at = pl.select(exact(pl.lit(text.get("_modified"), dtype=pl.String), layout.timezone)).item()
    return Answer(
        status=(text.get("_status") or "").strip().lower(),
        native_id=text.get("_id"),
        reason=text.get("_reason") or "no reason given",
        code=text.get("_code") or "REJECTED",
        field=text.get("_field"),
        at=at or appeared,
        told=at is not None,
        place=place,
        values={name: value for name, value in text.items() if name not in _OWN},
    )
