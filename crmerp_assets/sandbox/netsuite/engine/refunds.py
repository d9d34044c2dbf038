"""Customer refunds give back what is left of credit memos and payments (`apply`) and of deposits (`deposit`).

From the vendor's record browser: the two lists, and `!transform/customerRefund` from each of the three. Assumed: the
lists of an update replace those before, and the total is the sum of both.
"""

from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.netsuite.engine import lines, settlements
from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.draft import Draft, read_line
from crmerp_assets.sandbox.netsuite.engine.money import decimal, rounded, rounding
from crmerp_assets.sandbox.netsuite.errors import invalid_value, user_error

CODE = "CustRfnd"
LISTS = {"apply": frozenset({"CustCred", "CustPymt"}), "deposit": frozenset({"CustDep"})}
_KINDS = ("Payment", "DepRfnd")


def save(account: Account, draft: Draft) -> None:
    """Store what the refund gives back of which credits, and bring those up to date."""
    if not draft.new and not LISTS.keys() & draft.lists.keys():
        return
    touched = set(settlements.unlink(account, draft.id, _KINDS))
    total = Decimal(0)
    for name in LISTS:
        for position, item in enumerate(draft.lists.get(name) or ()):
            credit, amount = _one(account, draft, name, item, f"{name}.items[{position}].")
            touched.add(credit)
            total += amount
    if total <= 0:
        raise user_error("You must select at least one credit to refund.")
    draft.columns |= {"foreigntotal": float(total), "foreignamountpaid": float(total), "foreignamountunpaid": 0.0}
    for credit in sorted(touched):
        settlements.refresh(account, credit, draft.modified)
    lines.save_main(account, draft, total)


def _one(account: Account, draft: Draft, name: str, item: dict[str, Any], prefix: str) -> tuple[int, Decimal]:
    columns = read_line(account, draft.type.sublists[name].fields, item, prefix, draft)
    credit = int(columns.get("previousdoc") or 0)
    if columns.get("apply") == "F":
        return credit, Decimal(0)
    row = account.row('SELECT type, entity, currency, foreigntotal FROM "transaction" WHERE id = ?', credit)
    fits = row is not None and row["type"] in LISTS[name] and row["entity"] == draft.value("entity")
    if row is None or not fits or row["currency"] != draft.value("currency"):
        raise invalid_value(f"{prefix}doc", "doc", credit)
    left = decimal(row["foreigntotal"]) - settlements.used(account, credit)
    given = columns.get("foreignamount")
    amount = left if given is None else rounded(decimal(given), rounding(account, draft.value("currency")))
    if not 0 < amount <= left:
        raise user_error("The amount refunded must be above zero and cannot exceed the amount remaining.")
    kind = settlements.REFUND_LINKS[row["type"]]
    settlements.link(account, (credit, row["type"]), (draft.id, CODE), kind, amount)
    return credit, amount


def inherited(credit: dict[str, Any]) -> dict[str, Any]:
    """The body that refunds what is left of a credit memo, a payment or a deposit."""
    name = "deposit" if credit["type"] == "CustDep" else "apply"
    items = [{"doc": {"id": credit["id"]}, "apply": True, "amount": credit["foreignamountunpaid"]}]
    header = {to: {"id": credit[column]} for to, column in (("customer", "entity"), ("currency", "currency"))}
    return header | {name: {"items": items}}


def refunded(account: Account, refund: int, kind: str) -> dict[int, Decimal]:
    """Credit id to what this refund gives back of it."""
    rows = account.rows(
        "SELECT previousdoc, foreignamount FROM previoustransactionlinelink WHERE nextdoc = ? AND linktype = ?",
        refund,
        kind,
    )
    return {row["previousdoc"]: decimal(row["foreignamount"]) for row in rows}
