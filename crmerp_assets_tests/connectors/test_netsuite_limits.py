"""At NetSuite's limit of five at once: never one more, and four fifths of the five in writing, as the sandbox counts.

What is counted: reading uses a place while a request is answered. Writing goes as jobs, so that a place is used while
a job is in work, on one of the five processors that such an account has; the requests that submit and look at jobs are
not added. The share is the time that places were used, from the first call to the last, of five times that time. So
the looks that come late, the lookups before and after, and the ends where less than five are left count against it.
Beyond the limit is what the sandbox refuses by requests in flight.

Time is a number here that passes once everybody waits for it, so that a busy machine changes little (`Time`). Calls
and jobs take up to a fifth more or less. Reading ends with fewer than five pages, which weighs more the fewer pages
there are: 20,000 orders are 22 pages for five lanes, four fifths at best, so that reading alone must reach 70%, and
reading and writing together 80%. What is read are orders with three lines each, what is written are customers.
`make throttle` does the same with 20,000 records and pages of the vendor's size.

Protection removed once, and the test that failed: one lane for all (the first); `with self._slots` and the limit on
connections in http.py, either of which is enough (the second); `refused` that takes no place away (the fourth).
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from threading import Condition
from typing import Self, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmerp_assets.connectors import http
from crmerp_assets.connectors.netsuite import NetSuiteConnector, batches, reading, spans, suiteql
from crmerp_assets.connectors.slots import WIDEN, Slots
from crmerp_assets.connectors.together import together
from crmerp_assets.contract.case import Admin
from crmerp_assets.sandbox.netsuite import NetSuiteSandbox
from crmerp_assets.sandbox.netsuite.gauge import Gauge
from crmerp_assets_tests.connectors.test_netsuite_connector import connector_to, customers
from crmerp_assets_tests.contract.netsuite_case import seed, update

T = TypeVar("T")
R = TypeVar("R")
FULL = "CRMERP_THROTTLE" in os.environ
RECORDS = 20_000 if FULL else 1_000
PAGE, BATCH = (1000, 100) if FULL else (25, 25)
ALLOWED = 5
CALL, JOB = 0.1, 5.0
"""Seconds that a call and a job take."""
LINES = '[{"quantity":"1"},{"quantity":"2"},{"quantity":"3"}]'
LOOK, STALLED = 0.02, 4.0 if FULL else 0.5
"""Seconds of the machine's own time: between two looks at who is asleep, and until those who wait for one another are
not waited for."""


class Time:
    """Passes to the next moment that somebody sleeps until, once all who are at work sleep: lanes, and jobs."""

    def __init__(self) -> None:
        self.lanes = self.queued = 0
        self.seconds, self._steps, self._chance = 0.0, 0, random.Random(5)
        self._sleepers: list[float] = []
        self._changed = Condition()
        self.jobs: Gauge | None = None

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """What the account takes: up to a fifth more or less."""
        self.pause(seconds * self._chance.uniform(0.8, 1.2))

    def pause(self, seconds: float) -> None:
        with self._changed:
            until = self.seconds + seconds
            self._sleepers.append(until)
            self._steps += 1
            looked, before = 0, self._steps
            while self.seconds < until:
                looked, before = (looked + 1, before) if before == self._steps else (0, self._steps)
                if self._all_asleep() or looked > STALLED / LOOK:
                    self._pass()
                else:
                    self._changed.wait(LOOK)
            self._sleepers.remove(until)
            self._steps += 1

    def lane(self, work: Callable[[T], R], item: T) -> R:
        """What one lane does; until it is done, no time passes without it."""
        with self._changed:
            self.lanes += 1
        try:
            return work(item)
        finally:
            with self._changed:
                self.lanes -= 1

    def _all_asleep(self) -> bool:
        asleep = sum(until > self.seconds for until in self._sleepers)
        return asleep + self.queued >= max(1, self.lanes) + (self.jobs.used if self.jobs else 0)

    def _pass(self) -> None:
        self.seconds = min(until for until in self._sleepers if until > self.seconds)
        self._steps += 1
        self._changed.notify_all()


class Queue(Slots):
    """Places that tell how many lanes wait for one: they are not at work."""

    def __init__(self, time: Time, most: int) -> None:
        super().__init__(most)
        self._time = time

    def __enter__(self) -> Self:
        self._time.queued += 1
        super().__enter__()
        self._time.queued -= 1
        return self


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def sandbox(tmp_path: Path, time: Time) -> Iterator[NetSuiteSandbox]:
    started = NetSuiteSandbox(
        tmp_path, time=time, concurrency_limit=ALLOWED, latency_seconds=CALL, job_delay_seconds=JOB
    )
    time.jobs = started.jobs.gauge
    with started:
        yield started


def test_changed_records_are_pulled_and_pushed_at_the_limit_and_never_beyond(
    sandbox: NetSuiteSandbox, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests, jobs = sandbox.requests, sandbox.jobs.gauge
    monkeypatch.setattr(http, "Slots", partial(Queue, time))
    for module in (batches, reading):
        monkeypatch.setattr(module, "together", lambda work, *rest: together(partial(time.lane, work), *rest))
    with closing(connector_to(sandbox, concurrency=ALLOWED, sleep=time.pause)()) as netsuite:
        cursor = [page.cursor for page in netsuite.pull("salesOrder", ("total",), None)][-1]
        ids = changed(sandbox)

        before, started = requests.busy(), time.seconds
        with monkeypatch.context() as smaller:
            for module in (suiteql, reading, spans):
                smaller.setattr(module, "PAGE", PAGE)
            orders = [
                row for page in netsuite.pull("salesOrder", ("total", "item.quantity"), cursor) for row in page.rows
            ]
        reading_seconds = time.seconds - started
        read = share(requests, before, reading_seconds)

        monkeypatch.setattr(batches, "BATCH", BATCH)
        begun = netsuite.calls()
        before, started = jobs.busy(), time.seconds
        writes = [update(number, id, "Changed by us") for number, id in enumerate(ids)]
        results = netsuite.push("customer", writes)
        writing_seconds = time.seconds - started
        written = share(jobs, before, writing_seconds)
        calls = netsuite.calls() - begun

    assert [result.error for result in results if result.error] == []
    assert [result.write_id for result in results] == [write.id for write in writes]
    assert len({row["_id"] for row in orders}) == len(orders) == RECORDS
    assert {row["item"] for row in orders} == {LINES}
    assert calls <= 1.1 * fewest(RECORDS), f"{calls} calls, which can be {fewest(RECORDS)}"
    assert requests.refused == 0
    assert requests.peak <= ALLOWED
    assert read >= 0.7
    assert written >= 0.8
    assert read * reading_seconds + written * writing_seconds >= 0.8 * (reading_seconds + writing_seconds)
    told = os.environ.get("CRMERP_THROTTLE")
    if told:
        with Path(told).open("a", encoding="utf-8") as file:
            file.write(f"netsuite|{RECORDS}|{calls}|{requests.peak}|{read:.0%}|{jobs.peak}|{written:.0%}\n")


def test_lanes_of_all_kinds_on_one_connection_share_its_places(tmp_path: Path) -> None:
    with busy_account(tmp_path) as sandbox, closing(connector_to(sandbox, concurrency=ALLOWED)()) as netsuite:
        answers = list(together(lambda _number: netsuite.limits(), range(60), 3 * ALLOWED))
    assert {answer.concurrent for answer in answers} == {ALLOWED}
    assert (sandbox.requests.refused, sandbox.requests.peak) == (0, ALLOWED)


def test_two_processes_on_one_account_refuse_each_other_no_record(tmp_path: Path) -> None:
    account = busy_account(tmp_path)
    with account, ThreadPoolExecutor(2) as processes, two(account) as both:
        pushed = [processes.submit(one.push, "customer", customers(80, 80 * at)) for at, one in enumerate(both)]
        for one in both:
            list(together(lambda _number, one=one: one.limits(), range(40), 4))
        results = [result for push in pushed for result in push.result()]
    assert [result.error for result in results] == [None] * 160
    assert account.requests.peak <= ALLOWED


def test_a_place_taken_away_by_a_refusal_comes_back_after_answers_in_a_row() -> None:
    slots = Slots(4)
    for _ in range(9):
        slots.refused()
    assert slots.open == 1
    for _ in range(WIDEN):
        slots.answered()
    assert slots.open == 2
    slots.refused()
    for _ in range(WIDEN * (1 + 2 + 3) + 1):
        slots.answered()
    assert slots.open == 4


@given(st.integers(0, 10**6), st.integers(0, 10**7), st.integers(1, 10**6), st.booleans())
def test_every_id_is_in_exactly_one_span(after: int, width: int, rows: int, ended: bool) -> None:
    rest = spans.Span(after, after + width if ended else None)
    parts = spans.split(rest, after + width, rows)
    assert [parts[0].after, parts[-1].upto] == [after, rest.upto]
    assert [one.upto for one in parts[:-1]] == [one.after for one in parts[1:]]
    assert len(parts) <= max(1, -(-rows // int(suiteql.PAGE * spans.FILLED)))


def fewest(count: int) -> int:
    """Calls to write so many: a batch is sent and looked at once or twice; one look at the clock, and one query of each
    1,000 keys for their versions before and for what came of them."""
    return 3 * -(-count // BATCH) + 1 + 2 * -(-count // 1000)


def busy_account(directory: Path) -> NetSuiteSandbox:
    return NetSuiteSandbox(directory, concurrency_limit=ALLOWED, latency_seconds=0.02)


@contextmanager
def two(account: NetSuiteSandbox) -> Iterator[list[NetSuiteConnector]]:
    """Two connections that leave a place each, and do not know of one another."""
    connect = connector_to(account, concurrency=ALLOWED - 1)
    with closing(connect()) as ours, closing(connect()) as theirs:
        yield [ours, theirs]


def changed(sandbox: NetSuiteSandbox) -> list[str]:
    """Customers and orders that are new to the connector; the customers' ids."""
    made: list[str] = []
    with closing(Admin(sandbox.url)) as admin:
        (item,) = admin.seed("nonInventorySaleItem", [{"itemId": "SKU-1"}])
        lines = [{"item": {"id": item}, "quantity": number + 1, "rate": 2} for number in range(3)]
        for start in range(0, RECORDS, 1000):
            ids = admin.seed("customer", seed(min(1000, RECORDS - start)))
            admin.seed("salesOrder", [{"entity": {"id": id}, "item": {"items": lines}} for id in ids])
            made += ids
    return made


def share(gauge: Gauge, before: float, elapsed: float) -> float:
    """How much of what is allowed was used."""
    return (gauge.busy() - before) / (gauge.most * elapsed)
