"""Invoices, payments and credit notes in Odoo, by the wizards that its buttons open."""

from datetime import date
from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.company.erp.odoo_person import Odoo


def bill(person: Odoo, order: str, day: date, due: date | None = None) -> str:
    """Invoice what is open of an order, and post it; the invoice's id."""
    chosen = {"sale_order_ids": [[6, 0, [int(order)]]]}
    invoice = person.wizard("sale.advance.payment.inv", "create_invoices", chosen)
    dates: dict[str, Any] = {"invoice_date": day.isoformat()}
    if due is not None:
        dates |= {"invoice_payment_term_id": False, "invoice_date_due": due.isoformat()}
    person.change("account.move", invoice, dates)
    person.run("account.move", "action_post", ids=[int(invoice)])
    return invoice


def pay(person: Odoo, invoice: str, amount: Decimal | None, day: date) -> str:
    """Register a payment, in full without an amount; its id."""
    given: dict[str, Any] = {"payment_date": day.isoformat()}
    if amount is not None:
        given["amount"] = float(amount)
    context = {"active_model": "account.move", "active_ids": [int(invoice)]}
    return person.wizard("account.payment.register", "action_create_payments", given, **context)


def reverse(person: Odoo, invoice: str, day: date) -> str:
    """A credit note over the whole invoice, posted, which settles it; its id."""
    given = {"move_ids": [[6, 0, [int(invoice)]]], "date": day.isoformat()}
    credit = person.wizard("account.move.reversal", "refund_moves", given)
    person.run("account.move", "action_post", ids=[int(credit)])
    return credit
