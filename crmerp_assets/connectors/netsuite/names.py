"""References known by name: a currency by its symbol, a term, a unit or a contact role by what people call it."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from crmerp_assets.connectors.netsuite.suiteql import SuiteQL

_QUERIES: Mapping[str, str] = {
    "currency": "SELECT l.id AS id, l.symbol AS name FROM currency l",
    "term": "SELECT l.id AS id, l.name AS name FROM term l",
    "contactRole": "SELECT l.id AS id, l.name AS name FROM contactrole l",
    "unit": "SELECT l.internalid AS id, l.unitname AS name FROM unitstypeuom l",
    "subsidiary": "SELECT l.id AS id, l.name AS name FROM subsidiary l",
}
_BASE_CURRENCY = "SELECT l.id AS id FROM currency l WHERE l.isbasecurrency = 'T'"


class Names:
    """Internal ids by name, each list read once; a name that is missing has the list read once more."""

    def __init__(self, suiteql: SuiteQL) -> None:
        self._suiteql = suiteql
        self._lists: dict[str, dict[str, str]] = {}
        self._missing: set[tuple[str, str]] = set()
        self._base_currency: str | None = None
        self._lock = Lock()

    def id_of(self, lookup: str, name: str) -> str | None:
        """The internal id; None where no entry of that name exists."""
        wanted = name.strip().lower()
        with self._lock:
            if lookup not in self._lists or self._new_to_us(lookup, wanted):
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

    def _new_to_us(self, lookup: str, wanted: str) -> bool:
        return wanted not in self._lists[lookup] and (lookup, wanted) not in self._missing

    def _read(self, lookup: str) -> dict[str, str]:
        rows = self._suiteql.rows(_QUERIES[lookup])
        return {(row.get("name") or "").strip().lower(): row["id"] or "" for row in rows}
