"""Fields of other records, along many2one paths such as `country_id.code`, and the way back from a name to an id.

Small lists (countries, currencies, terms) are read whole, once; others by the ids that a page needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crmerp_assets.connectors.odoo.api import OdooApi, Record
from crmerp_assets.connectors.odoo.schema import Schema
from crmerp_assets.connectors.odoo.texts import text_of

SMALL = frozenset(
    {
        "account.payment.term",
        "product.pricelist",
        "res.company",
        "res.country",
        "res.country.state",
        "res.currency",
        "uom.uom",
    }
)


class Lookups:
    """Values of referred records by id."""

    def __init__(self, api: OdooApi, schema: Schema) -> None:
        self._api, self._schema = api, schema
        self._lists: dict[tuple[str, str], dict[str, str | None]] = {}

    def values(self, model: str, path: str, ids: Iterable[str]) -> Mapping[str, str | None]:
        """`path` of each record of `model`, as text."""
        wanted = {id_ for id_ in ids if id_}
        if not wanted:
            return {}
        name, _, rest = path.partition(".")
        found = self._column(model, name, wanted)
        if not rest:
            return found
        relation = str(self._schema.field(model, name)["relation"])
        beyond = self.values(relation, rest, [value for value in found.values() if value])
        return {id_: beyond.get(value) if value else None for id_, value in found.items()}

    def ids_of(self, model: str, field: str, value: str) -> list[str]:
        """The records of a small list that have this value, whatever its case, in the list's order."""
        for fresh in (False, True):
            found = [id_ for id_, known in self._list(model, field, fresh).items() if _same(known, value)]
            if found:
                return found
        return []

    def pricelists(self, currency: str) -> list[str]:
        """The pricelists in a currency that are in use, and not those of another company than the one worked in."""
        currencies = self.ids_of("res.currency", "name", currency)
        lists = self.ids_of("product.pricelist", "currency_id", currencies[0]) if currencies else []
        active = self.values("product.pricelist", "active", lists)
        owner = self.values("product.pricelist", "company_id", lists) if self._api.company else {}
        return [id_ for id_ in lists if active[id_] == "true" and owner.get(id_) in (None, self._api.company)]

    def _column(self, model: str, name: str, wanted: set[str]) -> Mapping[str, str | None]:
        if model not in SMALL:
            return self._texts(model, name, self._api.some(model, sorted(wanted, key=int), [name]))
        known = self._list(model, name)
        return known if wanted <= known.keys() else self._list(model, name, fresh=True)

    def _list(self, model: str, name: str, fresh: bool = False) -> dict[str, str | None]:
        key = (model, name)
        if fresh or key not in self._lists:
            self._schema.field(model, name)
            self._lists[key] = self._texts(model, name, self._api.whole(model, [], [name]))
        return self._lists[key]

    def _texts(self, model: str, name: str, rows: Iterable[Record]) -> dict[str, str | None]:
        kind = str(self._schema.field(model, name)["type"])
        return {str(row["id"]): text_of(kind, row[name]) for row in rows}


def _same(known: str | None, value: str) -> bool:
    return known is not None and known.casefold() == value.strip().casefold()
