"""Reading records: everything, what changed, by id and by key.

Every pull walks by id, so that a record changed on the way keeps its place. A page says nothing of what follows it, so
only an empty one is the end: a page cut short loses nothing.

Tryton stamps a change with the start of its transaction and shows it at its end. So an incremental pull reads what
changed from a little before the last start, and some look further back (sweeps.py). What took longer is found by
comparing all that is there with what was read (`differing`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.errors import ConfigError, Transient
from crmerp_assets.connectors.protocol import Page, Row
from crmerp_assets.connectors.sweeps import swept_from
from crmerp_assets.connectors.tryton.fields import SYSTEM, Child, Domain, NativeObject, Record
from crmerp_assets.connectors.tryton.metadata import Metadata, Selection
from crmerp_assets.connectors.tryton.objects import native_object
from crmerp_assets.connectors.tryton.rpc import Rpc, ids_in
from crmerp_assets.connectors.tryton.values import INSTANT, moment, text

PAGE = 1000
IDS_PAGE = 10_000
_STAMPS = ("create_date", "write_date", "create_uid", "write_uid")
_STILL = 4
"""How often a page may repeat what was read before the reading is given up."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a pull is. `started` is the server's time when it began, less the overlap; `id` is the last row read.

    `mode` is `full` or `changes` while pages remain, and `done` when `started` is where the next pull begins. `swept`
    is when the last sweep began, less the overlap; empty in a pull that is one itself.
    """

    mode: str
    started: str
    since: str | None = None
    id: int = 0
    swept: str = ""

    def text(self) -> str:
        return json.dumps(asdict(self))


class Reader:
    def __init__(self, rpc: Rpc, metadata: Metadata, overlap_seconds: int) -> None:
        self._rpc = rpc
        self._metadata = metadata
        self._overlap = timedelta(seconds=overlap_seconds)

    def pull(self, object: str, fields: Sequence[str], since: str | None) -> Iterator[Page]:
        """Everything again where `since` lies in the future: the server's clock was set back."""
        selection = self._metadata.select(native_object(object), fields)
        cursor = self._sweeping(_parsed(since))
        while cursor.mode != "done":
            records, cursor = self._step(selection, cursor)
            if self._set_back(cursor):
                yield from self.pull(object, fields, None)
                return
            yield Page([self.row(selection, one) for one in records], cursor.text())

    def ids(self, object: str, among: Sequence[Any] = ()) -> list[str]:
        """The ids, of all or of those that meet a domain, in their order."""
        native, found, last = native_object(object), list[str](), 0
        while True:
            domain = [*self._only(native), *among, *_behind(last)]
            method = f"model.{native.model}.search"
            page = self._rpc.read(method, domain, 0, IDS_PAGE, [["id", "ASC"]])
            new = [int(one) for one in page if int(one) > last]
            if not new:
                return found
            found += map(str, new)
            last = new[-1]

    def fetch(self, object: str, fields: Sequence[str], ids: Sequence[str]) -> list[Row]:
        selection = self._metadata.select(native_object(object), fields)
        return [self.row(selection, record) for record in self.records(selection, ids)]

    def records(self, selection: Selection, ids: Sequence[str], extra: Sequence[str] = ()) -> list[Any]:
        """The records of these ids that are there, with `extra` fields."""
        native, known = selection.native, ids_in(ids)
        chunks = (known[start : start + PAGE] for start in range(0, len(known), PAGE))
        asks = [*self._asks(selection), *extra]
        return [
            record
            for chunk in chunks
            for record in self._rpc.search_read(native.model, [*self._only(native), ["id", "in", chunk]], asks)
        ]

    def find_by_key(self, object: str, key_field: str, keys: Sequence[str], fields: Sequence[str]) -> dict[str, Row]:
        """The first record of each key: where a key has no unique index, the oldest is the one that counts."""
        native = native_object(object)
        selection = self._metadata.select(native, [key_field, *fields])
        find, found = selection.columns[key_field].find, dict[str, Row]()
        wanted = list(dict.fromkeys(keys))
        for start in range(0, len(wanted), PAGE):
            chunk = wanted[start : start + PAGE]
            domain = [*self._only(native), find(chunk) if find else [key_field, "in", chunk]]
            for record in self._rpc.search_read(native.model, domain, self._asks(selection)):
                row = self.row(selection, record)
                found.setdefault(row[key_field] or "", row)
        return found

    def row(self, selection: Selection, record: Record) -> Row:
        known = {**record, "$company": self._rpc.company()} if selection.of_company else record
        last = max([record, *_parts(selection.native, record)], key=_stamp)
        row: Row = {
            "_id": text(record["id"]),
            "_modified": _stamp(last) or None,
            "_modified_by": text(last.get("write_uid")) or text(last.get("create_uid")),
        }
        row |= {path: column.read(known) for path, column in selection.columns.items()}
        for name, (child, columns) in selection.children.items():
            rows = [{path.partition(".")[2]: c.read(one) for path, c in columns.items()} for one in child.rows(known)]
            row[name] = exactjson.dumps(rows)
        return row

    def differing(self, object: str, known: Sequence[Row]) -> list[str]:
        """Ids of the rows that read otherwise now. Their time of change alone does not tell: it is that of the record
        or of the part that changed last, and a late change of another is older."""
        children = native_object(object).children
        names = [name for name in (known[0] if known else ()) if not name.startswith("_")]
        inner = {name: _paths(children[name], name, known) for name in names if name in children}
        paths = [path for name in names for path in inner.get(name, [name])]
        now = {row["_id"]: row for row in self.fetch(object, paths, [row["_id"] or "" for row in known])}
        compared = ["_modified", *names]
        return [
            row["_id"] or ""
            for row in known
            if row["_id"] in now and any(row[name] != now[row["_id"]][name] for name in compared)
        ]

    def _step(self, selection: Selection, cursor: Cursor) -> tuple[list[Any], Cursor]:
        """The next page, and the cursor behind it."""
        for _ in range(_STILL):
            records = self._page(selection, cursor)
            cursor = self._started(cursor)
            new = [record for record in records if int(record["id"]) > cursor.id]
            if not records:
                return [], Cursor("done", cursor.started, cursor.since, swept=cursor.swept or cursor.started)
            if new:
                return new, replace(cursor, id=int(new[-1]["id"]))
        message = f"{self._rpc.name} keeps repeating a page; it is read again at the next run."
        raise Transient(message, system=SYSTEM, object=selection.native.name)

    def _started(self, cursor: Cursor) -> Cursor:
        """With the server's time of the first answer, less the overlap."""
        if cursor.started:
            return cursor
        return replace(cursor, started=(self._rpc.now() - self._overlap).strftime(INSTANT))

    def _sweeping(self, cursor: Cursor) -> Cursor:
        """A pull of changes that begins now, as a sweep where one is due."""
        if cursor.mode != "changes" or cursor.since is None or cursor.started:
            return cursor
        swept = _instant(cursor.swept) if cursor.swept else None
        since = swept_from(_instant(cursor.since), swept, self._rpc.now() - self._overlap)
        return cursor if since is None else replace(cursor, since=since.strftime(INSTANT), swept="")

    def _set_back(self, cursor: Cursor) -> bool:
        return cursor.since is not None and _instant(cursor.since) > _instant(cursor.started) + self._overlap

    def _page(self, selection: Selection, cursor: Cursor) -> list[Any]:
        native = selection.native
        domain = [*self._only(native), *_behind(cursor.id)]
        if cursor.mode == "changes" and cursor.since:
            domain.append(_changed(native, _instant(cursor.since)))
        return self._rpc.search_read(native.model, domain, self._asks(selection), PAGE)

    def _only(self, native: NativeObject) -> Domain:
        return native.only(self._rpc.company())

    @staticmethod
    def _asks(selection: Selection) -> list[str]:
        return list(dict.fromkeys(["id", *_STAMPS, *selection.asks, *of_parts(selection, _STAMPS)]))


