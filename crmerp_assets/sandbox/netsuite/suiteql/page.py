"""A page of a query's result in the query service's envelope, with its rules on limit and offset."""

import sqlite3
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from crmerp_assets.sandbox.netsuite.engine.account import Account
from crmerp_assets.sandbox.netsuite.errors import invalid_parameter
from crmerp_assets.sandbox.netsuite.schema import Column
from crmerp_assets.sandbox.netsuite.suiteql.compile import Compiled, compiled
from crmerp_assets.sandbox.netsuite.suiteql.functions import number_text
from crmerp_assets.sandbox.netsuite.suiteql.resolve import search_error

MAX_LIMIT = 1000
MAX_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Page:
    """`items` as the service returns them: lower-case names, numbers as text, nulls left out."""

    items: list[dict[str, Any]]
    total: int
    limit: int
    offset: int

    @property
    def more(self) -> bool:
        return self.offset + len(self.items) < self.total


Shape = tuple[tuple[str, tuple[Column, ...]], ...]
"""Tables with their columns, in their order: all of an account that a compiled query depends on, but its time zone."""


class Queries:
    """Compiles a query once; clients send the same few again and again, to every account of a process."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._compiled = lru_cache(maxsize=256)(self._compile)

    def _compile(self, query: str, _version: int, hidden: frozenset[str]) -> Compiled:
        tables = self.account.registry.tables.items()
        shape = tuple((name, tuple(columns.values())) for name, columns in tables if name not in hidden)
        return _compiled_for(shape, query, self.account.options.account_timezone == "UTC")

    def run(self, query: str, params: list[Any], limit: int, offset: int, hidden: frozenset[str] = frozenset()) -> Page:
        """Raises NetSuiteError for a query, a limit or an offset that the service refuses.

        `hidden` are tables that the caller's role may not view: they are as good as none.
        """
        check_page(limit, offset)
        with self.account.reading() as db:
            ready = self._compiled(query, self.account.registry.version, hidden)
            values = {f"p{n}": _bound(value) for n, value in enumerate(params, 1)}
            try:
                rows = db.execute(ready.rows, values | {"limit": limit, "offset": offset}).fetchall()
                total = self._total(db, ready, values, len(rows), limit, offset)
            except (sqlite3.Error, ValueError) as error:
                raise search_error(f"Invalid or unsupported search. {error}") from None
        return Page([_item(ready.names, row) for row in rows], min(total, MAX_ROWS), limit, offset)

    def _total(
        self, db: sqlite3.Connection, ready: Compiled, values: dict[str, Any], found: int, limit: int, offset: int
    ) -> int:
        """Counting is skipped when the page itself shows where the result ends."""
        if found < limit and (found or not offset):
            return offset + found
        return int(db.execute(ready.count, values).fetchone()[0])


@lru_cache(maxsize=1024)
def _compiled_for(shape: Shape, query: str, utc: bool) -> Compiled:
    tables = {name: {column.name: column for column in columns} for name, columns in shape}
    return compiled(query, tables, utc)


def check_page(limit: int, offset: int) -> None:
    if not 1 <= limit <= MAX_LIMIT:
        raise invalid_parameter(
            "limit", f"Invalid value of the limit parameter. Provide a value from 1 to {MAX_LIMIT}."
        )
    if offset < 0 or offset % limit:
        raise invalid_parameter(
            "offset", "Invalid value of the offset parameter. The offset must be divisible by the limit."
        )
    if offset + limit > MAX_ROWS:
        raise invalid_parameter("offset", f"The number of results cannot exceed {MAX_ROWS}.")


def _bound(value: Any) -> Any:
    return ("T" if value else "F") if isinstance(value, bool) else value


def _item(names: tuple[str, ...], row: tuple[Any, ...]) -> dict[str, Any]:
    item: dict[str, Any] = {"links": []}
    for name, value in zip(names, row, strict=True):
        if value is None:
            continue
        if isinstance(value, str):
            item[name] = value
        else:
            item[name] = number_text(value) if isinstance(value, float) else str(value)
    return item
