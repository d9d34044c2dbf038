"""Subtotal, header discount, tax and total of a document, and the lines that SuiteQL shows for the latter two."""

from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.netsuite.engine import discounts, taxes
from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.draft import Draft
from crmerp_assets.sandbox.netsuite.engine.money import decimal, rounded
from crmerp_assets.sandbox.netsuite.schema.items import DISCOUNT

Line = dict[str, Any]
_EXTRA = "mainline = 'F' AND (taxline = 'T' OR transactiondiscount = 'T')"


def last_line(account: Account, transaction: int) -> int:
    """The highest line number in use; numbers of tax and discount lines are not given to others."""
    row = account.row('SELECT MAX(id) AS last FROM transactionline WHERE "transaction" = ?', transaction)
    return int(row["last"] or 0) if row else 0


def set_up_taxes(account: Account, draft: Draft, lines: list[Line]) -> Decimal:
    """Say which lines are taxed; the document's exchange rate."""
    rate = taxes.set_rate(account, draft)
    pre_tax, exempt = _traits(account, lines) if rate else ({}, frozenset())
    taxes.mark(lines, pre_tax, exempt, rate)
    return decimal(draft.value("exchangerate") or 1)


def _traits(account: Account, lines: list[Line]) -> tuple[dict[int, bool], frozenset[int]]:
    """Which discounts come before tax, and which items are not taxed."""
    ids = sorted({line["item"] for line in lines})
    marks = ", ".join("?" * len(ids))
    rows = account.rows(f"SELECT id, istaxable, ispretax FROM item WHERE id IN ({marks})", *ids)
    pre_tax = {row["id"]: row["ispretax"] != "F" for row in rows}
    return pre_tax, frozenset(row["id"] for row in rows if row["istaxable"] == "F")


def save(account: Account, draft: Draft, lines: list[Line], unit: Decimal) -> Decimal:
    """Store the document's totals; the one with everything in it."""
    subtotal = rounded(sum((decimal(line["foreignamount"]) for line in lines), Decimal(0)), unit)
    discount = discounts.header(account, draft, subtotal, unit)
    rate = decimal(draft.value("taxrate"))
    before_tax = discount if rate and _pre_tax(account, draft) else Decimal(0)
    tax = taxes.tax(lines, before_tax, rate, unit)
    draft.columns |= {"subtotal": float(subtotal), "discounttotal": float(discount), "taxtotal": float(tax)}
    _store_extra(account, draft, discount, tax, lines)
    return subtotal + discount + tax


def _pre_tax(account: Account, draft: Draft) -> bool:
    row = account.row("SELECT ispretax FROM item WHERE id = ?", draft.value("discountitem"))
    return row is None or row["ispretax"] != "F"


def _store_extra(account: Account, draft: Draft, discount: Decimal, tax: Decimal, lines: list[Line]) -> None:
    """The discount and tax lines keep their number and key for as long as the document has them."""
    before: dict[str, Line] = {}
    if not draft.new:
        account.flush()
        rows = account.rows(f'SELECT * FROM transactionline WHERE "transaction" = ? AND {_EXTRA}', draft.id)
        before = {"tax" if row["taxline"] == "T" else "discount": dict(row) for row in rows}
        account.db.execute(f'DELETE FROM transactionline WHERE "transaction" = ? AND {_EXTRA}', (draft.id,))
    last = max(line["id"] for line in [*lines, *before.values()])
    if draft.value("discountitem") is not None:
        line: Line = {
            "linesequencenumber": len(lines) + 1,
            "transactiondiscount": "T",
            "taxline": "F",
            "item": draft.value("discountitem"),
            "itemtype": DISCOUNT,
        }
        last = _insert(account, draft, line, discount, before.get("discount"), last)
    if decimal(draft.value("taxrate")):
        line = {"linesequencenumber": len(lines) + 2, "taxline": "T", "itemtype": "TaxItem"}
        line["rate"] = float(decimal(draft.value("taxrate")) / 100)
        _insert(account, draft, line, tax, before.get("tax"), last)


def _insert(account: Account, draft: Draft, line: Line, amount: Decimal, before: Line | None, last: int) -> int:
    """The number of the line, or of the last one if that is higher."""
    factor = 1 if draft.type.code == "CustCred" else -1
    id_ = before["id"] if before else last + 1
    value = float(amount) * factor + 0.0
    row = line | {
        "id": id_,
        "uniquekey": before["uniquekey"] if before else account.next_number("line"),
        "transaction": draft.id,
        "mainline": "F",
        "foreignamount": value,
        "netamount": float(round(decimal(value) * decimal(draft.value("exchangerate") or 1), 2)),
        "entity": draft.value("entity"),
    }
    account.insert("transactionline", row)
    return max(last, id_)
