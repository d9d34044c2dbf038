"""A query compiled: its columns and the parts of its SQL."""

from dataclasses import dataclass, field
from typing import Any

from crmerp_assets.sandbox.salesforce.schema import Field
from crmerp_assets.sandbox.salesforce.soql.scope import Column, Scope


@dataclass(slots=True)
class Plan:
    """`aggregates` are (name, SQL) pairs and make the query one of groups; `counting` is SELECT COUNT()."""

    scope: Scope
    columns: list[Column] = field(default_factory=list)
    where: list[str] = field(default_factory=list)
    parameters: list[Any] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0
    children: list["ChildPlan"] = field(default_factory=list)
    counting: bool = False
    aggregates: list[tuple[str, str]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)

    def sql(self, selected: str, limit: int | None) -> str:
        """The whole statement."""
        return f"SELECT {selected} FROM {self.scope.source}{self.scope.joined}{self.condition}{self.tail(limit)}"

    @property
    def condition(self) -> str:
        return f" WHERE {' AND '.join(self.where)}" if self.where else ""

    def tail(self, limit: int | None) -> str:
        order = f" ORDER BY {', '.join(self.order)}" if self.order else ""
        if limit is None and not self.offset:
            return order
        return f"{order} LIMIT {-1 if limit is None else limit} OFFSET {self.offset}"

    @property
    def id(self) -> str:
        return f'{self.scope.table}."Id"'

    @property
    def selected(self) -> str:
        """Id, the columns, then the id of every joined parent, which tells whether there is one."""
        parents = [f'{join.alias}."Id"' for join in self.scope.joins.values()]
        return ", ".join([self.id, *(column.sql for column in self.columns), *parents])


@dataclass(slots=True)
class ChildPlan:
    """A sub-select of a child list; `link` refers to the parent."""

    name: str
    link: Field
    plan: Plan
