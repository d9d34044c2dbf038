"""The company that a connection works in: its currency, and the time zone that its days are days of.

Odoo keeps moments in UTC and shows them in the reader's own zone. A document has one day for all: that of the company,
which is the zone of its own contact; where that has none, the user's.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.odoo.answers import SYSTEM
from crmerp_assets.connectors.odoo.api import OdooApi
from crmerp_assets.connectors.odoo.lookups import Lookups

MOMENT = "%Y-%m-%d %H:%M:%S"
NOON = time(12)
"""A day that becomes a moment is put at noon, so that it is the same day for readers in most other zones."""


class Home:
    """Asked once, when it is needed first. `time_zone` is used instead of what Odoo says."""

    def __init__(self, api: OdooApi, lookups: Lookups, time_zone: str | None = None) -> None:
        self._api, self._lookups, self._given = api, lookups, time_zone
        self._user: dict[str, Any] | None = None
        self._zone: ZoneInfo | None = None

    def day(self, moment: Any) -> str | None:
        """The company's day of one of Odoo's moments; None for none."""
        if not moment:
            return None
        utc = datetime.strptime(str(moment)[:19], MOMENT).replace(tzinfo=UTC)
        return utc.astimezone(self.zone()).date().isoformat()

    def noon(self, day: str) -> str:
        """Noon of a day of the company as one of Odoo's moments."""
        local = datetime.combine(datetime.fromisoformat(day[:10]), NOON, self.zone())
        return local.astimezone(UTC).strftime(MOMENT)

    def zone(self) -> ZoneInfo:
        """The time zone; ConfigError where its name is none."""
        if self._zone is None:
            self._zone = self._named(self._given or self._company_zone() or str(self._caller().get("tz") or "UTC"))
        return self._zone

    def company(self) -> str:
        """The id of the company that new records are of."""
        if self._api.company:
            return self._api.company
        user = str(self._caller()["uid"])
        return self._lookups.values("res.users", "company_id", [user])[user] or ""

    def currency(self) -> str | None:
        """The company's currency, by its ISO 4217 code."""
        company = self.company()
        return self._lookups.values("res.company", "currency_id.name", [company]).get(company)

    def _company_zone(self) -> str | None:
        company = self.company()
        return self._lookups.values("res.company", "partner_id.tz", [company]).get(company)

    def _caller(self) -> dict[str, Any]:
        if self._user is None:
            self._user = dict(self._api.read("res.users", "context_get", {}))
        return self._user

    def _named(self, name: str) -> ZoneInfo:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, OSError, ValueError) as failure:
            now = "give its time_zone in connections.yaml by an IANA name such as America/New_York"
            raise ConfigError(f"{self._api.name}: {name!r} is no time zone; {now}.", system=SYSTEM) from failure
