"""Display text of references and choices, for the REST API's `refName`."""

from typing import Any

from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.schema import Field
from crmerp_assets.sandbox.netsuite.schema.transactions import TYPE_NAMES

_TEXT = {
    "customer": "SELECT altname FROM customer_stored WHERE id = ?",
    "item": "SELECT itemid FROM item WHERE id = ?",
}
_DOCUMENT = 'SELECT type, tranid FROM "transaction" WHERE id = ?'


def reference_name(account: Account, target: str, id_: Any) -> str:
    if target == "transaction":
        row = account.row(_DOCUMENT, id_)
        return "" if row is None else f"{TYPE_NAMES[row['type']]} #{row['tranid']}"
    if target in _TEXT:
        row = account.row(_TEXT[target], id_)
        return "" if row is None else str(row[0])
    return account.names(target).get(id_, "")


def choice_name(field: Field, value: str) -> str:
    return field.choices.get(value, value)
