"""One company from its first load to 100 changes, every stage next to its limit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil
from time import perf_counter

from . import calls, stages
from .calls import Thrift
from .company import SYSTEMS, World, company
from .limits import Limits, marks
from .reaction import Reaction, reaction
from .stages import STAGES, Timed

CHANGES = 100
ROWS_PER_CALL = {"salesforce": 200, "netsuite": 100}
Say = Callable[[str], None]


@dataclass(frozen=True)
class Stage:
    """A stage's rows and seconds, and its limit: seconds, of a push API calls next to `calls`."""

    rows: int
    seconds: float
    limit: float
    calls: int = 0

    @property
    def ratio(self) -> float:
        """How many times the limit."""
        return (self.calls or self.seconds) / self.limit if self.limit else 0.0


@dataclass
class Measured:
    """What was found out about one size."""

    accounts: int
    rows: int = 0
    first: dict[str, Stage] = field(default_factory=dict)
    changes: dict[str, Stage] = field(default_factory=dict)
    thrift: list[Thrift] = field(default_factory=list)
    reaction: Reaction | None = None

    @property
    def changes_seconds(self) -> float:
        """All stages for the changes."""
        return sum(stage.seconds for stage in self.changes.values())


def measure(accounts: int, say: Say, *, everything: bool) -> Measured:
    """Load a company, settle, change 100 phones; with `everything` also count calls and time won deals."""
    found = Measured(accounts)
    started = perf_counter()
    with company(accounts) as world:
        say(f"{accounts:,} accounts seeded in {perf_counter() - started:.0f} s")
        found.first = _stages(world, say, {}, found.thrift)
        found.rows = found.first["pull"].rows
        _rest(world, say)
        before = marks(world.platform)
        world.change_phones(CHANGES, "1")
        found.changes = _stages(world, say, before, None)
        if everything:
            found.thrift += calls.written(world)
            say("calls counted")
            found.reaction = reaction(world)
            say(f"won deal to sales order: {found.reaction.median:.2f} s")
    return found


def _rest(world: World, say: Say) -> None:
    """Nothing left to write, and nothing left in the overlap of the next pull."""
    started = perf_counter()
    stages.settle(world.platform)
    world.let_time_pass()
    stages.pulled(world.platform)
    stages.settle(world.platform)
    say(f"settled in {perf_counter() - started:.0f} s")


def _stages(world: World, say: Say, before: Mapping[str, int], thrift: list[Thrift] | None) -> dict[str, Stage]:
    limits = Limits(world.platform, world.settings.warehouse, before)
    found: dict[str, Stage] = {}
    for name in STAGES:
        world.reset_calls()
        timed = stages.RUN[name](world.platform)
        if name == "pull" and thrift is not None:
            thrift += calls.read(world, "rows of all objects, first load", _by_system(timed))
        found[name] = _pushed(world, timed) if name == "push" else _bare(name, timed, limits)
        say(f"{name}: {timed.rows:,} rows in {timed.seconds:.2f} s, {found[name].ratio:.1f} times its limit")
    return found


def _bare(name: str, timed: Timed, limits: Limits) -> Stage:
    limit = limits.pull(timed.pages) if name == "pull" else getattr(limits, name)()
    return Stage(timed.rows, timed.seconds, limit)


def _pushed(world: World, timed: Timed) -> Stage:
    used = sum(calls.counted(world, system).total() for system in SYSTEMS)
    best = sum(ceil(timed.rows_by.get(system, 0) / ROWS_PER_CALL[system]) for system in SYSTEMS)
    return Stage(timed.rows, timed.seconds, best, used)


def _by_system(timed: Timed) -> dict[str, dict[str, int]]:
    return {
        system: {part: rows for part, rows in timed.rows_by.items() if part.startswith(f"{system}.")}
        for system in SYSTEMS
    }
