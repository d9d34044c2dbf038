"""What Tryton says of progress and money in several fields at once, as one value each.

Amounts in another currency than the company's are booked with both, so that the rate of a document is the one at which
it was booked, whatever the rate table says by now. A credit note is an invoice with a total below zero; it settles
invoices when both are reconciled, which makes its state `paid`, or cancels one outright.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from crmerp_assets.connectors.tryton.fields import Record, behind
from crmerp_assets.connectors.tryton.values import number, plain, text

_RATE_DIGITS = Decimal("0.000000000001")
_INVOICED = ("awaiting payment", "partially paid", "paid")
ZERO = Decimal(0)


def progress(record: Record) -> str | None:
    """How far a sale has come: its state, and while it is in process what shipments and invoices say."""
    if record["state"] != "processing":
        return text(record["state"])
    if record["shipment_state"] == "partially shipped":
        return "partially shipped"
    if record["shipment_state"] in ("sent", "none"):
        return "invoiced" if record["invoice_state"] in _INVOICED else "to invoice"
    return "processing"


def invoice_status(record: Record) -> str | None:
    """The state; an invoice that a credit note has cancelled was owed until then, so it is not void but credited."""
    by = text(behind(record, "cancel_move.origin")) or ""
    if record["state"] == "cancelled" and by.startswith("account.invoice,"):
        return "credited"
    return text(record["state"])


def due_date(record: Record) -> str | None:
    """The first day on which something of it is due."""
    days = (text(line.get("maturity_date")) for line in record.get("lines_to_pay.") or [])
    return min((day for day in days if day), default=None)


def booked_rate(record: Record) -> str | None:
    """Company currency for one unit of the document's; None in the company's own currency and before it is posted."""
    lines = [line for line in record.get("lines_to_pay.") or [] if line.get("second_currency")]
    return _quotient(
        sum((_of(line, "debit") - _of(line, "credit") for line in lines), ZERO),
        sum((_of(line, "amount_second_currency") for line in lines), ZERO),
    )


def line_amount(record: Record) -> str | None:
    """What a payment brought in, in its own currency."""
    if record.get("second_currency."):
        return plain(-_of(record, "amount_second_currency"))
    return plain(_of(record, "credit") - _of(record, "debit"))


def line_currency(record: Record) -> str | None:
    return text(behind(record, "second_currency.code")) or text(record["$company"]["code"])


def line_rate(record: Record) -> str | None:
    if not record.get("second_currency."):
        return None
    return _quotient(_of(record, "debit") - _of(record, "credit"), _of(record, "amount_second_currency"))


def rate_of(record: Record) -> str | None:
    """Company currency for one unit: Tryton keeps units for one of the company's, whose own rate is 1 as a rule."""
    return _quotient(number(record["$company"]["rate"]) or Decimal(1), _of(record, "rate"))


def billed(record: Record) -> list[Record]:
    """Which sales an invoice bills, and how much of it without tax, from the lines that bill them."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for sale in record.get("sales.") or []:
        for line in sale.get("lines.") or []:
            for row in line.get("invoice_lines.") or []:
                if row.get("invoice") == record["id"]:
                    sums[str(sale["id"])] += _of(row, "amount")
    return [{"order": sale, "amount": plain(amount)} for sale, amount in sums.items()]


def applied_credit(record: Record) -> list[Record]:
    """What a credit note settles: nothing until it is reconciled, then the invoice that it was made from."""
    origins = record.get("origin_invoices") or []
    if record["state"] != "paid" or not origins:
        return []
    return [{"invoice": str(origins[0]), "amount": plain(-_of(record, "total_amount"))}]


def credit_left(record: Record) -> str | None:
    return plain(abs(_of(record, "amount_to_pay"))) if record["state"] == "posted" else "0"


def turned(name: str) -> Callable[[Record], str | None]:
    """A reader of an amount with its sign turned round."""

    def read(record: Record) -> str | None:
        found = number(record.get(name))
        return None if found is None else plain(-found)

    return read


def _of(record: Mapping[str, Any], name: str) -> Decimal:
    return number(record.get(name)) or ZERO


def _quotient(above: Decimal, below: Decimal) -> str | None:
    return plain((above / below).quantize(_RATE_DIGITS)) if below else None
