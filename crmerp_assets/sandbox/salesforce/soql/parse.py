"""SOQL text as a syntax tree."""

from typing import Any, cast

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from crmerp_assets.sandbox.salesforce.soql.errors import malformed
from crmerp_assets.sandbox.salesforce.soql.text import Prepared, prepare

_LONGEST = 100_000


def parse(soql: str) -> tuple[Prepared, exp.Select]:
    """Raises MALFORMED_QUERY for anything but one SELECT."""
    if len(soql) > _LONGEST:
        raise malformed("SOQL statements cannot be longer than 100000 characters.")
    prepared = prepare(soql)
    try:
        tree = sqlglot.parse_one(prepared.sql)
    except SqlglotError as error:
        raise malformed(f"unexpected token: {_first_words(error)}") from None
    if not isinstance(tree, exp.Select) or tree.args.get("from_") is None:
        raise malformed("unexpected token: expecting SELECT ... FROM ...")
    return prepared, tree


def path_of(column: exp.Expression) -> list[str]:
    """`Owner.Manager.Name` as its steps. Raises MALFORMED_QUERY for what is not a field."""
    if not isinstance(column, exp.Column | exp.Dot):
        raise malformed(f"unexpected token: {column.sql()}")
    return [part.name for part in cast(Any, column).parts]


def table_of(select: exp.Select) -> str:
    """The object that a query is from."""
    table = select.args["from_"].this
    if not isinstance(table, exp.Table) or select.args.get("joins"):
        raise malformed("only one object may be queried")
    return table.name


def _first_words(error: SqlglotError) -> str:
    return str(error).splitlines()[0][:120]
