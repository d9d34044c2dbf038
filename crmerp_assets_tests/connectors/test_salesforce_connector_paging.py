"""Reading pages of a query that go wrong in every way seen, against a small model of an organisation."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmerp_assets.connectors.errors import Transient
from crmerp_assets.connectors.salesforce.api import QueryPage, Record
from crmerp_assets.connectors.salesforce.paging import Position, Reader, Scan

START = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
FAULTS = st.sampled_from(["none", "none", "short", "repeat", "expire", "edit", "delete", "insert"])


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Organisation:
    """Records by id, read in pages of three; `script` says what happens at each request for a page.

    `live` pages are cut from the records as they are now; otherwise the query keeps the ids it found.
    """

    stamps: dict[str, str]
    live: bool
    script: list[str] = field(default_factory=list)
    now: datetime = START
    queries: int = 0
    open: list[str] = field(default_factory=list)
    position: Position | None = None
    previous: QueryPage | None = None

    def query(self, soql: str, deleted_too: bool = False) -> QueryPage:
        self.queries += 1
        self.position = tuple(json.loads(soql)) if soql != "null" else None
        self.open = self._found()
        return self._page(0, len(self.open))

    def more(self, next_url: str) -> QueryPage | None:
        fault = self.script.pop(0) if self.script else "none"
        self.now += timedelta(seconds=1)
        offset, total = int(next_url.rpartition("-")[2]), int(next_url.split("-")[1])
        if fault == "expire":
            return None
        if fault == "repeat":
            return self.previous
        self._happen(fault)
        return self._page(offset, total, short=fault == "short")

    def _happen(self, fault: str) -> None:
        ids = sorted(self.stamps, key=lambda id_: (self.stamps[id_], id_))
        if fault == "edit" and ids:
            self.stamps[ids[0]] = stamp(self.now)
        if fault == "delete" and ids:
            del self.stamps[ids[0]]
        if fault == "insert":
            self.stamps[f"new{self.now.second}"] = stamp(self.now)

    def _found(self) -> list[str]:
        rows = sorted((at, id_) for id_, at in self.stamps.items())
        return [id_ for at, id_ in rows if self.position is None or (at, id_) > self.position]

    def _page(self, offset: int, total: int, short: bool = False) -> QueryPage:
        ids = self._found() if self.live else self.open
        found = [
            {"Id": id_, "SystemModstamp": self.stamps[id_]} for id_ in ids[offset : offset + 3] if id_ in self.stamps
        ]
        done = offset + 3 >= total
        page = QueryPage(found[: len(found) - short], total, None if done else f"q-{total}-{offset + 3}", self.now)
        self.previous = page
        return page


def scan() -> Scan:
    def position(record: Record, started: datetime) -> Position | None:
        at = record["SystemModstamp"]
        return (at, record["Id"]) if at < stamp(started) else None

    return Scan(json.dumps, position)


def read(org: Organisation, start: Position | None = None) -> list[Record]:
    return [record for batch in Reader(org, scan(), start).batches() for record in batch.records]


def organisation(count: int, script: list[str], live: bool = False) -> Organisation:
    stamps = {f"r{number:02}": stamp(START - timedelta(seconds=count - number // 2)) for number in range(count)}
    return Organisation(stamps, live, list(script))


@given(st.integers(0, 14), st.lists(FAULTS, max_size=8))
def test_every_record_is_read_whatever_happens_to_the_pages(count: int, script: list[str]) -> None:
    assert_unchanged_records_are_read(organisation(count, script))


@given(st.integers(0, 14), st.integers(0, 4), st.sampled_from(["edit", "delete", "insert"]))
def test_a_record_that_slips_past_between_two_live_pages_is_read(count: int, pages: int, change: str) -> None:
    assert_unchanged_records_are_read(organisation(count, ["none"] * pages + [change], live=True))


def assert_unchanged_records_are_read(org: Organisation) -> None:
    before = dict(org.stamps)
    read_ids = {record["Id"] for record in read(org)}
    assert {id_ for id_ in before if org.stamps.get(id_) == before[id_]} <= read_ids


@given(st.integers(0, 14), st.lists(st.sampled_from(["none", "short", "repeat", "expire"]), max_size=6))
def test_no_record_is_read_twice_when_none_changes(count: int, script: list[str]) -> None:
    rows = read(organisation(count, script))
    assert len(rows) == len({row["Id"] for row in rows}) == count


@given(st.integers(1, 14), st.integers(0, 7), st.lists(FAULTS, max_size=8))
def test_a_position_resumes_behind_its_page_whatever_happened_to_it(count: int, pages: int, script: list[str]) -> None:
    assert_resumed_reading_misses_nothing(organisation(count, script), pages)


@given(st.integers(4, 14), st.sampled_from(["edit", "delete"]))
def test_a_page_that_shows_that_rows_slipped_past_is_no_place_to_resume_behind(count: int, change: str) -> None:
    """The last of the query: there the count is out. Seen by handing out the position from before the step back."""
    assert_resumed_reading_misses_nothing(organisation(count, [change], live=True), pages=-(-count // 3) - 1)


def assert_resumed_reading_misses_nothing(org: Organisation, pages: int) -> None:
    before = dict(org.stamps)
    seen: set[str] = set()
    position: Position | None = None
    for number, batch in enumerate(Reader(org, scan(), None).batches()):
        seen.update(record["Id"] for record in batch.records)
        position = batch.position
        if number == pages:
            break
    seen.update(record["Id"] for record in read(org, position))
    assert {id_ for id_ in before if org.stamps.get(id_) == before[id_]} <= seen


def test_an_undisturbed_reading_asks_one_query() -> None:
    org = organisation(14, [])
    assert len(read(org)) == 14
    assert org.queries == 1


def test_a_short_page_is_read_again_behind_its_last_row() -> None:
    org = organisation(9, ["short"])
    assert len(read(org)) == 9
    assert org.queries == 2
    assert org.position == ("2026-11-20T09:59:53Z", "r04")


def test_pages_that_stay_short_are_refused_instead_of_believed() -> None:
    class Broken(Organisation):
        def query(self, soql: str, deleted_too: bool = False) -> QueryPage:
            return QueryPage([], 5, None, START)

    with pytest.raises(Transient, match="incomplete pages"):
        read(Broken({}, live=False))
