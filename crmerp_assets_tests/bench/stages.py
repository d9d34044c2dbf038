"""The stages of a sync in their order, called directly and timed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter

import httpx

from crmerp_assets.sync import conform, invoices, link, merge, plan, pull, push
from crmerp_assets.sync.platform import Platform

STAGES = ("pull", "conform", "link", "merge", "plan", "push")
ENTITIES = ("customer", "contact", "product", "order")
MERGE_ORDER = ("customer", "contact", "product", "order")
PLAN_ORDER = ("product", "customer", "contact", "order")
_PAGES = "/query"


@dataclass
class Timed:
    """What one stage did: rows and seconds by its parts, and the pages it asked for."""

    rows_by: dict[str, int] = field(default_factory=dict)
    parts: dict[str, float] = field(default_factory=dict)
    pages: list[httpx.Request] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """The rows of all parts."""
        return sum(self.rows_by.values())

    @property
    def seconds(self) -> float:
        """All parts together."""
        return sum(self.parts.values())

    def take(self, part: str, work: Callable[[], int]) -> None:
        """Time one part; `work` returns its rows."""
        started = perf_counter()
        self.rows_by[part] = work()
        self.parts[part] = perf_counter() - started


def pulled(platform: Platform) -> Timed:
    """Every object of both systems."""
    timed = Timed()
    with _recorded(timed.pages):
        for name, connection in platform.connections.items():
            for entity_map in platform.matrix.maps(connection.system):
                read = _pull(platform, name, entity_map.name)
                timed.take(f"{name}.{entity_map.name}", read)
    return timed


def _pull(platform: Platform, connection: str, name: str) -> Callable[[], int]:
    return lambda: pull.pull(platform, connection, name).rows


def conformed(platform: Platform) -> Timed:
    """Every map of both systems."""
    timed = Timed()
    for name, connection in platform.connections.items():
        for entity_map in platform.matrix.maps(connection.system):
            timed.take(f"{name}.{entity_map.name}", _conform(platform, name, entity_map.name))
    return timed


def _conform(platform: Platform, connection: str, name: str) -> Callable[[], int]:
    return lambda: conform.conform(platform, connection, name).read


def linked(platform: Platform) -> Timed:
    """Every entity that both systems hold, and invoices."""
    timed = Timed()
    for entity in (*ENTITIES, "invoice"):
        timed.take(entity, _link(platform, entity))
    return timed


def _link(platform: Platform, entity: str) -> Callable[[], int]:
    def work() -> int:
        done = link.link(platform, entity)
        return done.matched + done.born + done.questions

    return work


def merged(platform: Platform) -> Timed:
    """Invoices and rates first: customers and orders show what of them is paid."""
    timed = Timed()
    timed.take("exchange_rate", lambda: invoices.merge_exchange_rates(platform).changed)
    timed.take("invoice", lambda: invoices.merge_invoices(platform).considered)
    for entity in MERGE_ORDER:
        timed.take(entity, _merge(platform, entity))
    return timed


def _merge(platform: Platform, entity: str) -> Callable[[], int]:
    return lambda: merge.merge(platform, entity).considered


def planned(platform: Platform) -> Timed:
    """Every entity that is written."""
    timed = Timed()
    for entity in PLAN_ORDER:
        timed.take(entity, _plan(platform, entity))
    return timed


def _plan(platform: Platform, entity: str) -> Callable[[], int]:
    return lambda: plan.plan(platform, entity).considered


def pushed(platform: Platform) -> Timed:
    """Both systems."""
    timed = Timed()
    for name in platform.connections:
        timed.take(name, _push(platform, name))
    return timed


def _push(platform: Platform, connection: str) -> Callable[[], int]:
    return lambda: push.push(platform, connection, "benchmark").applied


RUN: dict[str, Callable[[Platform], Timed]] = {
    "pull": pulled,
    "conform": conformed,
    "link": linked,
    "merge": merged,
    "plan": planned,
    "push": pushed,
}


def settle(platform: Platform, rounds: int = 4) -> None:
    """Sync until nothing is written any more."""
    for _ in range(rounds):
        for stage in STAGES[1:]:
            done = RUN[stage](platform)
        if done.rows == 0:
            return
    raise AssertionError(f"both sides still exchange writes after {rounds} rounds")


@contextmanager
def _recorded(pages: list[httpx.Request]) -> Iterator[None]:
    """Note every request for a page of records while the connectors work."""
    send = httpx.Client.send

    def noting(client: httpx.Client, request: httpx.Request, **how: object) -> httpx.Response:
        if _PAGES in request.url.path:
            pages.append(request)
        return send(client, request, **how)  # type: ignore[arg-type]

    httpx.Client.send = noting  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        httpx.Client.send = send  # type: ignore[method-assign]
