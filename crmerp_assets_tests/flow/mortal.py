"""A platform whose process dies at a chosen point: from then on nothing of it reaches the ledger or a system.

It stands around the real ledger and the real connectors. `Died` is raised at the point, and again at every later
step, so that no cleaning up of the dying code has an effect, just as after SIGKILL.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from crmerp_assets.sync.platform import Platform

POINTS = (
    "before-sending-is-noted",
    "while-sending-is-noted",
    "before-the-call",
    "before-recording",
    "while-recording",
    "after-recording",
    "before-storing-what-was-read-back",
)
"""In the order of a push."""
BETWEEN = "while-a-job-runs"
VERSION_CHECK = "after-the-version-check"


class Died(BaseException):
    """The process is dead."""


class Life:
    """Ends at the point `ends`; `pause` is a sleep that can end it, for what waits inside a connector."""

    def __init__(self, ends: str) -> None:
        self.ends = ends
        self.over = False

    def reaches(self, point: str = "") -> None:
        self.over = self.over or (point != "" and point == self.ends)
        if self.over:
            raise Died(point)


def mortal(platform: Platform, life: Life) -> Platform:
    """The platform as a process with that life has it."""
    connections = {
        name: replace(side, connector=_Connector(side.connector, life)) for name, side in platform.connections.items()
    }
    return replace(platform, connections=connections, ledger=_Ledger(platform.ledger, life))


class _Connector:
    def __init__(self, inner: Any, life: Life) -> None:
        self._inner = inner
        self._life = life
        self._pushed = False

    def __getattr__(self, name: str) -> Any:
        self._life.reaches()
        return getattr(self._inner, name)

    def push(self, object: str, writes: Any, accepted: Any) -> Any:
        self._life.reaches("before-the-call")
        results = self._inner.push(object, writes, accepted)
        self._pushed = True
        self._life.reaches("before-recording")
        return results

    def fetch(self, object: str, fields: Any, ids: Any) -> Any:
        self._life.reaches()
        rows = self._inner.fetch(object, fields, ids)
        if self._pushed:
            self._life.reaches("before-storing-what-was-read-back")
        else:
            self._life.reaches(VERSION_CHECK)
        return rows


class _Ledger:
    def __init__(self, inner: Any, life: Life) -> None:
        self._inner = inner
        self._life = life

    @contextmanager
    def read(self) -> Iterator[Any]:
        self._life.reaches()
        with self._inner.read() as tx:
            yield tx

    @contextmanager
    def begin(self) -> Iterator[Any]:
        self._life.reaches()
        did: list[str] = []
        with self._inner.begin() as tx:
            tx.intents = _Intents(tx.intents, self._life, did.append)
            yield tx
            if "mark_sent" in did:
                self._life.reaches("while-sending-is-noted")
            if "record" in did:
                self._life.reaches("while-recording")
        if "record" in did:
            self._life.reaches("after-recording")


class _Intents:
    """Notes what a transaction did to intents, and ends a life right before sending is noted."""

    def __init__(self, inner: Any, life: Life, note: Callable[[str], None]) -> None:
        self._inner = inner
        self._life = life
        self._note = note

    def __getattr__(self, name: str) -> Any:
        if name == "mark_sent":
            self._life.reaches("before-sending-is-noted")
        self._note(name)
        return getattr(self._inner, name)
