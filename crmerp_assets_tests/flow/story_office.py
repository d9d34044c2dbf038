"""The platform of a story: run stage by stage, with a clock of its own, and able to die and come back.

Its warehouse is in memory, which saves the seconds that opening a file for every stage costs; losing it is losing
the file. Everything else is as in production: ledger, connectors, HTTP.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
from world import World, push_all, read_and_plan

from crmerp_assets.bootstrap import build
from crmerp_assets.connectors.errors import ConnectorError
from crmerp_assets.settings import Settings
from crmerp_assets.sync.platform import Platform

ROUNDS = 9
LONGEST_PAUSE = 0.02
STEP = timedelta(seconds=2)


class Died(RuntimeError):
    """The process is gone."""


@dataclass
class Fuse:
    """Burns down with each call of the methods that are named; the process dies before or after the last one."""

    calls: int
    methods: tuple[str, ...]
    after: bool

    def burns(self, method: str) -> bool:
        """Whether this call is the one."""
        if method not in self.methods or self.calls <= 0:
            return False
        self.calls -= 1
        return self.calls == 0


class Mortal:
    """A connector in a process that dies when the fuse has burnt down."""

    def __init__(self, connector: Any, fuse: Fuse) -> None:
        self._connector, self._fuse = connector, fuse

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connector, name)
        if name not in self._fuse.methods:
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            burnt = self._fuse.burns(name)
            if burnt and not self._fuse.after:
                raise Died(f"before {name}")
            answer = found(*args, **kwargs)
            if burnt:
                raise Died(f"after {name}")
            return answer

        return call


class Office:
    """Runs syncs. `now` is the story's time: real time, moved on by each step and by people who set clocks."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.offset = timedelta()
        self.skew = {"crm": 0.0, "erp": 0.0}
        self.troubled = False
        self._runs = 0
        self._memory = duckdb.connect(":memory:", config={"threads": 1})
        self._platform: Platform | None = None

    def close(self) -> None:
        """The lights go out."""
        if self._platform is not None:
            self._platform.close()
            self._platform = None
        self._memory.close()

    def now(self) -> datetime:
        """The platform's clock, which both systems share unless somebody sets theirs."""
        return datetime.now(UTC) + self.offset

    def trouble(self, system: str, **rule: Any) -> None:
        """Something goes wrong with the next calls of the platform."""
        self.troubled = True
        self.world.admin(system, "faults", {"user": "integration", "status": 503, **rule})

    def tick(self) -> None:
        """Two seconds go by, so that what comes next is later; each system's clock may be off by its skew."""
        self.offset += STEP
        moment = self.now().replace(microsecond=0) + timedelta(seconds=1)
        self.offset = moment - datetime.now(UTC)
        self.world.crm.clock.offset = self.offset + timedelta(seconds=self.skew["crm"])
        self.world.erp.clock.offset = self.offset + timedelta(seconds=self.skew["erp"])

    @property
    def platform(self) -> Platform:
        """The running platform."""
        if self._platform is None:
            self._platform = build(Settings(), self._connect, self.now, lambda s: time.sleep(min(s, LONGEST_PAUSE)))
        return self._platform

    @contextmanager
    def _connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        yield self._memory

    def restart(self, *, lose_warehouse: bool = False) -> None:
        """A new process; what the old one had claimed belongs to nobody."""
        if self._platform is not None:
            self._platform.close()
            self._platform = None
        if lose_warehouse:
            self._memory.close()
            self._memory = duckdb.connect(":memory:", config={"threads": 1})
        with self.platform.ledger.begin() as tx:
            tx.intents.abandon([f"run {number}" for number in range(self._runs + 1)])

    def once(self, meanwhile: Callable[[], None] | None = None, fuse: Fuse | None = None) -> int | None:
        """One sync, stage by stage; how many writes were tried or settled, None where it broke off.

        `meanwhile`: what people do between plan and push. A sync that dies is followed by a restart.
        """
        self._runs += 1
        used = self.platform if fuse is None else _mortal(self.platform, fuse)
        try:
            read_and_plan(used)
            if meanwhile is not None:
                meanwhile()
            return push_all(used, worker=f"run {self._runs}")
        except ConnectorError:
            return None
        except Died:
            self.restart()
            return None

    def settle(self) -> None:
        """Sync until nothing is left to do; trouble that has not struck by then is over."""
        if self.once() == 0 and not self.troubled:
            return
        self.world.admin("crm", "faults", method="DELETE")
        self.world.admin("erp", "faults", method="DELETE")
        self.troubled = False
        for _ in range(ROUNDS):
            if self.once() == 0:
                return
        raise AssertionError(f"both sides still exchange writes after {ROUNDS} rounds: {self.open()}")

    def open(self) -> list[dict[str, Any]]:
        """Open intents, for a message."""
        with self.platform.ledger.read() as tx:
            rows = tx.intents.open().to_dicts()
        names = ("connection", "entity", "golden_id", "operation", "state", "gate", "changes", "error")
        return [{name: row[name] for name in names} for row in rows]


def _mortal(platform: Platform, fuse: Fuse) -> Platform:
    mortal = {name: replace(c, connector=Mortal(c.connector, fuse)) for name, c in platform.connections.items()}
    return replace(platform, connections=mortal)
