"""The daily allowance of API requests, counted by the sandbox's own clock."""

from crmerp_assets.sandbox.kit.clock import Clock
from crmerp_assets.sandbox.kit.store import Store
from crmerp_assets.sandbox.salesforce.errors import requests_used_up


class Usage:
    """`limit` requests a day; what comes after is refused."""

    def __init__(self, store: Store, clock: Clock, limit: int) -> None:
        self._store, self._clock, self.limit = store, clock, limit
        store.write("CREATE TABLE IF NOT EXISTS _usage (day TEXT PRIMARY KEY, requests INTEGER)")

    @property
    def used(self) -> int:
        found = self._store.row("SELECT requests FROM _usage WHERE day = ?", (self._day(),))
        return int(found[0]) if found else 0

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    @property
    def header(self) -> dict[str, str]:
        return {"Sforce-Limit-Info": f"api-usage={self.used}/{self.limit}"}

    def count(self) -> None:
        """One more request. Raises REQUEST_LIMIT_EXCEEDED, which itself is not counted."""
        if self.used >= self.limit:
            raise requests_used_up()
        sql = "INSERT INTO _usage VALUES (?, 1) ON CONFLICT (day) DO UPDATE SET requests = requests + 1"
        self._store.write(sql, (self._day(),))

    def reset(self, limit: int | None = None) -> None:
        """Start the day again, with another limit if one is given."""
        self._store.write("DELETE FROM _usage")
        self.limit = self.limit if limit is None else limit

    def _day(self) -> str:
        return self._clock().date().isoformat()
