"""The item lines of a transaction: merged by line number, priced, totalled, stored with the vendor's signs."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.netsuite.engine import discounts, orders, totals
from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.draft import Draft, read_line
from crmerp_assets.sandbox.netsuite.engine.items import base_price
from crmerp_assets.sandbox.netsuite.engine.money import decimal, rounded, rounding
from crmerp_assets.sandbox.netsuite.errors import invalid_value, missing, user_error
from crmerp_assets.sandbox.netsuite.schema.items import DESCRIPTION, DISCOUNT, PURCHASE

LIST = "item"
# What changes the totals of a document though its lines are not mentioned.
_RECKONED = frozenset({"discountitem", "discountrate", "taxitem", "exchangerate"})
_POSITIVE_TYPES = frozenset({"CustCred", "CustPymt", "CustDep", "DepAppl"})
_ITEM_LINES = "mainline = 'F' AND taxline = 'F' AND COALESCE(transactiondiscount, 'F') = 'F'"
Line = dict[str, Any]


def sign(code: str) -> int:
    """Quantities and amounts of sales lines are negative in `transactionline`."""
    return 1 if code in _POSITIVE_TYPES else -1


def stored(account: Account, transaction: int, code: str) -> list[Line]:
    """The item lines as the document shows them: positive quantities and amounts."""
    rows = account.rows(
        f'SELECT * FROM transactionline WHERE "transaction" = ? AND {_ITEM_LINES} ORDER BY linesequencenumber',
        transaction,
    )
    return [_shown(dict(row), sign(code)) for row in rows]


def _shown(line: Line, factor: int) -> Line:
    for column in ("quantity", "foreignamount", "netamount"):
        if line[column] is not None:
            line[column] = line[column] * factor + 0.0
    return line


def save(account: Account, draft: Draft) -> Decimal | None:
    """Store the lines the body describes; the document's total, or None when nothing in the body bears on it."""
    if LIST not in draft.lists and not draft.new and not _RECKONED & draft.columns.keys():
        return None
    before = [] if draft.new else stored(account, draft.id, draft.type.code)
    lines = _merged(account, draft, before)
    if not lines:
        raise user_error("You must enter at least one line item for this transaction.")
    unit = rounding(account, draft.value("currency"))
    above: Line | None = None
    for line in lines:
        _price(account, draft, line, above, unit)
        above = line if line.get("itemtype") not in (DISCOUNT, DESCRIPTION) else above
    orders.refuse_line_changes(draft, before, lines)
    _store(account, draft, lines, replacing=bool(before))
    return totals.save(account, draft, lines, unit)


def _merged(account: Account, draft: Draft, before: list[Line]) -> list[Line]:
    items = draft.lists.get(LIST) or []
    kept = {line["id"]: line for line in before}
    emptied = LIST in draft.lists and draft.lists[LIST] is None
    mentioned: list[Line] = []
    last = 0 if draft.new else totals.last_line(account, draft.id)
    for position, item in enumerate(items):
        prefix = f"item.items[{position}]."
        columns = read_line(account, draft.type.sublists[LIST].fields, item, prefix, draft)
        line = kept.get(columns.get("id"), {"id": None}) | {"given": columns.keys()} | columns
        if line["id"] is None or (line["id"] in {other["id"] for other in mentioned}):
            line["id"] = last + 1
        last = max(last, line["id"])
        line["origin"] = draft.origins[position] if draft.origins else draft.origin
        _check_item(account, line, prefix)
        mentioned.append(line)
    untouched = [line for id_, line in kept.items() if id_ not in {line["id"] for line in mentioned}]
    if emptied or (LIST in draft.lists and LIST in draft.replace):
        _refuse_used(untouched)
        return mentioned
    return sorted(untouched + mentioned, key=lambda line: line["id"])


def _check_item(account: Account, line: Line, prefix: str) -> None:
    if line.get("item") is None:
        raise missing(["Item"])
    if "item" in line["given"]:
        row = account.row("SELECT isinactive, itemtype, subtype FROM item WHERE id = ?", line["item"])
        if row is not None and (row["isinactive"] == "T" or row["subtype"] == PURCHASE):
            raise invalid_value(f"{prefix}item", "item", line["item"])
        line["itemtype"] = row["itemtype"] if row is not None else None
    if isinstance(line.get("rate"), str) and line.get("itemtype") != DISCOUNT:
        raise invalid_value(f"{prefix}rate", "rate", line["rate"])


