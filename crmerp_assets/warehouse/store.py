"""Opening the DuckDB file for one short statement block at a time.

DuckDB allows one writing process. A block that called an API while it held the file would stop every other
process for minutes, so the only way in is `with warehouse.open() as con`, around statements and nothing else.
Threads of one process take turns too: change numbers must be committed in the order in which they were drawn.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import duckdb

from crmerp_assets.warehouse.tables import remembering

PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.02
_LOCKED = "Could not set lock"
_ONE_AT_A_TIME = threading.RLock()
# What the operating system calls a full disk, a file over its limit, and a spent quota.
_FULL = ("No space left", "File too large", "quota exceeded")
_PREPARED = "SELECT 1 FROM state.identity LIMIT 0"
SCHEMAS = ("raw", "conformed", "links", "golden", "plan", "report", "state")


class WarehouseBusy(RuntimeError):
    """Another process holds the warehouse file; wait for its run to finish, then start this again."""


class WarehouseFull(RuntimeError):
    """The disk is full; nothing of the failed statement was stored."""


class Warehouse:
    """Gives connections to the warehouse file, with its schemas in place.

    `connect` returns a context manager that yields a DuckDB connection, for example
    `DuckDBResource.get_connection`, which waits while another process holds the file.
    """

    def __init__(self, connect: Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]) -> None:
        self._connect = connect
        self._here = threading.local()

    @contextmanager
    def open(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a connection inside one transaction: all of the block is stored, or none of it.

        A block inside a block of the same thread is part of the outer one's transaction: opening the file costs
        tens of milliseconds, so a stage opens it once. Raises WarehouseBusy where another process keeps the file,
        WarehouseFull where the disk is full.
        """
        outer: duckdb.DuckDBPyConnection | None = getattr(self._here, "connection", None)
        if outer is not None:
            yield outer
            return
        with _ONE_AT_A_TIME, _translated(), self._connect() as con:
            self._prepare(con)
            con.execute("BEGIN")
            self._here.connection = con
            try:
                with remembering(con):
                    yield con
            except BaseException:
                con.execute("ROLLBACK")
                raise
            finally:
                self._here.connection = None
            con.execute("COMMIT")

    def _prepare(self, con: duckdb.DuckDBPyConnection) -> None:
        """Also where the file was deleted under a running process: all of it can be read again."""
        with suppress(duckdb.CatalogException):
            con.execute(_PREPARED)
            return
        for schema in SCHEMAS:
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        con.execute("CREATE SEQUENCE IF NOT EXISTS state.change_number")
        con.execute(
            "CREATE TABLE IF NOT EXISTS state.progress (consumer VARCHAR, source VARCHAR, change BIGINT, "
            "PRIMARY KEY (consumer, source))"
        )
        con.execute("CREATE TABLE IF NOT EXISTS state.identity AS SELECT uuid()::VARCHAR AS id")


def prepare_file(path: Path) -> None:
    """Make the file, where there is none, in the newest format: it is opened in half the time of the oldest one, which
    DuckDB makes otherwise, and a run of the main job opens it dozens of times."""
    if path.exists():
        return
    with suppress(duckdb.IOException), duckdb.connect(":memory:") as con:  # another process makes it at this moment
        con.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS made (STORAGE_VERSION 'latest')")
        con.execute("DETACH made")


def file_connection(
    path: Path, patience: float = PATIENCE_SECONDS
) -> Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]:
    """A `connect` for the file at `path` that waits its turn for up to `patience` seconds.

    Another process holds the file for one short block at a time, for example while it stores what it read back.
    """

    @contextmanager
    def connect() -> Iterator[duckdb.DuckDBPyConnection]:
        con = _in_turn(path, time.monotonic() + patience)
        try:
            yield con
        finally:
            con.close()

    return connect


def _in_turn(path: Path, deadline: float) -> duckdb.DuckDBPyConnection:
    while True:
        try:
            return duckdb.connect(str(path))
        except duckdb.IOException as error:
            if _LOCKED not in str(error) or time.monotonic() >= deadline:
                raise
        time.sleep(_PAUSE_SECONDS)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.TransactionException) as error:
        if _LOCKED in str(error):
            raise WarehouseBusy(
                "The warehouse file is held by another process. Wait until its run has finished "
                "(Dagster's UI lists running runs), then start this again; nothing was changed."
            ) from error
        if any(sign in str(error) for sign in _FULL):
            raise WarehouseFull(
                "The disk that holds the warehouse is full, or a limit on its files is reached. Free some space, then "
                "start this again; the statement that failed was rolled back, so nothing is half stored."
            ) from error
        raise
