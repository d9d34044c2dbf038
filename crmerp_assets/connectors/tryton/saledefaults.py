"""What Tryton's client fills into a sale and its lines, and JSON-RPC does not: addresses, term, unit and taxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crmerp_assets.connectors.tryton.bodies import Draft
from crmerp_assets.connectors.tryton.parties import SIDES, address_of
from crmerp_assets.connectors.tryton.rpc import Rpc

_PARTY = (
    "customer_payment_term",
    "customer_tax_rule",
    *(f"addresses.{name}" for name in ("active", *SIDES.values())),
)
_PRODUCT = ("default_uom", "sale_uom", "customer_taxes_used")


class SaleDefaults:
    """Facts of the parties and products of one push."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._parties: dict[int, Any] = {}
        self._products: dict[int, Any] = {}
        self._ruled: dict[tuple[int, int], list[int]] = {}

    def learn(self, drafts: Sequence[Draft]) -> None:
        """Read them anew, all in two calls."""
        parties = {draft.party for draft in drafts if draft.party is not None}
        products = {
            line["product"] for draft in drafts for line in draft.lines or [] if line.get("product") is not None
        }
        self._parties = self._read("party.party", parties, _PARTY)
        self._products = self._read("product.product", products, _PRODUCT)
        self._ruled = {}

    def header(self, draft: Draft) -> dict[str, Any]:
        party = self._parties.get(draft.party or 0)
        if party is None:
            return {}
        found = {"invoice_address": address_of(party, "billing"), "shipment_address": address_of(party, "shipping")}
        header: dict[str, Any] = {name: int(entry["id"]) for name, entry in found.items() if entry}
        if party["customer_payment_term"] is not None:
            header["payment_term"] = int(party["customer_payment_term"])
        return header

    def lines(self, draft: Draft) -> list[dict[str, Any]]:
        return [
            {"sequence": place, **self._of_product(draft, line.get("product")), **line}
            for place, line in enumerate(draft.lines or [], start=1)
        ]

    def _of_product(self, draft: Draft, product: int | None) -> dict[str, Any]:
        facts = self._products.get(product or 0)
        if product is None or facts is None:
            return {}
        unit = facts.get("sale_uom") or facts.get("default_uom")
        taxes = self._taxes(draft, product)
        return {"unit": int(unit), "taxes": [["add", taxes]] if taxes else []}

    def _taxes(self, draft: Draft, product: int) -> list[int]:
        """Those of the product; where the party has a tax rule, those that Tryton works out by it."""
        party = draft.party or 0
        if not (self._parties.get(party) or {}).get("customer_tax_rule"):
            return [int(one) for one in self._products[product]["customer_taxes_used"] or []]
        if (party, product) not in self._ruled:
            self._ruled[(party, product)] = self._by_rule(party, product)
        return self._ruled[(party, product)]

    def _by_rule(self, party: int, product: int) -> list[int]:
        line = {"product": product, "type": "line", "_parent_sale.party": party}
        changed = self._rpc.read("model.sale.line.on_change", line, ["product"])
        found = next((one["taxes"] for one in changed if isinstance(one, dict) and "taxes" in one), [])
        return [int(one) for one in (found if isinstance(found, list) else [])]

    def _read(self, model: str, ids: set[int], fields: Sequence[str]) -> dict[int, Any]:
        if not ids:
            return {}
        rows = self._rpc.search_read(model, [["id", "in", sorted(ids)]], ["id", *fields])
        return {int(row["id"]): row for row in rows}
