"""Values on their way into a column and out of it."""

import json
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crmerp_assets.sandbox.odoo.engine.env import Env, ids_of
from crmerp_assets.sandbox.odoo.errors import validation_error, value_error
from crmerp_assets.sandbox.odoo.schema import Field


def inward(env: Env, model: str, name: str, field: Field, value: Any) -> Any:
    """A value as its column holds it. Raises ValueError as Odoo's field classes do."""
    if field.type == "boolean":
        return int(bool(value))
    if field.type in ("integer", "float", "monetary"):
        return _number(model, name, field, value)
    if value is None or value is False or value == "":
        return None
    if field.type == "selection":
        if value not in {key for key, _ in field.selection} and not field.custom:
            raise value_error(f"Wrong value for {model}.{name}: {value!r}")
        return value
    if field.type == "many2one":
        return _reference(env, field, value)
    if field.type in ("date", "datetime"):
        return _moment(field, str(value))
    return str(value)


def _number(model: str, name: str, field: Field, value: Any) -> Any:
    try:
        number = float(value or 0)
    except (TypeError, ValueError) as error:
        raise value_error(f"could not convert string to float: {value!r}") from error
    if field.type == "integer":
        return int(number)
    return rounded(number, field.digits) if field.digits is not None else number


def rounded(number: float, digits: int) -> float:
    """Half away from zero, on what the digits say rather than on the binary below them."""
    exact = Decimal(repr(float(f"{number:.12g}" if abs(number) < 1e11 else number)))
    return float(exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def _reference(env: Env, field: Field, value: Any) -> int:
    if not isinstance(value, int | str) or not str(value).isdigit():
        raise value_error(f"Wrong value for many2one: {value!r}")
    if not env.rows(field.relation or "", [int(value)]):
        raise validation_error(
            "The operation cannot be completed: another model requires the record being deleted, or it does not exist."
        )
    return int(value)


def _moment(field: Field, value: str) -> str:
    try:
        if field.type == "date":
            return date.fromisoformat(value[:10]).isoformat()
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        form = "%Y-%m-%d" if field.type == "date" else "%Y-%m-%d %H:%M:%S"
        raise value_error(f"time data {value!r} does not match format {form!r}") from error
    if moment.tzinfo is not None:
        raise value_error("Datetime field expects a naive datetime")
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def outward(field: Field, value: Any) -> Any:
    """A column's value as `read` gives it, without names of what it refers to."""
    if field.type == "boolean":
        return bool(value)
    if field.type in ("integer", "float", "monetary"):
        return (0 if field.type == "integer" else 0.0) if value is None else value
    if field.type == "many2many":
        return ids_of(value) if isinstance(value, str) or value is None else value
    if value is None:
        return False
    return value[:19] if field.type == "datetime" else value


def links(current: list[int], commands: Any) -> str:
    """A many2many column after commands, or after a plain list of ids."""
    found = list(current)
    for command in commands or []:
        if isinstance(command, int):
            found = [*([] if found == current else found), command]
        elif command[0] == 6:
            found = list(command[2])
        elif command[0] == 4:
            found.append(command[1])
        elif command[0] in (2, 3):
            found = [id_ for id_ in found if id_ != command[1]]
        elif command[0] == 5:
            found = []
    return json.dumps(list(dict.fromkeys(found)))
