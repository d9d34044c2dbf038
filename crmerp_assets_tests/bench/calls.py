"""API calls per 1,000 records, as the sandboxes counted them."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from crmerp_assets.sync import conform, merge, plan, pull, push

from .company import World

CHANGED = 1000
PAGE = {"salesforce": 2000, "netsuite": 1000}
"""Rows of one object that a call reads."""
LINED = {"netsuite": frozenset({"order", "invoice", "payment", "credit"})}
"""Objects whose lines are rows of a table of their own: a page of them costs a call for its lines, too."""
WRITE = {"salesforce": (200, "5"), "netsuite": (40, "25 to 35")}
"""Customers written per call in the best case, and that best case for 1,000; that of NetSuite includes polls."""
_NEXT_PAGE = re.compile(r"/query/\S+-\d+$")
_ROOTS = re.compile(r"/services/(data/v[\d.]+|rest)|/(record|query)/v1|/services")


@dataclass(frozen=True)
class Thrift:
    """Calls for so many records, by kind of call."""

    system: str
    what: str
    rows: int
    calls: Mapping[str, int]
    best: int
    best_shown: str

    @property
    def total(self) -> int:
        """All calls."""
        return sum(self.calls.values())

    @property
    def ratio(self) -> float:
        """How many times the vendor's best case."""
        return self.total / self.best


def counted(world: World, system: str) -> Counter[str]:
    """Calls since the last reset by kind, the pages of one query together."""
    calls: Counter[str] = Counter()
    for call, count in world.calls(system).items():
        calls[_ROOTS.sub("", _NEXT_PAGE.sub("/query", call))] += count
    return calls


def pages(system: str, name: str, rows: int) -> int:
    """The fewest calls that read so many rows of one object; that there are none takes a call to know."""
    full = ceil(rows / PAGE[system])
    return max(1, full * 2 if name in LINED.get(system, ()) else full)


def read(world: World, what: str, rows: Mapping[str, Mapping[str, int]]) -> list[Thrift]:
    """What the pull just done took, for the rows of each system's objects."""
    found = []
    for system, objects in rows.items():
        best = sum(pages(system, name, count) for name, count in objects.items())
        found.append(Thrift(system, what, sum(objects.values()), counted(world, system), best, str(best)))
    return found


def written(world: World) -> list[Thrift]:
    """A thousand customers written each way: phones to the ERP, credit limits to the CRM."""
    world.change_phones(CHANGED, "7")
    phones = _push(world, "salesforce", "netsuite", "customers, a phone each")
    world.change_credit_limits(CHANGED)
    limits = _push(world, "netsuite", "salesforce", "customers, a credit limit each")
    return [phones, limits]


def _push(world: World, source: str, target: str, what: str) -> Thrift:
    platform = world.platform
    for connection in (source, target):
        pull.pull(platform, connection, "customer")
        conform.conform(platform, connection, "customer")
    merge.merge(platform, "customer")
    plan.plan(platform, "customer")
    world.reset_calls()
    done = push.push(platform, target, "benchmark").applied
    assert done == CHANGED, f"{done} of {CHANGED} customers were written to {target}"
    per_call, shown = WRITE[target]
    return Thrift(target, what, done, counted(world, target), ceil(done / per_call), shown)
