"""One SQLite file behind one lock: requests run in worker threads, and a sandbox is small enough to take turns."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

_PRAGMAS = (
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;"
)


class Store:
    """Transactions nest: the outermost is a transaction, those within are savepoints of their own."""

    def __init__(self, file: Path) -> None:
        self._lock = RLock()
        self._depth = 0
        self.db = sqlite3.connect(file, isolation_level=None, check_same_thread=False, cached_statements=512)
        self.db.executescript(_PRAGMAS)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection for as long as nobody else may write."""
        with self._lock:
            yield self.db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that an exception rolls back."""
        with self._lock:
            name = f"level_{self._depth}"
            self.db.execute(f"SAVEPOINT {name}" if self._depth else "BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield self.db
            except BaseException:
                self._end(f"ROLLBACK TO {name}", f"RELEASE {name}", "ROLLBACK")
                raise
            self._end(None, f"RELEASE {name}", "COMMIT")

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._lock:
            return self.db.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """The first row of a query."""
        with self._lock:
            found: tuple[Any, ...] | None = self.db.execute(sql, parameters).fetchone()
            return found

    def write(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """One statement in a transaction of its own; how many rows it changed."""
        with self.writing() as db:
            return db.execute(sql, parameters).rowcount

    def close(self) -> None:
        """Close the file. A call that is still running finishes first."""
        with self._lock:
            self.db.close()

    def _end(self, undo: str | None, inner: str, outer: str) -> None:
        self._depth -= 1
        if not self._depth:
            self.db.execute(outer)
            return
        if undo:
            self.db.execute(undo)
        self.db.execute(inner)
