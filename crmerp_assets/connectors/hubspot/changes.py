"""Records changed since a moment, by search.

Search reaches 10,000 rows at most, sorts by one property only, and leaves rows of the same millisecond in no order, so
that paging by offset loses rows. Hence it is never paged by offset: each question starts at the time of the last row
seen and leaves out the rows of that time that were seen, and a millisecond with more rows than a page holds is read by
id. Every answer says how many rows are left, which shows a page that came back short.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crmerp_assets.connectors.errors import Transient
from crmerp_assets.connectors.hubspot.api import HubSpotApi, Record
from crmerp_assets.connectors.hubspot.auth import SYSTEM
from crmerp_assets.connectors.hubspot.objects import modified_property
from crmerp_assets.connectors.hubspot.selection import stamp_of

logger = logging.getLogger(__name__)

PAGE = 200
_ATTEMPTS = 4
_LEFT_OUT = 100
"""Ids that a question names at most: as many as one batch gives the same millisecond."""

Filter = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Changed:
    """New records, the millisecond that reading goes on from, the server's time of the first answer."""

    records: list[Record]
    position: int
    started: datetime
    last: bool


class Changes:
    """One reading of changes, in the order of change. `also` is a filter that they must pass besides."""

    def __init__(self, api: HubSpotApi, object: str, properties: Sequence[str], also: Filter | None = None) -> None:
        self._api, self._object = api, object
        self._modified = modified_property(object)
        self._properties = list(dict.fromkeys([*properties, self._modified]))
        self._also = [dict(also)] if also else []
        self._seen: dict[str, str] = {}
        self._started: datetime | None = None

    def pages(self, position: int) -> Iterator[Changed]:
        """Every record at least once, and none twice unless it changed in between."""
        met: list[Filter] = []
        while True:
            page = self._ask([self._filter(self._modified, "GTE", position), *met], self._modified)
            rows, more = page["results"], int(page["total"]) > PAGE
            furthest = max((millisecond(self._stamp(row)) for row in rows), default=position)
            if more and furthest <= position:
                yield from self._tied(position)
                furthest = position + 1
            else:
                yield self._page(rows, furthest, last=not more)
            if not more:
                return
            position, met = furthest, self._met(rows, furthest)

    def _met(self, rows: Sequence[Record], at: int) -> list[Filter]:
        """Leaves out rows of a page that the next question would give once more. One that changes in between waits for
        the next reading, which starts before it."""
        ids = [str(row["id"]) for row in rows if millisecond(self._stamp(row)) == at][:_LEFT_OUT]
        return [{"propertyName": "hs_object_id", "operator": "NOT_IN", "values": ids}] if ids else []

    def _tied(self, at: int) -> Iterator[Changed]:
        """More rows of one millisecond than a page holds, by their ids."""
        last_id: str | None = None
        while True:
            beyond = [self._filter("hs_object_id", "GT", last_id)] if last_id else []
            page = self._ask([self._filter(self._modified, "EQ", at), *beyond], "hs_object_id")
            yield self._page(page["results"], at, last=False)
            if int(page["total"]) <= PAGE:
                return
            last_id = max((str(row["id"]) for row in page["results"]), key=int)

    def _page(self, rows: Sequence[Record], position: int, last: bool) -> Changed:
        new = [row for row in rows if self._seen.get(row["id"]) != self._stamp(row)]
        self._seen.update((row["id"], self._stamp(row)) for row in rows)
        assert self._started is not None
        return Changed(new, position, self._started, last)

    def _ask(self, filters: Sequence[Filter], sort: str) -> Record:
        body: dict[str, Any] = {
            "filterGroups": [{"filters": [*filters, *self._also]}],
            "sorts": [{"propertyName": sort, "direction": "ASCENDING"}],
            "properties": self._properties,
            "limit": PAGE,
        }
        for _ in range(_ATTEMPTS):
            page: Record
            page, at = self._api.search(self._object, body)
            self._started = self._started or at
            if len(page["results"]) >= min(int(page["total"]), PAGE):
                return page
            logger.info("a page of a search came back short; reading it again")
        message = "HubSpot keeps giving short pages of a search; it is read again at the next run."
        raise Transient(message, system=SYSTEM)

    def _stamp(self, row: Record) -> str:
        return stamp_of(row, self._object)

    def _filter(self, name: str, operator: str, value: object) -> Filter:
        return {"propertyName": name, "operator": operator, "value": str(value)}


def millisecond(stamp: str) -> int:
    """The milliseconds since 1970 of an ISO moment."""
    moment = datetime.fromisoformat(stamp)
    seconds = int(moment.replace(microsecond=0).astimezone(UTC).timestamp())
    return seconds * 1000 + moment.microsecond // 1000
