"""COUNT, SUM and their kind."""

from typing import Any

from sqlglot import exp

from crmerp_assets.sandbox.salesforce.soql.errors import malformed
from crmerp_assets.sandbox.salesforce.soql.parse import path_of
from crmerp_assets.sandbox.salesforce.soql.plan import Plan

_FUNCTIONS: dict[type[exp.Expression], str] = {
    exp.Count: "COUNT",
    exp.Sum: "SUM",
    exp.Avg: "AVG",
    exp.Min: "MIN",
    exp.Max: "MAX",
}


def aggregate_sql(plan: Plan, selected: Any) -> tuple[str, str]:
    """(name in the answer, SQL) of an aggregate or of a field that is grouped by."""
    alias, node = selected.alias, selected.this if isinstance(selected, exp.Alias) else selected
    if isinstance(node, exp.Column | exp.Dot):
        column = plan.scope.column(path_of(node))
        if column.sql not in plan.groups:
            raise malformed(f"Field must be grouped or aggregated: {column.field.name}")
        return alias or column.field.name, column.sql
    unnamed = sum(name.startswith("expr") for name, _ in plan.aggregates)
    return alias or f"expr{unnamed}", _function(plan, node)


def _function(plan: Plan, node: Any) -> str:
    if isinstance(node, exp.Anonymous) and node.name.upper() == "COUNT_DISTINCT" and len(node.expressions) == 1:
        return f"COUNT(DISTINCT {plan.scope.column(path_of(node.expressions[0])).sql})"
    function = _FUNCTIONS.get(type(node))
    if function is None:
        raise malformed(f"unexpected token: '{node.sql()}'")
    return f"{function}({plan.scope.column(path_of(node.this)).sql})"
