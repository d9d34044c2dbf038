"""Stored rows as the REST API shows them: references with their names, sublists folded or expanded."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.netsuite.engine import applications, currencies, discounts, lines, refunds
from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.display import choice_name, reference_name
from crmerp_assets.sandbox.netsuite.errors import nonexistent_id
from crmerp_assets.sandbox.netsuite.schema import Field, RecordType
from crmerp_assets.sandbox.netsuite.schema.entities import ADDRESS

Json = dict[str, Any]
_RECORD_NAMES = {
    "contactrole": "contactRole",
    "unitstypeuom": "unitsType",
    "pricelevel": "priceLevel",
    "salestaxitem": "salesTaxItem",
}


@dataclass(frozen=True, slots=True)
class View:
    """How the caller wants a record: `root` is the record API's URL."""

    root: str
    expand: bool = False
    fields: frozenset[str] | None = None
    simple_enums: bool = False


def render(account: Account, record: RecordType, id_: int, view: View) -> Json:
    row = account.row(f'SELECT * FROM "{record.table}" WHERE id = ?', id_)
    if row is None:
        raise nonexistent_id()
    values = dict(row)
    if record.transaction:
        values["createdfrom"] = _created_from(account, id_)
    url = f"{view.root}/{record.name}/{id_}"
    body: Json = {"links": [{"rel": "self", "href": url}], "id": str(id_)}
    body |= _fields(account, record.fields.values(), values, view)
    for name in record.sublists:
        if view.fields is None or name in view.fields:
            body[name] = sublist(account, record, id_, name, view)
    return body


def _created_from(account: Account, id_: int) -> Any:
    row = account.row("SELECT createdfrom FROM transactionline WHERE \"transaction\" = ? AND mainline = 'T'", id_)
    return row["createdfrom"] if row else None


def _fields(account: Account, fields: Iterable[Field], row: Json, view: View, chosen: bool = True) -> Json:
    body = {}
    for field in fields:
        value = row.get(field.column)
        if value is not None and not (chosen and view.fields is not None and field.name not in view.fields):
            body[field.name] = _value(account, field, value, view)
    return body


def _value(account: Account, field: Field, value: Any, view: View) -> Any:
    match field.kind:
        case "boolean":
            return value == "T"
        case "datetime":
            return value.replace(" ", "T") + "Z"
        case "choice":
            return value if view.simple_enums else {"id": value, "refName": choice_name(field, value)}
        case "rate":
            return value if discounts.percent_of(value) is not None else float(value)
        case "reference":
            return _reference(account, str(field.target), value, view)
        case _:
            return value


def _reference(account: Account, target: str, value: Any, view: View) -> Any:
    name = reference_name(account, target, value)
    if target == "country":
        return value if view.simple_enums else {"id": value, "refName": name}
    links = [{"rel": "self", "href": f"{view.root}/{_RECORD_NAMES.get(target, target)}/{value}"}]
    return {"links": links, "id": str(value), "refName": name}


def sublist(account: Account, record: RecordType, id_: int, name: str, view: View) -> Json:
    href = f"{view.root}/{record.name}/{id_}/{name}"
    folded: Json = {"links": [{"rel": "self", "href": href}]}
    if not view.expand:
        return folded
    items = []
    for key, line in _SUBLISTS[name](account, record, id_, view):
        items.append({"links": [{"rel": "self", "href": f"{href}/{key}"}], **line})
    return folded | {"items": items, "totalResults": len(items)}


Lines = list[tuple[Any, Json]]


def _item_lines(account: Account, record: RecordType, id_: int, view: View) -> Lines:
    fields = record.sublists[lines.LIST].fields.values()
    sources = {
        row["nextline"]: row["previousline"]
        for row in account.rows(
            "SELECT nextline, previousline FROM previoustransactionlinelink"
            " WHERE nextdoc = ? AND linktype <> 'Payment'",
            id_,
        )
    }
    found = []
    for line in lines.stored(account, id_, record.code):
        line["orderline"] = sources.get(line["id"])
        if line["ratepercent"] is not None:
            line["rate"] = discounts.shown(line["ratepercent"])
        found.append((line["id"], _fields(account, fields, line, view, chosen=False)))
    return found


def _addresses(account: Account, record: RecordType, id_: int, view: View) -> Lines:
    rows = account.rows(
        "SELECT * FROM customeraddressbook b JOIN customeraddressbookentityaddress a ON a.nkey = b.addressbookaddress"
        " WHERE b.entity = ? ORDER BY b.internalid",
        id_,
    )
    found = []
    for row in rows:
        values, key = dict(row), row["internalid"]
        line = {"id": str(key), "internalId": key, "addressId": str(key)}
        line |= _fields(account, record.sublists["addressBook"].fields.values(), values, view, chosen=False)
        line["addressBookAddress"] = _fields(account, ADDRESS.values(), values, view, chosen=False)
        found.append((key, line))
    return found


def _prices(account: Account, record: RecordType, id_: int, view: View) -> Lines:
    rows = account.rows("SELECT * FROM pricing WHERE item = ? ORDER BY currency, pricelevel", id_)
    fields = record.sublists["price"].fields.values()
    found = []
    for row in rows:
        line = _fields(account, fields, dict(row), view, chosen=False)
        line["quantity"] = {"value": "0"}
        found.append((f"quantity=0,currencypage={row['currency']},pricelevel={row['pricelevel']}", line))
    return found


def _applied(account: Account, record: RecordType, id_: int, view: View) -> Lines:
    return _links(account, record, applications.LIST, applications.stored(account, id_), view)


def _refunded_deposits(account: Account, record: RecordType, id_: int, view: View) -> Lines:
    return _links(account, record, "deposit", refunds.refunded(account, id_, "DepRfnd"), view)


def _currencies(account: Account, record: RecordType, id_: int, view: View) -> Lines:
    fields = record.sublists[currencies.LIST].fields.values()
    row = account.row("SELECT currency FROM customer_stored WHERE id = ?", id_)
    held = currencies.of(account, id_, row["currency"]) if row else []
    return [
        (currency, _fields(account, fields, currencies.balances(account, id_, currency), view, chosen=False))
        for currency in held
    ]


def _links(account: Account, record: RecordType, name: str, amounts: dict[int, Decimal], view: View) -> Lines:
    fields = record.sublists[name].fields.values()
    found = []
    for position, (invoice, amount) in enumerate(amounts.items(), 1):
        document = account.row('SELECT tranid, foreigntotal FROM "transaction" WHERE id = ?', invoice)
        row = {
            "previousdoc": invoice,
            "previousline": position,
            "apply": "T",
            "foreignamount": float(amount),
            "tranid": document["tranid"] if document else None,
            "total": document["foreigntotal"] if document else None,
        }
        found.append((position, _fields(account, fields, row, view, chosen=False)))
    return found


_SUBLISTS: dict[str, Callable[[Account, RecordType, int, View], Lines]] = {
    "item": _item_lines,
    "addressBook": _addresses,
    "price": _prices,
    "apply": _applied,
    "deposit": _refunded_deposits,
    "currencyList": _currencies,
}
