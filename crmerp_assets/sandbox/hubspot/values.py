"""From the properties a caller sends to the texts that are stored; whatever does not fit is told all at once."""

from collections.abc import Mapping
from typing import Any

from crmerp_assets.sandbox.hubspot.errors import Invalid
from crmerp_assets.sandbox.hubspot.moments import iso, milliseconds
from crmerp_assets.sandbox.hubspot.schema import Property

Texts = dict[str, str | None]
_LONGEST = 65_536


def accepted(known: Mapping[str, Property], values: Mapping[str, Any], seeding: bool = False) -> Texts:
    """The stored text of every property; None clears. Raises Invalid with every fault."""
    faults: list[tuple[str, str, str]] = []
    found: Texts = {}
    for name, value in values.items():
        property_ = known.get(name)
        if property_ is None:
            faults.append((name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
        elif property_.read_only and not seeding:
            faults.append((name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.'))
        else:
            try:
                found[name] = stored(property_, value)
            except ValueError as error:
                code, _, message = str(error).partition("|")
                faults.append((name, code, message))
    if faults:
        raise Invalid(faults)
    return found


def stored(property_: Property, value: Any) -> str | None:
    """Raises ValueError(`code|message`)."""
    text = _text(value)
    if text is None or text == "":
        return None
    match property_.type:
        case "number":
            return _number(text)
        case "bool":
            return _bool(text)
        case "date":
            return _moment(text)[:10]
        case "datetime":
            return _moment(text)
        case "enumeration" if property_.options:
            return _option(property_, text)
        case _:
            return _string(property_, text)


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        raise ValueError("INVALID_JSON|a property's value is text")
    return None if value is None else str(value)


def _number(text: str) -> str:
    try:
        float(text)
    except ValueError:
        raise ValueError(f"INVALID_DOUBLE|{text} was not a valid number.") from None
    return text


def _bool(text: str) -> str:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"INVALID_OPTION|{text} was not one of the allowed options: [true, false]")
    return text.lower()


def _moment(text: str) -> str:
    try:
        return iso(milliseconds(text))
    except ValueError:
        raise ValueError(f"INVALID_DATE|{text} was not a valid date.") from None


def _option(property_: Property, text: str) -> str:
    given = text.split(";") if property_.field_type == "checkbox" else [text]
    wrong = [one for one in given if one not in property_.options]
    if wrong:
        raise ValueError(f"INVALID_OPTION|{wrong[0]} was not one of the allowed options: {list(property_.options)}")
    return text


def _string(property_: Property, text: str) -> str:
    if len(text) > _LONGEST:
        raise ValueError(f"INVALID_STRING_LENGTH|{property_.name} is longer than {_LONGEST} characters")
    if property_.name == "email" and ("@" not in text or " " in text):
        raise ValueError("INVALID_EMAIL|Email address is invalid")
    return text.lower() if property_.name == "email" else text
