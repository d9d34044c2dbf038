"""Pulling by comparing: what is given is what the extracts hold now and did not hold at the cursor.

No time is compared, so no clock and no late stamp can hide a change. A cursor names the files that were read up to it;
where one of them is gone, or was overwritten, everything is given again, which changes nothing for whoever stores it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, timedelta
from typing import TypeAlias

import polars as pl

from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.files.extracts import INTERNAL, Extract, Extracts, State
from crmerp_assets.connectors.files.layout import SYSTEM, ObjectLayout
from crmerp_assets.connectors.files.overlay import Applied, overlaid
from crmerp_assets.connectors.protocol import Deletion, Misread, Page, Row

PAGE = 2000
Ours: TypeAlias = Callable[[str], Sequence[Applied]]
"""The writes to an object that the system has acknowledged."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """`seen`: marks of the extracts whose rows were given. While pages remain, `now`: those that are being given, and
    `after`: the last id that was. `ours`: which of our writes were acknowledged, and how."""

    seen: tuple[str, ...] = ()
    now: tuple[str, ...] | None = None
    after: str | None = None
    ours: str = ""

    def text(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Found:
    """What a pull gives, and whether everything was looked at for it."""

    rows: pl.DataFrame
    misread: tuple[Misread, ...]
    everything: bool


class Reader:
    """Reads one connection's extracts, with our own acknowledged writes on top."""

    def __init__(
        self, extracts: Extracts, layouts: Callable[[str], ObjectLayout], ours: Ours, margin: timedelta
    ) -> None:
        self._extracts = extracts
        self._layouts = layouts
        self._ours = ours
        self._margin = margin

    def pull(self, object: str, fields: Sequence[str], since: str | None) -> Iterator[Page]:
        layout, cursor = self._layouts(object), _parsed(since)
        all_, ours = self._extracts.all(layout), self._ours(object)
        now = _pinned(all_, cursor.now)
        after = cursor.after if now is not None else None
        now = now if now is not None else self._extracts.counting(layout, all_)
        marks = tuple(one.mark for one in now)
        found = self._found(layout, cursor, all_, now, ours, fields)
        rows = found.rows.sort("_id")
        rest = rows.filter(pl.col("_id") > after) if after is not None else rows
        done = Cursor(marks, ours=_digest(ours))
        for start in range(0, rest.height, PAGE):
            page = rest.slice(start, PAGE)
            if start + PAGE < rest.height:
                on_the_way = Cursor(cursor.seen, marks, page["_id"][-1], cursor.ours)
                yield Page(_rows(page), on_the_way.text(), ())
            else:
                yield Page(_rows(page), done.text(), found.misread, found.everything)
        if rest.is_empty():
            yield Page([], done.text(), found.misread, found.everything)

    def ids(self, object: str) -> list[str]:
        """The records of the newest full extract and what came after. Those of the full extract before it, too, where a
        row of the newest cannot even be told by its id: it may be any of them."""
        layout = self._layouts(object)
        all_ = self._extracts.all(layout)
        state = self._state(layout, self._extracts.counting(layout, all_), self._ours(object), ())
        ids = state.ids
        earlier = [one for one in all_ if one.full][:-1]
        if earlier and any(one.record is None for one in state.misread):
            before = self._extracts.state(layout, earlier[-1:], ()).ids
            ids = pl.concat([ids, before]).unique(maintain_order=True)
        return ids.to_list()

    def fetch(self, object: str, fields: Sequence[str], ids: Sequence[str]) -> list[Row]:
        state = self._now(object, fields)
        return _rows(state.frame.filter(pl.col("_id").is_in(list(ids))))

    def find_by_key(self, object: str, key_field: str, keys: Sequence[str], fields: Sequence[str]) -> dict[str, Row]:
        state = self._now(object, [key_field, *fields])
        found = _rows(state.frame.filter(pl.col(key_field).is_in(list(keys))))
        return {str(row[key_field]): row for row in reversed(found)}

    def deletions(self, object: str, since: str | None) -> tuple[list[Deletion], str]:
        """What the full extract at the cursor held and the newest one lacks; nothing where the old one is gone, or
        where a row of the newest cannot be told by its id. The comparison of all ids finds the rest."""
        layout, cursor = self._layouts(object), _parsed(since)
        all_ = self._extracts.all(layout)
        now = self._extracts.counting(layout, all_)
        marks = tuple(one.mark for one in now)
        seen = _pinned(all_, cursor.seen)
        if not seen or marks == cursor.seen or not now[0].full:
            return [], Cursor(marks).text()
        state = self._state(layout, now, self._ours(object), ())
        if any(one.record is None for one in state.misread):
            return [], cursor.text()
        before = self._extracts.state(layout, seen, ()).ids.to_frame()
        gone = before.join(state.ids.to_frame(), on="_id", how="anti")["_id"]
        at = now[0].file.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return [Deletion(native_id, at, None) for native_id in gone], Cursor(marks).text()

    def _found(
        self,
        layout: ObjectLayout,
        cursor: Cursor,
        all_: Sequence[Extract],
        now: Sequence[Extract],
        ours: Sequence[Applied],
        fields: Sequence[str],
    ) -> Found:
        """The general way reads both states; where only files of changes came, those are enough.

        The older files are compared as they are, without our writes, though those were given on top of them. So records
        that we wrote are given in any case: a person may have set one back to what the older files hold.
        """
        marks = tuple(one.mark for one in now)
        if cursor.seen and cursor.ours == _digest(ours) and marks[: len(cursor.seen)] == cursor.seen:
            return self._added(layout, now[len(cursor.seen) :], ours, fields)
        before = _pinned(all_, cursor.seen)
        state = self._state(layout, now, ours, fields)
        old = self._extracts.state(layout, before or (), fields)
        compared = [name for name in state.frame.columns if name not in INTERNAL]
        fresh = state.frame.join(old.frame.select(compared), on=compared, how="anti", nulls_equal=True)
        given = pl.col("_id").is_in([one.native_id for one in ours]) | pl.col("_id").is_in(fresh["_id"].implode())
        return Found(state.frame.filter(given), state.misread, everything=True)

    def _added(
        self, layout: ObjectLayout, added: Sequence[Extract], ours: Sequence[Applied], fields: Sequence[str]
    ) -> Found:
        state = self._extracts.state(layout, added, fields)
        told = overlaid(layout, state, ours, self._margin) if added else state
        return Found(told.frame.join(state.frame, on="_id", how="semi"), state.misread, everything=False)

    def _now(self, object: str, fields: Sequence[str]) -> State:
        layout = self._layouts(object)
        counting = self._extracts.counting(layout, self._extracts.all(layout))
        return self._state(layout, counting, self._ours(object), fields)

    def _state(
        self, layout: ObjectLayout, extracts: Sequence[Extract], ours: Sequence[Applied], fields: Sequence[str]
    ) -> State:
        return overlaid(layout, self._extracts.state(layout, extracts, fields), ours, self._margin)


def _pinned(all_: Sequence[Extract], marks: Sequence[str] | None) -> list[Extract] | None:
    """The extracts of these marks; None where there is no such list, or one of them is not there any more."""
    by_mark = {one.mark: one for one in all_}
    if marks is None or any(mark not in by_mark for mark in marks):
        return None
    return [by_mark[mark] for mark in marks]


def _rows(frame: pl.DataFrame) -> list[Row]:
    return frame.drop(INTERNAL).to_dicts()


def _digest(ours: Sequence[Applied]) -> str:
    """Another one as soon as any acknowledgement is there, gone, or says something else. Empty for none."""
    said = [(one.sent.stem, one.sent.write_id, repr(one.answer)) for one in ours]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest() if said else ""


def _parsed(text: str | None) -> Cursor:
    if text is None:
        return Cursor()
    try:
        fields = json.loads(text)
        now = fields["now"]
        return Cursor(tuple(fields["seen"]), None if now is None else tuple(now), fields["after"], str(fields["ours"]))
    except (ValueError, TypeError, KeyError) as failure:
        message = "The cursor is not one of files; forget it, so that the next pull reads everything."
        raise ConfigError(message, system=SYSTEM) from failure
