"""API calls per 1,000 records, as the sandboxes counted them."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from crmerp_assets.sync import conform, merge, plan, pull, push

from .company import World

CHANGED = 1000
BEST = {
    ("salesforce", "read"): (0.5, "0.5"),
    ("netsuite", "read"): (1.0, "1"),
    ("salesforce", "write"): (5.0, "5"),
    ("netsuite", "write"): (25.0, "25 to 35"),
}
"""Per 1,000 rows, the number to compare with and the text: pages of 2,000 and 1,000, writes of 200, batches of 100."""
_NEXT_PAGE = re.compile(r"/query/\S+-\d+$")
_ROOTS = re.compile(r"/services/(data/v[\d.]+|rest)|/(record|query)/v1|/services")


@dataclass(frozen=True)
class Thrift:
    """Calls for so many records, by kind of call."""

    system: str
    way: str
    what: str
    rows: int
    calls: Mapping[str, int]

    @property
    def total(self) -> int:
        """All calls."""
        return sum(self.calls.values())

    @property
    def per_thousand(self) -> float:
        """Calls per 1,000 records."""
        return self.total * 1000 / max(self.rows, 1)

    @property
    def best(self) -> float:
        """The vendor's best case per 1,000 records."""
        return BEST[self.system, self.way][0]

    @property
    def best_shown(self) -> str:
        """The best case as the vendor's limits give it, which may be a range."""
        return BEST[self.system, self.way][1]


def counted(world: World, system: str) -> Counter[str]:
    """Calls since the last reset by kind, the pages of one query together."""
    calls: Counter[str] = Counter()
    for call, count in world.calls(system).items():
        calls[_ROOTS.sub("", _NEXT_PAGE.sub("/query", call))] += count
    return calls


def read(world: World, what: str, rows: Mapping[str, int]) -> list[Thrift]:
    """What the pull just done took, for the rows of each system."""
    return [Thrift(system, "read", what, rows[system], counted(world, system)) for system in rows]


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
    return Thrift(target, "write", what, done, counted(world, target))
