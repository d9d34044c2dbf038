"""The exchange rate of a document: its own where Odoo keeps it, else the one that held on its day."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from crmerp_assets.connectors.odoo.api import OdooApi, Record
from crmerp_assets.connectors.odoo.derived import inverse
from crmerp_assets.connectors.odoo.texts import text_of


def company_rates(api: OdooApi, records: Sequence[Record], day: str) -> dict[str, str | None]:
    """Company currency for one unit of each record's currency, by record id; 1 in the company's own.

    A rate belongs to one company, or to all that have none of their own for the currency.
    """
    kept = [row for row in records if row.get("invoice_currency_rate")]
    found = {str(row["id"]): inverse(text_of("float", row["invoice_currency_rate"])) for row in kept}
    rest = [row for row in records if str(row["id"]) not in found]
    currencies = {int(row["currency_id"][0]) for row in rest if row["currency_id"]}
    if not currencies:
        return found
    history: dict[tuple[str | None, str | None], list[tuple[str, str]]] = defaultdict(list)
    fields = ["currency_id", "company_id", "name", "inverse_company_rate"]
    for row in api.whole("res.currency.rate", [["currency_id", "in", sorted(currencies)]], fields):
        rate = text_of("float", row["inverse_company_rate"]) or "1"
        history[_id(row["currency_id"]), _id(row["company_id"])].append((str(row["name"]), rate))
    for row in rest:
        currency = _id(row["currency_id"])
        until = str(row[day] or "9999")
        own = _at(history.get((currency, _id(row["company_id"])), []), until)
        found[str(row["id"])] = own or _at(history.get((currency, None), []), until) or "1"
    return found


def _at(rates: Sequence[tuple[str, str]], day: str) -> str | None:
    """The last rate that was set by then."""
    known = sorted(rates)
    at = bisect_right(known, (day, "\uffff"))
    return known[at - 1][1] if at else None


def _id(reference: Any) -> str | None:
    return text_of("many2one", reference)
