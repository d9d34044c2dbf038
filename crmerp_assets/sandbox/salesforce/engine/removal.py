"""Deleting into the recycle bin, taking out of it, emptying it, and merging duplicates."""

import sqlite3
from collections.abc import Sequence

from crmerp_assets.sandbox.salesforce.engine.organisation import Actor, Row
from crmerp_assets.sandbox.salesforce.engine.records import Records
from crmerp_assets.sandbox.salesforce.errors import SalesforceError, cross_reference, read_only
from crmerp_assets.sandbox.salesforce.rules import rules_of
from crmerp_assets.sandbox.salesforce.schema import Field, ObjectType


class Removal:
    """What ends a record's life, and what brings it back."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._organisation = records.organisation

    def delete(self, kind: ObjectType, id_: str, actor: Actor) -> None:
        """Into the recycle bin, with the records that belong to it."""
        if not kind.deletable or not self._organisation.catalog.rights_on(kind, actor.everything).delete:
            raise read_only()
        with self._organisation.store.writing():
            self._bin(kind, self._records.live(kind, id_), actor)

    def undelete(self, kind: ObjectType, id_: str, actor: Actor) -> None:
        """Out of the recycle bin, with what was deleted along with it."""
        with self._organisation.store.writing():
            row = self._binned(kind, id_)
            try:
                self._restore(kind, row, actor)
            except sqlite3.IntegrityError:
                message = "duplicate value found: unknown duplicates value on an undeleted record"
                raise SalesforceError("DUPLICATE_VALUE", message, []) from None

    def purge(self, kind: ObjectType, id_: str) -> None:
        """Out of the recycle bin for good: nothing tells that the record ever was."""
        with self._organisation.store.writing() as db:
            db.execute(f'DELETE FROM "{kind.name}" WHERE "Id" = ?', (self._binned(kind, id_)["Id"],))

    def merge(self, kind: ObjectType, winner: str, losers: Sequence[str], actor: Actor) -> None:
        """The losers' related records go to the winner; the losers are deleted and say who won."""
        if not kind.mergeable:
            raise SalesforceError("INVALID_TYPE", f"entity type {kind.name} cannot be merged")
        with self._organisation.store.writing():
            winning = self._records.live(kind, winner)
            for loser in [self._records.live(kind, each) for each in losers]:
                for child, field in self._children(kind):
                    self._move(child, field, loser["Id"], winning["Id"], actor)
                gone = {"IsDeleted": 1, "MasterRecordId": winning["Id"]}
                self._organisation.touch(kind, [loser["Id"]], actor, **gone)
            self._organisation.touch(kind, [winning["Id"]], actor)

    def _bin(self, kind: ObjectType, row: Row, actor: Actor) -> None:
        for child, field in self._children(kind):
            rows = self._related(child, field, row["Id"], deleted=0)
            if field.children in kind.cascades:
                self._organisation.touch(child, (each["Id"] for each in rows), actor, IsDeleted=1)
            elif rows and child.name == "OpportunityLineItem":
                message = f"Your attempt to delete {row['Name']} could not be completed because it is associated with "
                raise SalesforceError("DELETE_FAILED", message + "opportunity products.", [])
            else:
                self._organisation.touch(child, (each["Id"] for each in rows), actor, **{field.name: None})
        self._organisation.touch(kind, [row["Id"]], actor, IsDeleted=1)
        rules_of(kind.name).deleted(self._organisation, row, actor)

    def _restore(self, kind: ObjectType, row: Row, actor: Actor) -> None:
        for child, field in self._children(kind):
            if field.children in kind.cascades:
                along = [
                    each["Id"]
                    for each in self._related(child, field, row["Id"], deleted=1)
                    if each["SystemModstamp"] == row["SystemModstamp"]
                ]
                self._organisation.touch(child, along, actor, IsDeleted=0)
        master = {"MasterRecordId": None} if "MasterRecordId" in kind.fields else {}
        self._organisation.touch(kind, [row["Id"]], actor, IsDeleted=0, **master)
        rules_of(kind.name).deleted(self._organisation, row, actor)

    def _binned(self, kind: ObjectType, id_: str) -> Row:
        row = self._organisation.get(kind, id_)
        if row is None or not row["IsDeleted"]:
            raise cross_reference()
        return row

    def _move(self, child: ObjectType, field: Field, loser: str, winner: str, actor: Actor) -> None:
        for row in self._related(child, field, loser, deleted=0):
            target = None if row["Id"] == winner else winner
            self._organisation.touch(child, [row["Id"]], actor, **{field.name: target})

    def _children(self, kind: ObjectType) -> list[tuple[ObjectType, Field]]:
        return [pair for pair in self._organisation.catalog.references(kind.name) if pair[1].children]

    def _related(self, child: ObjectType, field: Field, id_: str, deleted: int) -> list[Row]:
        where = f'"{field.name}" = ? AND "IsDeleted" = ?'
        return self._organisation.select(child, where, (id_, deleted))
