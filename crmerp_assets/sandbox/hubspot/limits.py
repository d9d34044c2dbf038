"""Three allowances, each with a policy name: calls in ten seconds, searches in one, and calls a day.

Windows go by real time or by what a test takes for it, the day by the sandbox's clock.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

from crmerp_assets.sandbox.hubspot.errors import too_many
from crmerp_assets.sandbox.kit.clock import Clock

SEARCHES = 5


class Window:
    """At most `most` events in `seconds`. `taken` and `refused` are all since the start, `peak` the fullest it was."""

    def __init__(self, most: int, seconds: float, now: Callable[[], float]) -> None:
        self.most, self._seconds, self._now = most, seconds, now
        self._times: deque[float] = deque()
        self.taken = self.refused = self.peak = 0

    def take(self) -> bool:
        now = self._now()
        while self._times and now - self._times[0] >= self._seconds:
            self._times.popleft()
        if len(self._times) >= self.most:
            self.refused += 1
            return False
        self._times.append(now)
        self.taken += 1
        self.peak = max(self.peak, len(self._times))
        return True

    def used(self) -> dict[str, int]:
        """What the admin API shows."""
        return {"allowed": self.most, "taken": self.taken, "refused": self.refused, "peak": self.peak}

    @property
    def left(self) -> int:
        return self.most - len(self._times)


class Limits:
    """OAuth apps have a smaller window and no daily allowance."""

    def __init__(self, clock: Clock, daily: int = 1_000_000, now: Callable[[], float] = time.monotonic) -> None:
        self.daily, self._clock, self._used, self._day = daily, clock, 0, ""
        self.windows = {"private": Window(190, 10, now), "oauth": Window(110, 10, now)}
        self.searches = Window(SEARCHES, 1, now)
        self._lock = threading.Lock()

    def count(self, app: str, search: bool) -> dict[str, str]:
        """One more call; the headers that go with its answer. Raises 429 with the policy's name."""
        with self._lock:
            headers = self._daily(app)
            if search:
                if not self.searches.take():
                    raise too_many("SECONDLY")
                return {}
            window = self.windows[app]
            if not window.take():
                raise too_many("TEN_SECONDLY_ROLLING")
            return headers | {
                "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
                "X-HubSpot-RateLimit-Max": str(window.most),
                "X-HubSpot-RateLimit-Remaining": str(window.left),
            }

    def reset(self, daily: int | None = None) -> None:
        """Start the day again, with another allowance if one is given."""
        self._used, self.daily = 0, self.daily if daily is None else daily

    def _daily(self, app: str) -> dict[str, str]:
        if app != "private":
            return {}
        day = self._clock().date().isoformat()
        self._used, self._day = (self._used if day == self._day else 0), day
        if self._used >= self.daily:
            raise too_many("DAILY")
        self._used += 1
        left = str(self.daily - self._used)
        return {"X-HubSpot-RateLimit-Daily": str(self.daily), "X-HubSpot-RateLimit-Daily-Remaining": left}
