"""Opening the database: SQLite in WAL mode, or PostgreSQL.

Writing transactions start with BEGIN IMMEDIATE on SQLite. A transaction that reads first and asks for the write
lock later fails at once when another one wrote in between; asking first makes it wait its turn instead.
"""

import math
import re
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL

BEGIN = "crmerp_begin"
_POSTGRES_NAMES = ("postgres", "postgresql")


def database_url(url: str) -> URL:
    """The SQLAlchemy URL; `postgres://` and `postgresql://` mean psycopg 3. ValueError for other databases."""
    made = make_url(url)
    if made.drivername in _POSTGRES_NAMES:
        return made.set(drivername="postgresql+psycopg")
    if made.get_backend_name() == "sqlite" and made.database and made.database != ":memory:":
        return made
    if made.drivername == "postgresql+psycopg":
        return made
    raise ValueError("the ledger is kept in a SQLite file (sqlite:///path) or in PostgreSQL (postgresql://host/name)")


def place(url: URL) -> str:
    """How messages call the database: the file, or the URL without user and password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    schema = schema_of(url)
    return f"postgresql://{url.host or 'localhost'}/{url.database}" + (f" (schema {schema})" if schema else "")


def make_engine(url: URL, busy_seconds: float) -> Engine:
    """An engine whose connections wait `busy_seconds` for a lock. Nothing is opened yet."""
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, busy_seconds)
    wait = f"-c lock_timeout={math.ceil(busy_seconds * 1000)} -c timezone=UTC {_options(url)}".strip()
    query = {"connect_timeout": "10"} | dict(url.query) | {"options": wait}
    return create_engine(url.set(query=query), pool_pre_ping=True)


def in_schema(url: str, schema: str) -> str:
    """The URL of another ledger in the same database: a schema of PostgreSQL; for SQLite, a file beside the other."""
    made = make_url(url)
    if made.get_backend_name() == "sqlite":
        file = Path(str(made.database))
        made = made.set(database=str(file.with_name(f"{file.stem}.{schema}{file.suffix}")))
    else:
        made = made.update_query_dict({"options": f"{_options(made)} -csearch_path={schema}".strip()})
    return made.render_as_string(hide_password=False)


def schema_of(url: URL) -> str | None:
    """The schema that the ledger has for itself; None where it is the database's usual one."""
    found = re.search(r"-c\s*search_path=([a-z][a-z0-9_]*)", _options(url))
    return found[1] if found else None


def _options(url: URL) -> str:
    given = url.query.get("options", "")
    return given if isinstance(given, str) else " ".join(given)


def _sqlite_engine(url: URL, busy_seconds: float) -> Engine:
    _private_file(Path(str(url.database)))
    engine = create_engine(url, connect_args={"timeout": busy_seconds})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # The driver's own, late BEGIN is switched off: the begin event below issues it.
        connection.isolation_level = None
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get(BEGIN, 'IMMEDIATE')}")

    return engine


def _private_file(path: Path) -> None:
    """Create the file for its owner only: plans hold personal data."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