def _refuse_used(lines: Iterable[Line]) -> None:
    for line in lines:
        if line.get("quantitybilled"):
            raise user_error("You cannot remove a line that has already been billed.")
        if line.get("quantityshiprecv"):
            raise user_error("You cannot remove a line that has already been fulfilled.")


def _price(account: Account, draft: Draft, line: Line, above: Line | None, unit: Decimal) -> None:
    """Amount as given, else quantity times rate; a rate not given follows from the amount or the price list."""
    given = line.pop("given", ())
    if line.get("itemtype") == DISCOUNT:
        discounts.price(account, line, given, above, unit)
    elif line.get("itemtype") == DESCRIPTION:
        line |= {"quantity": None, "rate": None, "foreignamount": 0.0}
    else:
        _price_goods(account, draft, line, given, unit)


def _price_goods(account: Account, draft: Draft, line: Line, given: Any, unit: Decimal) -> None:
    if line.get("quantity") is None:
        line["quantity"] = 1.0
    quantity = decimal(line["quantity"])
    if "quantity" in given:
        _refuse_below(line, quantity)
    if "foreignamount" in given and line["foreignamount"] is not None:
        if "rate" not in given and quantity:
            line["rate"] = float(round(decimal(line["foreignamount"]) / quantity, 8))
    else:
        if line.get("rate") is None:
            line["rate"] = base_price(account, line["item"], draft.value("currency"))
        if given or line.get("foreignamount") is None:
            line["foreignamount"] = quantity * decimal(line["rate"])
    line["foreignamount"] = float(rounded(decimal(line["foreignamount"]), unit))


def _refuse_below(line: Line, quantity: Decimal) -> None:
    if quantity < decimal(line.get("quantitybilled")):
        raise user_error("The quantity of a line cannot be less than the quantity already billed.")
    if quantity < decimal(line.get("quantityshiprecv")):
        raise user_error("The quantity of a line cannot be less than the quantity already fulfilled.")


def _store(account: Account, draft: Draft, lines: list[Line], replacing: bool) -> None:
    if replacing:
        account.flush()
        account.db.execute(f'DELETE FROM transactionline WHERE "transaction" = ? AND {_ITEM_LINES}', (draft.id,))
    factor = sign(draft.type.code)
    rate = totals.set_up_taxes(account, draft, lines)
    for position, line in enumerate(lines, 1):
        if line.get("uniquekey") is None:
            line["uniquekey"] = account.next_number("line")
        amount = line["foreignamount"] * factor + 0.0
        row = line | {
            "transaction": draft.id,
            "linesequencenumber": position,
            "mainline": "F",
            "taxline": "F",
            "isclosed": line.get("isclosed") or "F",
            "quantity": None if line["quantity"] is None else line["quantity"] * factor + 0.0,
            "foreignamount": amount,
            "netamount": float(round(decimal(amount) * rate, 2)),
            "createdfrom": line.get("origin") or line.get("createdfrom"),
            "entity": draft.value("entity"),
        }
        account.insert("transactionline", row)
        if line.get("origin") is not None and line.get("orderline") is not None:
            _link(account, draft, line)


def _link(account: Account, draft: Draft, line: Line) -> None:
    source = "SalesOrd" if draft.type.code == "CustInvc" else "CustInvc"
    row = {
        "previousdoc": line["origin"],
        "previousline": line["orderline"],
        "previoustype": source,
        "nextdoc": draft.id,
        "nextline": line["id"],
        "nexttype": draft.type.code,
        "linktype": "OrdBill" if source == "SalesOrd" else "SaleRet",
        "foreignamount": line["foreignamount"],
    }
    account.insert("previoustransactionlinelink", row)


def save_main(account: Account, draft: Draft, total: Decimal) -> None:
    """The main line carries the total; it is line 0 of every transaction."""
    rate = decimal(draft.value("exchangerate") or 1)
    amount = float(total) * -sign(draft.type.code)
    values = {
        "foreignamount": amount,
        "netamount": float(round(decimal(amount) * rate, 2)),
        "entity": draft.value("entity"),
    }
    if not draft.new:
        account.flush()
        names = ", ".join(f"{name} = ?" for name in values)
        sql = f"UPDATE transactionline SET {names} WHERE \"transaction\" = ? AND mainline = 'T'"
        account.db.execute(sql, [*values.values(), draft.id])
        return
    row = values | {
        "uniquekey": account.next_number("line"),
        "id": 0,
        "transaction": draft.id,
        "linesequencenumber": 0,
        "mainline": "T",
        "taxline": "F",
        "createdfrom": draft.origin or draft.value("salesorder"),
    }
    account.insert("transactionline", row)
