"""One portal: its records, properties, pipelines and settings in SQLite. What may be asked is decided elsewhere."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from crmerp_assets.sandbox.hubspot.errors import HubSpotError, missing_objects, not_found
from crmerp_assets.sandbox.hubspot.moments import iso, of
from crmerp_assets.sandbox.hubspot.schema import MERGED, STAGES, TYPES, ObjectType, Property
from crmerp_assets.sandbox.kit.clock import Clock
from crmerp_assets.sandbox.kit.store import Store

Body = dict[str, Any]
_TOUCHED = 1_500
"""Milliseconds by which `updatedAt` is ahead of the property that search sorts by: the portal keeps both."""
_TABLES = (
    "CREATE TABLE IF NOT EXISTS record (type TEXT, id INTEGER, properties TEXT, created INTEGER, modified INTEGER, "
    "author TEXT, archived INTEGER, PRIMARY KEY (type, id))",
    "CREATE INDEX IF NOT EXISTS record_modified ON record (type, modified)",
    "CREATE TABLE IF NOT EXISTS unique_value (type TEXT, name TEXT, value TEXT COLLATE NOCASE, id INTEGER, "
    "PRIMARY KEY (type, name, value))",
    "CREATE TABLE IF NOT EXISTS alias (type TEXT, old INTEGER, new INTEGER, PRIMARY KEY (type, old))",
    "CREATE TABLE IF NOT EXISTS link (from_type TEXT, from_id INTEGER, to_type TEXT, to_id INTEGER, kind INTEGER, "
    "PRIMARY KEY (from_type, from_id, to_type, to_id, kind))",
    "CREATE TABLE IF NOT EXISTS custom (type TEXT, name TEXT, property TEXT, PRIMARY KEY (type, name))",
    "CREATE TABLE IF NOT EXISTS grouping (type TEXT, name TEXT, label TEXT, PRIMARY KEY (type, name))",
    "CREATE TABLE IF NOT EXISTS pipeline (type TEXT, id TEXT, pipeline TEXT, PRIMARY KEY (type, id))",
    "CREATE TABLE IF NOT EXISTS sequence (number INTEGER)",
)


@dataclass(slots=True)
class Record:
    """`modified` and `created` are milliseconds; `archived` is when it was deleted, None for a live record."""

    id: int
    properties: dict[str, str]
    created: int
    modified: int
    author: str
    archived: int | None = None


@dataclass(slots=True)
class Settings:
    """What differs between portals and what tests turn: see the admin call `settings`.

    `multi_status`: the batch operations in which trace ids turn one row's fault into that row's error. `required`:
    properties that an administrator demands, which only version 2026-09 enforces. `index_lag`: seconds until the
    search index sees a change. `nameless`: the errors of a batch do not say which row they are of. `unreadable`: ids of
    records whose associations cannot be read for now. `objects_absent`: objects that are not in the portal's edition,
    or not activated. `dates`: moments that the portal keeps as days, by object. `hidden`: properties that are not to be
    seen, by object.
    """

    multi_status: set[str] = field(default_factory=lambda: {"create"})
    required: dict[str, list[str]] = field(default_factory=dict)
    index_lag: float = 0.0
    scopes_withheld: set[str] = field(default_factory=set)
    time_zone: str = "UTC"
    nameless: bool = False
    unreadable: set[str] = field(default_factory=set)
    objects_absent: set[str] = field(default_factory=set)
    dates: dict[str, list[str]] = field(default_factory=dict)
    hidden: dict[str, list[str]] = field(default_factory=dict)


class Portal:
    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock, self.settings = store, clock, Settings()
        with store.writing() as db:
            for statement in _TABLES:
                db.execute(statement)
            if not db.execute("SELECT 1 FROM sequence").fetchone():
                db.execute("INSERT INTO sequence VALUES (10000)")
                db.execute("INSERT INTO pipeline VALUES ('deals', 'default', ?)", (json.dumps(first_pipeline()),))
        self._custom = {
            name: {
                row[0]: Property(**(json.loads(row[1]) | {"options": tuple(json.loads(row[1])["options"])}))
                for row in store.rows("SELECT name, property FROM custom WHERE type = ?", (name,))
            }
            for name in TYPES
        }

    def account(self) -> Body:
        return {"portalId": 1, "timeZone": self.settings.time_zone, "companyCurrency": "USD"}

    def now(self) -> int:
        return of(self.clock())

    def kind(self, name: str) -> ObjectType:
        """By plural or singular name, or type id. Raises 400 as the vendor does for a type that the portal lacks."""
        wanted = name.lower()
        for kind in TYPES.values():
            names = (kind.name, kind.type_id, kind.singular.lower())
            if wanted in names and kind.name not in self.settings.objects_absent:
                return replace(kind, properties=self._properties(kind))
        raise HubSpotError(400, "VALIDATION_ERROR", f"Unable to infer object type from: {name}")

    def _properties(self, kind: ObjectType) -> dict[str, Property]:
        dates, hidden = (found.get(kind.name, ()) for found in (self.settings.dates, self.settings.hidden))
        days = {name: replace(kind.properties[name], type="date") for name in dates}
        every = {**kind.properties, **days, **self._custom[kind.name]}
        return {name: property_ for name, property_ in every.items() if name not in hidden}

    def add_property(self, kind: ObjectType, made: Property) -> None:
        definition = {name: getattr(made, name) for name in Property.__dataclass_fields__}
        self.store.write("INSERT INTO custom VALUES (?, ?, ?)", (kind.name, made.name, json.dumps(definition)))
        self._custom[kind.name][made.name] = made

    def redefine(self, kind: ObjectType, made: Property) -> None:
        """Another definition of a custom property, for as long as this server runs."""
        self._custom[kind.name][made.name] = made

    def remove_property(self, kind: ObjectType, name: str) -> None:
        self.store.write("DELETE FROM custom WHERE type = ? AND name = ?", (kind.name, name))
        self._custom[kind.name].pop(name, None)

    def new_id(self) -> int:
        row = self.store.db.execute("UPDATE sequence SET number = number + 1 RETURNING number").fetchall()[0]
        return int(row[0])

    def get(self, kind: ObjectType, id_: int) -> Record | None:
        """A record by its own id, live or archived."""
        return next(iter(self.select(kind, "id = ?", (id_,))), None)

    def select(self, kind: ObjectType, where: str, parameters: Iterable[Any] = ()) -> list[Record]:
        sql = f"SELECT id, properties, created, modified, author, archived FROM record WHERE type = ? AND {where}"
        rows = self.store.rows(sql, (kind.name, *parameters))
        return [Record(row[0], json.loads(row[1]), *row[2:]) for row in rows]

    def live(self, kind: ObjectType, value: str, by: str | None = None) -> Record | None:
        """A live record by id, also by the id of one that was merged into it, or by a unique property."""
        id_ = self.owner(kind, by, value) if by and by != "hs_object_id" else self.survivor(kind, value)
        record = self.get(kind, id_) if id_ is not None else None
        return record if record and record.archived is None else None

    def needed(self, kind: ObjectType, value: str, by: str | None = None) -> Record:
        record = self.live(kind, value, by)
        if record is None:
            raise not_found()
        return record

    def survivor(self, kind: ObjectType, value: str) -> int | None:
        if not str(value).isdigit():
            return None
        id_ = int(value)
        while found := self.store.row("SELECT new FROM alias WHERE type = ? AND old = ?", (kind.name, id_)):
            id_ = int(found[0])
        return id_

    def owner(self, kind: ObjectType, name: str, value: str) -> int | None:
        """Who has this value of a unique property. Raises 400 for one that is not unique."""
        property_ = kind.properties.get(name)
        if property_ is None or not property_.unique:
            raise HubSpotError(400, "VALIDATION_ERROR", f"{name} is not a unique property of {kind.name}")
        sql = "SELECT id FROM unique_value WHERE type = ? AND name = ? AND value = ?"
        found = self.store.row(sql, (kind.name, name, value))
        return int(found[0]) if found else None

    def put(self, kind: ObjectType, record: Record) -> None:
        row = (kind.name, record.id, json.dumps(record.properties), record.created, record.modified, record.author)
        self.store.db.execute("INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, record.archived))

    def keep_unique(self, kind: ObjectType, record: Record) -> None:
        """Make the index of unique values say what the record says; an archived one holds none."""
        db = self.store.db
        db.execute("DELETE FROM unique_value WHERE type = ? AND id = ?", (kind.name, record.id))
        for name, property_ in kind.properties.items():
            value = record.properties.get(name)
            if property_.unique and value is not None and record.archived is None:
                db.execute("INSERT INTO unique_value VALUES (?, ?, ?, ?)", (kind.name, name, value, record.id))

    def shown(self, kind: ObjectType, record: Record, names: Iterable[str] | None = None) -> Body:
        """The record as the API shows it: the properties asked for, or the few it shows by itself."""
        known = [name for name in (names or kind.shown) if name in kind.properties]
        wanted = dict.fromkeys((*known, *kind.system()))
        texts: Mapping[str, str | None] = {**record.properties, **self._system(kind, record)}
        archived = {"archivedAt": iso(record.archived)} if record.archived is not None else {}
        return {
            "id": str(record.id),
            "properties": {name: texts.get(name) for name in wanted},
            "createdAt": iso(record.created),
            "updatedAt": iso(record.modified + _TOUCHED),
            "archived": record.archived is not None,
            "url": f"https://app.hubspot.com/contacts/1/record/{kind.type_id}/{record.id}",
            **archived,
        }

    def _system(self, kind: ObjectType, record: Record) -> dict[str, str | None]:
        return {
            "createdate": iso(record.created),
            kind.modified: iso(record.modified),
            "hs_object_id": str(record.id),
            "hs_updated_by_user_id": record.author,
            MERGED: record.properties.get(MERGED),
        }

    def pipelines(self, kind: ObjectType) -> list[Body]:
        rows = self.store.rows("SELECT pipeline FROM pipeline WHERE type = ? ORDER BY rowid", (kind.name,))
        return [json.loads(row[0]) for row in rows]

    def missing(self, kind: ObjectType, ids: Iterable[str]) -> HubSpotError:
        return missing_objects(kind.singular, list(ids))


def first_pipeline() -> Body:
    return pipeline("default", "Sales Pipeline", STAGES)


def pipeline(id_: str, label: str, stages: Iterable[tuple[str, str, str, bool]]) -> Body:
    stamp = iso(0)
    common = {"createdAt": stamp, "updatedAt": stamp, "archived": False}
    made = [
        {
            "id": stage,
            "label": name,
            "displayOrder": at,
            "metadata": {"isClosed": "true" if closed else "false", "probability": probability},
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
            **common,
        }
        for at, (stage, name, probability, closed) in enumerate(stages)
    ]
    return {"id": id_, "label": label, "displayOrder": 0, "stages": made, **common}
