"""The server's clock, and the account's wall clock.

SuiteQL shows and compares dates with time in the time zone of the integration user, without saying which. In the
hour that autumn repeats, two instants read alike: the earlier one is assumed, and a pull that starts inside it
starts an hour sooner, so that nothing is missed. Setting the integration user to GMT avoids the matter.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.netsuite.fields import SYSTEM

WALL = "%Y-%m-%d %H:%M:%S"
INSTANT = "%Y-%m-%dT%H:%M:%SZ"


class WallClock:
    """Between an instant and what SuiteQL writes for it."""

    def __init__(self, zone: str) -> None:
        try:
            self._zone = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as failure:
            message = f"account_timezone {zone!r} is not an IANA time zone; write one such as America/Los_Angeles."
            raise ConfigError(message, system=SYSTEM) from failure

    def instant(self, wall: str) -> str:
        """`2026-11-20 10:11:00` on the account's wall as `2026-11-20T18:11:00Z`."""
        local = datetime.strptime(wall, WALL).replace(tzinfo=self._zone)
        return local.astimezone(UTC).strftime(INSTANT)

    def not_after(self, instant: datetime) -> str:
        """A wall reading that no later instant falls short of."""
        local = instant.astimezone(self._zone)
        repeated = _offset(local, fold=0) - _offset(local, fold=1)
        if local.fold == 0 and repeated > timedelta(0):
            local -= repeated
        return local.strftime(WALL)


class ServerClock:
    """The server's time, asked for rarely: its distance from our own clock is kept for a few minutes."""

    def __init__(self, ask: Callable[[], datetime], clock: Callable[[], datetime], keep_seconds: float = 300) -> None:
        self._ask = ask
        self._clock = clock
        self._keep = timedelta(seconds=keep_seconds)
        self._ahead = timedelta(0)
        self._asked_at: datetime | None = None

    def now(self) -> datetime:
        if self._asked_at is None or abs(self._clock() - self._asked_at) > self._keep:
            return self.fresh()
        return self._clock() + self._ahead

    def fresh(self) -> datetime:
        server = self._ask()
        self._asked_at = self._clock()
        self._ahead = server - self._asked_at
        return server


def parse_instant(text: str) -> datetime:
    """An ISO 8601 instant with `Z` or an offset."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _offset(local: datetime, fold: int) -> timedelta:
    return local.replace(fold=fold).utcoffset() or timedelta(0)
