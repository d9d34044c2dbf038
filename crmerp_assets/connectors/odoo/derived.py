"""What is worked out of several of Odoo's fields, because no single one says it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crmerp_assets.connectors.odoo.texts import plain, text_of

Values = Mapping[str, Any]
_PARTICLES = frozenset(
    "al bin da de del della den der di dos du el la le ter van von zu zum zur".split()  # noqa: SIM905
)


def order_progress(row: Values) -> str | None:
    """draft, sent or cancel as they are; of a confirmed order how far it has come: open, partial, delivered, invoiced.

    `invoice_status` alone would call an order that waits for its first delivery `to invoice` where products are
    invoiced by what is ordered.
    """
    state = str(row["state"])
    if state != "sale":
        return "locked" if state == "done" else state
    if row["invoice_status"] in ("invoiced", "upselling"):
        return "invoiced"
    lines = [line for line in row.get("_lines") or [] if Decimal(str(line["product_uom_qty"])) > 0]
    delivered = [Decimal(str(line["qty_delivered"])) >= Decimal(str(line["product_uom_qty"])) for line in lines]
    begun = any(Decimal(str(line["qty_delivered"])) > 0 or Decimal(str(line["qty_invoiced"])) > 0 for line in lines)
    if lines and all(delivered):
        return "delivered"
    return "partial" if begun else "open"


def invoice_progress(row: Values) -> str | None:
    """draft and cancel as they are; of a posted document its payment state."""
    return str(row["payment_state"]) if row["state"] == "posted" else str(row["state"])


def line_text(row: Values) -> str | None:
    """What a person or the deal says of a line: the text without the product's own name, which Odoo puts first."""
    text, product = row["name"], row["product_id"]
    shown = product[1] if isinstance(product, list) else None
    if not text or text == shown or text == "/":
        return None
    return str(text).removeprefix(f"{shown}\n") if shown else str(text)


def contact_name(row: Values) -> tuple[str | None, str | None]:
    """First and last name. Odoo has one field; how it was put together is in two of ours, for as long as nobody has
    edited the name since. Else the last word counts, with the particles before it."""
    name = str(row["name"] or "")
    first, last = (str(row.get(one) or "") for one in ("x_first_name", "x_last_name"))
    if (first or last) and full_name(first, last) == name:
        return first or None, last or None
    words = name.split()
    cut = max(len(words) - 1, 0)
    while cut > 1 and words[cut - 1].lower() in _PARTICLES:
        cut -= 1
    return " ".join(words[:cut]) or None, " ".join(words[cut:]) or None


def full_name(first: str | None, last: str | None) -> str:
    return " ".join(part for part in (first, last) if part)


def credit_limit(row: Values) -> str | None:
    """The customer's own limit; a customer without one shows the company's, or 0, which would stop every order."""
    return text_of("monetary", row["credit_limit"]) if row.get("use_partner_credit_limit", True) else None


def deal_won(lead: Values) -> str:
    """Odoo's own rule: in a stage that is won and certain. One that was lost in that stage has the probability 0."""
    return "true" if lead["_won"] and Decimal(str(lead["probability"])) == 100 else "false"


def deal_amount(lead: Values) -> str | None:
    """What the orders that count come to without tax; what was expected where there are none."""
    if not lead["_quoted"]:
        return plain(str(lead["expected_revenue"])) if lead["expected_revenue"] else None
    return plain(format(sum(Decimal(str(order["amount_untaxed"])) for order in lead["_quoted"]), "f"))


def deal_currency(lead: Values) -> str | None:
    """The currency of that amount, as Odoo calls it: by its code."""
    shown: Any = lead["_quoted"][0]["currency_id"] if lead["_quoted"] else lead["company_currency"]
    return str(shown[1]) if shown else None


def deal_day(lead: Values) -> str | None:
    """The day on which a won deal was closed, by the company's time zone; the expected one of any other."""
    closed: str | None = lead["_home"].day(lead["date_closed"]) if deal_won(lead) == "true" else None
    return closed or (str(lead["date_deadline"]) if lead["date_deadline"] else None)


def inverse(rate: str | None) -> str | None:
    """Company currency for one unit, from units for one of the company's."""
    if rate is None or not Decimal(rate):
        return None
    return plain(format((1 / Decimal(rate)).quantize(Decimal("1e-12")), "f"))
