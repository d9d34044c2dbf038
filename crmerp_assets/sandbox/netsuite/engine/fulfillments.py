"""Item fulfilments: what of an order was shipped; only those with the status Shipped count.

From the vendor's samples: a body line names the order's line in `orderLine`, with less `quantity` it is fulfilled in
part, with `itemReceive` false not at all. From the vendor's lists: the link type is ShipRcpt. Assumed: every line with
a quantity can be fulfilled, a fulfilment is Shipped unless its `shipStatus` says otherwise, and it has one row for a
line in `transactionline`, negative as on sales. The stock that it would move is not kept here.
"""

from typing import Any

from crmerp_assets.sandbox.netsuite.engine import lines, orders
from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.draft import Draft, read_line
from crmerp_assets.sandbox.netsuite.engine.money import decimal
from crmerp_assets.sandbox.netsuite.errors import invalid_value, user_error

SHIPPED = "C"
_LIST = "item"
Body = dict[str, Any]


def inherited(account: Account, order: Body) -> Body:
    """What fulfilling the rest of an order means; the items are empty if nothing is left."""
    items = []
    for line in lines.stored(account, order["id"], "SalesOrd"):
        left = decimal(line["quantity"]) - decimal(line["quantityshiprecv"])
        if line["quantity"] is not None and left > 0 and line["isclosed"] != "T":
            items.append({"orderLine": line["id"], "item": {"id": line["item"]}, "quantity": float(left)})
    header = {name: {"id": order[name]} for name in ("entity", "currency", "subsidiary") if order[name] is not None}
    return header | {"item": {"items": items}}


def save(account: Account, draft: Draft) -> None:
    """Store the lines of a new fulfilment and tell its order, which it must be made from."""
    if draft.new:
        if draft.origin is None:
            raise user_error("An item fulfillment can only be created from an order.")
        draft.columns["status"] = draft.columns.get("status") or SHIPPED
        _store(account, draft)
    elif _LIST in draft.lists:
        raise user_error("The lines of an item fulfillment cannot be changed. Delete it and fulfill the order again.")


def _store(account: Account, draft: Draft) -> None:
    left = {line["id"]: line for line in lines.stored(account, draft.origin or 0, "SalesOrd")}
    number = 0
    lines.save_main(account, draft, decimal(0))
    for position, item in enumerate(draft.lists.get(_LIST) or ()):
        prefix = f"{_LIST}.items[{position}]."
        given = read_line(account, draft.type.sublists[_LIST].fields, item, prefix, draft)
        if given.get("itemreceive") == "F":
            continue
        ordered = left.get(given.get("orderline") or 0)
        if ordered is None or ordered["quantity"] is None:
            raise invalid_value(f"{prefix}orderLine", "orderline", given.get("orderline"))
        _refuse_too_much(ordered, given)
        number += 1
        _insert(account, draft, ordered, float(given["quantity"]), number)
    if not number:
        raise user_error("You must fulfill at least one line of the order.")


def _refuse_too_much(ordered: Body, given: Body) -> None:
    left = decimal(ordered["quantity"]) - decimal(ordered["quantityshiprecv"])
    if not 0 < decimal(given.get("quantity")) <= left:
        raise user_error("The quantity to fulfill must be above zero and cannot exceed the quantity remaining.")


def _insert(account: Account, draft: Draft, ordered: Body, quantity: float, number: int) -> None:
    row = {
        "uniquekey": account.next_number("line"),
        "id": number,
        "transaction": draft.id,
        "linesequencenumber": number,
        "mainline": "F",
        "taxline": "F",
        "item": ordered["item"],
        "itemtype": ordered["itemtype"],
        "quantity": -quantity,
        "createdfrom": draft.origin,
        "entity": draft.value("entity"),
    }
    account.insert("transactionline", row)
    link = {
        "previousdoc": draft.origin,
        "previousline": ordered["id"],
        "previoustype": "SalesOrd",
        "nextdoc": draft.id,
        "nextline": number,
        "nexttype": "ItemShip",
        "linktype": "ShipRcpt",
    }
    account.insert("previoustransactionlinelink", link)


def saved(account: Account, fulfillment: int) -> None:
    """The order follows once the fulfilment's own row, and its status, are stored."""
    account.flush()
    rows = account.rows(
        "SELECT DISTINCT previousdoc FROM previoustransactionlinelink WHERE nextdoc = ? AND linktype = 'ShipRcpt'",
        fulfillment,
    )
    for row in rows:
        orders.refresh(account, row["previousdoc"])
