"""Invoices of sales in Tryton, and what the last payment and credit note were."""

from datetime import date
from typing import Any

from crmerp_assets.sandbox.company.erp.tryton_person import Person, on


def bill(person: Person, order: str, day: date, due: date | None = None) -> str:
    """Post the invoice that Tryton has drafted when the sale was processed; its id.

    Its due date follows from the payment term, so that another one takes the place of the term.
    """
    (sale,) = person.rows("sale.sale", [["id", "=", int(order)]], "invoices")
    drafts = person.rows("account.invoice", [["id", "in", sale["invoices"]], ["state", "=", "draft"]], "id")
    if not drafts:
        raise LookupError(f"nothing is left to invoice of the sale {order}")
    invoice = int(drafts[0]["id"])
    values: dict[str, Any] = {"invoice_date": on(day)}
    if due is not None:
        values |= {"payment_term": None, "payment_term_date": on(due)}
    person.edit("account.invoice", str(invoice), values)
    person.willing("model.account.invoice.post", [invoice])
    return str(invoice)


def last_payment(person: Person, invoice: str) -> str:
    """The last line of a move that pays an invoice."""
    (found,) = person.rows("account.invoice", [["id", "=", int(invoice)]], "payment_lines")
    return str(max(found["payment_lines"], default=""))


def last_credit(person: Person) -> str:
    """The invoice that was made last."""
    (found,) = person.call("model.account.invoice.search", [["type", "=", "out"]], 0, 1, [["id", "DESC"]])
    return str(found)
