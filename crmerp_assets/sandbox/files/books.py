"""The ERP's records: what an import row or a person does to them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from crmerp_assets.sandbox.files.catalog import KINDS, Kind
from crmerp_assets.sandbox.files.rules import Refused, Rules
from crmerp_assets.sandbox.kit.clock import Clock
from crmerp_assets.sandbox.kit.store import Store

_TABLES = """
CREATE TABLE IF NOT EXISTS record (object TEXT, id TEXT, key TEXT, body TEXT, PRIMARY KEY (object, id));
CREATE INDEX IF NOT EXISTS record_key ON record (object, key);
CREATE TABLE IF NOT EXISTS taken (write_id TEXT PRIMARY KEY, id TEXT);
CREATE TABLE IF NOT EXISTS number (name TEXT PRIMARY KEY, last INTEGER);
"""


class Missing(Exception):
    """The record is not there any more."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record of an import file: its own values, and its lines where it brings any."""

    write_id: str
    operation: str
    id: str | None
    values: Mapping[str, str | None]
    lines: list[dict[str, str | None]] | None


class Books:
    """Records by object and id, in one SQLite file."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self._clock, self.rules = store, clock, Rules()
        store.db.executescript(_TABLES)

    def next(self, name: str) -> int:
        """The next number of a series; numbers survive a restart."""
        with self.store.writing() as db:
            db.execute("INSERT INTO number VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET last = last + 1", (name,))
            return int(db.execute("SELECT last FROM number WHERE name = ?", (name,)).fetchone()[0])

    def all(self, object: str) -> list[dict[str, Any]]:
        """Every record, by id."""
        rows = self.store.rows("SELECT body FROM record WHERE object = ? ORDER BY id", (object,))
        return [json.loads(row[0]) for row in rows]

    def get(self, object: str, id_: str) -> dict[str, Any] | None:
        """One record."""
        row = self.store.row("SELECT body FROM record WHERE object = ? AND id = ?", (object, id_))
        return json.loads(row[0]) if row else None

    def count(self, object: str) -> int:
        """How many records there are."""
        row = self.store.row("SELECT COUNT(*) FROM record WHERE object = ?", (_kind(object).name,))
        return int(row[0]) if row else 0

    def seed(self, object: str, bodies: list[dict[str, Any]]) -> list[str]:
        """New records as they are given, `changed_at` included."""
        kind = _kind(object)
        with self.store.writing():
            return [self._insert(kind, {"changed_at": self.now(), "changed_by": "seed", **body}) for body in bodies]

    def apply(self, object: str, row: Row) -> tuple[str, dict[str, Any]]:
        """(id, record) after a row of an import file. A write id that was taken is not applied again."""
        kind = _kind(object)
        with self.store.writing() as db:
            taken = db.execute("SELECT id FROM taken WHERE write_id = ?", (row.write_id,)).fetchone()
            if taken is None:
                id_ = self._write(kind, row)
                db.execute("INSERT INTO taken VALUES (?, ?)", (row.write_id, id_))
            else:
                id_ = str(taken[0])
        return id_, self.get(object, id_) or {}

    def edit(self, object: str, id_: str, values: Mapping[str, Any], user: str) -> None:
        """What a person changes on the screen. Raises Missing."""
        body = self.get(object, id_)
        if body is None:
            raise Missing(id_)
        self._save(_kind(object), {**body, "changed_at": self.now(), "changed_by": user, **values})

    def delete(self, object: str, id_: str) -> None:
        """Gone for good."""
        self.store.write("DELETE FROM record WHERE object = ? AND id = ?", (object, id_))

    def now(self, seconds_ago: float = 0) -> str:
        """The ERP's time."""
        return (self._clock() - timedelta(seconds=seconds_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _write(self, kind: Kind, row: Row) -> str:
        body = self._before(kind, row)
        unknown = sorted(set(row.values) - (set(kind.columns) - self.rules.removed(kind.name)))
        if unknown:
            raise Refused(f"there is no column {unknown[0]}", "UNKNOWN_COLUMN", unknown[0])
        body |= {**row.values, "changed_at": self.now(), "changed_by": "import"}
        if row.lines is not None:
            body["lines"] = _numbered(row.lines)
            body["total"] = str(sum((_amount(line) for line in body["lines"]), Decimal()))
        self.rules.judge(kind.name, body)
        self._must_be_whole(kind, body)
        if kind.id in body:
            self._save(kind, body)
            return str(body[kind.id])
        return self._insert(kind, body)

    def _before(self, kind: Kind, row: Row) -> dict[str, Any]:
        if row.operation == "update":
            body = self.get(kind.name, row.id or "")
            if body is None:
                raise Missing(row.id)
            return body
        key = row.values.get("crmerp_id")
        sql = "SELECT body FROM record WHERE object = ? AND key = ?"
        found = self.store.row(sql, (kind.name, key)) if key else None
        return json.loads(found[0]) if found else _defaults(kind)

    def _must_be_whole(self, kind: Kind, body: Mapping[str, Any]) -> None:
        for name in kind.required:
            if not body.get(name):
                raise Refused(f"{name} must be filled", "REQUIRED", name)
        for name, other in kind.refers.items():
            if body.get(name) and self.get(other, str(body[name])) is None:
                raise Refused(f"there is no {other} of that number", "NO_SUCH_RECORD", name)

    def _insert(self, kind: Kind, body: dict[str, Any]) -> str:
        id_ = f"{kind.prefix}{self.next(kind.name):06}"
        self._save(kind, {**body, kind.id: id_})
        return id_

    def _save(self, kind: Kind, body: Mapping[str, Any]) -> None:
        sql = "INSERT INTO record VALUES (?, ?, ?, ?) ON CONFLICT (object, id) DO UPDATE SET key = excluded.key, "
        row = (kind.name, body[kind.id], body.get("crmerp_id"), json.dumps(dict(body)))
        self.store.write(f"{sql} body = excluded.body", row)


def _kind(object: str) -> Kind:
    if object not in KINDS:
        raise LookupError(f"there is no object {object}; there are {', '.join(KINDS)}")
    return KINDS[object]


def _defaults(kind: Kind) -> dict[str, Any]:
    return {"state": "open"} if kind.name == "order" else {}


def _numbered(lines: list[dict[str, str | None]]) -> list[dict[str, str | None]]:
    return [{**line, "line_no": line.get("line_no") or str(number)} for number, line in enumerate(lines, start=1)]


def _amount(line: Mapping[str, str | None]) -> Decimal:
    try:
        if line.get("amount"):
            return Decimal(line["amount"] or "0")
        return Decimal(line.get("quantity") or "0") * Decimal(line.get("price") or "0")
    except InvalidOperation as error:
        raise Refused("quantity, price and amount are numbers", "NO_NUMBER", "lines") from error
