"""Customer deposits, taken for an order or for none, and their applications to invoices.

From the vendor's record browser: `payment`, `salesOrder`, `deposit`, `apply`, statuses A to C; applications come by
`customerDeposit/{id}/!transform/depositApplication`. From queries people publish: the link types OrdDep and DepAppl,
the order as `createdfrom` of the deposit's main line, and one more Payment link from the invoice to the application.
Assumed: billing an order applies its deposits to the invoice by itself.
"""

from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.netsuite.engine import applications, lines, settlements
from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.draft import Draft
from crmerp_assets.sandbox.netsuite.engine.money import decimal, rounded, rounding
from crmerp_assets.sandbox.netsuite.errors import invalid_value, missing, user_error

DEPOSIT, APPLICATION = "CustDep", "DepAppl"
_NO_DEPOSITS = frozenset("CGH")


def save(account: Account, draft: Draft) -> None:
    """A deposit's amounts and status, and its link to the order."""
    given = draft.value("foreigntotal")
    if given is None:
        raise missing(["Payment Amount"])
    total = rounded(decimal(given), rounding(account, draft.value("currency")))
    used = Decimal(0) if draft.new else settlements.used(account, draft.id)
    if total <= 0 or total < used:
        raise user_error("The amount of a deposit must be above zero and cannot be less than what is applied of it.")
    draft.columns |= {
        "foreigntotal": float(total),
        "foreignamountpaid": float(used),
        "foreignamountunpaid": float(total - used),
        "status": settlements.status(DEPOSIT, total - used),
    }
    if "salesorder" in draft.columns:
        _link_order(account, draft, total)
    lines.save_main(account, draft, total)


def _link_order(account: Account, draft: Draft, total: Decimal) -> None:
    order = draft.columns["salesorder"]
    settlements.unlink(account, draft.id, ("OrdDep",))
    if order is None:
        return
    row = account.row('SELECT type, entity, currency, status FROM "transaction" WHERE id = ?', order)
    fits = row is not None and row["type"] == "SalesOrd" and row["entity"] == draft.value("entity")
    if not fits or row is None or row["currency"] != draft.value("currency") or row["status"] in _NO_DEPOSITS:
        raise invalid_value("salesOrder", "salesorder", order)
    settlements.link(account, (order, "SalesOrd"), (draft.id, DEPOSIT), "OrdDep", total)


def save_application(account: Account, draft: Draft) -> None:
    """What is applied of a deposit, at most what is left of it."""
    deposit = draft.value("deposit")
    row = account.row('SELECT type, entity, foreigntotal FROM "transaction" WHERE id = ?', deposit)
    if row is None or row["type"] != DEPOSIT or row["entity"] != draft.value("entity"):
        raise invalid_value("deposit", "deposit", deposit)
    settlements.unlink(account, draft.id, ("DepAppl",))
    left = decimal(row["foreigntotal"]) - settlements.used(account, deposit)
    applications.save(account, draft, left)
    applied = decimal(draft.columns["foreignamountpaid"])
    if applied <= 0:
        raise user_error("You must apply the deposit to at least one invoice.")
    draft.columns |= {"foreigntotal": float(applied), "foreignamountunpaid": 0.0}
    settlements.link(account, (deposit, DEPOSIT), (draft.id, APPLICATION), "DepAppl", applied)
    settlements.refresh(account, deposit, draft.modified)
    lines.save_main(account, draft, applied)


def application(account: Account, deposit: dict[str, Any]) -> dict[str, Any]:
    """The body that applies a deposit to the open invoices of its order, the oldest first."""
    rows = account.rows(
        """SELECT DISTINCT t.id FROM previoustransactionlinelink link JOIN "transaction" t ON t.id = link.nextdoc
        WHERE link.previousdoc = ? AND link.linktype = 'OrdBill' AND t.foreignamountunpaid > 0 ORDER BY t.id""",
        deposit["salesorder"] or 0,
    )
    left = decimal(deposit["foreignamountunpaid"])
    items = []
    for row in rows:
        unpaid = account.row('SELECT foreignamountunpaid FROM "transaction" WHERE id = ?', row["id"])
        amount = min(left, decimal(unpaid[0] if unpaid else 0))
        left -= amount
        if amount > 0:
            items.append({"doc": {"id": row["id"]}, "apply": True, "amount": float(amount)})
    header = {name: {"id": deposit[column]} for name, column in (("customer", "entity"), ("currency", "currency"))}
    return header | {"deposit": {"id": deposit["id"]}, "apply": {"items": items}}


def open_deposits(account: Account, order: int) -> list[dict[str, Any]]:
    """The deposits taken for an order of which something is left."""
    rows = account.rows(
        """SELECT * FROM "transaction" WHERE type = 'CustDep' AND salesorder = ? AND foreignamountunpaid > 0
        ORDER BY id""",
        order,
    )
    return [dict(row) for row in rows]
