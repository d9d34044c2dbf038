"""Reading records: everything, what changed, by id, by key, and what was deleted.

Every pull walks by internal id, so that a record changed on the way keeps its place; an incremental one reads what
changed from a little before the last start, because a change may be committed later than it is stamped. Walking by
the time of change would stand still for ever in the hour that autumn repeats: its readings fall back. Where much is
left, spans of ids are read at the same time (spans.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from crmerp_assets.connectors.errors import ConfigError, ConnectorError
from crmerp_assets.connectors.netsuite.children import attach_children
from crmerp_assets.connectors.netsuite.fields import SYSTEM, Column, NativeObject
from crmerp_assets.connectors.netsuite.objects import native_object
from crmerp_assets.connectors.netsuite.spans import FROM_PAGES, Span, split
from crmerp_assets.connectors.netsuite.statements import (
    MODIFIED,
    Selection,
    highest_id,
    moment_literal,
    row_of,
    select,
    statement,
)
from crmerp_assets.connectors.netsuite.suiteql import PAGE, Key, Raw, RawPage, SuiteQL, chunks, number_list
from crmerp_assets.connectors.netsuite.times import INSTANT, ServerClock, WallClock, parse_instant
from crmerp_assets.connectors.protocol import Deletion, Page, Row
from crmerp_assets.connectors.together import together


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
        lanes: int,
    ) -> None:
        self._suiteql = suiteql
        self._wall = wall
        self._server = server
        self._custom = custom
        self._overlap = timedelta(seconds=overlap_seconds)
        self._lanes = lanes

    def pull(self, object: str, fields: Sequence[str], since: str | None) -> Iterator[Page]:
        selection = self._select(object, fields)
        cursor = self._resumed(since)
        yield from self._walk(selection, cursor, Span(int(cursor.id or 0), None))

    def ids(self, object: str) -> list[str]:
        pages = self._walk(self._select(object, ()), Cursor("full", ""), Span(0, None))
        return [row["_id"] or "" for page in pages for row in page.rows]

    def fetch(self, object: str, fields: Sequence[str], ids: Sequence[str]) -> list[Row]:
        selection = self._select(object, fields)
        wanted = chunks(list(dict.fromkeys(ids)))
        return [row for some in together(partial(self._some, selection), wanted, self._lanes) for row in some]

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

    def logged(self, since: Mapping[str, str | None]) -> dict[str, tuple[list[Deletion], str]]:
        """What the Deleted Records list holds of each object; the losing side of a merge appears there without its
        winner. It is one list, so it is read once, from where the first of them goes on."""
        cursor = Cursor("done", self._started()).text()
        walls = {object: self._wall.not_after(_instant(one)) if one else "" for object, one in since.items()}
        kinds = {object: native_object(object).deleted_types for object in since}
        listed = list(self._deleted({kind for some in kinds.values() for kind in some}, min(walls.values())))
        return {
            object: ([_deletion(item, self._wall) for item in listed if _names(item, kinds[object], wall)], cursor)
            for object, wall in walls.items()
        }

    def _deleted(self, kinds: Collection[str], wall: str) -> Iterator[Raw]:
        """Records of these kinds that were deleted from a wall reading on; records of two kinds may have one id."""
        types = ", ".join(f"'{kind}'" for kind in sorted(kinds))
        where = f"LOWER(d.type) IN ({types})"
        where += f" AND d.deleteddate >= {moment_literal(wall)}" if wall else ""
        after: Key = (0, "")
        while True:
            rest = f"d.recordid > {after[0]} OR (d.recordid = {after[0]} AND LOWER(d.type) > '{after[1]}')"
            query = (
                "SELECT d.recordid AS recordid, LOWER(d.type) AS kind, "
                "TO_CHAR(d.deleteddate, 'YYYY-MM-DD HH24:MI:SS') AS deleted FROM deletedrecord d "
                f"WHERE {where} AND ({rest}) ORDER BY d.recordid, LOWER(d.type)"
            )
            page = self._suiteql.page(query, key=_by_id_and_kind, after=after)
            yield from page.items
            if page.last:
                return
            after = _by_id_and_kind(page.items[-1])

    def _select(self, object: str, fields: Sequence[str]) -> Selection:
        native = native_object(object)
        return select(native, fields, self._custom(native, fields))

    def _some(self, selection: Selection, ids: Sequence[str]) -> list[Row]:
        query = statement(selection, [f"t.id IN ({number_list(ids)})"], "t.id")
        return self._whole(selection, self._suiteql.rows(query))

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

    def _walk(self, selection: Selection, cursor: Cursor, span: Span) -> Iterator[Page]:
        """Pages in the order of ids, whichever came first, so that a pull that fails is resumed behind the last."""
        rest: Span | None = span
        while rest is not None:
            span, raw = rest, self._raw(selection, cursor, rest)
            rest = _rest(span, raw)
            spans = self._spans(selection, cursor, rest, raw.total - len(raw.items)) if rest else []
            if len(spans) > 1:
                yield from self._abreast(selection, cursor, spans, partial(self._page, selection, cursor, span, raw))
                return
            yield self._page(selection, cursor, span, raw)

    def _abreast(
        self, selection: Selection, cursor: Cursor, spans: Sequence[Span], first: Callable[[], Page]
    ) -> Iterator[Page]:
        """`first`, whose rows are there already, and what the spans hold; where one holds more than a page it is
        walked itself."""
        begins: list[Callable[[], tuple[Page, Span | None]]] = [lambda: (first(), None)]
        begins += [partial(self._begun, selection, cursor, span) for span in spans]
        for page, rest in together(lambda begin: begin(), begins, self._lanes):
            yield page
            if rest is not None:
                yield from self._walk(selection, cursor, rest)

    def _begun(self, selection: Selection, cursor: Cursor, span: Span) -> tuple[Page, Span | None]:
        raw = self._raw(selection, cursor, span)
        return self._page(selection, cursor, span, raw), _rest(span, raw)

    def _raw(self, selection: Selection, cursor: Cursor, span: Span) -> RawPage:
        query = statement(selection, _where(cursor, span), "t.id")
        return self._suiteql.page(query, key=_by_id, after=(span.after,), asked=lambda row: span.holds(_id(row)))

    def _page(self, selection: Selection, cursor: Cursor, span: Span, raw: RawPage) -> Page:
        rows = self._whole(selection, raw.items)
        reached = span.upto if raw.last else _id(raw.items[-1])
        after = Cursor("done", cursor.started) if reached is None else replace(cursor, id=str(reached))
        return Page(rows, after.text())

    def _spans(self, selection: Selection, cursor: Cursor, rest: Span, left: int) -> list[Span]:
        """`rest` in parts to be read at the same time; in one where it is short, or its end cannot be told now."""
        if self._lanes == 1 or left <= FROM_PAGES * PAGE:
            return [rest]
        if rest.upto is not None:
            return split(rest, rest.upto, left)
        try:
            (highest,) = self._suiteql.rows(highest_id(selection, _where(cursor, rest)))
        except ConnectorError:
            return [rest]
        return split(rest, int(highest.get("id") or rest.after), left)


def _rest(span: Span, raw: RawPage) -> Span | None:
    """What a span holds behind its first page."""
    return None if raw.last else Span(_id(raw.items[-1]), span.upto)


def _where(cursor: Cursor, span: Span) -> list[str]:
    changes = [f"{MODIFIED} >= {moment_literal(cursor.since or '')}"] if cursor.mode == "changes" else []
    return [f"t.id > {span.after}", *([f"t.id <= {span.upto}"] if span.upto is not None else []), *changes]


def _by_id(item: Raw) -> Key:
    return (_id(item),)


def _by_id_and_kind(item: Raw) -> Key:
    return int(item["recordid"] or 0), item["kind"] or ""


def _names(item: Raw, kinds: Collection[str], wall: str) -> bool:
    """Whether an entry of the log is of one of these kinds, and of no earlier wall reading."""
    return item["kind"] in kinds and (item["deleted"] or "") >= wall


def _deletion(item: Raw, wall: WallClock) -> Deletion:
    return Deletion(item["recordid"] or "", wall.instant(item["deleted"] or ""), None)


def _id(item: Raw) -> int:
    return int(item["id"] or 0)


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
