"""Reading a query page by page so that no row is missed, also when the pages themselves are wrong.

Salesforce keeps a query open and hands out its pages of 2,000 rows. Meanwhile people edit, and now and then a page
comes back short or twice. So rows are counted against the total that Salesforce announced and against the position
in the next page's address, ids are remembered, and whenever the count is out the reading starts again behind the
last row that is certain, instead of trusting the open query.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Protocol

from crmerp_assets.connectors.errors import Transient
from crmerp_assets.connectors.salesforce.api import QueryPage, Record
from crmerp_assets.connectors.salesforce.auth import SYSTEM

logger = logging.getLogger(__name__)

Position = tuple[str, ...]
_OFFSET = re.compile(r"-(\d+)$")
_FRUITLESS_ROUNDS = 4


class Queries(Protocol):
    """The two calls that reading takes."""

    def query(self, soql: str, deleted_too: bool = False) -> QueryPage: ...

    def more(self, next_url: str) -> QueryPage | None: ...


@dataclass(frozen=True, slots=True)
class Scan:
    """One ordered query: its SOQL behind a position, and a row's position in that order.

    `position` gets the server's time of the first answer and says None for a row that no later row may be
    measured by, because it changed since.
    """

    soql: Callable[[Position | None], str]
    position: Callable[[Record, datetime], Position | None]
    deleted_too: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """New rows, the last certain position behind them, and whether the query is complete."""

    records: list[Record]
    position: Position | None
    started: datetime
    last: bool


class Reader:
    """One reading of a scan, from a position to its end."""

    def __init__(self, api: Queries, scan: Scan, start: Position | None) -> None:
        self._api = api
        self._scan = scan
        self._position = start
        self._seen: dict[str, str] = {}
        self._rewound = False

    def batches(self) -> Iterator[Batch]:
        """Every row at least once, and none twice unless it changed in between.

        Raises Transient when the pages stay incomplete however often they are asked for.
        """
        started: datetime | None = None
        fruitless = 0
        while fruitless < _FRUITLESS_ROUNDS:
            before, known = self._position, len(self._seen)
            page: QueryPage | None = self._api.query(self._scan.soql(before), self._scan.deleted_too)
            started = started or (page.at if page else None)
            count = _Count()
            while page is not None and started is not None:
                new = self._take(page, started)
                verdict = count.add(page)
                if verdict is _Verdict.BROKEN:
                    self._step_back(before, count)
                yield Batch(new, self._position, started, last=verdict is _Verdict.COMPLETE)
                if verdict is _Verdict.COMPLETE:
                    return
                page = self._api.more(page.next_url) if verdict is _Verdict.MORE and page.next_url else None
            fruitless = 0 if len(self._seen) > known else fruitless + 1
        message = "Salesforce keeps giving incomplete pages of a query; it is read again at the next run."
        raise Transient(message, system=SYSTEM)

    def _take(self, page: QueryPage, started: datetime) -> list[Record]:
        new = [record for record in page.records if self._seen.get(record["Id"]) != _version(record)]
        self._seen.update((record["Id"], _version(record)) for record in page.records)
        for record in page.records:
            self._position = self._scan.position(record, started) or self._position
        return new

    def _step_back(self, before: Position | None, count: _Count) -> None:
        """Continue behind the last certain row; once per reading go back further if a row may have slipped past."""
        logger.info("a page of a query was not what it should be; reading again")
        if count.slipped and not self._rewound:
            self._rewound = True
            self._position = before


class _Verdict(Enum):
    MORE = auto()
    COMPLETE = auto()
    BROKEN = auto()


class _Count:
    """What came of one open query, against what was announced.

    `slipped`: rows moved or vanished between two pages, so that a gap may lie anywhere before.
    """

    def __init__(self) -> None:
        self.slipped = False
        self._total: int | None = None
        self._pages = 0
        self._versions: dict[str, str] = {}

    def add(self, page: QueryPage) -> _Verdict:
        self._total = page.total if self._total is None else self._total
        self._pages += 1
        repeated = [record for record in page.records if record["Id"] in self._versions]
        self.slipped = any(self._versions[record["Id"]] != _version(record) for record in repeated)
        self._versions.update((record["Id"], _version(record)) for record in page.records)
        if repeated:
            return _Verdict.BROKEN
        return self._of_open(page.next_url) if page.next_url else self._of_finished()

    def _of_open(self, next_url: str) -> _Verdict:
        """The address of the next page ends in the number of rows before it."""
        offset = _OFFSET.search(next_url)
        short = offset is not None and int(offset[1]) != len(self._versions)
        return _Verdict.BROKEN if short else _Verdict.MORE

    def _of_finished(self) -> _Verdict:
        if len(self._versions) == self._total:
            return _Verdict.COMPLETE
        self.slipped = self._pages > 1
        return _Verdict.BROKEN


def _version(record: Record) -> str:
    return record.get("SystemModstamp") or ""
