"""From JSON values to columns: each kind of field refuses what the vendor refuses, in the vendor's words."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.errors import invalid_content, invalid_value, user_error
from crmerp_assets.sandbox.netsuite.schema import Field

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DIGIT = re.compile(r"\d")
_ONE_TABLE = {"customer": "customer_stored", "item": "item", "transaction": '"transaction"'}
Convert = Callable[[Account, Field, Any, str], Any]


def convert(account: Account, field: Field, value: Any, prefix: str) -> Any:
    """A body value as the database keeps it. Raises NetSuiteError with the path `prefix` + the field's name."""
    return None if value is None else _CONVERTERS[field.kind](account, field, value, prefix)


def _text(_: Account, field: Field, value: Any, prefix: str) -> str | None:
    if isinstance(value, dict | list):
        raise _unparseable(field, value, prefix)
    text = value if isinstance(value, str) else str(value)
    if field.length is not None and len(text) > field.length:
        raise user_error(
            f"The field {field.name.lower()} contained more than the maximum number ( {field.length} )"
            " of characters allowed."
        )
    return text or None


def _email(account: Account, field: Field, value: Any, prefix: str) -> str | None:
    text = _text(account, field, value, prefix)
    if text is not None and not _EMAIL.fullmatch(text):
        raise invalid_value(prefix + field.name, field.name.lower(), text)
    return text


def _phone(account: Account, field: Field, value: Any, prefix: str) -> str | None:
    text = _text(account, field, value, prefix)
    if text is not None and len(_DIGIT.findall(text)) < 7:
        raise user_error("Phone number should have seven digits or more.")
    return text


def _boolean(_: Account, field: Field, value: Any, prefix: str) -> str:
    if value is True or value in ("T", "true"):
        return "T"
    if value is False or value in ("F", "false"):
        return "F"
    raise _unparseable(field, value, prefix)


def _number(_: Account, field: Field, value: Any, prefix: str) -> float:
    if isinstance(value, bool | dict | list):
        raise _unparseable(field, value, prefix)
    try:
        return float(value)
    except ValueError:
        raise _unparseable(field, value, prefix) from None


def _rate(account: Account, field: Field, value: Any, prefix: str) -> float | str:
    """A percentage stays text, with its sign: only the line that it is applied to makes an amount of it."""
    text = str(value).strip()
    if not text.endswith("%"):
        return _number(account, field, value, prefix)
    number = _number(account, field, text[:-1], prefix)
    return f"{Decimal(str(number)).normalize():f}%"


def _integer(_: Account, field: Field, value: Any, prefix: str) -> int:
    if isinstance(value, dict):  # the price level of a line is a reference, and -1 means a custom price
        value = value.get("id")
    try:
        return int(value)
    except (TypeError, ValueError):
        raise _unparseable(field, value, prefix) from None


def _date(_: Account, field: Field, value: Any, prefix: str) -> str:
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        raise _unparseable(field, value, prefix) from None


def _datetime(_: Account, field: Field, value: Any, prefix: str) -> str:
    text = str(value).replace("T", " ").removesuffix("Z")[:19]
    if len(text) != 19:
        raise _unparseable(field, value, prefix)
    return text


def _choice(_: Account, field: Field, value: Any, prefix: str) -> str:
    key = str(value.get("id") if isinstance(value, dict) else value)
    if key not in field.choices:
        raise invalid_value(prefix + field.name, field.name.lower(), key)
    return key


def _reference(account: Account, field: Field, value: Any, prefix: str) -> Any:
    target = str(field.target)
    if not isinstance(value, dict):
        value = {"id": value}
    if value.get("id") is not None:
        found = _by_id(account, target, value["id"])
        shown = value["id"]
    else:
        shown = value.get("externalId")
        found = None if shown is None else _by_external_id(account, target, str(shown))
    if found is None:
        raise invalid_value(prefix + field.name, field.name.lower(), shown)
    return found


def _by_id(account: Account, target: str, raw: object) -> Any:
    if target == "country":
        code = str(raw).upper()
        return code if code in account.names(target) else None
    text = str(raw)
    if not text.removeprefix("-").isdigit():
        return None
    id_ = int(text)
    if target in _ONE_TABLE:
        return id_ if account.row(f"SELECT 1 FROM {_ONE_TABLE[target]} WHERE id = ?", id_) else None
    return id_ if id_ in account.names(target) else None


def _by_external_id(account: Account, target: str, key: str) -> int | None:
    """A pool holds several record types: a contact's external id does not make it a customer."""
    types = account.registry.by_table(target)
    if not types:
        return None
    row = account.row("SELECT record, id FROM externalkey WHERE pool = ? AND externalid = ?", types[0].pool, key)
    return row["id"] if row and row["record"] in {t.name for t in types} else None


def _unparseable(field: Field, value: object, prefix: str) -> Exception:
    detail = (
        f"Error while accessing a resource. Invalid value '{value}' for the field '{field.name}'. "
        f"Provide a value of the type {field.kind}."
    )
    return invalid_content(prefix + field.name, detail)


_CONVERTERS: dict[str, Convert] = {
    "text": _text,
    "email": _email,
    "phone": _phone,
    "boolean": _boolean,
    "number": _number,
    "money": _number,
    "rate": _rate,
    "integer": _integer,
    "date": _date,
    "datetime": _datetime,
    "choice": _choice,
    "reference": _reference,
}
