"""JSON without floats, in both directions.

A float between the wire and the ledger turns 0.1 + 0.2 into a dispute with the accountants. So numbers are read as
the text they were sent as, and a Decimal is written digit by digit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def dumps(value: object) -> str:
    """JSON text of dicts, lists, strings, booleans, None, ints and finite Decimals; a float is refused."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(str(key))}:{dumps(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(dumps, value)) + "]"
    if isinstance(value, Decimal):
        return _digits(value)
    if value is None or isinstance(value, str | bool | int):
        return json.dumps(value, ensure_ascii=False)
    raise TypeError(f"{type(value).__name__} has no exact JSON form")


def loads(text: str | bytes) -> Any:
    """Parsed JSON in which every number is the text of its digits, without an exponent."""
    return json.loads(text, parse_float=_plain, parse_int=str)


def scalar(value: object) -> str | None:
    """The text of one parsed JSON scalar; lists and objects are kept as JSON text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return dumps(value)


def _digits(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError("only a finite number has a JSON form")
    return format(value, "f")


def _plain(digits: str) -> str:
    return format(Decimal(digits), "f") if "e" in digits.lower() else digits
