"""Values on Tryton's wire and as the text of the protocol.

Tryton sends money, dates and moments as objects that name their class, and refuses a JSON number where it keeps a
Decimal. Quantities are floats there, so that only they are sent as numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

Kind = Literal["text", "decimal", "float", "date", "boolean", "reference"]
INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_SWITCHES = {"true": True, "false": False}
_DIGITS = re.compile(r"-?\d+(\.\d+)?")


def text(value: Any) -> str | None:
    """A value of an answer (numbers are text already) as the text of the protocol; an empty one is None."""
    if value is None or value == "" or isinstance(value, list):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return _object(value)
    return str(value)


def truth(value: Any) -> bool:
    """A boolean of an answer: on SQLite it comes as a number."""
    return value in (True, "1", "true")


def number(value: Any) -> Decimal | None:
    """A number of an answer, None for anything else."""
    found = text(value)
    try:
        return Decimal(found) if found is not None else None
    except InvalidOperation:
        return None


def plain(value: Decimal) -> str:
    """Digits without an exponent and without zeros at their end."""
    digits = format(value, "f")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def wire(value: Any, kind: Kind) -> Any:
    """A value of a write as Tryton takes it; ValueError where it is none of that kind."""
    if value is None:
        return None
    if kind == "decimal":
        return {"__class__": "Decimal", "decimal": format(_decimal(value), "f")}
    if kind == "float":
        return _decimal(value)
    if kind == "date":
        return day(date.fromisoformat(str(value)))
    if kind == "reference":
        return int(str(value))
    if kind == "boolean":
        return _SWITCHES[value.lower()] if isinstance(value, str) else bool(value)
    return str(value)


def day(value: date) -> dict[str, object]:
    return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}


def moment(value: datetime) -> dict[str, object]:
    """A moment in UTC, which is what Tryton keeps."""
    utc = value.astimezone(UTC)
    clock = {"hour": utc.hour, "minute": utc.minute, "second": utc.second, "microsecond": utc.microsecond}
    return {**day(utc.date()), **clock, "__class__": "datetime"}


def _decimal(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if not _DIGITS.fullmatch(str(value)):
        raise ValueError("not a number")
    return Decimal(str(value))


def _object(value: Mapping[str, Any]) -> str | None:
    kind = value.get("__class__")
    if kind == "Decimal":
        return format(Decimal(value["decimal"]), "f")
    if kind == "date":
        return _day(value)
    if kind == "datetime":
        clock = ":".join(f"{int(value[name]):02}" for name in ("hour", "minute", "second"))
        return f"{_day(value)}T{clock}Z"
    return None


def _day(value: Mapping[str, Any]) -> str:
    return f"{int(value['year']):04}-{int(value['month']):02}-{int(value['day']):02}"
