"""How many requests of one connection may be under way at once.

A system that refuses a request because others are under way does so for a while: another process of ours, or a
person's tool, has places of its own. So a refusal takes one place away from everybody here, and answers give it back
slowly. Each request that repeats itself without that would be refused again, and keep the other side from its places.
"""

from __future__ import annotations

import threading
from typing import Self

WIDEN = 8
"""Answers in a row, for each open place, before one more place is tried."""


class Slots:
    """A context that holds one place; `most` places in all, at least one of them open. Threads share it."""

    def __init__(self, most: int) -> None:
        self._most = self._open = most
        self._used = self._answers = 0
        self._changed = threading.Condition()

    @property
    def open(self) -> int:
        """Places that may be taken now."""
        return self._open

    def __enter__(self) -> Self:
        with self._changed:
            self._changed.wait_for(lambda: self._used < self._open)
            self._used += 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._used -= 1
            self._changed.notify()

    def refused(self) -> None:
        """The system has too many requests: one place fewer."""
        with self._changed:
            self._open, self._answers = max(1, self._open - 1), 0

    def answered(self) -> None:
        """The system took a request."""
        with self._changed:
            self._answers += 1
            if self._open < self._most and self._answers >= WIDEN * self._open:
                self._open, self._answers = self._open + 1, 0
                self._changed.notify()
