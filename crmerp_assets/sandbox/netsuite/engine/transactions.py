"""What the account insists on for transactions, and what it fills in: number, date, currency, terms, totals."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.netsuite.engine import (
    applications,
    currencies,
    deposits,
    fulfillments,
    lines,
    orders,
    refunds,
    settlements,
)
from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.draft import Draft
from crmerp_assets.sandbox.netsuite.engine.money import decimal, exchange_rate, rounded, rounding
from crmerp_assets.sandbox.netsuite.errors import missing, user_error
from crmerp_assets.sandbox.netsuite.schema.transactions import NUMBER_PREFIX

_FIRST_NUMBER = 1001
_PAYMENT = "CustPymt"


def check_transaction(account: Account, draft: Draft) -> None:
    customer = _customer(account, draft)
    if draft.new:
        _default(account, draft, customer)
    if draft.value("currency") is None:
        raise missing(["Currency"])
    currencies.check(account, draft, customer["currency"])
    _check_voided(draft)
    _check_period(account, draft)
    _TOTALS[draft.type.code](account, draft)


def _customer(account: Account, draft: Draft) -> Any:
    entity = draft.value("entity")
    if entity is None:
        raise missing(["Customer"])
    customer = account.row(
        "SELECT isinactive, currency, subsidiary, terms, email FROM customer_stored WHERE id = ?", entity
    )
    if customer is None:
        raise missing(["Customer"])
    if "entity" in draft.columns and customer["isinactive"] == "T" and not draft.seeding:
        raise user_error("The customer of this transaction is inactive. Please choose an active customer.")
    return customer


def _default(account: Account, draft: Draft, customer: Any) -> None:
    columns, code = draft.columns, draft.type.code
    columns |= {"type": code, "recordtype": draft.type.name.lower(), "voided": "F"}
    if not columns.get("tranid"):
        number = account.next_number(f"{code} number", _FIRST_NUMBER)
        columns["tranid"] = f"{NUMBER_PREFIX[code]}{number}"
    columns["trandate"] = columns.get("trandate") or account.today()
    for column in ("currency", "subsidiary"):
        columns[column] = columns.get(column) or customer[column]
    if "terms" not in columns and code in ("SalesOrd", "CustInvc"):
        columns["terms"] = customer["terms"]
    if not columns.get("exchangerate"):
        columns["exchangerate"] = exchange_rate(account, columns["currency"], columns["trandate"])


def _check_voided(draft: Draft) -> None:
    if draft.before is not None and draft.before["voided"] == "T":
        raise user_error("This transaction has been voided and cannot be changed.")


def _check_period(account: Account, draft: Draft) -> None:
    row = account.row("SELECT until FROM closedperiod")
    if row is not None and draft.value("trandate") <= row["until"] and not draft.seeding:
        raise user_error("The transaction date you specified is not within the date range of your accounting period.")


def _order(account: Account, draft: Draft) -> None:
    orders.check_status(account, draft)
    total = lines.save(account, draft)
    if total is not None:
        draft.columns["foreigntotal"] = float(total)
        lines.save_main(account, draft, total)
    orders.save_status(account, draft, total is not None)


def _invoice(account: Account, draft: Draft) -> None:
    _set_due_date(account, draft)
    total = lines.save(account, draft)
    if total is None:
        return
    paid = Decimal(0) if draft.new else applications.paid_on(account, draft.id)
    if paid > total:
        raise user_error("The total of an invoice cannot be less than the amount already paid.")
    draft.columns |= {
        "foreigntotal": float(total),
        "foreignamountpaid": float(paid),
        "foreignamountunpaid": float(total - paid),
        "status": "A" if total > paid else "B",
    }
    if draft.new:
        draft.columns.setdefault("approvalstatus", "2")
    lines.save_main(account, draft, total)
    _refresh_source(account, draft)


def _refresh_source(account: Account, draft: Draft) -> None:
    account.flush()
    rows = account.rows(
        "SELECT DISTINCT previousdoc FROM previoustransactionlinelink WHERE nextdoc = ? AND linktype = 'OrdBill'",
        draft.id,
    )
    for row in rows:
        orders.refresh(account, row["previousdoc"])


def _set_due_date(account: Account, draft: Draft) -> None:
    """Terms decide when an invoice falls due, unless the body says so itself."""
    if draft.columns.get("duedate") or not (draft.new or {"terms", "trandate"} & draft.columns.keys()):
        return
    terms = draft.value("terms")
    row = account.row("SELECT daysuntilnetdue FROM term WHERE id = ?", terms) if terms is not None else None
    days = int(row["daysuntilnetdue"] or 0) if row else 0
    draft.columns["duedate"] = (date.fromisoformat(draft.value("trandate")) + timedelta(days=days)).isoformat()


def _payment(account: Account, draft: Draft) -> None:
    given = draft.value("foreigntotal")
    total = None if given is None else rounded(decimal(given), rounding(account, draft.value("currency")))
    if total is None and not draft.lists.get(applications.LIST):
        raise missing(["Payment Amount"])
    total = applications.save(account, draft, total)
    draft.columns["foreigntotal"] = float(total)
    if draft.new:
        draft.columns["status"] = "C"
    lines.save_main(account, draft, total)


def _credit_memo(account: Account, draft: Draft) -> None:
    saved = lines.save(account, draft)
    total = applications.save(account, draft, decimal(draft.value("foreigntotal")) if saved is None else saved)
    draft.columns["foreigntotal"] = float(total)
    draft.columns["status"] = settlements.status("CustCred", decimal(draft.columns["foreignamountunpaid"]))
    lines.save_main(account, draft, total)


_TOTALS: dict[str, Callable[[Account, Draft], None]] = {
    "SalesOrd": _order,
    "CustInvc": _invoice,
    "CustPymt": _payment,
    "CustCred": _credit_memo,
    "ItemShip": fulfillments.save,
    "CustDep": deposits.save,
    "DepAppl": deposits.save_application,
    "CustRfnd": refunds.save,
}


def refuse_dependents(account: Account, record: int) -> None:
    """A transaction that others were made from or applied to cannot be deleted."""
    if account.row("SELECT 1 FROM previoustransactionlinelink WHERE previousdoc = ?", record):
        raise user_error("This record cannot be deleted because it has dependent records.")


def saved(account: Account, draft: Draft) -> None:
    """What follows once the transaction's own row is stored."""
    if draft.type.code == "ItemShip":
        fulfillments.saved(account, draft.id)


def forget_transaction(account: Account, record: int) -> None:
    """Take a deleted transaction out of the documents it touched."""
    refuse_dependents(account, record)
    detach(account, record)
    account.db.execute('DELETE FROM transactionline WHERE "transaction" = ?', (record,))


def detach(account: Account, record: int) -> None:
    """Undo what a transaction did to others: invoices are open again, orders unbilled, credits and deposits unused."""
    account.flush()
    sources = account.rows("SELECT previousdoc, linktype FROM previoustransactionlinelink WHERE nextdoc = ?", record)
    account.db.execute("DELETE FROM previoustransactionlinelink WHERE nextdoc = ?", (record,))
    for previous, link in sorted({(row["previousdoc"], row["linktype"]) for row in sources}):
        if link in ("OrdBill", "ShipRcpt"):
            orders.refresh(account, previous)
        elif link in ("Payment", "DepAppl", "DepRfnd"):
            _reopen(account, previous)


def _reopen(account: Account, previous: int) -> None:
    row = account.row('SELECT type FROM "transaction" WHERE id = ?', previous)
    if row is not None and row["type"] == "CustInvc":
        applications.refresh_invoice(account, previous)
    else:
        settlements.refresh(account, previous)
