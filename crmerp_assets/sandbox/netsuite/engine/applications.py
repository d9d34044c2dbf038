"""Payments, credit memos and deposits pay invoices: an application changes both, and never more than is left."""

from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.netsuite.engine import settlements
from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.draft import Draft, read_line
from crmerp_assets.sandbox.netsuite.engine.money import decimal, rounded, rounding
from crmerp_assets.sandbox.netsuite.errors import invalid_value, user_error

LIST = "apply"
Applied = dict[int, Decimal]


def stored(account: Account, document: int) -> Applied:
    """Invoice id to the amount this payment or credit memo pays of it."""
    rows = account.rows(
        "SELECT previousdoc, foreignamount FROM previoustransactionlinelink WHERE nextdoc = ? AND linktype = 'Payment'",
        document,
    )
    return {row["previousdoc"]: decimal(row["foreignamount"]) for row in rows}


def save(account: Account, draft: Draft, total: Decimal | None) -> Decimal:
    """Store the applications; the document's total, which for a payment without one is what it applies."""
    before = {} if draft.new else stored(account, draft.id)
    refunded = Decimal(0) if draft.new else settlements.given_out(account, draft.id)
    after = _merged(account, draft, before, None if total is None else total - refunded)
    applied = sum(after.values(), Decimal(0))
    total = applied + refunded if total is None else total
    if applied + refunded > total:
        raise user_error("The total amount applied cannot exceed the amount of the payment.")
    draft.columns["foreignamountpaid"] = float(applied + refunded)
    draft.columns["foreignamountunpaid"] = float(total - applied - refunded)
    if after != before:
        _store(account, draft, after)
        for invoice in sorted(before.keys() | after.keys()):
            if before.get(invoice) != after.get(invoice):
                refresh_invoice(account, invoice, draft.modified)
    return total


def _merged(account: Account, draft: Draft, before: Applied, total: Decimal | None) -> Applied:
    if LIST not in draft.lists:
        return before
    items = draft.lists[LIST]
    after = {} if items is None or LIST in draft.replace else dict(before)
    for position, item in enumerate(items or ()):
        prefix = f"{LIST}.items[{position}]."
        columns = read_line(account, draft.type.sublists[LIST].fields, item, prefix, draft)
        invoice = int(columns.get("previousdoc") or columns.get("previousline") or 0)
        if columns.get("apply") == "F" or (columns.get("foreignamount") == 0 and "apply" not in columns):
            after.pop(invoice, None)
            continue
        left = _left(account, draft, invoice, before, prefix)
        after.pop(invoice, None)
        free = left if total is None else min(left, total - sum(after.values(), Decimal(0)))
        after[invoice] = _amount(account, draft, columns.get("foreignamount"), free, left)
    return after


def _left(account: Account, draft: Draft, invoice: int, before: Applied, prefix: str) -> Decimal:
    """What may be applied to this invoice. Raises NetSuiteError if it is not an invoice of this customer."""
    row = account.row('SELECT type, entity, currency, foreignamountunpaid FROM "transaction" WHERE id = ?', invoice)
    if row is None or row["type"] != "CustInvc" or row["entity"] != draft.value("entity"):
        raise invalid_value(f"{prefix}doc", "doc", invoice)
    if row["currency"] != draft.value("currency"):
        raise user_error("The currency of the payment differs from the currency of the invoice.")
    return decimal(row["foreignamountunpaid"]) + before.get(invoice, Decimal(0))


def _amount(account: Account, draft: Draft, given: float | None, free: Decimal, left: Decimal) -> Decimal:
    amount = free if given is None else rounded(decimal(given), rounding(account, draft.value("currency")))
    if amount > left:
        raise user_error("The amount applied cannot exceed the amount remaining on the invoice.")
    if amount <= 0:
        raise user_error("The amount applied must be greater than zero.")
    return amount


def _store(account: Account, draft: Draft, after: Applied) -> None:
    if not draft.new:
        settlements.unlink(account, draft.id, ("Payment",))
    for invoice, amount in after.items():
        settlements.link(account, (invoice, "CustInvc"), (draft.id, draft.type.code), "Payment", amount)


def refresh_invoice(account: Account, invoice: int, modified: str | None = None) -> None:
    """Amounts and status of an invoice after its applications changed."""
    paid = paid_on(account, invoice)
    row = account.row('SELECT foreigntotal FROM "transaction" WHERE id = ?', invoice)
    unpaid = decimal(row["foreigntotal"] if row else 0) - paid
    values: dict[str, Any] = {
        "foreignamountpaid": float(paid),
        "foreignamountunpaid": float(unpaid),
        "status": "A" if unpaid > 0 else "B",
    }
    if account.options.payments_touch_invoices:
        values |= {"lastmodifieddate": modified or account.now(), "lastmodifiedby": account.user}
    account.update("transaction", "id", invoice, values)


def paid_on(account: Account, invoice: int) -> Decimal:
    rows = account.rows(
        "SELECT foreignamount FROM previoustransactionlinelink WHERE previousdoc = ? AND linktype = 'Payment'", invoice
    )
    return sum((decimal(row["foreignamount"]) for row in rows), Decimal(0))
