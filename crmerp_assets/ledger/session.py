"""One transaction as the subjects see it: frames out, rows in, in bulk, on SQLite and PostgreSQL alike."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import polars as pl
from sqlalchemy import ARRAY, Boolean, Connection, Float, Integer, Select, Table, Text, any_, func, literal, select
from sqlalchemy import bindparam as bind
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningUpdate
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.expression import Executable

from crmerp_assets.ledger.tables import Instant

Rows = Sequence[Mapping[str, Any]]
Chosen = Callable[[Any, Table], Mapping[str, Any]]
TIME = pl.Datetime("us", "UTC")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CHUNK = 20_000


def micros(at: datetime) -> int:
    """A time with zone as microseconds since 1970 UTC. ValueError for a time without zone."""
    if at.tzinfo is None:
        raise ValueError("the ledger stores UTC: give a time with its zone")
    return (at - _EPOCH) // timedelta(microseconds=1)


class Session:
    """An open transaction and the clock."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._clock = clock
        self._postgres = connection.dialect.name == "postgresql"

    def now(self) -> int:
        """The clock's time as it is stored."""
        return micros(self._clock())

    def today(self) -> str:
        """The clock's UTC day as ISO text."""
        return self._clock().astimezone(UTC).date().isoformat()

    def lock(self, name: str) -> None:
        """Let one writing transaction at a time pass here, until it ends.

        SQLite needs nothing: its writing transactions exclude each other from their first statement.
        """
        if self._postgres:
            here = func.concat(func.current_schema(), ":", name)  # lanes share a database
            self._connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(here, 0))))

    def among(self, column: ColumnElement[Any], values: Iterable[str]) -> ColumnElement[bool]:
        """The column is one of many values, sent as one parameter however many there are."""
        listed = list(values)
        if self._postgres:
            return column == any_(bind(None, listed, type_=ARRAY(Text)))
        each = func.json_each(literal(json.dumps(listed), Text)).table_valued("value")
        return column.in_(select(each.c.value))

    def frame(self, statement: Select[Any] | ReturningUpdate[Any]) -> pl.DataFrame:
        """The rows of a query, with typed columns."""
        result = self._connection.execute(statement)
        columns = _columns(statement)
        rows = result.fetchall()
        if not rows:
            return _empty(tuple(columns)).clone()
        values = list(zip(*rows, strict=True))
        return pl.DataFrame([_series(name, kind, column) for (name, kind), column in zip(columns, values, strict=True)])

    def nothing(self, table: Table) -> pl.DataFrame:
        """No row of a table, without asking."""
        return _empty(tuple((str(column.key), _dtype(column)) for column in table.c)).clone()

    def rows(self, statement: Select[Any]) -> list[tuple[Any, ...]]:
        """The rows of a small query as tuples."""
        return [tuple(row) for row in self._connection.execute(statement)]

    def execute(self, statement: Executable) -> int:
        """Run one statement; returns the rows it touched."""
        return int(self._connection.execute(statement).rowcount)

    def execute_many(self, statement: Executable, rows: Rows) -> None:
        """Run one statement once per row, in bulk."""
        for start in range(0, len(rows), _CHUNK):
            self._connection.execute(statement, list(rows[start : start + _CHUNK]))

    def insert(self, table: Table, rows: Rows) -> None:
        """Insert rows; their keys must all be new."""
        self.execute_many(table.insert(), rows)

    def upsert(self, table: Table, rows: Rows, chosen: Chosen) -> None:
        """Insert rows; where the primary key exists, set what `chosen(offered row, table)` says."""
        insert = (postgresql.insert if self._postgres else sqlite.insert)(table)
        keys = [column.name for column in table.primary_key]
        statement = insert.on_conflict_do_update(index_elements=keys, set_=dict(chosen(insert.excluded, table)))
        self.execute_many(statement, rows)


def _columns(statement: Select[Any] | ReturningUpdate[Any]) -> list[tuple[str, pl.DataType]]:
    chosen = statement.selected_columns if isinstance(statement, Select) else statement.exported_columns
    return [(str(column.key), _dtype(column)) for column in chosen]


@lru_cache(maxsize=256)
def _empty(columns: tuple[tuple[str, pl.DataType], ...]) -> pl.DataFrame:
    """Most answers are empty, and making a frame of twenty columns takes longer than asking."""
    return pl.DataFrame(schema=dict(columns))


def _dtype(column: ColumnElement[Any]) -> pl.DataType:
    if isinstance(column.type, Instant):
        return TIME
    for kind, dtype in ((Boolean, pl.Boolean()), (Integer, pl.Int64()), (Float, pl.Float64())):
        if isinstance(column.type, kind):
            return dtype
    return pl.String()


def _series(name: str, dtype: pl.DataType, values: Sequence[Any]) -> pl.Series:
    if dtype == TIME:
        return pl.Series(name, values, dtype=pl.Int64, strict=True).cast(TIME)
    return pl.Series(name, values, dtype=dtype, strict=True)
