"""References known by name: a currency by its symbol, a term, a unit or a contact role by what people call it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock

from crmerp_assets.connectors.netsuite.suiteql import SuiteQL

_QUERIES: Mapping[str, str] = {
    "currency": "SELECT l.id AS id, l.symbol AS name FROM currency l",
    "term": "SELECT l.id AS id, l.name AS name FROM term l",
    "contactRole": "SELECT l.id AS id, l.name AS name FROM contactrole l",
    "unit": "SELECT l.internalid AS id, l.unitname AS name FROM unitstypeuom l",
    "subsidiary": "SELECT l.id AS id, l.name AS name FROM subsidiary l",
}
_MISSING_FOR = timedelta(minutes=1)
_BASE_CURRENCY = "SELECT l.id AS id FROM currency l WHERE l.isbasecurrency = 'T'"


class Names:
    """Internal ids by name, each list read once; a name that is missing has the list read once more.

    It counts as missing for a minute: then the list is read again, as people add what was missing, while a thousand
    records with the same unknown name cost one reading.
    """

    def __init__(self, suiteql: SuiteQL, clock: Callable[[], datetime]) -> None:
        self._suiteql = suiteql
        self._clock = clock
        self._read_at: dict[str, datetime] = {}
        self._lists: dict[str, dict[str, str]] = {}
        self._missing: set[tuple[str, str]] = set()
        self._base_currency: str | None = None
        self._lock = Lock()

    def id_of(self, lookup: str, name: str) -> str | None:
        """The internal id; None where no entry of that name exists."""
        wanted = name.strip().lower()
        with self._lock:
            if lookup not in self._lists or self._worth_reading(lookup, wanted):
                self._lists[lookup] = self._read(lookup)
            found = self._lists[lookup].get(wanted)
            if found is None:
                self._missing.add((lookup, wanted))
        return found

    def base_currency(self) -> str:
        with self._lock:
            if self._base_currency is None:
                found = self._suiteql.rows(_BASE_CURRENCY)
                self._base_currency = (found[0]["id"] if found else None) or "1"
            return self._base_currency

    def _worth_reading(self, lookup: str, wanted: str) -> bool:
        if wanted in self._lists[lookup]:
            return False
        return (lookup, wanted) not in self._missing or abs(self._clock() - self._read_at[lookup]) > _MISSING_FOR

    def _read(self, lookup: str) -> dict[str, str]:
        begun, rows = self._clock(), self._suiteql.rows(_QUERIES[lookup])
        self._read_at[lookup] = begun
        return {(row.get("name") or "").strip().lower(): row["id"] or "" for row in rows}
