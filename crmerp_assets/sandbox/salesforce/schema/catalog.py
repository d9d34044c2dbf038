"""All objects, standard and custom fields alike, and who may see which field.

A custom field is invisible to the integration user until a permission set grants it: then describe does not have it
and queries do not know it, exactly as if it did not exist. People of the organisation see everything.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from crmerp_assets.sandbox.kit.clock import Clock
from crmerp_assets.sandbox.kit.store import Store
from crmerp_assets.sandbox.salesforce.errors import unsupported_type
from crmerp_assets.sandbox.salesforce.schema.access import SETUP_OBJECTS, WITH_PARENT, Rights
from crmerp_assets.sandbox.salesforce.schema.fields import Field, ObjectType
from crmerp_assets.sandbox.salesforce.schema.sales import sales_objects
from crmerp_assets.sandbox.salesforce.schema.system import system_objects

_ALL = Rights()


class Catalog:
    """The schema, kept in step with one SQLite table per object."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self.objects = {found.name.lower(): found for found in (*system_objects(), *sales_objects())}
        self.changed_at: datetime = clock()
        self._visible: dict[tuple[str, bool], dict[str, Field]] = {}
        self._editable: dict[str, set[str]] = {}
        self._checked: dict[str, tuple[list[Field], list[str]]] = {}
        self.rights: dict[str, Rights] = {}
        self.withheld: set[str] = set()
        store.write("CREATE TABLE IF NOT EXISTS _field (object TEXT, name TEXT, definition TEXT)")
        for object_name, definition in store.rows("SELECT object, definition FROM _field"):
            self._put(self.object(object_name), _field(json.loads(definition)))
        with store.writing() as db:
            for found in self.objects.values():
                for statement in _tables(found):
                    db.execute(statement)

    def object(self, name: str) -> ObjectType:
        """An object by its name, whatever the case. Raises INVALID_TYPE."""
        found = self.objects.get(name.lower())
        if found is None:
            raise unsupported_type(name)
        return found

    def readable(self, name: str, everything: bool) -> ObjectType:
        """An object that the caller may read; one that it may not is as good as none. Raises INVALID_TYPE."""
        found = self.object(name)
        hidden = found.name in SETUP_OBJECTS and "ViewSetup" in self.withheld
        if not everything and (hidden or not self.rights_on(found).read):
            raise unsupported_type(name)
        return found

    def rights_on(self, kind: ObjectType, everything: bool = False) -> Rights:
        """What the caller may do with an object."""
        own = self.rights.get(kind.name, _ALL)
        parent = self.rights.get(WITH_PARENT[kind.name], _ALL) if kind.name in WITH_PARENT else own
        if everything or parent is own:
            return _ALL if everything else own
        return replace(parent, readable=own.readable, editable=own.editable)

    def of_id(self, id_: str) -> ObjectType | None:
        """The object that an id's prefix stands for."""
        return next((found for found in self.objects.values() if found.prefix == id_[:3]), None)

    def references(self, name: str) -> list[tuple[ObjectType, Field]]:
        """The fields of all objects that point to this one."""
        return [(kind, f) for kind in self.objects.values() for f in kind.fields.values() if f.reference_to == name]

    def child(self, parent: ObjectType, list_name: str) -> tuple[ObjectType, Field] | None:
        """The object and reference field behind a child list."""
        wanted = list_name.lower()
        every = self.references(parent.name)
        return next((pair for pair in every if pair[1].children and pair[1].children.lower() == wanted), None)

    def visible(self, kind: ObjectType, everything: bool) -> dict[str, Field]:
        """Lower-case name -> field, for a person who sees everything or for the integration user."""
        key = (kind.name, everything)
        if key not in self._visible:
            granted, rights = self._granted(kind, "PermissionsRead"), self.rights_on(kind)
            self._visible[key] = {
                name.lower(): found
                for name, found in kind.fields.items()
                if everything or ((not found.custom or name.lower() in granted) and rights.shows(found))
            }
        return self._visible[key]

    def editable(self, kind: ObjectType) -> set[str]:
        """Lower-case names of the fields that the integration user may write."""
        if kind.name not in self._editable:
            granted, rights = self._granted(kind, "PermissionsEdit"), self.rights_on(kind)
            self._editable[kind.name] = {
                name.lower()
                for name, found in kind.fields.items()
                if (not found.custom or name.lower() in granted) and rights.lets_edit(found)
            }
        return self._editable[kind.name]

    def completion(self, kind: ObjectType) -> tuple[list[Field], list[str]]:
        """The fields with a default, and the names of the required ones."""
        if kind.name not in self._checked:
            fields = kind.fields.values()
            defaults = [found for found in fields if found.default is not None]
            self._checked[kind.name] = (defaults, [found.name for found in fields if found.required])
        return self._checked[kind.name]

    def forget(self) -> None:
        """Permissions or fields changed."""
        self._visible.clear()
        self._editable.clear()
        self._checked.clear()
        self.changed_at = self._clock()

    def add(self, kind: ObjectType, found: Field) -> None:
        """Add a custom field and its column."""
        with self._store.writing() as db:
            db.execute(f'ALTER TABLE "{kind.name}" ADD COLUMN {found.column}')
            for statement in _indexes(kind, [found]):
                db.execute(statement)
            if found.default is not None:
                db.execute(f'UPDATE "{kind.name}" SET "{found.name}" = ?', (found.default,))
            db.execute("INSERT INTO _field VALUES (?, ?, ?)", (kind.name, found.name, json.dumps(asdict(found))))
        self._put(kind, found)
        self.forget()

    def change(self, kind: ObjectType, found: Field) -> None:
        """Give a custom field another definition; its column and its values stay."""
        with self._store.writing() as db:
            db.execute(f'DROP INDEX IF EXISTS "{kind.name}.{found.name}"')
            for statement in _indexes(kind, [found]):
                db.execute(statement)
            definition = json.dumps(asdict(found))
            db.execute(
                "UPDATE _field SET definition = ? WHERE object = ? AND name = ?", (definition, kind.name, found.name)
            )
        self._put(kind, found)
        self.forget()

    def repeated(self, kind: ObjectType, found: Field) -> bool:
        """Whether live records share a value of a field."""
        which = f'"{found.name}" IS NOT NULL AND "IsDeleted" = 0 GROUP BY "{found.name}" HAVING COUNT(*) > 1'
        return self._store.row(f'SELECT 1 FROM "{kind.name}" WHERE {which} LIMIT 1') is not None

    def demand(self, kind: ObjectType, name: str, required: bool, values: tuple[str, ...]) -> None:
        """Require a value of a field, or one of these where there are any."""
        found = kind.fields[name]
        type_ = "picklist" if values else found.type
        made = replace(found, type=type_, required=required, values=values, restricted=bool(values))
        self._put(kind, made)
        self.forget()

    def remove(self, kind: ObjectType, found: Field) -> None:
        """Remove a custom field with its values and its permissions."""
        with self._store.writing() as db:
            db.execute(f'DROP INDEX IF EXISTS "{kind.name}.{found.name}"')
            db.execute(f'ALTER TABLE "{kind.name}" DROP COLUMN "{found.name}"')
            db.execute("DELETE FROM _field WHERE object = ? AND name = ?", (kind.name, found.name))
            full = f"{kind.name}.{found.name}"
            db.execute('DELETE FROM "FieldPermissions" WHERE "Field" = ?', (full,))
            db.execute('DELETE FROM "CustomField" WHERE "FullName" = ?', (full,))
        del kind.fields[found.name]
        self.forget()

    def _put(self, kind: ObjectType, found: Field) -> None:
        kind.fields[found.name] = found

    def _granted(self, kind: ObjectType, right: str) -> set[str]:
        sql = f'SELECT "Field" FROM "FieldPermissions" WHERE "SobjectType" = ? AND "{right}" = 1 AND "IsDeleted" = 0'
        return {name.partition(".")[2].lower() for (name,) in self._store.rows(sql, (kind.name,))}


def _tables(kind: ObjectType) -> list[str]:
    columns = [found.column + (" PRIMARY KEY" if name == "Id" else "") for name, found in kind.fields.items()]
    table = f'CREATE TABLE IF NOT EXISTS "{kind.name}" ({", ".join(columns)})'
    stamps = f'"{kind.name}" ("IsDeleted", "SystemModstamp", "Id")'
    changes = f'CREATE INDEX IF NOT EXISTS "{kind.name}.changes" ON {stamps}'
    return [table, changes, *_indexes(kind, kind.fields.values())]


def _indexes(kind: ObjectType, fields: Iterable[Field]) -> list[str]:
    """A deleted record does not occupy its unique values."""
    made = []
    for found in fields:
        if found.indexed:
            index = f'INDEX IF NOT EXISTS "{kind.name}.{found.name}" ON "{kind.name}" ("{found.name}")'
            unique = found.unique
            made.append(f"CREATE {'UNIQUE ' if unique else ''}{index}" + (' WHERE "IsDeleted" = 0' if unique else ""))
    return made


def _field(definition: dict[str, Any]) -> Field:
    return Field(**{**definition, "values": tuple(definition["values"])})
