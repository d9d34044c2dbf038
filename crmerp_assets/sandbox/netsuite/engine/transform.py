"""Making one transaction from another: what is copied, and how the request body overrides it."""

from collections.abc import Callable
from typing import Any

from crmerp_assets.sandbox.netsuite.engine import billing, deposits, fulfillments, orders, refunds
from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.draft import Draft, PropertyNames, sublist_items
from crmerp_assets.sandbox.netsuite.engine.money import decimal
from crmerp_assets.sandbox.netsuite.engine.records import Records
from crmerp_assets.sandbox.netsuite.errors import NetSuiteError, user_error
from crmerp_assets.sandbox.netsuite.schema import RecordType

Body = dict[str, Any]
_TARGETS = {
    "salesOrder": {"invoice", "itemFulfillment"},
    "invoice": {"creditMemo", "customerPayment"},
    "creditMemo": {"customerRefund"},
    "customerPayment": {"customerRefund"},
    "customerDeposit": {"customerRefund", "depositApplication"},
}
_LISTS = ("item", "apply", "deposit")


def transform(
    records: Records,
    source: RecordType,
    id_: int,
    target: RecordType,
    body: Body,
    strict: PropertyNames,
    replace: frozenset[str],
) -> Draft:
    """Make `target` from a transaction. Raises NetSuiteError when the source is not ready for it."""
    if target.name not in _TARGETS.get(source.name, ()):
        detail = f"Transformation from {source.name} to {target.name} is not supported."
        raise NetSuiteError(400, "INVALID_REQUEST", detail)
    row = records.stored(source, id_) or {}
    inherited = _INHERITED[target.name](records.account, row, target)
    draft = records.create(target, _override(inherited, body, replace), strict, origin=id_)
    if target.name == "invoice":
        apply_deposits(records, id_)
    return draft


def apply_deposits(records: Records, order: int) -> None:
    """What billing an order does with the deposits that were taken for it."""
    target = records.type("depositApplication")
    for deposit in deposits.open_deposits(records.account, order):
        body = deposits.application(records.account, deposit)
        if body["apply"]["items"]:
            records.create(target, body, "ignore", origin=deposit["id"])


def invoice_body(account: Account, row: Body, target: RecordType) -> Body:
    """The invoice of all that can be billed of an order. Raises NetSuiteError where nothing can."""
    billable = orders.BILLABLE if account.options.bill_in_advance else orders.FULFILLED_BILLABLE
    if row["status"] not in billable:
        raise _not_ready(target, row["id"])
    return _copy(account, row, target)


def _credit(account: Account, row: Body, target: RecordType) -> Body:
    return _copy(account, row, target) | _apply(row)


def _fulfillment(account: Account, row: Body, target: RecordType) -> Body:
    body = fulfillments.inherited(account, row)
    if row["status"] not in orders.FULFILLABLE or not body["item"]["items"]:
        raise _not_ready(target, row["id"])
    return body


def _refund(_: Account, row: Body, target: RecordType) -> Body:
    if not row["foreignamountunpaid"]:
        raise _not_ready(target, row["id"])
    return refunds.inherited(row)


def _application(account: Account, row: Body, target: RecordType) -> Body:
    if not row["foreignamountunpaid"]:
        raise _not_ready(target, row["id"])
    return deposits.application(account, row)


def _not_ready(target: RecordType, id_: int) -> NetSuiteError:
    return user_error(f"You can not initialize {target.name}: invalid reference {id_}.")


def _copy(account: Account, row: Body, target: RecordType) -> Body:
    """Header and lines; of an order only what is not billed yet."""
    header = ("entity", "currency", "subsidiary")
    body: Body = {name: {"id": row[name]} for name in header if row[name] is not None}
    body |= {"memo": row["memo"], "otherRefNum": row["otherrefnum"], "email": row["email"]}
    if target.name == "invoice":
        body["terms"] = None if row["terms"] is None else {"id": row["terms"]}
    items = billing.items(account, row)
    if not items:
        raise _not_ready(target, row["id"])
    return body | billing.header(account, row) | {"item": {"items": items}}


def _payment(_: Account, row: Body, target: RecordType) -> Body:
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


_INHERITED: dict[str, Callable[[Account, Body, RecordType], Body]] = {
    "invoice": invoice_body,
    "itemFulfillment": _fulfillment,
    "creditMemo": _credit,
    "customerPayment": _payment,
    "customerRefund": _refund,
    "depositApplication": _application,
}


def _override(inherited: Body, body: Body, replace: frozenset[str]) -> Body:
    merged = inherited | {name: value for name, value in body.items() if name not in _LISTS}
    if "item" in body and "item" in inherited:
        given = sublist_items("item", body["item"]) or []
        merged["item"] = {"items": _override_lines(inherited["item"]["items"], given, "item" in replace)}
    elif "item" in replace:
        merged["item"] = {"items": []}
    return merged | {name: body[name] for name in ("apply", "deposit") if name in body and _is_list(body[name])}


def _is_list(value: Any) -> bool:
    """`deposit` is a list of a refund and a field of an application."""
    return value is None or "items" in value


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
        line.pop("amount", None)
    elif "quantity" in given and "amount" in inherited:
        part = decimal(given["quantity"]) / decimal(inherited["quantity"])
        line["amount"] = float(decimal(inherited["amount"]) * part)
    return line
