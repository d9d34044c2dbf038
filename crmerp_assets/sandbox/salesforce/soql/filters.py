"""Conditions. SOQL's logic has two values: a comparison with an empty field is false, and != is true for it."""

from datetime import UTC, date, datetime, time
from typing import Any

from sqlglot import exp

from crmerp_assets.sandbox.salesforce.engine.stamps import parse_moment, stamp
from crmerp_assets.sandbox.salesforce.errors import SalesforceError
from crmerp_assets.sandbox.salesforce.ids import normal_id
from crmerp_assets.sandbox.salesforce.schema import Field
from crmerp_assets.sandbox.salesforce.schema.fields import NUMBER_TYPES, TEXT_TYPES
from crmerp_assets.sandbox.salesforce.soql.errors import malformed, wrong_literal
from crmerp_assets.sandbox.salesforce.soql.ranges import day_range
from crmerp_assets.sandbox.salesforce.soql.text import Constant, like_pattern

OPERATORS: dict[type[exp.Expression], str] = {
    exp.EQ: "IS",
    exp.NEQ: "IS NOT",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
}
_OF_TYPE = {"boolean": "boolean", "date": "date", "datetime": "dateTime", "int": "int"}


def literal_of(node: exp.Expression, constants: list[Constant]) -> Any:
    """A Constant, a number, a boolean or None."""
    if isinstance(node, exp.Placeholder):
        return constants[int(node.name[1:])]
    if isinstance(node, exp.Null):
        return None
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Neg):
        return -literal_of(node.this, constants)
    if isinstance(node, exp.Literal) and not node.is_string:
        return float(node.this) if "." in node.this or "e" in node.this.lower() else int(node.this)
    raise malformed(f"unexpected token: '{node.sql()}'")


def bound(soql: str, field: Field, value: Any) -> Any:
    """A literal as the stored value it is compared with. Raises INVALID_FIELD if the types do not match."""
    if value is None:
        return None
    kind = value.kind if isinstance(value, Constant) else type(value).__name__
    if field.type in TEXT_TYPES or field.type in ("id", "reference"):
        if kind != "text":
            raise wrong_literal(soql, field.name, "string", quoted=True)
        return normal_id(value.value) or value.value if field.type in ("id", "reference") else value.value
    if field.type in NUMBER_TYPES or field.type == "int":
        if kind not in ("int", "float"):
            raise wrong_literal(soql, field.name, _OF_TYPE.get(field.type, "double"), quoted=False)
        return value
    if kind != {"boolean": "bool"}.get(field.type, field.type):
        raise wrong_literal(soql, field.name, _OF_TYPE[field.type], quoted=False)
    return _moment(value.value) if kind == "datetime" else value if kind == "bool" else value.value


def in_range(column: str, field: Field, operator: str, word: str, today: date) -> tuple[str, list[str]]:
    """A comparison with a range of days."""
    if field.type not in ("date", "datetime"):
        raise SalesforceError("INVALID_FIELD", f"date literal {word} used for field '{field.name}'")
    first, after = (_boundary(field, day) for day in day_range(word, today))
    match operator:
        case "IS":
            return f"({column} >= ? AND {column} < ?)", [first, after]
        case "IS NOT":
            return f"NOT coalesce({column} >= ? AND {column} < ?, 0)", [first, after]
        case ">" | "<=":
            return f"{column} {'>=' if operator == '>' else '<'} ?", [after]
    return f"{column} {operator} ?", [first]


def like(column: str, field: Field, constant: Any) -> tuple[str, str]:
    if field.type not in TEXT_TYPES or not isinstance(constant, Constant) or constant.kind != "text":
        message = f"invalid operator on {field.type} field: {field.name}"
        raise SalesforceError("INVALID_QUERY_FILTER_OPERATOR", message)
    return f"coalesce({column} LIKE ? ESCAPE '\\', 0)", like_pattern(constant.raw)


def _boundary(field: Field, day: date) -> str:
    return day.isoformat() if field.type == "date" else stamp(datetime.combine(day, time(), UTC))


def _moment(text: str) -> str:
    try:
        return stamp(parse_moment(text))
    except ValueError:
        raise malformed(f"invalid datetime: {text}") from None
