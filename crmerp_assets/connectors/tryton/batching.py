"""Many writes in one call, and what becomes of them when Tryton refuses one.

A call is one transaction: one bad record undoes all. So a refused call is halved and each half sent again, which is
safe because nothing of it was applied, until the bad record stands alone and gets its error. What only the call can
suffer befalls all that were in it: a lost answer makes every outcome unknown, and after it, or while Tryton rests,
nothing more is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from crmerp_assets.connectors.errors import (
    AuthFailed,
    ConfigError,
    ConnectorError,
    Duplicate,
    QuotaSpent,
    Rejected,
    Throttled,
    Transient,
    Unknown,
    VersionConflict,
)

Item = TypeVar("Item")
Done = TypeVar("Done")
_OF_RECORDS = (Rejected, VersionConflict, Duplicate)
_RAISED = (AuthFailed, QuotaSpent, ConfigError)
_STOPPING = (AuthFailed, QuotaSpent, ConfigError, Transient, Throttled, Unknown)


class Batches:
    """The calls of one push. It raises what concerns every write, as long as none was sent: whoever catches that gives
    all of them back as never sent."""

    def __init__(self) -> None:
        self._stop: ConnectorError | None = None
        self._sent = False

    @property
    def sent(self) -> bool:
        """Whether a write may have been applied."""
        return self._sent

    def send(
        self, items: Sequence[Item], size: int, call: Callable[[Sequence[Item]], Sequence[Done]]
    ) -> list[Done | ConnectorError]:
        """What `call` gives for each item, or the error that befell it."""
        found: list[Done | ConnectorError] = []
        for start in range(0, len(items), size):
            found += self._send(items[start : start + size], call)
        return found

    def _send(
        self, items: Sequence[Item], call: Callable[[Sequence[Item]], Sequence[Done]]
    ) -> list[Done | ConnectorError]:
        if self._stop is not None:
            return [self._stop] * len(items)
        try:
            done = list(call(items))
        except _OF_RECORDS as refused:
            return self._halved(items, call) if len(items) > 1 else [refused]
        except ConnectorError as failure:
            if isinstance(failure, _RAISED) and not self._sent:
                raise
            self._sent = self._sent or isinstance(failure, Unknown)
            self._stop = _rest(failure) if isinstance(failure, _STOPPING) else None
            return [failure] * len(items)
        self._sent = True
        return list(done)

    def _halved(
        self, items: Sequence[Item], call: Callable[[Sequence[Item]], Sequence[Done]]
    ) -> list[Done | ConnectorError]:
        middle = len(items) // 2
        return [*self._send(items[:middle], call), *self._send(items[middle:], call)]


def _rest(failure: ConnectorError) -> ConnectorError:
    """What befalls the calls that are not made any more: what is not sent is never unknown."""
    if not isinstance(failure, Unknown):
        return failure
    message = "Tryton gave no answer to the call before, so this one was not sent; it is tried again."
    return Transient(message, system=failure.system)
