"""One SuiteQL query to one SQLite query, its count, and the names of its columns."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from crmerp_assets.sandbox.netsuite.suiteql.resolve import Resolver, Tables, search_error
from crmerp_assets.sandbox.netsuite.suiteql.rewrite import Rewriter
from crmerp_assets.sandbox.netsuite.suiteql.text import prepared


@dataclass(frozen=True, slots=True)
class Compiled:
    """`rows` takes :limit and :offset besides the query's own parameters, which are named p1, p2, ..."""

    rows: str
    count: str
    names: tuple[str, ...]


def compiled(query: str, tables: Tables, utc: bool) -> Compiled:
    """Raises NetSuiteError for what does not parse, is not a SELECT, or names what is not there."""
    tree = _parsed(query)
    Resolver(tables).resolve(tree)
    for select in tree.find_all(exp.Select):
        _limit_by_rownum(select)
        _replace_outputs(select)
    rewriter = Rewriter(utc)
    rewriter.rewrite(tree)
    names = _name_outputs(tree, rewriter)
    _quote(tree)
    return Compiled(_paged(tree), _counted(tree), names)


def _parsed(query: str) -> exp.Query:
    try:
        tree = sqlglot.parse_one(prepared(query), read="oracle")
    except SqlglotError as error:
        raise search_error(f"Invalid or unsupported search. {str(error).splitlines()[0]}") from None
    if not isinstance(tree, exp.Query):
        raise search_error("Invalid or unsupported search. Only SELECT statements are allowed.")
    return tree


def _limit_by_rownum(select: exp.Select) -> None:
    """`ROWNUM <= n` in the WHERE clause is a limit."""
    for column in list(select.find_all(exp.Column)):
        parent = column.parent
        if column.name.lower() != "rownum" or column.parent_select is not select:
            continue
        if isinstance(parent, exp.LTE | exp.LT | exp.EQ) and isinstance(parent.expression, exp.Literal):
            number = int(parent.expression.name) - isinstance(parent, exp.LT)
            parent.replace(exp.true())
            select.limit(number, copy=False)


def _replace_outputs(select: exp.Select) -> None:
    shown = {item.alias.lower(): item.this for item in select.expressions if isinstance(item, exp.Alias)}
    for clause in ("order", "group", "having"):
        part = select.args.get(clause)
        for column in list(part.find_all(exp.Column)) if part else ():
            output = column.meta.get("output") or (column.name.lower() if _unresolved(column) else None)
            if output in shown:
                column.replace(shown[output].copy())


def _unresolved(column: exp.Column) -> bool:
    return "meaning" not in column.meta and not column.table


def _name_outputs(tree: exp.Query, rewriter: Rewriter) -> tuple[str, ...]:
    """Outputs get internal names: ORDER BY would otherwise sort by a date as it is shown."""
    names: tuple[str, ...] = ()
    for select in _leaves(tree):
        items = []
        found: list[str] = []
        for number, item in enumerate(select.expressions):
            value = item.this if isinstance(item, exp.Alias) else item
            found.append(_unique(_name(item, number), found))
            items.append(exp.alias_(rewriter.shown_date(value.copy()), f"c{number}"))
        select.set("expressions", items)
        names = names or tuple(found)
    if isinstance(tree, exp.SetOperation):
        _rename_order(tree, names)
    return names


def _leaves(tree: exp.Expr) -> Iterator[exp.Select]:
    if isinstance(tree, exp.SetOperation):
        yield from _leaves(tree.left)
        yield from _leaves(tree.right)
    elif isinstance(tree, exp.Select):
        yield tree
    elif isinstance(tree, exp.Subquery):
        yield from _leaves(tree.this)


def _name(item: exp.Expr, number: int) -> str:
    name = item.alias_or_name if isinstance(item, exp.Alias | exp.Column) else ""
    return name.lower() or f"expr{number + 1}"


def _unique(name: str, taken: list[str]) -> str:
    if name not in taken:
        return name
    return next(f"{name}_{n}" for n in range(1, len(taken) + 1) if f"{name}_{n}" not in taken)


def _rename_order(tree: exp.SetOperation, names: tuple[str, ...]) -> None:
    order = tree.args.get("order")
    for column in list(order.find_all(exp.Column)) if order else ():
        if column.name.lower() in names:
            column.replace(exp.column(f"c{names.index(column.name.lower())}"))


def _quote(tree: exp.Expr) -> None:
    for identifier in tree.find_all(exp.Identifier):
        if identifier.name.lower() == "transaction":
            identifier.set("this", "transaction")
            identifier.set("quoted", True)


def _paged(tree: exp.Query) -> str:
    sql = _sql(tree)
    if tree.args.get("limit") or tree.args.get("offset") or isinstance(tree, exp.SetOperation):
        sql = f"SELECT * FROM ({sql})"
    return f"{sql} LIMIT :limit OFFSET :offset"


def _counted(tree: exp.Query) -> str:
    plain = isinstance(tree, exp.Select) and not any(
        tree.args.get(part) for part in ("group", "distinct", "limit", "offset", "having")
    )
    if plain and not any(_aggregates(tree, item) for item in tree.expressions):
        bare = tree.copy()
        bare.set("order", None)
        bare.set("expressions", [exp.Count(this=exp.Star())])
        return _sql(bare)
    return f"SELECT COUNT(*) FROM ({_sql(tree)})"


def _aggregates(select: exp.Query, item: exp.Expr) -> bool:
    """Whether an output sums up rows of this select; one of a subquery in it does not."""
    return any(found.parent_select is select for found in item.find_all(exp.AggFunc))


def _sql(tree: exp.Expr) -> str:
    return tree.sql("sqlite", unsupported_level=sqlglot.ErrorLevel.IGNORE)
