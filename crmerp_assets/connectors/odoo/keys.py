"""Our keys: external ids in a module of our own, rows of ir.model.data that Odoo keeps unique and moves in a merge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from crmerp_assets.connectors.odoo.api import MODULE, OdooApi, Record, chunks

DATA = "ir.model.data"
_MANY = 100_000


class Keys:
    """Reads and gives external ids."""

    def __init__(self, api: OdooApi) -> None:
        self._api = api

    def of(self, model: str, ids: Sequence[str]) -> dict[str, str]:
        """Key by record id. After a merge a record has several: its own is the one that never moved."""
        found: dict[str, str] = {}
        for chunk in chunks(ids):
            rows = self._asked(model, "res_id", [int(id_) for id_ in chunk])
            for row in sorted(rows, key=lambda row: (row["write_date"] != row["create_date"], int(row["id"]))):
                found.setdefault(str(row["res_id"]), str(row["name"]))
        return found

    def find(self, model: str, keys: Sequence[str]) -> dict[str, str]:
        """Record id by key, for the keys that exist."""
        found: dict[str, str] = {}
        for chunk in chunks(list(dict.fromkeys(keys))):
            rows = self._asked(model, "name", list(chunk))
            found |= {str(row["name"]): str(row["res_id"]) for row in rows}
        return found

    def all(self, model: str) -> dict[str, str]:
        """Every key of a model with the id of its record."""
        after, found = 0, dict[str, str]()
        while rows := self._api.page(DATA, _ours(model), ["name", "res_id"], after, _MANY):
            found |= {str(row["name"]): str(row["res_id"]) for row in rows}
            after = int(rows[-1]["id"])
        return found

    def link(self, model: str, wanted: Mapping[str, str]) -> None:
        """Give existing records a key, key -> record id. A key that is elsewhere moves; one that is there stays."""
        rows = self._asked(model, "name", list(wanted))
        there = {str(row["name"]): row for row in rows}
        new = [
            {"module": MODULE, "name": key, "model": model, "res_id": int(id_)}
            for key, id_ in wanted.items()
            if key not in there
        ]
        if new:
            self._api.call(DATA, "create", {"vals_list": new})
        for key, row in there.items():
            if str(row["res_id"]) != wanted[key]:
                self._api.call(DATA, "write", {"ids": [int(row["id"])], "vals": {"res_id": int(wanted[key])}})

    def _asked(self, model: str, field: str, values: list[int] | list[str]) -> list[Record]:
        """Rows by name or record id. What an answer leaves out is asked for once more: it may just be short, and a
        key that seems to be absent makes a record be sent again."""
        found = self._rows(model, field, values)
        seen = {str(row[field]) for row in found}
        lacking = [value for value in values if str(value) not in seen]
        return found + (self._rows(model, field, lacking) if lacking else [])

    def _rows(self, model: str, field: str, values: Iterable[int | str]) -> list[Record]:
        params = {
            "domain": [*_ours(model), [field, "in", list(values)]],
            "fields": ["name", "res_id", "create_date", "write_date"],
            "order": "id",
        }
        rows: list[Record] = self._api.read(DATA, "search_read", params)
        return rows


def _ours(model: str) -> list[list[str]]:
    return [["module", "=", MODULE], ["model", "=", model]]
