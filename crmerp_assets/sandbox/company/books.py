"""Past orders in the ERP, typed in by hand from won deals, and how they were billed and paid."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from random import Random

from crmerp_assets.sandbox.company.deals import Deal, net_amount
from crmerp_assets.sandbox.company.model import Billing, Fields, Record
from crmerp_assets.sandbox.company.moments import at_office
from crmerp_assets.sandbox.company.places import CURRENCY

_RECENT = timedelta(days=55)
# The share of an invoice that was paid.
_RECENT_SHARES = (0.0, 0.0, 0.4, 1.0)
_OLDER_SHARES = (1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.4)


def past_orders(
    rng: Random, today: date, deals: Sequence[Deal], customers: Mapping[int, str], count: int
) -> tuple[list[Record], list[Billing]]:
    """Orders for the first `count` of these deals whose firm is a customer (firm index -> customer key)."""
    chosen = [deal for deal in deals if deal.firm.index in customers][:count]
    orders = [_order(rng, deal, customers[deal.firm.index], number) for number, deal in enumerate(chosen)]
    pairs = zip(orders, chosen, strict=True)
    return orders, [_billing(rng, today, order.key, deal.close_date) for order, deal in pairs]


def _order(rng: Random, deal: Deal, customer: str, number: int) -> Record:
    fields: Fields = {
        "date": deal.close_date,
        "currency": CURRENCY[deal.firm.country],
        "reference": f"PO-{rng.randrange(10_000, 99_999)}",
        "memo": deal.header.fields["name"],
        "lines": [_line(line) for line in deal.lines],
    }
    return Record(f"order-{number}", fields, at_office(rng, deal.close_date), {"customer": customer}, 0)


def _line(line: Record) -> Fields:
    """The price after the discount."""
    amount, quantity = net_amount(line.fields), line.fields["quantity"]
    return {"sku": line.fields["sku"], "quantity": quantity, "rate": amount / quantity, "amount": amount}


def _billing(rng: Random, today: date, order: str, ordered: date) -> Billing:
    """Recent invoices are due later and mostly open; older ones are paid, or overdue in whole or in part."""
    invoiced = min(ordered + timedelta(days=rng.randint(2, 20)), today - timedelta(days=15))
    recent = today - invoiced < _RECENT
    share = rng.choice(_RECENT_SHARES if recent else _OLDER_SHARES)
    due = invoiced + timedelta(days=60 if recent else 30)
    paid = min(invoiced + timedelta(days=rng.randint(5, 40)), today - timedelta(days=14))
    return Billing(order, invoiced, due, paid if share else None, share)
