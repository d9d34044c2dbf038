"""Odoo's values as the text of the protocol, and back as the text that `load` reads.

Money is a JSON float on the wire. A float holds fifteen digits that count; what comes after them is dust of a sum
that Odoo computed, and is taken off.
"""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Any

from crmerp_assets.connectors import exactjson

_FIFTEEN = Context(prec=15)
NUMBERS = ("float", "monetary", "integer")


def text_of(kind: str, value: Any) -> str | None:
    """One value of a field of this type; `false` is Odoo's word for nothing in all but booleans."""
    if kind == "boolean":
        return "true" if value else "false"
    if value is False or value is None or value == "":
        return None
    if kind in NUMBERS:
        return plain(str(value))
    if kind in ("many2one", "many2one_reference"):
        return str(value[0]) if isinstance(value, list) else str(value)
    if kind == "datetime":
        return f"{str(value).replace(' ', 'T')}Z"
    if kind in ("one2many", "many2many"):
        return ",".join(str(one) for one in value) or None
    return exactjson.scalar(value)


def plain(digits: str) -> str:
    """Digits without exponent, dust and trailing zeros after the point."""
    number = Decimal(digits)
    if len(number.as_tuple().digits) > 15:
        number = _FIFTEEN.plus(number)
    shown = format(number, "f")
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def cell_of(kind: str, value: Any) -> str:
    """One value as a cell of an import; an empty cell is nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, Decimal):
        return format(value, "f")
    text = str(value)
    if kind == "boolean":
        return {"true": "True", "false": "False"}.get(text, text)
    if kind == "datetime":
        return text.removesuffix("Z").replace("T", " ")
    return text[:10] if kind == "date" else text
