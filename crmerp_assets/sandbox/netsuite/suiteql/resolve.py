"""Finding out which column of which table every name in a query means; an unknown name is refused."""

from dataclasses import dataclass

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from crmerp_assets.sandbox.netsuite.errors import NetSuiteError
from crmerp_assets.sandbox.netsuite.schema import Column

_MEANING = "meaning"
_PSEUDO = frozenset({"rownum"})
Tables = dict[str, dict[str, Column]]


@dataclass(frozen=True, slots=True)
class Meaning:
    """A column and the table it belongs to; a derived column keeps the meaning of the one it shows."""

    table: str
    column: Column


def search_error(detail: str) -> NetSuiteError:
    text = f"Invalid search query. Detailed unprocessed description follows. Search error occurred: {detail}"
    return NetSuiteError(400, "INVALID_PARAMETER", text, {"o:errorQueryParam": "q"})


def meaning(node: exp.Expr | None) -> Meaning | None:
    """What a column, or an aggregate or fallback of columns, shows."""
    if node is None:
        return None
    found = node.meta.get(_MEANING)
    if isinstance(found, Meaning):
        return found
    if isinstance(node, exp.Max | exp.Min | exp.Coalesce | exp.Paren | exp.Alias):
        return meaning(node.this)
    if isinstance(node, exp.Case):
        branches = [branch.args["true"] for branch in node.args["ifs"]]
        return next((m for m in map(meaning, branches) if m), None)
    return None


class Resolver:
    """Walks the scopes of one query, inner ones first."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._outputs: dict[int, dict[str, Meaning | None]] = {}

    def resolve(self, tree: exp.Expr) -> None:
        scopes = traverse_scope(tree)
        for scope in scopes:
            for source in scope.sources.values():
                self._check_source(source)
        for scope in scopes:
            self._expand_stars(scope)
            for column in list(scope.find_all(exp.Column)):
                self._resolve_column(scope, column)
            self._outputs[id(scope.expression)] = self._output(scope)

    def _check_source(self, source: exp.Expr | Scope) -> None:
        if isinstance(source, exp.Table):
            source.this.set("this", source.name.lower())
            source.this.set("quoted", True)
            if source.name not in self.tables:
                raise search_error(f"Record '{source.name}' was not found.")

    def _columns(self, source: exp.Expr | Scope) -> dict[str, Meaning | None]:
        if isinstance(source, Scope):
            return self._outputs.get(id(source.expression), {})
        return {name: Meaning(source.name, column) for name, column in self.tables[source.name].items()}

    def _expand_stars(self, scope: Scope) -> None:
        if not isinstance(scope.expression, exp.Select):
            return
        expanded: list[exp.Expr] = []
        for item in scope.expression.expressions:
            qualifier = item.table.lower() if isinstance(item, exp.Column) and isinstance(item.this, exp.Star) else None
            if qualifier is None and not isinstance(item, exp.Star):
                expanded.append(item)
                continue
            for alias, source in scope.sources.items():
                if qualifier in (None, alias.lower()):
                    expanded += [exp.column(name, table=alias) for name in self._columns(source)]
        scope.expression.set("expressions", expanded)

    def _resolve_column(self, scope: Scope, column: exp.Column) -> None:
        name, qualifier = column.name.lower(), column.table.lower()
        if name in _PSEUDO or isinstance(column.this, exp.Star):
            return
        found = self._look_up(scope, name, qualifier)
        if found is not None:
            alias, what = found
            column.set("table", exp.to_identifier(alias, quoted=True))
            column.this.set("this", name)
            column.this.set("quoted", True)
            column.meta[_MEANING] = what
            return
        if qualifier or not self._is_alias(scope, column, name):
            where = next(iter(scope.sources), "")
            raise search_error(
                f"Field '{name}' for record '{qualifier or where}' was not found. Reason: REMOVED - Field is removed"
            )

    def _look_up(self, scope: Scope | None, name: str, qualifier: str) -> tuple[str, Meaning | None] | None:
        while scope is not None:
            for alias, source in scope.sources.items():
                if qualifier in ("", alias.lower()):
                    columns = self._columns(source)
                    if name in columns:
                        return alias, columns[name]
            scope = scope.parent
        return None

    def _is_alias(self, scope: Scope, column: exp.Column, name: str) -> bool:
        """ORDER BY may name an output column; it is then replaced by what that column shows."""
        if not isinstance(scope.expression, exp.Select):
            return True
        for item in scope.expression.expressions:
            if isinstance(item, exp.Alias) and item.alias.lower() == name:
                column.meta["output"] = name
                return True
        return False

    def _output(self, scope: Scope) -> dict[str, Meaning | None]:
        expression = scope.expression
        while isinstance(expression, exp.SetOperation):
            expression = expression.left
        selects = expression.selects if isinstance(expression, exp.Query) else []
        return {item.alias_or_name.lower(): meaning(item) for item in selects}
