"""Creating, changing and deleting records: one at a time with the vendor's rules, or many at once for seeding."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from crmerp_assets.sandbox.salesforce.engine.acceptance import accepted, complete
from crmerp_assets.sandbox.salesforce.engine.change import Change
from crmerp_assets.sandbox.salesforce.engine.organisation import Actor, Organisation, Row
from crmerp_assets.sandbox.salesforce.engine.rowfaults import RowFaults
from crmerp_assets.sandbox.salesforce.engine.values import stored
from crmerp_assets.sandbox.salesforce.errors import (
    SalesforceError,
    cross_reference,
    deleted,
    duplicate,
    not_found,
    read_only,
)
from crmerp_assets.sandbox.salesforce.ids import normal_id
from crmerp_assets.sandbox.salesforce.rules import NO_RULES, rules_of
from crmerp_assets.sandbox.salesforce.schema import Field, ObjectType

Values = Mapping[str, Any]


class Records:
    """Saves that either happen completely or raise SalesforceError and change nothing."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation
        self.faults = RowFaults()

    def create(self, kind: ObjectType, values: Values, actor: Actor) -> str:
        if not kind.createable or not self.organisation.catalog.rights_on(kind, actor.everything).create:
            raise _not_allowed(kind, "inserted")
        self.faults.strike(kind.name)
        with self.organisation.store.writing():
            return self._create(Change(self.organisation, kind, actor, None), values)

    def update(self, kind: ObjectType, id_: str, values: Values, actor: Actor) -> None:
        if not kind.updateable:
            raise _not_allowed(kind, "updated")
        if not self.organisation.catalog.rights_on(kind, actor.everything).edit:
            raise read_only()
        self.faults.strike(kind.name)
        with self.organisation.store.writing():
            change = Change(self.organisation, kind, actor, self.live(kind, id_))
            change.new = accepted(change, values)
            complete(change)
            rules = rules_of(kind.name)
            rules.before(change)
            self._save(change, {**change.new, **self.organisation.stamps(actor)})
            rules.after(change)

    def upsert(self, kind: ObjectType, field: Field, key: Any, values: Values, actor: Actor) -> tuple[str, bool]:
        """(id, created). Several matches raise DUPLICATE_EXTERNAL_ID."""
        matches = self.matching(kind, field, key)
        if len(matches) > 1:
            message = f"{field.name}: more than one record found for external id field: {matches}"
            raise SalesforceError("DUPLICATE_EXTERNAL_ID", message, [field.name])
        if matches:
            self.update(kind, matches[0], values, actor)
            return matches[0], False
        if field.name == "Id":
            raise cross_reference()
        return self.create(kind, {**values, field.name: key}, actor), True

    def matching(self, kind: ObjectType, field: Field, key: Any) -> list[str]:
        """The live records that have this key."""
        value = stored(field, key)
        if value is None:
            message = f"{field.name} not specified"
            raise SalesforceError("MISSING_ARGUMENT", message, [field.name])
        sql = f'SELECT "Id" FROM "{kind.name}" WHERE "{field.name}" = ? AND "IsDeleted" = 0 ORDER BY "Id"'
        return [id_ for (id_,) in self.organisation.store.rows(sql, (value,))]

    def key_field(self, kind: ObjectType, name: str, actor: Actor) -> Field:
        """A field that records may be found by. Raises NOT_FOUND."""
        found = self.seen_field(kind, name, actor)
        if not found.finds:
            raise _no_field(name)
        return found

    def seen_field(self, kind: ObjectType, name: str, actor: Actor) -> Field:
        """A field that the caller may read. Raises NOT_FOUND."""
        found = self.organisation.catalog.visible(kind, actor.everything).get(name.lower())
        if found is None:
            raise _no_field(name)
        return found

    def live(self, kind: ObjectType, id_: str) -> Row:
        """A record that is not deleted. Raises MALFORMED_ID, INVALID_CROSS_REFERENCE_KEY or ENTITY_IS_DELETED."""
        normal = normal_id(id_)
        if normal is None or not normal.startswith(kind.prefix):
            raise SalesforceError("MALFORMED_ID", f"malformed id {id_}", ["Id"])
        row = self.organisation.get(kind, normal)
        if row is None:
            raise cross_reference()
        if row["IsDeleted"]:
            raise deleted()
        return row

    def seed(self, kind: ObjectType, records: Sequence[Values], actor: Actor) -> list[str]:
        """Many new records, system fields included, all or none."""
        with self.organisation.store.writing():
            if rules_of(kind.name) is not NO_RULES:
                return [self._create(Change(self.organisation, kind, actor, None, {}, True), row) for row in records]
            rows = [self._prepared(Change(self.organisation, kind, actor, None, {}, True), row) for row in records]
            ids = self.organisation.new_ids(kind.prefix, len(rows))
            self.organisation.insert_many(kind, ({"Id": id_, **row} for id_, row in zip(ids, rows, strict=True)))
            return ids

    def _create(self, change: Change, values: Values) -> str:
        row = self._prepared(change, values)
        (id_,) = self.organisation.new_ids(change.kind.prefix, 1)
        self._save(change, {"Id": id_, **row})
        change.new = {"Id": id_, **row}
        rules_of(change.kind.name).after(change)
        return id_

    def _prepared(self, change: Change, values: Values) -> Row:
        change.new = accepted(change, values)
        complete(change)
        rules_of(change.kind.name).before(change)
        stamps = self.organisation.stamps(change.actor)
        given = change.new.get("SystemModstamp")
        if given:
            stamps |= {"LastModifiedDate": given, "SystemModstamp": given}
        born = {"CreatedDate": stamps["SystemModstamp"], "CreatedById": change.actor.id, "IsDeleted": 0}
        return {**stamps, **born, **change.new}

    def _save(self, change: Change, row: Row) -> None:
        try:
            if change.old is None:
                self.organisation.insert(change.kind, row)
            else:
                self.organisation.change(change.kind, change.old["Id"], row)
        except sqlite3.IntegrityError as error:
            known = {**row, "Id": change.old["Id"]} if change.old else row
            violated = self.organisation.violated(error, change.kind, known)
            raise duplicate(*(violated or ("<unknown>", "<unknown>"))) from None


def _no_field(name: str) -> SalesforceError:
    return not_found(f"Provided external ID field does not exist or is not accessible: {name}")


def _not_allowed(kind: ObjectType, done: str) -> SalesforceError:
    message = f"entity type cannot be {done}: {kind.label}"
    return SalesforceError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message, [])
