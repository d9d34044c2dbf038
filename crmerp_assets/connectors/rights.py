"""What all systems' rights have in common: fields that lack a right apart from those that have it, and findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from crmerp_assets.connectors.protocol import Finding, Right

NOTHING = "Nothing to do."


def told(right: Right, granted: bool | None) -> Right:
    """The right, now that the system was asked."""
    return replace(right, granted=granted)


def by_field(right: Right, may: Callable[[str], bool]) -> Iterator[Right]:
    """The right over the fields that have it, and one over those that lack it."""
    for granted in (True, False):
        fields = tuple(field for field in right.fields if may(field) is granted)
        if fields:
            yield replace(right, granted=granted, fields=fields)


def excess(name: str, where: str, fields: Sequence[str] = (), why: str = "") -> Right:
    """A right that the user has and the work does not take."""
    return Right(name, where, granted=True, needed=False, fields=tuple(fields), why=why)


def named(right: Right) -> str:
    """The right with the fields that it is about."""
    return f"{right.name}: {', '.join(right.fields)}" if right.fields else right.name


def findings(rights: Iterable[Right]) -> Iterator[Finding]:
    """What of the rights is worth a line of `crmerp check`: each that is missing, each beyond what is needed."""
    granted = 0
    for right in rights:
        granted += bool(right.needed and right.granted)
        if right.needed and right.granted is False:
            yield Finding(False, f"right {named(right)}", f"Grant it in {right.where}")
        elif not right.needed:
            yield Finding(True, f"more than is needed: {named(right)}", f"Take it away in {right.where}", warning=True)
    if granted:
        yield Finding(True, f"rights granted: {granted}", NOTHING)
