"""Reading records: everything, what changed, by id, by key, and what was deleted.

Every pull walks by internal id, so that a record changed on the way keeps its place; an incremental one reads what
changed from a little before the last start, because a change may be committed later than it is stamped. Walking by
the time of change would stand still for ever in the hour that autumn repeats: its readings fall back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.netsuite.children import attach_children
from crmerp_assets.connectors.netsuite.fields import SYSTEM, Column, NativeObject
from crmerp_assets.connectors.netsuite.objects import native_object
from crmerp_assets.connectors.netsuite.statements import MODIFIED, Selection, moment_literal, row_of, select, statement
from crmerp_assets.connectors.netsuite.suiteql import Key, Raw, RawPage, SuiteQL, chunks, number_list
from crmerp_assets.connectors.netsuite.times import INSTANT, ServerClock, WallClock, parse_instant
from crmerp_assets.connectors.protocol import Deletion, Page, Row


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a pull is. `started` is the server's time when it began; `id` is the last row read.

    `mode` is `full` or `changes` while pages remain, and `done` when `started` is where the next pull begins.
    """

    mode: str
    started: str
    since: str | None = None
    id: str | None = None

    def text(self) -> str:
        return json.dumps(asdict(self))


class Reader:
    """Reads one account through SuiteQL. `custom` gives the custom fields of an object by path."""

    def __init__(
        self,
        suiteql: SuiteQL,
        wall: WallClock,
        server: ServerClock,
        custom: Callable[[NativeObject, Sequence[str]], Mapping[str, Column]],
        overlap_seconds: int,
    ) -> None:
        self._suiteql = suiteql
        self._wall = wall
        self._server = server
        self._custom = custom
        self._overlap = timedelta(seconds=overlap_seconds)

    def pull(self, object: str, fields: Sequence[str], since: str | None) -> Iterator[Page]:
        selection = self._select(object, fields)
        cursor = self._resumed(since)
        while cursor.mode != "done":
            raw = self._page(selection, cursor)
            rows = [row_of(selection, item, self._wall) for item in raw.items]
            attach_children(self._suiteql, self._wall, selection, rows)
            cursor = self._next(cursor, raw)
            yield Page(rows, cursor.text())

    def ids(self, object: str) -> list[str]:
        selection = self._select(object, ())
        cursor, found = Cursor("full", ""), list[str]()
        while cursor.mode != "done":
            raw = self._page(selection, cursor)
            found += [item["id"] or "" for item in raw.items]
            cursor = self._next(cursor, raw)
        return found

    def fetch(self, object: str, fields: Sequence[str], ids: Sequence[str]) -> list[Row]:
        selection = self._select(object, fields)
        rows: list[Row] = []
        for chunk in chunks(list(dict.fromkeys(ids))):
            query = statement(selection, [f"t.id IN ({number_list(chunk)})"], "t.id")
            rows += self._whole(selection, self._suiteql.rows(query))
        return rows

    def find_by_key(self, object: str, key_field: str, keys: Sequence[str], fields: Sequence[str]) -> dict[str, Row]:
        """Keys compare without case, as NetSuite's external ids do."""
        selection = self._select(object, [key_field, *fields])
        column = selection.columns[key_field]
        found: dict[str, Row] = {}
        for chunk in chunks(list(dict.fromkeys(keys))):
            marks = ", ".join("?" for _ in chunk)
            query = statement(selection, [f"LOWER({column.sql}) IN ({marks})"], "t.id")
            for row in self._whole(selection, self._suiteql.rows(query, [key.lower() for key in chunk])):
                found.setdefault((row[key_field] or "").lower(), row)
        return {key: found[key.lower()] for key in keys if key.lower() in found}

    def deletions(self, object: str, since: str | None) -> tuple[list[Deletion], str]:
        """What the Deleted Records list holds; the losing side of a merge appears there without its winner."""
        native = native_object(object)
        started = self._started()
        types = ", ".join(f"'{name}'" for name in native.deleted_types)
        where = f"LOWER(d.type) IN ({types})"
        if since is not None:
            where += f" AND d.deleteddate >= {moment_literal(self._wall.not_after(_instant(since)))}"
        found = [
            Deletion(item["recordid"] or "", self._wall.instant(item["deleted"] or ""), None)
            for item in self._deleted(where)
        ]
        return found, Cursor("done", started).text()

    def _deleted(self, where: str) -> Iterator[Raw]:
        after: Key = (0,)
        while True:
            query = (
                "SELECT d.recordid AS recordid, TO_CHAR(d.deleteddate, 'YYYY-MM-DD HH24:MI:SS') AS deleted "
                f"FROM deletedrecord d WHERE {where} AND d.recordid > {after[0]} ORDER BY d.recordid"
            )
            page = self._suiteql.page(query, key=lambda item: (int(item["recordid"] or 0),), after=after)
            yield from page.items
            if page.last:
                return
            after = (int(page.items[-1]["recordid"] or 0),)

    def _select(self, object: str, fields: Sequence[str]) -> Selection:
        native = native_object(object)
        return select(native, fields, self._custom(native, fields))

    def _whole(self, selection: Selection, items: Sequence[Raw]) -> list[Row]:
        rows = [row_of(selection, item, self._wall) for item in items]
        attach_children(self._suiteql, self._wall, selection, rows)
        return rows

    def _resumed(self, since: str | None) -> Cursor:
        """Everything again where the last start lies in the future: the server's clock was set back."""
        if since is None:
            return Cursor("full", self._started())
        cursor = _parsed(since)
        if cursor.mode != "done":
            return cursor
        started, before = self._started(), parse_instant(cursor.started)
        if before > self._server.now():
            return Cursor("full", started)
        return Cursor("changes", started, since=self._wall.not_after(before))

    def _started(self) -> str:
        return (self._server.now() - self._overlap).strftime(INSTANT)

    def _page(self, selection: Selection, cursor: Cursor) -> RawPage:
        where = [f"t.id > {cursor.id or 0}"]
        if cursor.mode == "changes":
            where.append(f"{MODIFIED} >= {moment_literal(cursor.since or '')}")
        return self._suiteql.page(statement(selection, where, "t.id"), key=_by_id, after=(int(cursor.id or 0),))

    @staticmethod
    def _next(cursor: Cursor, raw: RawPage) -> Cursor:
        if raw.last:
            return Cursor("done", cursor.started)
        return Cursor(cursor.mode, cursor.started, cursor.since, raw.items[-1]["id"])


def _by_id(item: Raw) -> Key:
    return (int(item["id"] or 0),)


def _parsed(text: str) -> Cursor:
    """A cursor of the time when changes were walked by (wall, id) starts its walk again: its id says nothing here."""
    try:
        fields = json.loads(text)
        walked_by_time = fields.pop("wall", None) is not None
        return Cursor(**fields | ({"id": None} if walked_by_time else {}))
    except (ValueError, TypeError, AttributeError) as failure:
        message = "The cursor is not one of NetSuite's; forget it, so that the next pull reads everything."
        raise ConfigError(message, system=SYSTEM) from failure


def _instant(cursor: str) -> datetime:
    return parse_instant(_parsed(cursor).started)
