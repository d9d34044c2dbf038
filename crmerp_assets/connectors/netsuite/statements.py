"""SELECT statements for the fields asked for, and the rows they give.

Result columns get short aliases, because SuiteQL folds names to lower case and knows no dots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.netsuite.fields import SYSTEM, Child, Column, NativeObject, is_custom
from crmerp_assets.connectors.netsuite.suiteql import Raw
from crmerp_assets.connectors.netsuite.times import WallClock
from crmerp_assets.connectors.protocol import Row

MOMENT_FORMAT = "YYYY-MM-DD HH24:MI:SS"
MODIFIED = "t.lastmodifieddate"


@dataclass(frozen=True, slots=True)
class Selection:
    """The fields asked of one object, split into columns of its own and child lists."""

    native: NativeObject
    columns: dict[str, Column]
    children: dict[str, tuple[Child, dict[str, Column]]]


def select(native: NativeObject, fields: Sequence[str], custom: Mapping[str, Column]) -> Selection:
    """What `fields` mean; ConfigError for a path that nothing is known of. `custom` are the custom fields."""
    columns: dict[str, Column] = {}
    children: dict[str, tuple[Child, dict[str, Column]]] = {}
    for path in dict.fromkeys(fields):
        name, child = _child_of(native, path)
        if child is not None:
            children.setdefault(name, (child, {}))[1][path] = child.columns[path]
        else:
            columns[path] = _column(native, path, custom)
    return Selection(native, columns, children)


def statement(selection: Selection, where: Sequence[str], order: str | None) -> str:
    """The SELECT for a selection: `id`, `modified`, `modifiedby` and one alias per field."""
    native = selection.native
    parts = ["t.id AS id", f"{_to_char(MODIFIED)} AS modified"]
    if native.modified_by:
        parts.append(f"{native.modified_by} AS modifiedby")
    parts += [f"{sql_of(column)} AS c{number}" for number, column in enumerate(selection.columns.values())]
    joins = dict.fromkeys(join for column in selection.columns.values() for join in column.joins)
    conditions = [condition for condition in (native.only, *where) if condition]
    return " ".join(
        [
            f"SELECT {', '.join(parts)} FROM {native.table} t",
            *(native.joins[join] for join in joins),
            f"WHERE {' AND '.join(conditions)}" if conditions else "",
            f"ORDER BY {order}" if order else "",
        ]
    ).strip()


def highest_id(selection: Selection, where: Sequence[str]) -> str:
    """The SELECT for the highest internal id among the rows of a selection."""
    conditions = [condition for condition in (selection.native.only, *where) if condition]
    return f"SELECT MAX(t.id) AS id FROM {selection.native.table} t WHERE {' AND '.join(conditions)}"


def row_of(selection: Selection, raw: Raw, wall: WallClock) -> Row:
    """A result row as a row of the protocol, without its child lists."""
    modified = raw.get("modified")
    row: Row = {
        "_id": raw.get("id"),
        "_modified": wall.instant(modified) if modified else None,
        "_modified_by": raw.get("modifiedby"),
    }
    for number, (path, column) in enumerate(selection.columns.items()):
        row[path] = text_of(column, raw.get(f"c{number}"), wall)
    return row


def sql_of(column: Column) -> str:
    if column.kind == "date":
        return f"TO_CHAR({column.sql}, 'YYYY-MM-DD')"
    return _to_char(column.sql) if column.kind == "moment" else column.sql


def text_of(column: Column, value: str | None, wall: WallClock) -> str | None:
    """A SuiteQL value as the text of the protocol: booleans in words, moments in UTC, magnitudes unsigned."""
    if value is None or value == "":
        return None
    if column.kind == "boolean":
        return {"T": "true", "F": "false"}.get(value, value)
    if column.kind == "moment":
        return wall.instant(value)
    if column.kind == "magnitude":
        return value.removeprefix("-")
    return _negated(value) if column.kind == "negated" else value


def moment_literal(wall_text: str) -> str:
    return f"TO_TIMESTAMP('{wall_text}', '{MOMENT_FORMAT}')"


def _negated(digits: str) -> str:
    if digits.startswith("-"):
        return digits[1:]
    return digits if not digits.strip("0.") else f"-{digits}"


def _to_char(sql: str) -> str:
    return f"TO_CHAR({sql}, '{MOMENT_FORMAT}')"


def _child_of(native: NativeObject, path: str) -> tuple[str, Child | None]:
    name = path.partition(".")[0]
    child = native.children.get(name)
    return name, child if child is not None and path in child.columns else None


def _column(native: NativeObject, path: str, custom: Mapping[str, Column]) -> Column:
    found = native.columns.get(path) or custom.get(path)
    if found is not None:
        return found
    now = "create the custom field in NetSuite" if is_custom(path) else "correct the path in the mapping"
    message = f"NetSuite {native.name} has no field {path!r}; {now}."
    raise ConfigError(message, system=SYSTEM, object=native.name)
