"""What is left of a payment, a credit memo or a deposit after it was applied, refunded or both.

A link of a refund to what it refunds, and of a deposit to its application, has the credit as `previousdoc`; a link of a
payment to the invoice it pays has it as `nextdoc`. The link types are the vendor's: Payment, DepAppl, DepRfnd; that a
refund of a credit memo or of a payment is a Payment too is assumed.
"""

from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.money import decimal

REFUND_LINKS = {"CustCred": "Payment", "CustPymt": "Payment", "CustDep": "DepRfnd"}
_USED_UP = {"CustCred": "B", "CustDep": "C"}
_UNUSED = {"CustCred": "A", "CustDep": "B"}
_GIVEN = """SELECT foreignamount FROM previoustransactionlinelink WHERE previousdoc = ?
    AND linktype IN ('Payment', 'DepAppl', 'DepRfnd')"""
_APPLIED = "SELECT foreignamount FROM previoustransactionlinelink WHERE nextdoc = ? AND linktype = 'Payment'"


def given_out(account: Account, credit: int) -> Decimal:
    """What was refunded of it, or applied of a deposit."""
    return sum((decimal(row["foreignamount"]) for row in account.rows(_GIVEN, credit)), Decimal(0))


def used(account: Account, credit: int) -> Decimal:
    applied = sum((decimal(row["foreignamount"]) for row in account.rows(_APPLIED, credit)), Decimal(0))
    return applied + given_out(account, credit)


def status(code: str, unused: Decimal) -> str | None:
    """The status letter that follows from what is left; None where it does not depend on it."""
    return (_UNUSED if unused > 0 else _USED_UP).get(code)


def refresh(account: Account, credit: int, modified: str | None = None) -> None:
    """Amounts and status of a credit memo, payment or deposit after something was done with it."""
    row = account.row('SELECT type, foreigntotal FROM "transaction" WHERE id = ?', credit)
    if row is None:
        return
    spent = used(account, credit)
    left = decimal(row["foreigntotal"]) - spent
    values: dict[str, Any] = {"foreignamountpaid": float(spent), "foreignamountunpaid": float(left)}
    letter = status(row["type"], left)
    if letter is not None:
        values["status"] = letter
    if account.options.payments_touch_invoices:
        values |= {"lastmodifieddate": modified or account.now(), "lastmodifiedby": account.user}
    account.update("transaction", "id", credit, values)


def link(account: Account, previous: tuple[int, str], following: tuple[int, str], kind: str, amount: Decimal) -> None:
    """One row between the main lines of two documents, each given as id and type."""
    row = {
        "previousdoc": previous[0],
        "previousline": 0,
        "previoustype": previous[1],
        "nextdoc": following[0],
        "nextline": 0,
        "nexttype": following[1],
        "linktype": kind,
        "foreignamount": float(amount),
    }
    account.insert("previoustransactionlinelink", row)


def unlink(account: Account, following: int, kinds: tuple[str, ...]) -> list[int]:
    """Take the links of some kinds away from a document; the documents they led to."""
    account.flush()
    marks = ", ".join("?" * len(kinds))
    where = f"WHERE nextdoc = ? AND linktype IN ({marks})"
    rows = account.rows(f"SELECT DISTINCT previousdoc FROM previoustransactionlinelink {where}", following, *kinds)
    account.db.execute(f"DELETE FROM previoustransactionlinelink {where}", (following, *kinds))
    return [row["previousdoc"] for row in rows]
