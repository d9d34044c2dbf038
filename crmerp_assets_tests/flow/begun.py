"""Tests that begin alike: the first does the work, the others begin with a copy of the state that it left.

A first load takes longer than most of what tests ask afterwards. What is kept is everything that lasts: the folders of
both systems, the ledger, the warehouse and the configuration, taken while nothing runs. It stands in for the work only
where that would have met the same: a world that nothing was written to since it was made, made with the same options,
with the same configuration and environment, and the same arguments. Anything else does the work itself.
"""

import atexit
import copy
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from crmerp_assets_tests.flow.world import World

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Stamp = frozenset[tuple[str, int, int]]

_RUNNING = ("credentials.env", "-shm")
"""What a server writes when it starts, and what SQLite's readers write."""


@dataclass(frozen=True, slots=True)
class _Kept:
    folder: Path
    result: Any
    companies: list[str]


_KEPT: dict[tuple[Any, ...], _Kept] = {}


def begun(
    work: Callable[Concatenate["World", Parameters], Result],
) -> Callable[Concatenate["World", Parameters], Result]:
    """Work that many tests begin with. Its result must be plain data, and so must its arguments."""

    @wraps(work)
    def begin(world: "World", *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        if world.untouched != stamp(world.state):
            return work(world, *args, **kwargs)
        key = (work.__module__, work.__qualname__, repr(args), repr(kwargs), *_circumstances(world))
        if key in _KEPT:
            _restore(world, _KEPT[key])
        else:
            result = work(world, *args, **kwargs)
            if world.runs or _in_memory(world):
                return result
            _KEPT[key] = _keep(world, result)
        world.beginnings.append(work.__qualname__)
        return copy.deepcopy(_KEPT[key].result)  # type: ignore[no-any-return]

    return begin  # type: ignore[return-value]


def stamp(folder: Path) -> Stamp:
    """Names, sizes and times of everything that lasts in a world, except for its configuration."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(_RUNNING)]
    states = [(path.relative_to(folder), path.stat()) for path in files]
    return frozenset((str(name), s.st_size, s.st_mtime_ns) for name, s in states if name.parts[0] != "config")


def _circumstances(world: "World") -> tuple[Any, ...]:
    config = world.state / "config"
    files = sorted((str(path.relative_to(config)), path.read_bytes()) for path in config.rglob("*") if path.is_file())
    names = sorted(name for name in os.environ if name.startswith("CRMERP_"))
    here = [(name, os.environ[name].replace(str(world.state), "")) for name in names]
    return tuple(world.beginnings), world.options, tuple(files), tuple(here)


def _in_memory(world: "World") -> bool:
    """Whether something does not last that the work had set: another clock, a fault, a ledger elsewhere."""
    both = (world.crm, world.erp)
    clocks = any(sandbox.clock.offset or sandbox.clock._stopped for sandbox in both)
    return clocks or any(sandbox.faults.list() for sandbox in both) or "CRMERP_LEDGER_URL" in os.environ


def _keep(world: "World", result: Any) -> _Kept:
    if not _KEPT:
        atexit.register(_forget)
    world.halt()
    folder = Path(tempfile.mkdtemp(prefix="crmerp-begun-"))
    shutil.copytree(world.state, folder, dirs_exist_ok=True)
    world.start()
    return _Kept(folder, copy.deepcopy(result), list(world.companies))


def _restore(world: "World", kept: _Kept) -> None:
    world.halt()
    shutil.rmtree(world.state)
    shutil.copytree(kept.folder, world.state)
    world.companies[:] = kept.companies
    world.start()


def _forget() -> None:
    for kept in _KEPT.values():
        shutil.rmtree(kept.folder, ignore_errors=True)
