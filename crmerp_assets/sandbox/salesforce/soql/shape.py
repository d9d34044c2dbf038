"""Rows of SQLite as the nested records of the API."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from crmerp_assets.sandbox.salesforce.soql.plan import Plan

Record = dict[str, Any]
Shaper = Callable[[tuple[Any, ...]], Record]


@dataclass(slots=True)
class _Node:
    """The fields of one record in a row: (name, position, is boolean), and the parents within it."""

    type: str
    id_at: int
    fields: list[tuple[str, int, bool]] = field(default_factory=list)
    parents: dict[str, "_Node"] = field(default_factory=dict)


def shaper(plan: Plan, version: str) -> Shaper:
    """A function from a row of `plan.selected` to a record."""
    root = _tree(plan)
    base = f"/services/data/v{version}/sobjects/"

    def shape(row: tuple[Any, ...]) -> Record:
        return _shaped(root, row, base)

    return shape


def _tree(plan: Plan) -> _Node:
    root = _Node(plan.scope.kind.name, 0)
    first = 1 + len(plan.columns)
    nodes: dict[tuple[str, ...], _Node] = {(): root}
    for number, (steps, join) in enumerate(plan.scope.joins.items()):
        nodes[steps] = _Node(join.kind.name, first + number)
    for position, column in enumerate(plan.columns, 1):
        node = nodes[column.parents]
        node.fields.append((column.field.name, position, column.field.type == "boolean"))
        for depth in range(len(column.parents), 0, -1):
            nodes[column.parents[: depth - 1]].parents[column.parents[depth - 1]] = nodes[column.parents[:depth]]
    return root


def _shaped(node: _Node, row: tuple[Any, ...], base: str) -> Record:
    record: Record = {"attributes": {"type": node.type, "url": f"{base}{node.type}/{row[node.id_at]}"}}
    for name, position, boolean in node.fields:
        value = row[position]
        record[name] = bool(value) if boolean and value is not None else value
    for name, parent in node.parents.items():
        record[name] = None if row[parent.id_at] is None else _shaped(parent, row, base)
    return record
