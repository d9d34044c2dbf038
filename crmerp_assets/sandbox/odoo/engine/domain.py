"""Odoo's prefix-notation domains as SQL conditions.

From version 19 on a moment compares by its second; before, by its microseconds, so that `>` a second matches the rest
of that very second and `=` matches hardly anything.
"""

import json
from collections.abc import Sequence
from typing import Any

from crmerp_assets.sandbox.odoo.engine.env import Env
from crmerp_assets.sandbox.odoo.errors import value_error
from crmerp_assets.sandbox.odoo.schema import Field

Condition = tuple[str, list[Any]]
_COMPARE = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
_LIKE = {"like": "GLOB", "ilike": "LIKE", "=like": "LIKE", "=ilike": "LIKE"}


def condition(env: Env, model: str, domain: Sequence[Any]) -> Condition:
    """The SQL of a domain over alias `t`. Raises ValueError for what Odoo would not understand either."""
    stack: list[Condition] = []
    for term in reversed(list(domain)):
        if term in ("&", "|"):
            first, second = stack.pop(), stack.pop()
            word = "AND" if term == "&" else "OR"
            stack.append((f"({first[0]} {word} {second[0]})", first[1] + second[1]))
        elif term == "!":
            inner = stack.pop()
            stack.append((f"NOT ({inner[0]})", inner[1]))
        else:
            stack.append(_leaf(env, model, "t", term))
    sql = " AND ".join(part for part, _ in reversed(stack)) or "1"
    return sql, [value for _, values in reversed(stack) for value in values]


def names_active(domain: Sequence[Any]) -> bool:
    """Whether a domain itself says which records count as active."""
    return any(isinstance(term, list | tuple) and len(term) == 3 and term[0] == "active" for term in domain)


def _leaf(env: Env, model: str, alias: str, term: Any) -> Condition:
    if not isinstance(term, list | tuple) or len(term) != 3:
        raise value_error(f"Invalid leaf {term!r}")
    path, operator, value = term
    if isinstance(path, int):
        return ("1" if path == value else "0"), []
    name, _, rest = str(path).partition(".")
    field = env.model(model).fields.get(name)
    if field is None:
        raise value_error(f"Invalid field {model}.{name} in condition {tuple(term)!r}")
    if field.related:
        return _leaf(env, model, alias, (f"{field.related}{'.' + rest if rest else ''}", operator, value))
    if rest or (field.type == "one2many" and operator in ("=", "!=", "in", "not in")):
        return _through(env, field, alias, name, rest or "id", operator, value)
    if not field.stored:
        raise value_error(f"Cannot convert {model}.{name} to SQL because it is not stored")
    if field.type == "many2many":
        return _through(env, field, alias, name, "id", operator, value)
    return _compared(env, field, f'{alias}."{name}"', operator, value)


def _through(env: Env, field: Field, alias: str, name: str, rest: str, operator: str, value: Any) -> Condition:
    """A condition on records reached through a relation."""
    negative = operator in ("!=", "not in") and value is not False
    if rest == "id" and value is False:
        return _any(field, alias, name, "1", [], negate=operator == "=")
    positive = {"!=": "=", "not in": "in"}[operator] if negative else operator
    inner, values = _leaf(env, field.relation or "", f"{alias}r", (rest, positive, value))
    return _any(field, alias, name, inner, values, negate=negative)


def _any(field: Field, alias: str, name: str, inner: str, values: list[Any], negate: bool) -> Condition:
    table, far = (field.relation or "").replace(".", "_"), f"{alias}r"
    if field.type == "many2one":
        sql = f'{alias}."{name}" IN (SELECT {far}.id FROM {table} {far} WHERE {inner})'
    elif field.type == "one2many":
        sql = f'{alias}.id IN (SELECT {far}."{field.inverse}" FROM {table} {far} WHERE {inner})'
    else:
        sql = (
            f"EXISTS (SELECT 1 FROM json_each(COALESCE({alias}.\"{name}\", '[]')) {far}j "
            f"JOIN {table} {far} ON {far}.id = {far}j.value WHERE {inner})"
        )
    return (f"NOT ({sql})" if negate else sql), values


def _compared(env: Env, field: Field, column: str, operator: str, value: Any) -> Condition:
    if field.type == "boolean" and operator in ("=", "!="):
        return f"COALESCE({column}, 0) {_COMPARE[operator]} ?", [int(bool(value))]
    if operator in ("in", "not in"):
        return _listed(field, column, operator, value if isinstance(value, list | tuple) else [value])
    if value is None or value is False:
        return (f"{column} IS NULL" if operator == "=" else f"{column} IS NOT NULL"), []
    if operator == "=?":
        operator = "="
    if operator in ("child_of", "parent_of"):
        ids = value if isinstance(value, list) else [value]
        return f"{column} IN (SELECT value FROM json_each(?))", [json.dumps(ids)]
    if operator.removeprefix("not ") in _LIKE:
        return _like(column, operator, str(value))
    if operator not in _COMPARE:
        raise value_error(f"Invalid operator {operator!r}")
    if field.type == "datetime" and env.database.options.number >= 19:
        column = f"substr({column}, 1, 19)"
    sql = f"{column} {_COMPARE[operator]} ?"
    return (f"({sql} OR {column} IS NULL)" if operator == "!=" else sql), [_value(field, value)]


def _value(field: Field, value: Any) -> Any:
    if field.type == "datetime" and isinstance(value, str) and len(value) == 10:
        return f"{value} 00:00:00"
    if field.type in ("many2one", "integer") and isinstance(value, str) and value.isdigit():
        return int(value)
    return value


def _listed(field: Field, column: str, operator: str, values: Sequence[Any]) -> Condition:
    known = [_value(field, value) for value in values if value is not False and value is not None]
    sql = f"{column} IN (SELECT value FROM json_each(?))"
    if len(known) < len(values):
        sql = f"({sql} OR {column} IS NULL)"
    return (sql if operator == "in" else f"NOT COALESCE(({sql}), 0)"), [json.dumps(known)]


def _like(column: str, operator: str, value: str) -> Condition:
    negative, plain = operator.startswith("not "), operator.removeprefix("not ")
    pattern = value if plain.startswith("=") else (f"*{value}*" if plain == "like" else f"%{value}%")
    sql = f"COALESCE({column}, '') {_LIKE[plain]} ?"
    return (f"NOT ({sql})" if negative else sql), [pattern]
