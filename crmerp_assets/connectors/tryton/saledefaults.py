"""What Tryton's client fills into a sale and its lines, and JSON-RPC does not: addresses, term, unit and taxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmerp_assets.connectors.tryton.bodies import Draft
from crmerp_assets.connectors.tryton.parties import SIDES, address_of
from crmerp_assets.connectors.tryton.rpc import Rpc
from crmerp_assets.connectors.tryton.values import text

_PARTY = (
    "rec_name",
    "customer_payment_term",
    "customer_tax_rule",
    *(f"addresses.{name}" for name in ("active", *SIDES.values())),
)


class SaleDefaults:
    """Facts of the parties and products of one push."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._parties: dict[int, Any] = {}
        self._filled: dict[tuple[str | None, int], dict[str, Any]] = {}

    def learn(self, drafts: Sequence[Draft]) -> None:
        """Read the parties, in one call."""
        parties = sorted({draft.party for draft in drafts if draft.party is not None})
        asks = ["id", *_PARTY]
        rows = self._rpc.search_read("party.party", [["id", "in", parties]], asks) if parties else []
        self._parties = {int(row["id"]): row for row in rows}

    def name(self, draft: Draft) -> str | None:
        return text((self._parties.get(draft.party or 0) or {}).get("rec_name"))

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
        """Rejected where Tryton's own program cannot make a line of a product, such as one without an account."""
        return [
            {"sequence": place, **self._of_product(draft, line.get("product")), **line}
            for place, line in enumerate(draft.lines or [], start=1)
        ]

    def _of_product(self, draft: Draft, product: int | None) -> dict[str, Any]:
        """Unit and taxes as Tryton itself works them out; parties of one tax rule have the same."""
        if product is None:
            return {}
        rule = (self._parties.get(draft.party or 0) or {}).get("customer_tax_rule")
        if (rule, product) not in self._filled:
            line = {"product": product, "type": "line", "_parent_sale.party": draft.party}
            self._filled[(rule, product)] = _filled(
                self._rpc.worked_out("model.sale.line.on_change", line, ["product"])
            )
        return self._filled[(rule, product)]


def _filled(changed: Mapping[str, Any]) -> dict[str, Any]:
    taxes = [int(tax["id"]) for _, tax in (changed.get("taxes") or {}).get("add", [])]
    unit = changed.get("unit")
    return {"unit": int(unit) if unit is not None else None, "taxes": [["add", taxes]] if taxes else []}