def _behind(last: int) -> Domain:
    return [["id", ">", last]] if last else []


def _changed(native: NativeObject, since: datetime) -> Domain:
    """What was made or written since, itself or one of its parts, which have times of change of their own."""
    stamp, choices = moment(since), list[Any]()
    for prefix in ("", *(f"{part}." for part in native.parts)):
        choices += [[f"{prefix}create_date", ">=", stamp], [f"{prefix}write_date", ">=", stamp]]
    return ["OR", *choices]


def of_parts(selection: Selection, names: Sequence[str]) -> list[str]:
    """These fields of the parts that are asked for."""
    asked = {ask.partition(".")[0] for ask in selection.asks if "." in ask}
    return [f"{part}.{name}" for part in selection.native.parts if part in asked for name in names]


def _paths(child: Child, name: str, known: Sequence[Row]) -> list[str]:
    """The paths of a list that rows were read with; all of them where every list is empty."""
    lists = (exactjson.loads((row[name] or "[]").encode()) for row in known)
    first = next(filter(None, lists), None)
    return [f"{name}.{path}" for path in first[0]] if first else list(child.columns)


def _parts(native: NativeObject, record: Record) -> Iterator[Record]:
    """The records that are read as parts of this one. A change of theirs is a change of it, by who made it then: a new
    phone number leaves no mark on the party itself."""
    for name in native.parts:
        found = record.get(f"{name}.")
        yield from found if isinstance(found, list) else [found] if found else []


def _stamp(record: Record) -> str:
    return text(record.get("write_date")) or text(record.get("create_date")) or ""


def _parsed(since: str | None) -> Cursor:
    """Where to go on: within a pull that was broken off, or with what changed since the last one began."""
    if since is None:
        return Cursor("full", "")
    try:
        cursor = Cursor(**json.loads(since))
    except (ValueError, TypeError) as failure:
        message = "The cursor is not one of Tryton's; forget it, so that the next pull reads everything."
        raise ConfigError(message, system=SYSTEM) from failure
    return cursor if cursor.mode != "done" else Cursor("changes", "", since=cursor.started, swept=cursor.swept)


def _instant(moment_text: str) -> datetime:
    return datetime.strptime(moment_text, INSTANT).replace(tzinfo=UTC)
