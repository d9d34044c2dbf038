"""How many of an account's places were in use, and for how long: a limit by number is told by both.

Time is the machine's, unless a test gives its own, so that a slow machine changes nothing.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


class Time(Protocol):
    """What takes the place of the machine's time."""

    def now(self) -> float:
        """Seconds since some moment."""

    def sleep(self, seconds: float) -> None:
        """Let so much of it pass."""


class Gauge:
    """`most` places. `refused` counts since the start, `peak` is the most that were in use at once."""

    def __init__(self, most: int, now: Callable[[], float] = time.monotonic) -> None:
        self.most, self._now = most, now
        self.used = self.peak = self.refused = 0
        self._busy, self._changed = 0.0, now()
        self._lock = threading.Lock()

    def try_take(self) -> bool:
        """Take a place; False where none is free."""
        with self._lock:
            if self.used >= self.most:
                self.refused += 1
                return False
            self._move(1)
            self.peak = max(self.peak, self.used)
            return True

    def give_back(self) -> None:
        with self._lock:
            self._move(-1)

    @contextmanager
    def take(self) -> Iterator[None]:
        """Hold a place that is known to be free."""
        self.try_take()
        try:
            yield
        finally:
            self.give_back()

    def busy(self) -> float:
        """Seconds that places were in use in all, up to now; ten for two places in use for five."""
        with self._lock:
            self._move(0)
            return self._busy

    def _move(self, by: int) -> None:
        now = self._now()
        self._busy += self.used * (now - self._changed)
        self._changed, self.used = now, self.used + by
