"""Line and document amounts by Odoo's rules: taxes in or on top of the price, rounded by line or over the document."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crmerp_assets.sandbox.odoo.engine.env import Env, ids_of
from crmerp_assets.sandbox.odoo.engine.values import rounded


@dataclass(frozen=True, slots=True)
class Amounts:
    """One line: `tax` is rounded only where the company rounds by line."""

    subtotal: float
    tax: float
    by_tax: dict[int, float]

    @property
    def total(self) -> float:
        """With tax."""
        return self.subtotal + self.tax


def line_amounts(env: Env, quantity: float, price: float, discount: float, taxes: str | None, places: int) -> Amounts:
    """What one line comes to in its currency."""
    rows = env.rows("account.tax", ids_of(taxes))
    gross = quantity * price * (1 - (discount or 0) / 100)
    by_line = env.company["tax_calculation_rounding_method"] != "round_globally"
    base = rounded(gross, places) if by_line else gross
    included = sum(row["amount"] for row in rows if row["price_include"] and row["amount_type"] == "percent")
    net = base / (1 + included / 100)
    by_tax = {row["id"]: _tax(row, net, quantity) for row in rows}
    if by_line:
        by_tax = {id_: rounded(amount, places) for id_, amount in by_tax.items()}
    if included:
        net = base - sum(by_tax[row["id"]] for row in rows if row["price_include"])
    return Amounts(rounded(net, places), sum(by_tax.values()), by_tax)


def _tax(row: dict[str, Any], net: float, quantity: float) -> float:
    return float(row["amount"] * quantity if row["amount_type"] == "fixed" else net * row["amount"] / 100)


def totals(env: Env, amounts: Sequence[Amounts], places: int) -> dict[str, float]:
    """A document's amounts: taxes rounded by line are summed, others are summed by tax and rounded then."""
    untaxed = rounded(sum(one.subtotal for one in amounts), places)
    by_tax: defaultdict[int, float] = defaultdict(float)
    for one in amounts:
        for id_, amount in one.by_tax.items():
            by_tax[id_] += amount
    tax = rounded(sum(rounded(amount, places) for amount in by_tax.values()), places)
    return {"amount_untaxed": untaxed, "amount_tax": tax, "amount_total": rounded(untaxed + tax, places)}


def places_of(env: Env, currency: int | None) -> int:
    """Decimals of a currency."""
    rows = env.rows("res.currency", [currency]) if currency else []
    return int(rows[0]["decimal_places"]) if rows else 2


def rate(env: Env, currency: int | None, day: str) -> float:
    """Units of the currency for one unit of the company's, by the last rate that is not after that day."""
    found = env.where(
        "res.currency.rate", "currency_id = ? AND name <= ? ORDER BY name DESC, id DESC LIMIT 1", (currency, day)
    )
    return float(found[0]["rate"]) if found and currency != env.company["currency_id"] else 1.0
