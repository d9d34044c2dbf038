"""Changed, deleted and all records of an object.

Everything is read by list, changes by search. The search index runs behind by seconds to minutes, so every reading of
changes starts some time before the previous one began, by the server's clock: ours may differ from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from crmerp_assets.connectors.exactjson import dumps, loads
from crmerp_assets.connectors.http import Clock
from crmerp_assets.connectors.hubspot.api import LINKS_READ, HubSpotApi, Record
from crmerp_assets.connectors.hubspot.changes import PAGE as CHANGES_PAGE
from crmerp_assets.connectors.hubspot.changes import Changed, Changes, millisecond
from crmerp_assets.connectors.hubspot.listing import PAGE as LISTING_PAGE
from crmerp_assets.connectors.hubspot.listing import Listed, Listing
from crmerp_assets.connectors.hubspot.objects import MERGEABLE, MERGED
from crmerp_assets.connectors.hubspot.related import Related, children_of
from crmerp_assets.connectors.hubspot.schema import Schema
from crmerp_assets.connectors.hubspot.selection import Selection, absent, select, stamp_of, text
from crmerp_assets.connectors.protocol import Deletion, Page, Row

Answered = TypeVar("Answered", Listed, Changed)
_WATCHED = 1000
"""Records without a company that are looked at again: as many as one call reads."""
_ALWAYS_SWEPT = 10
_SECONDS_PER_PAGE = 60
"""A recycle bin of more pages than this is listed less often, so that a clean-up does not cost the day's calls."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A list goes on at `after`; changes go on at `position`, a millisecond, having begun at `since`.

    `following` is where the next reading of changes starts. `lacking` are records that had no company. `swept` and
    `pages` say when a recycle bin was listed, and its size.
    """

    after: str | None = None
    since: str | None = None
    position: int | None = None
    following: str | None = None
    lacking: tuple[str, ...] = ()
    swept: str | None = None
    pages: int = 0

    @classmethod
    def parse(cls, cursor: str | None) -> Cursor:
        fields = loads(cursor) if cursor is not None else {}
        position = fields.get("position")
        return cls(
            fields.get("after"),
            fields.get("since"),
            int(position) if position is not None else None,
            fields.get("following"),
            tuple(fields.get("lacking") or ()),
            fields.get("swept"),
            int(fields.get("pages") or 0),
        )

    def text(self) -> str:
        return dumps({name: value for name, value in asdict(self).items() if value not in (None, (), 0)})


class Reading:
    def __init__(self, api: HubSpotApi, schema: Schema, related: Related, overlap_seconds: int, clock: Clock) -> None:
        self._api, self._schema, self._related, self._clock = api, schema, related, clock
        self._overlap = timedelta(seconds=overlap_seconds)

    def pull(self, object: str, fields: Sequence[str], since: str | None) -> Iterator[Page]:
        """Everything again where `since` lies in the future: the server's clock was set back."""
        cursor, selection = Cursor.parse(since), select(object, fields)
        if cursor.since is None:
            yield from self._all(selection, cursor)
        else:
            yield from self._changed(selection, cursor)

    def deletions(self, object: str, since: str | None) -> tuple[list[Deletion], str]:
        """What lies in the recycle bin since (HubSpot keeps it for 90 days), and both sides of every merge.

        The survivor of a merge is a third record, so both records that were merged are gone into it.
        """
        cursor, now = Cursor.parse(since), self._clock()
        if _rests(cursor, now):
            return list(self._merges(object, cursor.since).values()), cursor.text()
        pages = list(Listing(self._api, object, (), archived=True).pages(None))
        archived = [_deletion(record) for page in pages for record in page.records]
        found = {gone.native_id: gone for gone in archived if gone.deleted_at >= (cursor.since or "")}
        found |= self._merges(object, cursor.since)
        following = _instant(pages[0].started - self._overlap)
        return list(found.values()), Cursor(since=following, swept=_instant(now), pages=len(pages)).text()

    def ids(self, object: str) -> list[str]:
        return [str(record["id"]) for page in Listing(self._api, object, ()).pages(None) for record in page.records]

    def _all(self, selection: Selection, cursor: Cursor) -> Iterator[Page]:
        following, lacking = cursor.following, cursor.lacking
        read = 0
        listing = Listing(self._api, selection.object, selection.asked)
        for records, page in _gathered(selection, listing.pages(cursor.after), LISTING_PAGE):
            following = following or _instant(page.started - self._overlap)
            read += len(records)
            self._require(selection, records, nothing=page.last and not read)
            rows = self._related.rows(selection, records)
            lacking = _lacking(selection, rows, lacking)
            next_ = Cursor(since=following) if page.last else Cursor(page.after, following=following)
            yield Page(rows, replace(next_, lacking=lacking).text())

    def _changed(self, selection: Selection, cursor: Cursor) -> Iterator[Page]:
        assert cursor.since is not None
        start = cursor.position if cursor.position is not None else millisecond(cursor.since)
        following, lacking = cursor.following, cursor.lacking
        seen: set[str] = set()
        changes = Changes(self._api, selection.object, selection.asked)
        for records, page in _gathered(selection, changes.pages(start), CHANGES_PAGE):
            if cursor.position is None and not seen and _instant(page.started) < cursor.since:
                yield from self._all(selection, Cursor())
                return
            following = following or _instant(page.started - self._overlap)
            self._require(selection, records, nothing=page.last and not seen and not records)
            seen.update(str(record["id"]) for record in records)
            if page.last:
                records += self._unstamped(selection, cursor, seen)
            rows = self._related.rows(selection, records)
            lacking = _lacking(selection, rows, lacking)
            yield Page(rows, replace(_next(cursor, page, following), lacking=lacking).text())

    def _unstamped(self, selection: Selection, cursor: Cursor, seen: set[str]) -> list[Record]:
        """Records that changed without HubSpot stamping them: only a line item did, or a company was added."""
        found = self._parents(selection, cursor.since or "") + self._completed(selection, cursor.lacking)
        new = [id_ for id_ in dict.fromkeys(found) if id_ not in seen]
        return self._api.batch_read(selection.object, new, selection.asked)

    def _completed(self, selection: Selection, lacking: Sequence[str]) -> list[str]:
        """Those of the records without a company that have one now."""
        links = [link for link in selection.links.values() if link.any_other]
        return [
            id_ for link in links if lacking for id_ in self._related.targets(selection.object, lacking, link.object)
        ]

    def _parents(self, selection: Selection, since: str) -> list[str]:
        found: list[str] = []
        for child, _ in selection.children.values():
            changed = [
                str(record["id"])
                for page in Changes(self._api, child.object, ()).pages(millisecond(since))
                for record in page.records
            ]
            links = self._related.targets(child.object, changed, selection.object) if changed else {}
            found += children_of(changed, links)
        return found

    def _merges(self, object: str, since: str | None) -> dict[str, Deletion]:
        if object not in MERGEABLE:
            return {}
        has = {"propertyName": MERGED, "operator": "HAS_PROPERTY"}
        start = millisecond(since) if since else 0
        return {
            old: Deletion(old, text(stamp_of(record, object)) or "", str(record["id"]))
            for page in Changes(self._api, object, (MERGED,), has).pages(start)
            for record in page.records
            for old in (record["properties"].get(MERGED) or "").split(";")
            if old and old != str(record["id"])
        }

    def _require(self, selection: Selection, records: Sequence[Record], nothing: bool) -> None:
        """HubSpot leaves out a property that it does not know; without any record it must be asked."""
        lacking = set(selection.named) if nothing else absent(records, selection.named)
        if lacking:
            self._schema.require(selection.object, sorted(lacking))


