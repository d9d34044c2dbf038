"""Values of the API checked and turned into what is stored, field by field."""

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from crmerp_assets.sandbox.salesforce.engine.stamps import parse_day, parse_moment, stamp
from crmerp_assets.sandbox.salesforce.errors import SalesforceError
from crmerp_assets.sandbox.salesforce.ids import normal_id
from crmerp_assets.sandbox.salesforce.schema import Field

Storer = Callable[[Field, Any], Any]
_EMAIL = re.compile(r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[^@\s,;<>().]{2,}")


def stored(field: Field, value: Any) -> Any:
    """The stored form of a value. Raises the vendor's error for one that does not fit the field."""
    if value is None:
        return False if field.type == "boolean" and field.default is not None else None
    store: Storer = _STORERS.get(field.type, _text)
    return store(field, value)


def shown(field: Field, value: Any) -> Any:
    """A stored value as JSON shows it."""
    return bool(value) if field.type == "boolean" and value is not None else value


def from_csv(field: Field, cell: str) -> Any:
    """A cell of a CSV file as the JSON API would send it."""
    if field.type == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(cell.strip().lower(), cell)
    if field.type in ("int", "double", "currency", "percent"):
        try:
            return Decimal(cell.strip())
        except InvalidOperation:
            return cell
    return cell


def wrong_type(field: Field, value: Any) -> SalesforceError:
    message = f"{field.label}: value not of required type: {value}"
    return SalesforceError("INVALID_TYPE_ON_FIELD_IN_RECORD", message, [field.name])


def _text(field: Field, value: Any) -> str | None:
    if not isinstance(value, str):
        raise wrong_type(field, value)
    clean = value.strip()
    if len(clean) > field.length > 0:
        message = f"{field.label}: data value too large: {clean} (max length={field.length})"
        raise SalesforceError("STRING_TOO_LONG", message, [field.name])
    return clean or None


def _email(field: Field, value: Any) -> str | None:
    clean = _text(field, value)
    if clean is not None and not _EMAIL.fullmatch(clean):
        message = f"{field.label}: invalid email address: {clean}"
        raise SalesforceError("INVALID_EMAIL_ADDRESS", message, [field.name])
    return clean


def _picklist(field: Field, value: Any) -> str | None:
    clean = _text(field, value)
    if field.restricted and clean is not None and clean not in field.values:
        message = f"{field.label}: bad value for restricted picklist field: {clean}"
        raise SalesforceError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])
    return clean


def _boolean(field: Field, value: Any) -> int:
    if not isinstance(value, bool):
        raise wrong_type(field, value)
    return int(value)


def _integer(field: Field, value: Any) -> int:
    found = _decimal(field, value)
    if found != found.to_integral_value():
        raise wrong_type(field, value)
    return int(_in_range(field, found, field.precision or 10))


def _number(field: Field, value: Any) -> float:
    found = _in_range(field, _decimal(field, value), field.precision - field.scale)
    return float(found.quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP))


def _decimal(field: Field, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not math.isfinite(value):
        raise wrong_type(field, value)
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _in_range(field: Field, value: Decimal, digits: int) -> Decimal:
    if abs(value) >= Decimal(10) ** digits:
        message = f"{field.label}: value outside of valid range on numeric field: {value}"
        raise SalesforceError("NUMBER_OUTSIDE_VALID_RANGE", message, [field.name])
    return value


def _date(field: Field, value: Any) -> str | None:
    return _parsed(field, value, parse_day)


def _datetime(field: Field, value: Any) -> str | None:
    return _parsed(field, value, lambda text: stamp(parse_moment(text)))


def _parsed(field: Field, value: Any, parse: Callable[[str], str]) -> str | None:
    if not isinstance(value, str):
        raise wrong_type(field, value)
    if not value.strip():
        return None
    try:
        return parse(value.strip())
    except ValueError:
        raise wrong_type(field, value) from None


def _reference(field: Field, value: Any) -> str | None:
    if value == "":
        return None
    found = normal_id(value) if isinstance(value, str) else None
    if found is None:
        message = f"{field.label}: id value of incorrect type: {value}"
        raise SalesforceError("MALFORMED_ID", message, [field.name])
    return found


_STORERS: dict[str, Storer] = {
    "email": _email,
    "picklist": _picklist,
    "boolean": _boolean,
    "int": _integer,
    "double": _number,
    "currency": _number,
    "percent": _number,
    "date": _date,
    "datetime": _datetime,
    "id": _reference,
    "reference": _reference,
}
