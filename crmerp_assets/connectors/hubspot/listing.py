"""All records of an object by the list endpoint: 100 a page in the order of their ids, from the primary store.

It sees everything and has no wall, but it knows no dates and announces no total. So a page that is shorter than it
might be, one that repeats rows, and the last one are asked for twice.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from crmerp_assets.connectors.errors import Transient
from crmerp_assets.connectors.hubspot.api import HubSpotApi, Record
from crmerp_assets.connectors.hubspot.auth import SYSTEM

logger = logging.getLogger(__name__)

PAGE = 100
_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Listed:
    """New records, where the next page starts (None at the end), and the server's time of the first answer."""

    records: list[Record]
    after: str | None
    started: datetime

    @property
    def last(self) -> bool:
        return self.after is None


class Listing:
    def __init__(self, api: HubSpotApi, object: str, properties: Sequence[str], archived: bool = False) -> None:
        self._api = api
        self._path = api.paths.objects(object)
        self._params = {"limit": str(PAGE), "archived": "true" if archived else "false"}
        if properties:
            self._params["properties"] = ",".join(properties)
        self._before: set[str] = set()

    def pages(self, after: str | None) -> Iterator[Listed]:
        """Every record once. Raises Transient where the pages stay wrong however often they are asked for."""
        started: datetime | None = None
        while True:
            page, at = self._ask(after)
            started = started or at
            if self._doubtful(page):
                page = self._again(after, page)
            records = [record for record in page["results"] if record["id"] not in self._before]
            self._before = {record["id"] for record in page["results"]}
            after = _next(page)
            yield Listed(records, after, started)
            if after is None:
                return

    def _ask(self, after: str | None) -> tuple[Record, datetime]:
        return self._api.get(self._path, self._params | ({"after": after} if after else {}))

    def _doubtful(self, page: Record) -> bool:
        return len(page["results"]) < PAGE or _next(page) is None or self._repeats(page)

    def _repeats(self, page: Record) -> bool:
        return any(record["id"] in self._before for record in page["results"])

    def _again(self, after: str | None, page: Record) -> Record:
        """The page as it is when asked for once more, and what the first answer had besides."""
        for _ in range(_ATTEMPTS):
            fresh, _ = self._ask(after)
            if not self._repeats(fresh):
                return fresh if self._repeats(page) else _joined(fresh, page)
            logger.info("a page of a list was not what it should be; reading it again")
        message = "HubSpot keeps repeating a page of a list; it is read again at the next run."
        raise Transient(message, system=SYSTEM)


def _next(page: Record) -> str | None:
    following = (page.get("paging") or {}).get("next") or {}
    after = following.get("after")
    return str(after) if after else None


def _joined(one: Record, other: Record) -> Record:
    """The longer of two answers to the same question, and what only the shorter one has."""
    longer, shorter = (one, other) if len(one["results"]) >= len(other["results"]) else (other, one)
    known = {record["id"] for record in longer["results"]}
    extra = [record for record in shorter["results"] if record["id"] not in known]
    return {**longer, "results": [*longer["results"], *extra]}
