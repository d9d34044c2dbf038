"""One organisation's records: rows in SQLite with ids, stamps and authors. What a row may say is decided elsewhere."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from crmerp_assets.sandbox.kit.clock import Clock
from crmerp_assets.sandbox.kit.store import Store
from crmerp_assets.sandbox.salesforce.engine.stamps import stamp
from crmerp_assets.sandbox.salesforce.ids import make_id
from crmerp_assets.sandbox.salesforce.schema import Catalog, ObjectType

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. The integration user sees only the custom fields it was granted."""

    name: str
    id: str
    everything: bool


class Organisation:
    """The rows of every object."""

    def __init__(self, store: Store, catalog: Catalog, clock: Clock) -> None:
        self.store, self.catalog, self.clock = store, catalog, clock
        self._currencies: set[str] | None = None
        store.write("CREATE TABLE IF NOT EXISTS _sequence (prefix TEXT PRIMARY KEY, number INTEGER)")

    def now(self) -> str:
        return _second(int(self.clock().timestamp()))

    def ago(self, seconds: float) -> str:
        return stamp(self.clock() - timedelta(seconds=seconds))

    def new_ids(self, prefix: str, count: int) -> list[str]:
        """The next ids of a key prefix."""
        sql = (
            "INSERT INTO _sequence VALUES (?, ?) ON CONFLICT (prefix) DO UPDATE SET number = number + ? "
            "RETURNING number"
        )
        last: int = self.store.db.execute(sql, (prefix, count, count)).fetchall()[0][0]
        return [make_id(prefix, number) for number in range(last - count + 1, last + 1)]

    def get(self, kind: ObjectType, id_: str) -> Row | None:
        """A row by its id, deleted or not."""
        return self.first(kind, '"Id" = ?', (id_,))

    def first(self, kind: ObjectType, where: str, parameters: Sequence[Any]) -> Row | None:
        found = self.select(kind, where, parameters)
        return found[0] if found else None

    def select(self, kind: ObjectType, where: str, parameters: Sequence[Any] = ()) -> list[Row]:
        cursor = self.store.db.execute(f'SELECT * FROM "{kind.name}" WHERE {where}', parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, values, strict=True)) for values in cursor]

    def insert(self, kind: ObjectType, row: Row) -> None:
        self.store.db.execute(_insert(kind.name, tuple(row)), tuple(row.values()))

    def insert_many(self, kind: ObjectType, rows: Iterable[Row]) -> None:
        """Rows with the same columns go in together."""
        by_columns: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
        for row in rows:
            by_columns.setdefault(tuple(row), []).append(tuple(row.values()))
        for columns, values in by_columns.items():
            self.store.db.executemany(_insert(kind.name, columns), values)

    def change(self, kind: ObjectType, id_: str, values: Row) -> None:
        """Set columns of one row."""
        if values:
            self.store.db.execute(_update(kind.name, tuple(values)), (*values.values(), id_))

    def stamps(self, actor: Actor) -> Row:
        """What every change of a record sets."""
        now = self.now()
        return {"LastModifiedDate": now, "LastModifiedById": actor.id, "SystemModstamp": now}

    def touch(self, kind: ObjectType, ids: Iterable[str], actor: Actor, **values: Any) -> None:
        """Set the same columns of several rows and stamp them."""
        for id_ in ids:
            self.change(kind, id_, {**values, **self.stamps(actor)})

    def currencies(self) -> set[str]:
        """The active currencies."""
        if self._currencies is None:
            rows = self.store.rows('SELECT "IsoCode" FROM "CurrencyType" WHERE "IsActive" = 1')
            self._currencies = {code for (code,) in rows}
        return self._currencies

    def forget_currencies(self) -> None:
        self._currencies = None

    def violated(self, error: sqlite3.IntegrityError, kind: ObjectType, row: Row) -> tuple[str, str] | None:
        """The unique field that refused a row, and the record that has its value."""
        name = str(error).rpartition(".")[2]
        where = f'"{name}" = ? AND "IsDeleted" = 0 AND "Id" IS NOT ?'
        found = self.first(kind, where, (row.get(name), row.get("Id"))) if name in kind.fields else None
        return (name, found["Id"]) if found else None


@lru_cache(maxsize=16)
def _second(seconds: int) -> str:
    return stamp(datetime.fromtimestamp(seconds, UTC))


@lru_cache(maxsize=512)
def _insert(table: str, columns: tuple[str, ...]) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    return f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(columns))})'


@lru_cache(maxsize=512)
def _update(table: str, columns: tuple[str, ...]) -> str:
    pairs = ", ".join(f'"{column}" = ?' for column in columns)
    return f'UPDATE "{table}" SET {pairs} WHERE "Id" = ?'
