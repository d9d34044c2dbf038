"""The faults of the matrix: what a sandbox can do to the calls of one push, and where its process can die."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench import HASTY_SECONDS, Fault, Trouble
from mortal import POINTS, VERSION_CHECK

SLOW = HASTY_SECONDS + 0.2
ALWAYS = 6
"""More often than a client tries."""


@dataclass(frozen=True)
class Calls:
    """Patterns of the calls that write and read; `checks` reads come before the write, `writes` are let through.

    `behind`: how many reads come before the write depends on what is known already, so that none counts before it.
    `parts`: a batch can be carried out in part, because it is no transaction.
    """

    write: str
    read: str
    checks: int
    writes: int = 0
    behind: bool = False
    parts: bool = False


def rule(kind: str, match: str, **options: Any) -> dict[str, Any]:
    """A rule for a sandbox."""
    return {"kind": kind, "match": match, "status": 503, **options}


def all_faults(calls: Calls) -> Iterator[Fault]:
    """Every fault that any form of writing can meet."""
    yield from on_the_write(calls)
    yield from _on_reads(calls)
    yield from _while_settling(calls)
    yield from (Fault("killed", point, Trouble(dies=point)) for point in POINTS)
    if calls.checks:
        yield Fault("killed", VERSION_CHECK, Trouble(dies=VERSION_CHECK))


def on_the_write(calls: Calls) -> Iterator[Fault]:
    """`once` lets a client that may send again do so, `always` meets every attempt."""
    for kind, point in (
        ("throttle", "before-applying"),
        ("server_error", "before-applying"),
        ("cut_before", "before-applying"),
        ("error_after", "after-applying"),
        ("cut_after", "after-applying"),
    ):
        for often, times in (("once", 1), ("always", ALWAYS)):
            yield Fault(f"{kind}-{often}", point, Trouble((_write(calls, kind, times=times),)))
    for kind, point in (
        *(("html", "before-applying"), ("redirect", "before-applying")),
        *(("truncated", "after-applying"), ("wrong_type", "after-applying")),
    ):
        yield Fault(kind, point, Trouble((_write(calls, kind, times=ALWAYS),)))
    if calls.parts:
        yield Fault("partial", "applied-in-part", Trouble((_write(calls, "partial"),)))
    for kind, point in (("slow", "applied-after-giving-up"), ("late_answer", "after-applying")):
        yield Fault(kind, point, Trouble((_write(calls, kind, seconds=SLOW),), hasty=True))
    for often, times in (("once", 1), ("always", 2)):
        yield Fault(f"revoke-{often}", "before-the-call", Trouble((_write(calls, "revoke", times=times),)))


def _on_reads(calls: Calls) -> Iterator[Fault]:
    """The version check before an update, and reading back after the write."""
    for kind in ("server_error", "cut_after", "revoke"):
        if calls.checks:
            yield Fault(kind, "in-the-version-check", Trouble((rule(kind, calls.read, times=ALWAYS),)))
        since = {"after": calls.write} if calls.behind else {"skip": calls.checks}
        yield Fault(kind, "reading-back", Trouble((rule(kind, calls.read, times=ALWAYS, **since),)))


def _while_settling(calls: Calls) -> Iterator[Fault]:
    """The answer is lost, and then the look-up by key fails too, or its process dies."""
    for kind in ("cut_before", "cut_after"):
        lost = Trouble((_write(calls, kind, times=ALWAYS),))
        failing = Trouble((rule("server_error", calls.read, times=ALWAYS),))
        yield Fault(f"{kind}-then-server_error", "settling", lost, failing)
        yield Fault(f"{kind}-then-killed", "settling", lost, Trouble(dies="while-recording"))
        yield Fault(f"{kind}-then-killed", "after-settling", lost, Trouble(dies="after-recording"))


def _write(calls: Calls, kind: str, **options: Any) -> dict[str, Any]:
    return rule(kind, calls.write, skip=calls.writes, **options)
