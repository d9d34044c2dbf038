"""What the system says to import files: one row for each write, in a file named like the import file.

Columns: `_write_id`, `_status` (applied, rejected or gone), `_id` (the native id), and where there is something to say
`_reason`, `_code`, `_field`, `_modified`. Any other column is a field of the record as the system holds it now, such as
the number that it gave an order. Several files for one import file (`00000042.customer.2.csv`) add up.
"""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.files.layout import Folders
from crmerp_assets.connectors.files.store import File, Store
from crmerp_assets.connectors.files.times import instants

STATUSES = ("applied", "rejected", "gone")
_OWN = ("_write_id", "_status", "_id", "_reason", "_code", "_field", "_modified")


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one write. `at` is when it was applied, as the system says or as its file is dated."""

    status: str
    native_id: str | None
    reason: str
    code: str
    field: str | None
    at: datetime
    place: str
    values: Mapping[str, str | None] = dataclasses.field(default_factory=dict)


class Acknowledgements:
    """Reads each file once; a file that changes is read again."""

    def __init__(self, store: Store, folders: Folders) -> None:
        self._store = store
        self._folder = folders.acknowledgements
        self._read: dict[str, tuple[str, list[tuple[str, Answer]]]] = {}

    def of(self, stems: Sequence[str]) -> dict[tuple[str, str], Answer]:
        """(stem, write id) -> the last that was said."""
        wanted = set(stems)
        found: dict[tuple[str, str], Answer] = {}
        files = self._store.files(self._folder) if wanted else []
        for file in sorted(files, key=lambda one: one.name):
            stem = ".".join(file.name.split(".")[:2])
            if stem in wanted:
                found |= {(stem, write_id): answer for write_id, answer in self._answers(file)}
        return found

    def _answers(self, file: File) -> list[tuple[str, Answer]]:
        known = self._read.get(file.path)
        if known is None or known[0] != file.mark:
            known = (file.mark, _parsed(file, self._store.read(file.path).decode("utf-8-sig", "replace")))
            self._read[file.path] = known
        return known[1]


def _parsed(file: File, text: str) -> list[tuple[str, Answer]]:
    rows = _json(text) if file.name.endswith(("jsonl", "ndjson", "json")) else list(csv.DictReader(io.StringIO(text)))
    return [(str(row["_write_id"]), _answer(row, f"{file.path}, row {n}", file.at)) for n, row in _usable(rows)]


def _json(text: str) -> list[Any]:
    rows = []
    for line in text.splitlines():
        try:
            rows.append(exactjson.loads(line))
        except ValueError:
            rows.append(None)
    return rows


def _usable(rows: Sequence[Any]) -> list[tuple[int, Mapping[str, Any]]]:
    """Rows that name a write; any other says nothing about one, so that its write stays open."""
    return [(n, row) for n, row in enumerate(rows, 1) if isinstance(row, Mapping) and row.get("_write_id")]


def _answer(row: Mapping[Any, Any], place: str, appeared: datetime) -> Answer:
    text = {str(name): exactjson.scalar(value) or None for name, value in row.items() if name is not None}
    at = pl.select(instants(pl.lit(text.get("_modified"), dtype=pl.String), "UTC")).item()
    return Answer(
        status=(text.get("_status") or "").strip().lower(),
        native_id=text.get("_id"),
        reason=text.get("_reason") or "no reason given",
        code=text.get("_code") or "REJECTED",
        field=text.get("_field"),
        at=at or appeared,
        place=place,
        values={name: value for name, value in text.items() if name not in _OWN},
    )
