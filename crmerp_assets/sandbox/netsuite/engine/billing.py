"""What billing an order, or crediting an invoice, copies: the rest of each line, and the discounts that go with it.

Assumed: a percentage goes with every invoice that has the line above it, and the header's percentage with every one; a
line or header discount that is an amount, and a description, go with the first.
"""

from typing import Any

from crmerp_assets.sandbox.netsuite.engine import discounts, lines
from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.money import decimal

Body = dict[str, Any]
_COPIED = {"SalesOrd": "OrdBill", "CustInvc": "SaleRet"}


def items(account: Account, source: Body) -> list[Body]:
    """The lines of the new document; empty when all are billed or closed."""
    copied = _copied(account, source)
    found: list[Body] = []
    above, goods = False, False
    for line in lines.stored(account, source["id"], source["type"]):
        if line["quantity"] is None:
            percent = line["ratepercent"] is not None
            if above if percent else line["id"] not in copied:
                found.append(_uncounted(line, percent))
            continue
        item = _line(line, source["type"], account.options.bill_in_advance)
        above = item is not None
        if item is not None:
            goods = True
            found.append(item)
    return found if goods else []


def _copied(account: Account, source: Body) -> set[int]:
    """The lines that were copied before."""
    rows = account.rows(
        "SELECT DISTINCT previousline FROM previoustransactionlinelink WHERE previousdoc = ? AND linktype = ?",
        source["id"],
        _COPIED[source["type"]],
    )
    return {row["previousline"] for row in rows}


def _uncounted(line: Body, percent: bool) -> Body:
    item = {"item": {"id": line["item"]}, "description": line["memo"], "orderLine": line["id"]} | _custom(line)
    if percent:
        return item | {"rate": discounts.shown(line["ratepercent"])}
    return item | {"amount": line["foreignamount"]}


def _line(line: Body, source: str, in_advance: bool) -> Body | None:
    quantity = decimal(line["quantity"])
    ready = quantity if source != "SalesOrd" or in_advance else decimal(line["quantityshiprecv"])
    left = ready - decimal(line["quantitybilled"])
    if left <= 0 or line["isclosed"] == "T":
        return None
    item: Body = {
        "item": {"id": line["item"]},
        "quantity": float(left),
        "rate": line["rate"],
        "description": line["memo"],
        "price": line["price"],
        "orderLine": line["id"],
        "amount": float(decimal(line["foreignamount"]) * left / quantity),
    }
    if line["istaxable"] is not None:
        item["isTaxable"] = line["istaxable"]
    return item | _custom(line)


def _custom(line: Body) -> Body:
    return {name: value for name, value in line.items() if name.startswith("custcol")}


def header(account: Account, source: Body) -> Body:
    """Discount and tax item of the source."""
    body: Body = {}
    if source["taxitem"] is not None:
        body["taxItem"] = {"id": source["taxitem"]}
    if source["discountitem"] is not None:
        percent = discounts.percent_of(source["discountrate"]) is not None
        if percent or not _copied(account, source):
            body |= {"discountItem": {"id": source["discountitem"]}, "discountRate": source["discountrate"]}
    return body
