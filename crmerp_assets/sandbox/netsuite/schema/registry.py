"""The record types and columns of this account: the standard ones and the custom fields deployed to it."""

import dataclasses
import sqlite3
from collections.abc import Mapping

from crmerp_assets.sandbox.netsuite.schema import entities, items, lists, transactions
from crmerp_assets.sandbox.netsuite.schema.fields import Field, Kind, RecordType
from crmerp_assets.sandbox.netsuite.schema.tables import SQL_TYPES, TABLES, Column, physical

_KINDS: Mapping[str, tuple[Kind, str]] = {
    "text": ("text", "text"),
    "checkbox": ("boolean", "bool"),
    "number": ("number", "real"),
    "integer": ("integer", "int"),
    "currency": ("money", "real"),
    "date": ("date", "date"),
}
_LENGTH = 300


class Registry:
    """Looks record types up by name; custom fields are added while the account is in use."""

    def __init__(self) -> None:
        modules = (entities, items, transactions, lists)
        self.types: dict[str, RecordType] = {t.name.lower(): t for m in modules for t in m.record_types()}
        self.tables: dict[str, dict[str, Column]] = {name: dict(columns) for name, columns in TABLES.items()}
        self.version = 0

    def find(self, name: str) -> RecordType | None:
        return self.types.get(name.lower())

    def by_table(self, table: str) -> list[RecordType]:
        return [t for t in self.types.values() if t.table == table]

    def add_custom(self, db: sqlite3.Connection, record: str, id_: str, kind: str, label: str) -> None:
        """Deploy one custom field; `db` keeps it. Raises KeyError for an unknown record or type."""
        db.execute("INSERT OR REPLACE INTO customfield VALUES (?, ?, ?, ?)", (record, id_, kind, label))
        self._apply(db, record, id_, kind, label)

    def remove_custom(self, db: sqlite3.Connection, record: str, id_: str) -> None:
        """Take a custom field of a record's body away; what it held stays in the file, out of everybody's sight."""
        db.execute("DELETE FROM customfield WHERE record = ? AND id = ?", (record, id_))
        found = self.types[record.lower()]
        fields = {name: field for name, field in found.fields.items() if name != id_}
        self.types[record.lower()] = dataclasses.replace(found, fields=fields)
        self.tables[found.table].pop(id_.lower(), None)
        self.version += 1

    def demand(self, record: str, id_: str, required: bool, values: list[str]) -> None:
        """Make a custom field mandatory, or a choice of these values where there are any."""
        found = self.types[record.lower()]
        kind: Kind = "choice" if values else "text"
        choices = {value: value for value in values}
        made = dataclasses.replace(found.fields[id_], kind=kind, choices=choices, required=required)
        self.types[record.lower()] = _with_field(found, made, line=False)
        self.version += 1

    def load_custom(self, db: sqlite3.Connection) -> None:
        for row in db.execute("SELECT record, id, type, label FROM customfield").fetchall():
            self._apply(db, *row)

    def _apply(self, db: sqlite3.Connection, record: str, id_: str, kind: str, label: str) -> None:
        field_kind, column_type = _KINDS[kind]
        record_type = self.types[record.lower()]
        line = id_.startswith("custcol")
        table = "transactionline" if line else record_type.table
        field = Field(id_, field_kind, id_.lower(), label, _LENGTH if kind == "text" else None, custom=True)
        if id_.lower() not in self.tables[table]:
            self._add_column(db, table, Column(id_.lower(), column_type))
        self.types[record.lower()] = _with_field(record_type, field, line)
        self.version += 1

    def _add_column(self, db: sqlite3.Connection, table: str, column: Column) -> None:
        self.tables[table][column.name] = column
        stored = {row[1] for row in db.execute(f"PRAGMA table_info({physical(table)})")}
        if column.name not in stored:
            db.execute(f'ALTER TABLE {physical(table)} ADD COLUMN "{column.name}" {SQL_TYPES[column.type]}')


def _with_field(record_type: RecordType, field: Field, line: bool) -> RecordType:
    if not line:
        return dataclasses.replace(record_type, fields={**record_type.fields, field.name: field})
    lines = record_type.sublists["item"]
    lines = dataclasses.replace(lines, fields={**lines.fields, field.name: field})
    return dataclasses.replace(record_type, sublists={**record_type.sublists, "item": lines})
