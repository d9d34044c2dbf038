"""Odoo's JSON-2 API as a person's client uses it: models and their methods."""

from collections.abc import Mapping, Sequence
from typing import Any

from crmerp_assets.sandbox.company.client import Person

_KEYS = [["module", "=", "__crmerp__"], ["model", "=", "res.partner"]]


class Odoo(Person):
    """A person in Odoo, version 19 or later."""

    def run(self, model: str, method: str, **named: Any) -> Any:
        """Call a method. Raises Refused."""
        return self.call("POST", f"/json/2/{model}/{method}", named).json()

    def rows(self, model: str, domain: Sequence[Any], *fields: str) -> list[dict[str, Any]]:
        """Fields of the records that meet a domain, by id."""
        found: list[dict[str, Any]] = self.run(
            model, "search_read", domain=list(domain), fields=list(fields), order="id"
        )
        return found

    def row(self, model: str, id_: str, *fields: str) -> dict[str, Any]:
        """Fields of one record."""
        return dict(self.run(model, "read", ids=[int(id_)], fields=list(fields))[0])

    def change(self, model: str, id_: str, values: Mapping[str, Any]) -> None:
        """Change fields of one record. Raises Refused."""
        self.run(model, "write", ids=[int(id_)], vals=dict(values))

    def create(self, model: str, values: Mapping[str, Any], **context: Any) -> str:
        """Create one record; its id. Raises Refused."""
        return str(self.run(model, "create", vals_list=dict(values), context=context))

    def wizard(self, model: str, method: str, values: Mapping[str, Any], **context: Any) -> str:
        """Fill in a wizard and press its button; the id of what it made."""
        made = self.create(model, values, **context)
        return str(self.run(model, method, ids=[int(made)], context=context)["res_id"])

    def named(self, model: str, field: str = "name") -> dict[str, int]:
        """What a field says -> id, of all records."""
        return {str(row[field]): int(row["id"]) for row in self.rows(model, [], field)}

    def keyed_companies(self, *fields: str) -> list[tuple[str, dict[str, Any]]]:
        """The platform's key, which is an external id, and fields of every company in use that has one."""
        keys = self.rows("ir.model.data", _KEYS, "name", "res_id")
        if not keys:
            return []
        companies = {row["id"]: row for row in self.rows("res.partner", [["is_company", "=", True]], *fields)}
        return [(str(row["name"]), companies[row["res_id"]]) for row in keys if row["res_id"] in companies]
