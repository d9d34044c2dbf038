"""The address book of a customer: keyed lines, each with one address, at most one default of each kind."""

from typing import Any

from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.engine.draft import Draft, read_line
from crmerp_assets.sandbox.netsuite.errors import invalid_content
from crmerp_assets.sandbox.netsuite.schema.entities import ADDRESS, ADDRESS_BOOK

LIST = "addressBook"
_SUBRECORD = "addressBookAddress"
_DEFAULTS = {"defaultbilling": "defaultbillingaddress", "defaultshipping": "defaultshippingaddress"}


def save(account: Account, draft: Draft) -> None:
    """Merge the body's lines into the stored ones by their id; `?replace=addressBook` removes those not mentioned."""
    if LIST not in draft.lists:
        return
    stored = set() if draft.new else _stored_ids(account, draft.id)
    items = draft.lists[LIST]
    mentioned = {_line_id(item) for item in items or ()}
    if items is None or LIST in draft.replace:
        _remove(account, draft, stored - mentioned)
    for position, item in enumerate(items or ()):
        _save_line(account, draft, item, f"{LIST}.items[{position}].", stored)


def _stored_ids(account: Account, customer: int) -> set[int | None]:
    rows = account.rows("SELECT internalid FROM customeraddressbook WHERE entity = ?", customer)
    return {row["internalid"] for row in rows}


def _line_id(item: dict[str, Any]) -> int | None:
    raw = item.get("internalId") or item.get("id")
    return int(raw) if raw is not None and str(raw).isdigit() else None


def _save_line(account: Account, draft: Draft, item: dict[str, Any], prefix: str, stored: set[int | None]) -> None:
    line_id = _line_id(item)
    body = {key: value for key, value in item.items() if key not in ("internalId", "addressId")}
    columns = read_line(account, ADDRESS_BOOK.fields, body, prefix, draft, _SUBRECORD)
    address = item.get(_SUBRECORD)
    if not isinstance(address, dict | None):
        raise invalid_content(prefix + _SUBRECORD, "Error while accessing a resource. Provide a valid subrecord.")
    values = {} if address is None else read_line(account, ADDRESS, address, f"{prefix}{_SUBRECORD}.", draft)
    if line_id is None or line_id not in stored:
        line_id = _insert(account, draft, columns, values)
    else:
        account.update("customeraddressbook", "internalid", line_id, columns)
        account.update("customeraddressbookentityaddress", "nkey", line_id, values)
    _set_defaults(account, draft, columns, line_id)


def _insert(account: Account, draft: Draft, columns: dict[str, Any], values: dict[str, Any]) -> int:
    number = account.next_number("address")
    label = columns.get("label") or values.get("addr1")
    book = {"internalid": number, "entity": draft.id, "addressbookaddress": number, "label": label}
    flags = {flag: columns.get(flag) or "F" for flag in _DEFAULTS}
    account.insert("customeraddressbook", book | flags)
    account.insert("customeraddressbookentityaddress", values | {"nkey": number})
    return number


def _set_defaults(account: Account, draft: Draft, columns: dict[str, Any], line_id: int) -> None:
    for flag, column in _DEFAULTS.items():
        if columns.get(flag) == "T":
            draft.columns[column] = line_id
            if not draft.new:
                sql = f"UPDATE customeraddressbook SET {flag} = 'F' WHERE entity = ? AND internalid <> ?"
                account.flush()
                account.db.execute(sql, (draft.id, line_id))
        elif columns.get(flag) == "F" and draft.value(column) == line_id:
            draft.columns[column] = None


def _remove(account: Account, draft: Draft, ids: set[int | None]) -> None:
    for line_id in ids:
        account.db.execute("DELETE FROM customeraddressbook WHERE internalid = ?", (line_id,))
        account.db.execute("DELETE FROM customeraddressbookentityaddress WHERE nkey = ?", (line_id,))
        for column in _DEFAULTS.values():
            if draft.value(column) == line_id:
                draft.columns[column] = None


def forget(account: Account, customer: int) -> None:
    """Remove the whole address book of a deleted customer."""
    account.db.execute(
        "DELETE FROM customeraddressbookentityaddress WHERE nkey IN"
        " (SELECT internalid FROM customeraddressbook WHERE entity = ?)",
        (customer,),
    )
    account.db.execute("DELETE FROM customeraddressbook WHERE entity = ?", (customer,))
