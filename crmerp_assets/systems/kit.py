"""One door for every system: an entry point that leads to an object saying what the system is.

Packages register theirs in the group `crmerp_assets.systems`. Those that are built in are entry points, too, written
down here, because the metadata of an installation in place are as old as the day it was installed. A system is imported
when a connection uses it and not before, so that a broken one harms nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Literal, TypeAlias

from crmerp_assets.connectors.http import Meter
from crmerp_assets.connectors.protocol import Connector
from crmerp_assets.systems.connection import ConnectionConfig

GROUP = "crmerp_assets.systems"
Role: TypeAlias = Literal["crm", "erp"]
Clock: TypeAlias = Callable[[], datetime]
Sleep: TypeAlias = Callable[[float], None]

BUILT_IN = tuple(
    EntryPoint(name, f"crmerp_assets.systems.{name}:SYSTEM", GROUP)
    for name in ("files", "hubspot", "netsuite", "odoo", "odoo_crm", "salesforce", "tryton")
)


class SystemFault(ValueError):
    """No system of that name, or one that cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class System:
    """A kind of system. `settings` is what connections.yaml says of a connection to one, beyond what all have.

    `connect(config, clock, meter, sleep)` makes a connector from it; `meter` counts its calls, `sleep` is how it waits
    between attempts. `mapping` is a folder with its maps, `<entity>.<name>.yaml`, for a system that is not built in.
    """

    name: str
    roles: tuple[Role, ...]
    settings: type[ConnectionConfig]
    connect: Callable[[Any, Clock, Meter, Sleep], Connector]
    mapping: Path | None = None


def names() -> list[str]:
    """Every system that a connection may have as its type."""
    return sorted({point.name for point in (*BUILT_IN, *entry_points(group=GROUP))})


def known(name: str) -> bool:
    """Whether it is one of them. Built-in ones are known without looking through the installed packages."""
    return any(point.name == name for point in BUILT_IN) or name in names()


def find(name: str) -> System:
    """The system of that name. Raises SystemFault, whatever is wrong with its package."""
    points = [point for point in BUILT_IN if point.name == name] or list(entry_points(group=GROUP, name=name))
    if not points:
        raise SystemFault(f"'{name}' is not a system; install the package that brings it")
    if len({point.value for point in points}) > 1:
        owners = " and ".join(sorted(_owner(point) for point in points))
        raise SystemFault(f"{owners} both bring a system '{name}'; uninstall one of them")
    return _loaded(points[0])


def folders(systems: Iterable[str]) -> list[Path]:
    """The folders with the maps that these systems bring along; one that cannot be used brings none."""
    found: list[Path] = []
    for name in dict.fromkeys(systems):
        try:
            mapping = find(name).mapping
        except SystemFault:
            continue
        found += [mapping] if mapping is not None else []
    return found


def _loaded(point: EntryPoint) -> System:
    try:
        system = point.load()
    except Exception as error:
        what = f"the system '{point.name}' of {_owner(point)} cannot be imported ({type(error).__name__}: {error})"
        raise SystemFault(f"{what}; correct or uninstall that package") from error
    if not isinstance(system, System) or system.name != point.name:
        raise SystemFault(f"{point.value} of {_owner(point)} is no System named '{point.name}'; correct that package")
    return system


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "crmerp-assets"
