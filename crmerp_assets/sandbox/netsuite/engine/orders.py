"""A sales order's way from approval to billed; what is fulfilled and billed follows from what was made from it.

Status letters are the vendor's. From its help: an order can be closed, whole or line by line, while it is pending
fulfilment, partially fulfilled or pending billing, and be reopened by its lines; what is billed or fulfilled cannot be
taken out of it. Assumed are the texts of these refusals, that billing in advance moves an order that nothing was
fulfilled of to E and G, that an order is Closed once all its lines are (billed in part or not), and that the lines of a
billed or closed order and anything of a cancelled one cannot be changed.
"""

from collections.abc import Iterable
from typing import Any

from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.draft import Draft
from crmerp_assets.sandbox.netsuite.errors import user_error
from crmerp_assets.sandbox.netsuite.schema.transactions import ORDER_STATUSES

PENDING_APPROVAL, PENDING_FULFILLMENT, CANCELLED, PARTLY_FULFILLED = "A", "B", "C", "D"
PARTLY_BILLED, PENDING_BILLING, BILLED, CLOSED = "E", "F", "G", "H"
BILLABLE, FULFILLED_BILLABLE, FULFILLABLE = frozenset("BDEF"), frozenset("EF"), frozenset("BDE")
_MOVES = {"A": "BCH", "B": "ACH", "D": "H", "E": "H", "F": "H"}
_SETTLED = frozenset({BILLED, CLOSED})
# What of an order's line cannot change once the order is billed or closed.
_FIXED = ("item", "quantity", "rate", "foreignamount")

_COUNT = """UPDATE transactionline SET quantitybilled = COALESCE((
        SELECT -SUM(billed.quantity) FROM previoustransactionlinelink link
        JOIN transactionline billed ON billed."transaction" = link.nextdoc AND billed.id = link.nextline
        WHERE link.previousdoc = transactionline."transaction" AND link.previousline = transactionline.id
          AND link.linktype = 'OrdBill' AND billed.mainline = 'F'), 0),
    quantityshiprecv = COALESCE((
        SELECT -SUM(shipped.quantity) FROM previoustransactionlinelink link
        JOIN "transaction" fulfillment ON fulfillment.id = link.nextdoc AND fulfillment.status = 'C'
        JOIN transactionline shipped ON shipped."transaction" = link.nextdoc AND shipped.id = link.nextline
        WHERE link.previousdoc = transactionline."transaction" AND link.previousline = transactionline.id
          AND link.linktype = 'ShipRcpt' AND shipped.mainline = 'F'), 0)
    WHERE "transaction" = ? AND mainline = 'F' AND quantity IS NOT NULL"""
_STATE = """SELECT MIN(isclosed = 'T') AS closed, MIN(isclosed = 'T' OR quantitybilled >= -quantity) AS all_billed,
    MAX(quantitybilled > 0) AS billed, MIN(isclosed = 'T' OR quantityshiprecv >= -quantity) AS all_shipped,
    MAX(quantityshiprecv > 0) AS shipped, MAX(quantityshiprecv > quantitybilled) AS unbilled
    FROM transactionline WHERE "transaction" = ? AND mainline = 'F' AND quantity IS NOT NULL"""


def check_status(account: Account, draft: Draft) -> None:
    """A person or an integration approves, cancels and closes; the other moves happen by fulfilling and billing."""
    if draft.new:
        start = PENDING_APPROVAL if account.options.require_approval else PENDING_FULFILLMENT
        draft.columns["status"] = draft.columns.get("status") or start
        if draft.columns["status"] not in "AB" and not draft.seeding:
            raise user_error("A new order is either pending approval or pending fulfillment.")
        return
    before = str((draft.before or {})["status"])
    if before == CANCELLED:
        raise user_error("This transaction has been cancelled and cannot be changed.")
    after = draft.columns.get("status") or before
    draft.columns["status"] = after
    if after != before and after not in _MOVES.get(before, ""):
        raise user_error(
            f"You cannot change the status of this order from {ORDER_STATUSES[before]} to {ORDER_STATUSES[after]}."
        )


def refuse_line_changes(draft: Draft, before: Iterable[dict[str, Any]], after: Iterable[dict[str, Any]]) -> None:
    """Raises NetSuiteError if the lines of a billed or closed order would become others."""
    if draft.type.code != "SalesOrd" or draft.before is None or draft.before["status"] not in _SETTLED:
        return
    if _fixed(before) != _fixed(after):
        status = ORDER_STATUSES[draft.before["status"]]
        raise user_error(f"You cannot change the lines of this order because its status is {status}.")


def _fixed(lines: Iterable[dict[str, Any]]) -> dict[int, list[Any]]:
    return {line["id"]: [line.get(column) for column in _FIXED] for line in lines}


def save_status(account: Account, draft: Draft, lines_changed: bool) -> None:
    """Closing an order closes its lines; otherwise the lines decide about the status of an order under way."""
    if draft.new:
        return
    before = str((draft.before or {})["status"])
    if draft.columns["status"] != before:
        if draft.columns["status"] == CLOSED:
            _close_lines(account, draft.id)
    elif lines_changed:
        draft.columns.pop("status")
        refresh(account, draft.id, reopen=True)


def _close_lines(account: Account, order: int) -> None:
    account.flush()
    account.db.execute(
        "UPDATE transactionline SET isclosed = 'T' WHERE \"transaction\" = ? AND mainline = 'F'"
        " AND COALESCE(quantitybilled, 0) < -quantity",
        (order,),
    )


def refresh(account: Account, order: int, reopen: bool = False) -> None:
    """Recompute what is billed and fulfilled of each line, and with it the order's status."""
    account.flush()
    account.db.execute(_COUNT, (order,))
    row = account.row('SELECT status FROM "transaction" WHERE id = ?', order)
    if row is not None and row["status"] != CANCELLED and (reopen or row["status"] != CLOSED):
        _move(account, order, row["status"])


def _move(account: Account, order: int, before: str) -> None:
    after = _status(before, account.row(_STATE, order))
    if after != before:
        values = {"status": after, "lastmodifieddate": account.now(), "lastmodifiedby": account.user}
        account.update("transaction", "id", order, values)


def _status(before: str, row: Any) -> str:
    if row["closed"]:
        return CLOSED
    if row["all_billed"]:
        return BILLED
    if not row["shipped"]:
        unbilled = before if before in "AB" else PENDING_FULFILLMENT
        return PARTLY_BILLED if row["billed"] else unbilled
    if row["all_shipped"]:
        return PENDING_BILLING
    return PARTLY_BILLED if row["unbilled"] else PARTLY_FULFILLED
