"""One account's database, its clock and its sequences; every change happens inside `writing`."""

import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from crmerp_assets.sandbox.netsuite.engine.countries import country_names
from crmerp_assets.sandbox.netsuite.schema import Registry, reference
from crmerp_assets.sandbox.netsuite.schema.tables import add_missing_columns, create_statements, physical

INTEGRATION = 3
STAMP = "%Y-%m-%d %H:%M:%S"
_NAME_COLUMNS = {
    "currency": ("id", "name"),
    "term": ("id", "name"),
    "subsidiary": ("id", "name"),
    "contactrole": ("id", "name"),
    "unitstypeuom": ("internalid", "unitname"),
    "pricelevel": ("id", "name"),
    "salestaxitem": ("id", "itemid"),
}
_WORD = re.compile(r"[a-z_]+")


@lru_cache(maxsize=512)
def _tables(sql: str) -> frozenset[str]:
    """The tables that a statement may name: a word of another column is no reason to write queued rows first."""
    return frozenset(word.removesuffix("_stored") for word in _WORD.findall(sql))


@dataclass(frozen=True, slots=True)
class Options:
    """How this account is set up.

    - `payments_touch_invoices`: an application moves the invoice's modification date.
    - `bill_in_advance`: orders are invoiced before they are fulfilled; without it only what is fulfilled can be.
    - `tax_rates`: percent by subsidiary id, for customers without a tax item; when empty nothing is taxed.
    - `customer_currencies`: customers have their primary currency and those of their list; without it only customers
      that have a list are held to it.
    - `more_currencies`: ISO codes (JPY, KWD, BHD) that a new account has beside its four.
    """

    account_timezone: str = "UTC"
    require_approval: bool = False
    payments_touch_invoices: bool = True
    bill_in_advance: bool = True
    tax_rates: Mapping[str, float] = field(default_factory=dict)
    customer_currencies: bool = False
    more_currencies: tuple[str, ...] = ()
    job_delay_seconds: float = 0.05
    job_processors: int = 5
    concurrency_limit: int = 5
    latency_seconds: float = 0.0


class Account:
    """The state of one account. Not reentrant across users: `writing` serialises, as the vendor does per record."""

    def __init__(self, db: sqlite3.Connection, clock: Callable[[], datetime], options: Options) -> None:
        self.db = db
        self.clock = clock
        self.options = options
        self.registry = Registry()
        self.lock = threading.RLock()
        self.user = INTEGRATION
        self.levels: dict[str, str] = {}
        self.zone = ZoneInfo(options.account_timezone)
        self._queues: dict[str, list[tuple[Any, ...]]] = {}
        self._names: dict[str, dict[Any, str]] = {}
        self._sequences: dict[str, int] = {}
        self._columns: dict[str, tuple[list[str], int]] = {}
        self._prepare()

    def _prepare(self) -> None:
        self.db.create_function("sandbox_today", 0, self.today)
        self.db.executescript(create_statements())
        add_missing_columns(self.db)
        reference.load(self.db, self.now(), self.options.more_currencies)
        self.registry.load_custom(self.db)
        self._sequences = dict(self.db.execute("SELECT name, value FROM sequence").fetchall())
        self.db.commit()

    def now(self) -> str:
        """The server's time, UTC, in whole seconds: that is the resolution of every stored time."""
        return self.stored_time(self.clock())

    @staticmethod
    def stored_time(moment: datetime) -> str:
        return moment.astimezone(UTC).strftime(STAMP)

    def today(self) -> str:
        return self.clock().astimezone(self.zone).date().isoformat()

    def seconds_ago(self, seconds: float) -> str:
        return self.stored_time(self.clock() - timedelta(seconds=seconds))

    @contextmanager
    def writing(self, user: int = INTEGRATION) -> Iterator[sqlite3.Connection]:
        """One transaction. Sequences survive a rollback: the vendor never gives an id twice either."""
        with self.lock:
            self.user = user
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield self.db
                self.flush()
                self.db.executemany("INSERT OR REPLACE INTO sequence VALUES (?, ?)", list(self._sequences.items()))
                self.db.execute("COMMIT")
            except BaseException:
                self._queues.clear()
                self.db.execute("ROLLBACK")
                raise
            finally:
                self.user = INTEGRATION

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        with self.lock:
            yield self.db

    def may(self, user: int, record: str, level: str) -> bool:
        """Whether the role of a user may `view` or `edit` records of a type; people may everything."""
        granted = self.levels.get(record, "edit") if user == INTEGRATION else "edit"
        return granted == "edit" or granted == level

    def next_number(self, sequence: str, start: int = 1) -> int:
        value = self._sequences.get(sequence, start - 1) + 1
        self._sequences[sequence] = value
        return value

    def not_below(self, sequence: str, value: int) -> None:
        """Seeded records may bring their own ids; later ones continue after them."""
        if value > self._sequences.get(sequence, 0):
            self._sequences[sequence] = value

    def insert(self, table: str, row: dict[str, Any]) -> None:
        """Queue a row; `flush` writes queued rows in bulk, which is what makes seeding fast."""
        get = row.get
        self._queues.setdefault(table, []).append(tuple([get(column) for column in self._stored(table)]))

    def _stored(self, table: str) -> list[str]:
        columns, version = self._columns.get(table, ([], -1))
        if version != self.registry.version:
            columns = [row[1] for row in self.db.execute(f"PRAGMA table_info({physical(table)})")]
            self._columns[table] = (columns, self.registry.version)
        return columns

    def flush(self) -> None:
        for table, rows in self._queues.items():
            marks = ", ".join("?" * len(rows[0]))
            self.db.executemany(f"INSERT INTO {physical(table)} VALUES ({marks})", rows)
        self._queues.clear()

    def _settle(self, sql: str) -> None:
        """Rows still queued for a table that is about to be read or changed are written first."""
        if self._queues and not self._queues.keys().isdisjoint(_tables(sql)):
            self.flush()

    def row(self, sql: str, *params: object) -> sqlite3.Row | None:
        self._settle(sql)
        cursor = self.db.execute(sql, params)
        cursor.row_factory = sqlite3.Row
        row: sqlite3.Row | None = cursor.fetchone()
        return row

    def rows(self, sql: str, *params: object) -> list[sqlite3.Row]:
        self._settle(sql)
        cursor = self.db.execute(sql, params)
        cursor.row_factory = sqlite3.Row
        return cursor.fetchall()

    def update(self, table: str, key: str, id_: int, values: dict[str, Any]) -> None:
        self._settle(table)
        if values:
            names = ", ".join(f'"{name}" = ?' for name in values)
            self.db.execute(f'UPDATE {physical(table)} SET {names} WHERE "{key}" = ?', [*values.values(), id_])

    def names(self, table: str) -> dict[Any, str]:
        """Id to name of a small list, remembered until the list changes."""
        if table == "country":
            return country_names()
        if table not in self._names:
            key, name = _NAME_COLUMNS[table]
            self._names[table] = dict(self.db.execute(f"SELECT {key}, {name} FROM {table}").fetchall())
        return self._names[table]

    def forget_names(self, table: str) -> None:
        self._names.pop(table, None)

    def user_id(self, name: str) -> int:
        """The employee behind a user name, hired on first sight."""
        row = self.db.execute("SELECT id FROM employee WHERE entityid = ?", (name,)).fetchone()
        if row:
            return int(row[0])
        cursor = self.db.execute("INSERT INTO employee (entityid) VALUES (?)", (name,))
        return int(cursor.lastrowid or 0)
