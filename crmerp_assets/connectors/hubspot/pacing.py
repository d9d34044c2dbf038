"""Keeping below an allowance of so many calls in so many seconds, rather than being sent away by it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta


class Pace:
    """At most `most` calls in `seconds`; one more waits until it fits. Threads share it."""

    def __init__(
        self, most: int, seconds: float, clock: Callable[[], datetime], sleep: Callable[[float], None]
    ) -> None:
        self._window = timedelta(seconds=seconds)
        self._times: deque[datetime] = deque(maxlen=most)
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()

    def take(self) -> None:
        with self._lock:
            full = len(self._times) == self._times.maxlen
            wait = (self._times[0] + self._window - self._clock()) if full else timedelta(0)
            if wait > timedelta(0):
                self._sleep(wait.total_seconds())
            self._times.append(self._clock())
