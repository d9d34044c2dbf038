"""The exchange rate of a document: its own where Odoo keeps it, else the one that held on its day."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence

from crmerp_assets.connectors.odoo.api import OdooApi, Record
from crmerp_assets.connectors.odoo.derived import inverse
from crmerp_assets.connectors.odoo.texts import text_of


def company_rates(api: OdooApi, records: Sequence[Record], day: str) -> dict[str, str | None]:
    """Company currency for one unit of each record's currency, by record id; 1 in the company's own."""
    own = [row for row in records if row.get("invoice_currency_rate")]
    found = {str(row["id"]): inverse(text_of("float", row["invoice_currency_rate"])) for row in own}
    rest = [row for row in records if str(row["id"]) not in found]
    currencies = {int(row["currency_id"][0]) for row in rest if row["currency_id"]}
    if not currencies:
        return found
    history: dict[str, list[tuple[str, str]]] = defaultdict(list)
    fields = ["currency_id", "name", "inverse_company_rate"]
    for row in api.whole("res.currency.rate", [["currency_id", "in", sorted(currencies)]], fields):
        rate = text_of("float", row["inverse_company_rate"]) or "1"
        history[str(row["currency_id"][0])].append((str(row["name"]), rate))
    for row in rest:
        known = sorted(history.get(str(row["currency_id"][0]) if row["currency_id"] else "", []))
        at = bisect_right(known, (str(row[day] or "9999"), "\uffff"))
        found[str(row["id"])] = known[at - 1][1] if at else "1"
    return found
