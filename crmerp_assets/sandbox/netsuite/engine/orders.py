"""A sales order's way from approval to billed; what is billed follows from the invoices made from it."""

from typing import Any

from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.draft import Draft
from crmerp_assets.sandbox.netsuite.errors import user_error
from crmerp_assets.sandbox.netsuite.schema.transactions import ORDER_STATUSES

PENDING_APPROVAL, PENDING_FULFILLMENT, PARTLY_BILLED, BILLED = "A", "B", "E", "G"
BILLABLE = frozenset("BDEF")
_MOVES = {"A": "BCH", "B": "ACH", "D": "H", "E": "H", "F": "H"}


def check_status(account: Account, draft: Draft) -> None:
    """A person or an integration approves, cancels and closes; the other moves happen by billing."""
    if draft.new:
        start = PENDING_APPROVAL if account.options.require_approval else PENDING_FULFILLMENT
        draft.columns["status"] = draft.columns.get("status") or start
        if draft.columns["status"] not in "AB" and not draft.seeding:
            raise user_error("A new order is either pending approval or pending fulfillment.")
        return
    before = str((draft.before or {})["status"])
    after = draft.columns.get("status") or before
    draft.columns["status"] = after
    if after != before and after not in _MOVES.get(before, ""):
        raise user_error(
            f"You cannot change the status of this order from {ORDER_STATUSES[before]} to {ORDER_STATUSES[after]}."
        )


def refresh(account: Account, order: int) -> None:
    """Recompute what is billed of each line, and with it the order's status."""
    account.flush()
    account.db.execute(
        """UPDATE transactionline SET quantitybilled = COALESCE((
            SELECT -SUM(billed.quantity) FROM previoustransactionlinelink link
            JOIN transactionline billed ON billed."transaction" = link.nextdoc AND billed.id = link.nextline
            WHERE link.previousdoc = transactionline."transaction" AND link.previousline = transactionline.id
              AND link.linktype = 'OrdBill' AND billed.mainline = 'F'), 0)
        WHERE "transaction" = ? AND mainline = 'F'""",
        (order,),
    )
    row = account.row('SELECT status FROM "transaction" WHERE id = ?', order)
    if row is not None and row["status"] not in "CH":
        _move(account, order, row["status"])


def _move(account: Account, order: int, before: str) -> None:
    row = account.row(
        "SELECT MIN(quantitybilled >= -quantity) AS every, MAX(quantitybilled > 0) AS some FROM transactionline"
        " WHERE \"transaction\" = ? AND mainline = 'F'",
        order,
    )
    after = _status(before, row)
    if after != before:
        values = {"status": after, "lastmodifieddate": account.now(), "lastmodifiedby": account.user}
        account.update("transaction", "id", order, values)


def _status(before: str, row: Any) -> str:
    if row["every"]:
        return BILLED
    if row["some"]:
        return PARTLY_BILLED
    return before if before in "AB" else PENDING_FULFILLMENT
