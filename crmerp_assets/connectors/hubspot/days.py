"""Days that HubSpot keeps as moments: midnight in the portal's own time zone. Where it keeps the day, that is it.

Taken for a day in UTC, a deal closed on the first of a month in Paris would be one of the month before, and its order
would fall into another period.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.hubspot.api import HubSpotApi
from crmerp_assets.connectors.hubspot.auth import SYSTEM

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Days:
    def __init__(self, api: HubSpotApi) -> None:
        self._api = api
        self._known: ZoneInfo | None = None

    def day(self, value: str | None) -> str | None:
        """`2026-06-14T22:00:00Z` is 2026-06-15 in Paris; `2026-06-15` is the same everywhere."""
        if not value or _DAY.fullmatch(value):
            return value or None
        return datetime.fromisoformat(value).astimezone(self._zone()).date().isoformat()

    def kept(self, day: str, type_: str) -> str:
        """As a property of this type keeps a day. Raises ValueError for what is no day."""
        return date.fromisoformat(day).isoformat() if type_ == "date" else self.moment(day)

    def moment(self, day: str) -> str:
        """Midnight of a day there, in UTC."""
        midnight = datetime.fromisoformat(day).replace(tzinfo=self._zone())
        return midnight.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _zone(self) -> ZoneInfo:
        """Asked for once: a portal seldom moves, and a restart follows it."""
        if self._known is None:
            account, _ = self._api.get(self._api.paths.account)
            name = str(account.get("timeZone") or "UTC")
            try:
                self._known = ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError) as failure:
                what = f"The portal's time zone {name} is not known here: install the package tzdata, or update it."
                raise ConfigError(what, system=SYSTEM) from failure
        return self._known
