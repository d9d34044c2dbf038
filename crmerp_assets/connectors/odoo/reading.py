"""Reading records: everything, what changed, by id and by key.

Every pull walks by id, so that a record changed on the way keeps its place. Walking by the time of change would lose
rows: Odoo shows and, from 19 on, compares stamps by the second, and stamps a row with the start of its transaction,
so that a long one commits rows that look older than what was read before. An incremental pull therefore reads what is
stamped since a while before the last start, and some look further back (sweeps.py). What took longer is found by
comparing all that is there with what was read (`differing`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta

from crmerp_assets.connectors.errors import ConfigError, Transient
from crmerp_assets.connectors.odoo.answers import SYSTEM
from crmerp_assets.connectors.odoo.api import PAGE, READS, Domain, OdooApi, Record
from crmerp_assets.connectors.odoo.keys import Keys
from crmerp_assets.connectors.odoo.rows import Rows
from crmerp_assets.connectors.odoo.schema import Schema
from crmerp_assets.connectors.odoo.selection import Selection, select
from crmerp_assets.connectors.odoo.views import KEY, QUOTES, View, view_of
from crmerp_assets.connectors.protocol import Page, Row
from crmerp_assets.connectors.sweeps import swept_from

MOMENT = "%Y-%m-%d %H:%M:%S"
_MANY = 100_000


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a pull is. `started` is the server's time when it began less the overlap; `id` is the last row read.

    `mode` is `full` or `changes` while pages remain, and `done` when `started` is where the next pull begins. `swept`
    is where the last sweep started.
    """

    mode: str
    started: str
    since: str | None = None
    id: int = 0
    swept: str = ""

    def text(self) -> str:
        return json.dumps(asdict(self))


