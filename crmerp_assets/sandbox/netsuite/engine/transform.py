"""Making one transaction from another: what is copied, and how the request body overrides it."""

from typing import Any

from crmerp_assets.sandbox.netsuite.engine import lines, orders
from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.draft import Draft, PropertyNames, sublist_items
from crmerp_assets.sandbox.netsuite.engine.money import decimal
from crmerp_assets.sandbox.netsuite.engine.records import Records
from crmerp_assets.sandbox.netsuite.errors import NetSuiteError, user_error
from crmerp_assets.sandbox.netsuite.schema import RecordType

Body = dict[str, Any]
_TARGETS = {"salesOrder": {"invoice"}, "invoice": {"creditMemo", "customerPayment"}}


def transform(
    records: Records,
    source: RecordType,
    id_: int,
    target: RecordType,
    body: Body,
    strict: PropertyNames,
    replace: frozenset[str],
) -> Draft:
    """Bill an order, or credit or pay an invoice. Raises NetSuiteError when the source is not ready for it."""
    if target.name not in _TARGETS.get(source.name, ()):
        detail = f"Transformation from {source.name} to {target.name} is not supported."
        raise NetSuiteError(400, "INVALID_REQUEST", detail)
    row = records.stored(source, id_) or {}
    if target.name == "customerPayment":
        inherited = _payment(row, target)
    elif target.name == "creditMemo":
        inherited = _copy(records.account, row, target) | _apply(row)
    else:
        if row["status"] not in orders.BILLABLE:
            raise _not_ready(target, id_)
        inherited = _copy(records.account, row, target)
    merged = _override(inherited, body, replace)
    return records.create(target, merged, strict, origin=id_)


def _not_ready(target: RecordType, id_: int) -> NetSuiteError:
    return user_error(f"You can not initialize {target.name}: invalid reference {id_}.")


def _copy(account: Account, row: Body, target: RecordType) -> Body:
    """Header and lines; of an order only what is not billed yet."""
    header = ("entity", "currency", "subsidiary")
    body: Body = {name: {"id": row[name]} for name in header if row[name] is not None}
    body |= {"memo": row["memo"], "otherRefNum": row["otherrefnum"], "email": row["email"]}
    if target.name == "invoice":
        body["terms"] = None if row["terms"] is None else {"id": row["terms"]}
    items = [_line(line) for line in lines.stored(account, row["id"], row["type"])]
    remaining = [item for item in items if item is not None]
    if not remaining:
        raise _not_ready(target, row["id"])
    return body | {"item": {"items": remaining}}


def _line(line: Body) -> Body | None:
    quantity, billed = decimal(line["quantity"]), decimal(line["quantitybilled"])
    left = quantity - billed
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
    item |= {name: value for name, value in line.items() if name.startswith("custcol")}
    return item


def _payment(row: Body, target: RecordType) -> Body:
    if not row["foreignamountunpaid"]:
        raise _not_ready(target, row["id"])
    return {
        "customer": {"id": row["entity"]},
        "currency": {"id": row["currency"]},
        "apply": {"items": [{"doc": {"id": row["id"]}, "apply": True}]},
        "payment": row["foreignamountunpaid"],
    }


def _apply(row: Body) -> Body:
    return {"apply": {"items": [{"doc": {"id": row["id"]}, "apply": True}]} if row["foreignamountunpaid"] else None}


def _override(inherited: Body, body: Body, replace: frozenset[str]) -> Body:
    merged = inherited | {name: value for name, value in body.items() if name not in ("item", "apply")}
    if "item" in body and "item" in inherited:
        given = sublist_items("item", body["item"]) or []
        merged["item"] = {"items": _override_lines(inherited["item"]["items"], given, "item" in replace)}
    elif "item" in replace:
        merged["item"] = {"items": []}
    if "apply" in body:
        merged["apply"] = body["apply"]
    return merged


def _override_lines(inherited: list[Body], given: list[Body], exactly: bool) -> list[Body]:
    """Body lines are matched by the source's line number; without `?replace=item` the others stay."""
    by_line = {line["orderLine"]: line for line in inherited}
    mentioned = {}
    added = []
    for line in given:
        number = _number(line.get("orderLine", line.get("line")))
        if number in by_line:
            mentioned[number] = _override_line(by_line[number], line)
        else:
            added.append(line)
    kept = [] if exactly else [line for number, line in by_line.items() if number not in mentioned]
    return sorted([*mentioned.values(), *kept], key=lambda line: int(line["orderLine"])) + added


def _number(value: Any) -> int | None:
    return int(value) if str(value).isdigit() else None


def _override_line(inherited: Body, given: Body) -> Body:
    """A changed quantity or rate takes the copied amount along, in proportion."""
    line = inherited | {name: value for name, value in given.items() if name != "line"}
    if "amount" in given:
        return line
    if "rate" in given:
        line.pop("amount")
    elif "quantity" in given:
        part = decimal(given["quantity"]) / decimal(inherited["quantity"])
        line["amount"] = float(decimal(inherited["amount"]) * part)
    return line
