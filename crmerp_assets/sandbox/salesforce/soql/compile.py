"""From a syntax tree to a plan."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlglot import exp

from crmerp_assets.sandbox.salesforce.schema import Catalog, ObjectType
from crmerp_assets.sandbox.salesforce.soql.aggregates import aggregate_sql
from crmerp_assets.sandbox.salesforce.soql.errors import malformed, no_child_list
from crmerp_assets.sandbox.salesforce.soql.filters import OPERATORS, bound, in_range, like, literal_of
from crmerp_assets.sandbox.salesforce.soql.parse import parse, path_of, table_of
from crmerp_assets.sandbox.salesforce.soql.plan import ChildPlan, Plan
from crmerp_assets.sandbox.salesforce.soql.scope import Column, Scope
from crmerp_assets.sandbox.salesforce.soql.text import Constant, Prepared

_LARGEST_OFFSET = 2000


def compile_soql(soql: str, catalog: Catalog, everything: bool, deleted_too: bool, today: date) -> Plan:
    """Raises the vendor's error for a query it would refuse."""
    prepared, tree = parse(soql)
    compiler = _Compiler(prepared, catalog, everything, deleted_too, today)
    return compiler.query(tree, catalog.readable(table_of(tree), everything), 0)


@dataclass(slots=True)
class _Compiler:
    prepared: Prepared
    catalog: Catalog
    everything: bool
    deleted_too: bool
    today: date

    def query(self, tree: exp.Select, kind: ObjectType, level: int) -> Plan:
        alias = tree.args["from_"].this.alias or ""
        plan = Plan(Scope(self.catalog, kind, self.everything, self.prepared.original, level, alias))
        for group in tree.args["group"].expressions if tree.args.get("group") else ():
            plan.groups.append(plan.scope.column(path_of(group)).sql)
        for selected in tree.expressions:
            self._select(plan, selected, level)
        if not self.deleted_too:
            plan.where.append(f'{plan.scope.table}."IsDeleted" = 0')
        if tree.args.get("where"):
            plan.where.append(self._condition(plan, tree.args["where"].this))
        if tree.args.get("having"):
            raise malformed("unexpected token: HAVING")
        self._order(plan, tree)
        return plan

    def _select(self, plan: Plan, selected: exp.Expression, level: int) -> None:
        if isinstance(selected, exp.Subquery):
            plan.children.append(self._child(plan, selected.this, level))
        elif isinstance(selected, exp.Count) and self.prepared.counting and isinstance(selected.this, exp.Star):
            plan.counting = True
        elif isinstance(selected, exp.Anonymous) and selected.name.upper() == "FIELDS":
            visible = self.catalog.visible(plan.scope.kind, self.everything)
            plan.columns.extend(plan.scope.column([found.name]) for found in visible.values())
        elif isinstance(selected, exp.Column | exp.Dot) and not plan.groups:
            plan.columns.append(plan.scope.column(path_of(selected)))
        else:
            plan.aggregates.append(aggregate_sql(plan, selected))

    def _child(self, plan: Plan, tree: exp.Select, level: int) -> ChildPlan:
        name = table_of(tree)
        found = self.catalog.child(plan.scope.kind, name)
        if found is None:
            raise no_child_list(self.prepared.original, name)
        kind, link = found
        return ChildPlan(str(link.children), link, self.query(tree, kind, level + 1 + len(plan.children)))

    def _order(self, plan: Plan, tree: exp.Select) -> None:
        ordered = tree.args["order"].expressions if tree.args.get("order") else []
        for each in ordered:
            column = plan.scope.column(path_of(each.this))
            first = bool(each.args.get("nulls_first"))
            direction = " DESC" if each.args.get("desc") else ""
            usual = first != bool(direction)
            nulls = "" if usual or not _nullable(column) else f" NULLS {'FIRST' if first else 'LAST'}"
            plan.order.append(column.sql + direction + nulls)
        plan.limit = self._number(tree, "limit")
        plan.offset = self._number(tree, "offset") or 0
        if plan.offset > _LARGEST_OFFSET:
            raise malformed("Maximum SOQL offset allowed is 2000")

    def _number(self, tree: exp.Select, name: str) -> int | None:
        node = tree.args.get(name)
        return int(literal_of(node.expression, self.prepared.constants)) if node else None

    def _condition(self, plan: Plan, node: Any) -> str:
        if isinstance(node, exp.And | exp.Or):
            parts = [self._condition(plan, part) for part in node.flatten()]
            return f"({(' AND ' if isinstance(node, exp.And) else ' OR ').join(parts)})"
        if isinstance(node, exp.Paren):
            return self._condition(plan, node.this)
        if isinstance(node, exp.Not):
            return f"NOT coalesce({self._condition(plan, node.this)}, 0)"
        if isinstance(node, exp.In):
            return self._in(plan, node)
        if isinstance(node, exp.Like):
            column = plan.scope.column(path_of(node.this))
            sql, pattern = like(column.sql, column.field, literal_of(node.expression, self.prepared.constants))
            plan.parameters.append(pattern)
            return sql
        if type(node) in OPERATORS:
            return self._compare(plan, node, OPERATORS[type(node)])
        raise malformed(f"unexpected token: '{node.sql()}'")

    def _compare(self, plan: Plan, node: Any, operator: str) -> str:
        column = plan.scope.column(path_of(node.this))
        value = literal_of(node.expression, self.prepared.constants)
        if isinstance(value, Constant) and value.kind == "range":
            sql, parameters = in_range(column.sql, column.field, operator, value.value, self.today)
            plan.parameters.extend(parameters)
            return sql
        plan.parameters.append(bound(self.prepared.original, column.field, value))
        return f"{column.sql} {operator} ?"

    def _in(self, plan: Plan, node: exp.In) -> str:
        column = plan.scope.column(path_of(node.this))
        if node.args.get("query"):
            return self._semi_join(plan, column, node.args["query"].this)
        members: list[Any] = []
        for expression in node.expressions:
            value = literal_of(expression, self.prepared.constants)
            members.extend(value.value if isinstance(value, Constant) and value.kind == "list" else [value])
        values = [bound(self.prepared.original, column.field, member) for member in members]
        plan.parameters.extend(values)
        return f"{column.sql} IN ({', '.join('?' * len(values))})"

    def _semi_join(self, plan: Plan, column: Column, tree: exp.Select) -> str:
        inner = self.query(tree, self.catalog.readable(table_of(tree), self.everything), plan.scope.level + 100)
        if len(inner.columns) != 1:
            raise malformed("semi join sub-selects can only query one field")
        plan.parameters.extend(inner.parameters)
        return f"{column.sql} IN ({inner.sql(inner.columns[0].sql, inner.limit)})"


def _nullable(column: Column) -> bool:
    return column.field.name not in ("Id", "SystemModstamp", "CreatedDate", "LastModifiedDate")
