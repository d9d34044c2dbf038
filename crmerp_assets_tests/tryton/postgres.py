"""Tryton on PostgreSQL, where several write at once: two servers on one database, a worker, and a script of one's own.

The demo company is made once (two to three minutes) and kept as a dump beside the installation; a test run restores it
in seconds. The database is one of its own on the PostgreSQL of the tests.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from crmerp_assets.ledger.engine import database_url
from crmerp_assets.sandbox.tryton.installing import Unavailable, alone, company, install, make_company, run
from crmerp_assets.sandbox.tryton.server import serving, spare_port
from crmerp_assets_tests.tryton.server import FOLDER, installed, required

HERE = Path(__file__).parent
NAME = "crmerp_tryton"
_CONFIG = """[database]
uri = {server}
[web]
listen = 127.0.0.1:{port}
[queue]
worker = {worker}
[session]
timeout = 300
"""


@dataclass(frozen=True, slots=True)
class Parallel:
    """`urls`: two servers on one database. `engine`: the database itself."""

    urls: tuple[str, str]
    clock: Path
    engine: Engine
    inside: "Inside"

    def ahead(self, seconds: float) -> None:
        """Let the servers' clock, though not the database's, run ahead by so much."""
        self.clock.write_text(str(seconds))

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(statement), values).fetchall())


class Ended(RuntimeError):
    """PostgreSQL did not carry out a statement beside others; the transaction is over."""


class Inside:
    """A script inside Tryton, with a transaction of its own; see inside.py."""

    def __init__(self, python: Path, config: Path) -> None:
        self._process = _started(python, HERE / "inside.py", config, NAME)
        self._answer()

    def begin(self) -> None:
        self._ask("begin")

    def call(self, model: str, method: str, *params: Any) -> Any:
        return self._ask("call", model, method, *params)

    def commit(self) -> None:
        self._ask("commit")

    def rollback(self) -> None:
        self._ask("rollback")

    def close(self) -> None:
        _ended(self._process)

    def _ask(self, *what: Any) -> Any:
        assert self._process.stdin
        self._process.stdin.write(f"{json.dumps(what)}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            assert "Deadlock" in answer["error"] or "Serialization" in answer["error"], answer
            raise Ended(answer["error"])
        return answer["result"]


@contextmanager
def parallel(folder: Path, url: str) -> Iterator[Parallel]:
    """Skips, saying why, where Tryton cannot be had, and fails where this run requires it."""
    made = installed()
    try:
        if isinstance(made, str):
            raise Unavailable(made)
        _restore(made.python, url)
    except Unavailable as why:
        (pytest.fail if required() else pytest.skip)(f"no Tryton on PostgreSQL: {why}")
    with ExitStack() as stack:
        engine = create_engine(database_url(url).set(database=NAME))
        stack.callback(engine.dispose)
        clock, python = folder / "clock", made.python
        worker = _started(python, HERE / "inside.py", _config(folder / "worker.conf", url, worker=True), NAME, "worker")
        stack.callback(_ended, worker)
        urls = [stack.enter_context(_server(folder, name, python, url, clock)) for name in ("one", "two")]
        inside = Inside(python, _config(folder / "inside.conf", url, worker=True))
        stack.callback(inside.close)
        yield Parallel((urls[0], urls[1]), clock, engine, inside)


@contextmanager
def _server(folder: Path, name: str, python: Path, url: str, clock: Path) -> Iterator[str]:
    port = spare_port()
    config = _config(folder / f"{name}.conf", url, worker=True, port=port)
    with serving(python, config, NAME, clock, folder / f"{name}.log", port) as address:
        yield address


def _config(file: Path, url: str, *, worker: bool, port: int = 0) -> Path:
    """For the server that `url` names, whatever database it names there."""
    server = database_url(url).set(drivername="postgresql", database="").render_as_string(hide_password=False)
    file.write_text(_CONFIG.format(server=server, port=port, worker=worker))
    return file


def _restore(python: Path, url: str) -> None:
    """The demo company in a new database; made anew where there is no dump that fits. Raises Unavailable."""
    with alone(FOLDER / "lock-postgres"):
        install(python, HERE / "packages-postgres.txt", python.parents[1] / "installed-postgres")
        _new(url)
        ready = FOLDER / f"demo-{company(date.today())}.pgdump"
        try:
            run("restore the database", _tool("pg_restore"), "--no-owner", "-j2", "-d", _target(url), ready)
        except Unavailable:
            _new(url)
            _make(python, url, ready)


def _make(python: Path, url: str, ready: Path) -> None:
    """Make the company in the new database, and keep a dump of it where that can be had."""
    work = FOLDER / "making-postgres"
    work.mkdir(exist_ok=True)
    make_company(python, _config(work / "trytond.conf", url, worker=False), NAME)
    for old in FOLDER.glob("demo-*.pgdump"):
        old.unlink()
    with suppress(Unavailable):
        run("dump the database", _tool("pg_dump"), "-Fc", "-Z1", "-d", _target(url), "-f", work / "dump")
        (work / "dump").rename(ready)
    shutil.rmtree(work)


def _new(url: str) -> None:
    engine = create_engine(database_url(url), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {NAME} TEMPLATE template0 ENCODING 'UTF8'"))
    except DBAPIError as refused:
        raise Unavailable(f"no database could be made: {refused.orig}") from refused
    finally:
        engine.dispose()


def _target(url: str) -> str:
    return database_url(url).set(drivername="postgresql", database=NAME).render_as_string(hide_password=False)


def _tool(name: str) -> Path:
    """One of PostgreSQL's own programs; of several versions the latest, which reads the dumps of all."""
    packaged = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return packaged[-1] if packaged else Path(name)


def _started(python: Path, *command: str | Path) -> "subprocess.Popen[str]":
    whole = ["env", "-u", "PYTHONPATH", *map(str, [python, *command])]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        whole, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, cwd="/", start_new_session=True
    )


def _ended(process: "subprocess.Popen[str]") -> None:
    """It ends with its standard input."""
    process.communicate(timeout=20)
