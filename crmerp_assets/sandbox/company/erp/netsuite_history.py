"""Billing past orders: invoices are made from the orders as a bookkeeper would, then everything is dated back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.company.client import Administration
from crmerp_assets.sandbox.company.model import Billing
from crmerp_assets.sandbox.company.netsuite import NetSuite

_DAY_SECONDS = 86_400
# Invoices and payments were last touched at least this long before the company's day.
_QUIET_DAYS = 14
_CENT = Decimal("0.01")


def bill_past_orders(
    admin: Administration,
    url: str,
    billings: Sequence[Billing],
    ids: Mapping[str, str],
    today: date,
) -> dict[str, int]:
    """Invoice every past order and pay what was paid; returns how many invoices and payments there are now."""
    with NetSuite(url, "bookkeeping") as books:
        invoices = [_invoice(books, ids[billing.order], billing) for billing in billings]
        amounts = _totals(books)
    payments = [
        _payment(amounts[invoice], invoice, billing)
        for invoice, billing in zip(invoices, billings, strict=True)
        if billing.paid_share
    ]
    admin.seed("customerPayment", payments)
    for invoice, billing in zip(invoices, billings, strict=True):
        _date_back(admin, "salesOrder", ids[billing.order], billing.invoice_date, today)
        _date_back(admin, "invoice", invoice, billing.payment_date or billing.invoice_date, today)
    return {"invoices": len(invoices), "payments": len(payments)}


def _invoice(books: NetSuite, order: str, billing: Billing) -> str:
    body = {"tranDate": billing.invoice_date.isoformat(), "dueDate": billing.due_date.isoformat()}
    return books.transform("salesOrder", order, "invoice", body)


def _totals(books: NetSuite) -> dict[str, dict[str, Any]]:
    rows = books.query("SELECT id, entity, currency, foreigntotal FROM transaction WHERE type = 'CustInvc'")
    return {row["id"]: row for row in rows}


def _payment(invoice: Mapping[str, Any], id_: str, billing: Billing) -> dict[str, Any]:
    total = Decimal(str(invoice["foreigntotal"]))
    amount = float((total * Decimal(str(billing.paid_share))).quantize(_CENT))
    stamp = f"{billing.payment_date}T15:00:00Z"
    return {
        "customer": {"id": invoice["entity"]},
        "currency": {"id": invoice["currency"]},
        "tranDate": str(billing.payment_date),
        "payment": amount,
        "apply": _applied([(id_, amount)]),
        "createdDate": stamp,
        "lastModifiedDate": stamp,
    }


def _applied(amounts: Iterable[tuple[str, float]]) -> dict[str, Any]:
    return {"items": [{"doc": {"id": invoice}, "apply": True, "amount": amount} for invoice, amount in amounts]}


def _date_back(admin: Administration, type_: str, id_: str, day: date, today: date) -> None:
    age = max(today - day, timedelta(days=_QUIET_DAYS))
    admin.touched_long_ago(type_, id_, age.days * _DAY_SECONDS)
