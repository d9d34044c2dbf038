"""Changed, deleted and all records of an object.

Changes are read by SystemModstamp, which is stamped when a record is saved but becomes visible only when its
transaction commits, minutes later for a long one. So every reading starts some time before the previous one began,
by the server's clock: ours may differ from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from crmerp_assets.connectors.exactjson import dumps, loads
from crmerp_assets.connectors.protocol import Deletion, Page
from crmerp_assets.connectors.salesforce.api import Record, SalesforceApi
from crmerp_assets.connectors.salesforce.paging import Batch, Position, Reader, Scan
from crmerp_assets.connectors.salesforce.schema import Schema
from crmerp_assets.connectors.salesforce.selection import select, text
from crmerp_assets.connectors.salesforce.soql import after, literal

MERGEABLE = frozenset({"Account", "Contact", "Lead", "Case"})
"""Only these carry MasterRecordId, the winner of a merge."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Rows stamped `since` or later and behind `after`; `following` is where the next reading starts."""

    since: str | None = None
    after: Position | None = None
    following: str | None = None

    @classmethod
    def parse(cls, cursor: str | None) -> Cursor:
        if cursor is None:
            return cls()
        fields = loads(cursor)
        position = fields.get("after")
        return cls(fields.get("since"), tuple(position) if position else None, fields.get("following"))

    def text(self) -> str:
        return dumps(
            {"since": self.since, "after": list(self.after) if self.after else None, "following": self.following}
        )


class Reading:
    def __init__(self, api: SalesforceApi, schema: Schema, overlap_seconds: int) -> None:
        self._api = api
        self._schema = schema
        self._overlap = timedelta(seconds=overlap_seconds)

    def pull(self, object: str, fields: Sequence[str], since: str | None) -> Iterator[Page]:
        """Everything again where `since` lies in the future: the server's clock was set back."""
        cursor = Cursor.parse(since)
        selection = select(fields, object, self._schema)
        scan = _changes(selection.soql(object), cursor.since)
        for batch in Reader(self._api, scan, cursor.after).batches():
            if cursor.after is None and cursor.since is not None and _instant(batch.started) < cursor.since:
                yield from self.pull(object, fields, None)
                return
            rows = [selection.row(record, self._api) for record in batch.records]
            yield Page(rows, self._cursor(cursor, batch).text())

    def deletions(self, object: str, since: str | None) -> tuple[list[Deletion], str]:
        """What is in the recycle bin since; what was purged from it shows only in `ids`."""
        cursor = Cursor.parse(since)
        merge = ", MasterRecordId" if object in MERGEABLE else ""
        soql = f"SELECT Id, SystemModstamp{merge} FROM {object}"
        found: dict[str, Deletion] = {}
        for batch in Reader(self._api, _changes(soql, cursor.since, deleted=True), cursor.after).batches():
            found.update((record["Id"], _deletion(record)) for record in batch.records)
            cursor = self._cursor(cursor, batch)
        return list(found.values()), cursor.text()

    def ids(self, object: str) -> list[str]:
        reader = Reader(self._api, _ids(object), None)
        return [record["Id"] for batch in reader.batches() for record in batch.records]

    def _cursor(self, cursor: Cursor, batch: Batch) -> Cursor:
        following = cursor.following or _instant(batch.started - self._overlap)
        return Cursor(since=following) if batch.last else Cursor(cursor.since, batch.position, following)


def _changes(select_from: str, since: str | None, deleted: bool = False) -> Scan:
    """In the order of change; a row that changed after the reading began is no measure for the rows behind it."""

    def soql(position: Position | None) -> str:
        conditions = ["IsDeleted = true"] if deleted else []
        if position is not None:
            conditions.append(after(position[0], position[1]))
        elif since is not None:
            conditions.append(f"SystemModstamp >= {since}")
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return f"{select_from}{where} ORDER BY SystemModstamp, Id"

    def position(record: Record, started: datetime) -> Position | None:
        stamp = text(record["SystemModstamp"]) or ""
        return (stamp, record["Id"]) if stamp < _instant(started) else None

    return Scan(soql, position, deleted_too=deleted)


def _ids(object: str) -> Scan:
    def soql(position: Position | None) -> str:
        where = f" WHERE Id > {literal(position[0])}" if position else ""
        return f"SELECT Id FROM {object}{where} ORDER BY Id"

    return Scan(soql, lambda record, _: (record["Id"],))


def _deletion(record: Record) -> Deletion:
    return Deletion(record["Id"], text(record["SystemModstamp"]) or "", record.get("MasterRecordId"))


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