class Reader:
    """Reads one database. With `confirms`, an order of ours that is still a quotation is a write that is not over: it
    is not read and not found by its key, so that the write that made it goes on to confirm it. `ids` has it, as it
    exists; so are quotations that people made, which are records like others."""

    def __init__(
        self, api: OdooApi, schema: Schema, keys: Keys, rows: Rows, overlap_seconds: int, confirms: bool
    ) -> None:
        self._api, self._schema, self._keys, self._rows = api, schema, keys, rows
        self._overlap = timedelta(seconds=overlap_seconds)
        self._confirms = confirms

    def pull(self, object: str, fields: Sequence[str], since: str | None) -> Iterator[Page]:
        selection = self._selected(object, fields)
        cursor = self._resumed(since)
        while cursor.mode != "done":
            domain = [*selection.view.domain, *(_changed(selection, cursor) if cursor.mode == "changes" else [])]
            records = self._api.page(selection.view.model, domain, list(selection.read), cursor.id)
            rows = self._rows.whole(selection, self._finished(selection.view, records))
            cursor = _next(cursor, int(records[-1]["id"]) if records else None)
            if records and len(records) < PAGE and not self._more(selection.view, domain, cursor.id):
                cursor = _next(cursor, None)
            yield Page(rows, cursor.text())

    def _selected(self, object: str, fields: Sequence[str]) -> Selection:
        selection = select(view_of(object), fields, self._schema)
        if self._unfinished(selection.view):
            selection.read["state"] = None
        return selection

    def _unfinished(self, view: View) -> bool:
        return self._confirms and view.model == "sale.order"

    def _finished(self, view: View, records: list[Record]) -> list[Record]:
        """The records without quotations of ours."""
        if not self._unfinished(view):
            return records
        quotes = [str(record["id"]) for record in records if record["state"] in QUOTES]
        ours = self._keys.of(view.model, quotes) if quotes else {}
        return [record for record in records if str(record["id"]) not in ours]

    def _more(self, view: View, domain: Domain, after: int) -> bool:
        """Whether anything lies beyond a page that was not full."""
        found = self._api.read(view.model, "search_count", {"domain": [["id", ">", after], *domain], "limit": 1})
        return int(found) > 0

    def ids(self, object: str) -> list[str]:
        view = view_of(object)
        after, found = 0, list[str]()
        prefix = view.prefix
        repeated = 0
        while repeated < READS:
            params = {"domain": [["id", ">", after], *view.domain], "limit": _MANY, "order": "id"}
            ids = [int(id_) for id_ in self._api.read(view.model, "search", params)]
            fresh = [id_ for id_ in ids if id_ > after]
            if not ids:
                return found
            repeated = 0 if fresh else repeated + 1
            found += [f"{prefix}{id_}" for id_ in fresh]
            after = max([after, *fresh])
        message = f"{self._api.name} keeps sending ids that were there before; it is asked again later."
        raise Transient(message, system=SYSTEM, object=object)

    def fetch(self, object: str, fields: Sequence[str], ids: Sequence[str]) -> list[Row]:
        selection = self._selected(object, fields)
        view = selection.view
        plain = [id_.removeprefix(view.prefix) for id_ in ids]
        records = self._api.some(view.model, plain, list(selection.read))
        return self._rows.whole(selection, self._finished(view, records))

    def differing(self, object: str, known: Sequence[Row]) -> list[str]:
        """Ids of the rows that read otherwise now. A transaction may have been so long that no pull looked back as far;
        and a quotation that was deleted or given to another deal leaves no stamp on the deal, nor does a contact that
        changed the company."""
        if not known:
            return []
        view = view_of(object)
        paths = [path for path in known[0] if not path.startswith("_") and path not in view.lists]
        lists = {name for name in view.lists if any(row.get(name) for row in known)}
        inner = {f"{name}.{path}" for name in lists for row in known for line in _lines(row[name]) for path in line}
        now = {row["_id"]: row for row in self.fetch(object, [*paths, *sorted(inner)], [str(r["_id"]) for r in known])}
        return [
            str(row["_id"])
            for row in known
            if (there := now.get(row["_id"])) is not None
            and (
                any(row[path] != there[path] for path in paths)
                or any(_lines(row[name]) != _lines(there.get(name)) for name in lists)
            )
        ]

    def find_by_key(self, object: str, key_field: str, keys: Sequence[str], fields: Sequence[str]) -> dict[str, Row]:
        view = view_of(object)
        found = self._keys.find(view.model, keys)
        if not fields and not self._unfinished(view):
            return {key: {"_id": id_, key_field: key} for key, id_ in found.items()}
        others = [path for path in fields if path != KEY]
        rows = {str(row["_id"]): row for row in self.fetch(object, others, list(found.values()))}
        return {key: rows[id_] | {key_field: key} for key, id_ in found.items() if id_ in rows}

    def _resumed(self, since: str | None) -> Cursor:
        """Everything again where the last start lies in the future: the server's clock was set back."""
        started = (self._api.now() - self._overlap).strftime(MOMENT)
        if since is None:
            return Cursor("full", started, swept=started)
        cursor = parsed(since)
        if cursor.mode != "done":
            return cursor
        before = _moment(cursor.started)
        if before > self._api.now():
            return Cursor("full", started, swept=started)
        sweep = swept_from(before, _moment(cursor.swept) if cursor.swept else None, _moment(started))
        if sweep is None:
            return Cursor("changes", started, since=cursor.started, swept=cursor.swept)
        return Cursor("changes", started, since=sweep.strftime(MOMENT), swept=started)


def _moment(text: str) -> datetime:
    return datetime.strptime(text, MOMENT).replace(tzinfo=UTC)


def _lines(text: str | None) -> list[dict[str, str | None]]:
    return json.loads(text) if text else []


def _next(cursor: Cursor, last: int | None) -> Cursor:
    if last is None:
        return Cursor("done", cursor.started, swept=cursor.swept)
    return replace(cursor, id=last)


def _changed(selection: Selection, cursor: Cursor) -> Domain:
    """Changed itself, or in what it is made of: a line's text moves no order, a payment of 17 no document."""
    touched = [*selection.view.touched, *(["child_ids"] if selection.delivery else [])]
    leaves = [[f"{path}.write_date", ">=", cursor.since] for path in touched]
    return [*["|"] * len(leaves), ["write_date", ">=", cursor.since], *leaves]


def parsed(text: str) -> Cursor:
    try:
        return Cursor(**json.loads(text))
    except (ValueError, TypeError) as failure:
        message = "The cursor is not one of Odoo's; forget it, so that the next pull reads everything."
        raise ConfigError(message, system=SYSTEM) from failure
