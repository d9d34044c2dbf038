"""A PostgreSQL for the tests: the one CRMERP_TEST_POSTGRES_URL names, or a cluster of our own while they run."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from crmerp_assets.ledger.engine import database_url
from crmerp_assets.ledger.tables import metadata

WHY_NOT = "no PostgreSQL: set CRMERP_TEST_POSTGRES_URL, or install its server (/usr/lib/postgresql/*/bin/initdb)"
_QUICK = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=30"


def required() -> bool:
    """Whether this run must have a PostgreSQL: a test that finds none fails instead of skipping."""
    return "postgres" in os.environ.get("CRMERP_TEST_REQUIRE", "")


@contextmanager
def postgres() -> Iterator[str | None]:
    """The URL of a database to test in, or None where there is none."""
    given = os.environ.get("CRMERP_TEST_POSTGRES_URL")
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if given or not binaries:
        yield given or None
        return
    with _cluster(binaries[-1].parent) as url:
        yield url


def empty(url: str) -> None:
    """Remove every row of a migrated ledger."""
    engine = create_engine(database_url(url))
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE " + ", ".join(f'"{name}"' for name in metadata.tables)))
    engine.dispose()


@contextmanager
def _cluster(binaries: Path) -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="crmerp-postgres-"))
    data, port = folder / "data", _spare_port()
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        _run(binaries / "initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
        options = f"-p {port} -h 127.0.0.1 -c unix_socket_directories='' {_QUICK}"
        _run(binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield f"postgresql://tester@127.0.0.1:{port}/postgres"
        finally:
            _run(binaries / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(*command: str | Path) -> None:
    """The server refuses to run as root, so root runs it as the user its package made."""
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*user, *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/", text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _spare_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])