def _next(cursor: Cursor, page: Changed, following: str) -> Cursor:
    if page.last:
        return Cursor(since=following)
    return Cursor(since=cursor.since, position=page.position, following=following)


def _lacking(selection: Selection, rows: Sequence[Row], before: Sequence[str]) -> tuple[str, ...]:
    """Ids of the records that have no company, the last ones read where there are too many.

    An association does not change a record's stamp, and a deal that was won before its company was added would never
    be heard of again.
    """
    paths = [path for path, link in selection.links.items() if link.any_other]
    read = {row["_id"] for row in rows}
    without = [str(row["_id"]) for row in rows if any(row[path] is None for path in paths)]
    return tuple([*(id_ for id_ in before if id_ not in read), *without][-_WATCHED:])


def _rests(cursor: Cursor, now: datetime) -> bool:
    """Whether a large recycle bin was listed a short while ago."""
    if cursor.swept is None or cursor.pages <= _ALWAYS_SWEPT:
        return False
    return (
        timedelta(0) <= now - datetime.fromisoformat(cursor.swept) < timedelta(seconds=_SECONDS_PER_PAGE) * cursor.pages
    )


def _gathered(selection: Selection, pages: Iterator[Answered], size: int) -> Iterator[tuple[list[Record], Answered]]:
    """Records of as many pages of `size` as have their associations read in one call, with the last of these pages."""
    records: list[Record] = []
    most = 1 if selection.alone else LINKS_READ // size
    for number, page in enumerate(pages, 1):
        records += page.records
        if number % most == 0 or page.last:
            yield records, page
            records = []


def _deletion(record: Record) -> Deletion:
    return Deletion(str(record["id"]), text(record.get("archivedAt")) or "", None)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
