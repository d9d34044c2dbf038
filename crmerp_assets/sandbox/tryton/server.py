"""A Tryton server on a copy of the demo company."""

import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx

from crmerp_assets.sandbox.kit.tls import PLAIN
from crmerp_assets.sandbox.tryton.installing import (
    ADMIN_PASSWORD,
    DATABASE,
    HERE,
    INTEGRATION_PASSWORD,
    Installation,
    config_text,
)

SECONDS_TO_START = 180
LOGIN = {"id": 0, "method": "common.db.login", "params": ["admin", {"password": ADMIN_PASSWORD}, "en"]}


class TrytonServer:
    """One trytond process, whose data stay in the folder. `reset` gives it the demo company anew."""

    def __init__(self, folder: Path, made: Installation, port: int = 0) -> None:
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        self._made = made
        self.file = folder / f"{DATABASE}.sqlite"
        self._clock = folder / "clock"
        self._log = folder / "trytond.log"
        self._config = folder / "trytond.conf"
        port = port or spare_port()
        self.url = f"http://127.0.0.1:{port}"
        if not self.file.exists():
            shutil.copyfile(made.database, self.file)
        self._config.write_text(config_text(folder, port))
        self._write_credentials(folder / "credentials.env")
        self._process = self._started()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def reset(self) -> None:
        """The demo company anew, without starting the server again."""
        self.ahead(0)
        with sqlite3.connect(self._made.database) as ready, sqlite3.connect(self.file, timeout=30) as live:
            ready.backup(live)
        live.close()
        ready.close()
        httpx.post(f"{self.url}/_sandbox/forget", timeout=30, verify=PLAIN).raise_for_status()

    def ahead(self, seconds: float) -> None:
        """Let the server's clock run ahead by so much."""
        self._clock.write_text(str(seconds))

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What an administrator of the database can do: stamps in the past, ended sessions."""
        live = sqlite3.connect(self.file, timeout=30)
        try:
            with live:
                return live.execute(statement, values).fetchall()
        finally:
            live.close()

    def fill(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], **same: Any) -> None:
        """Insert rows, with the same values for the other columns."""
        names, marks = ", ".join([*columns, *same]), ", ".join("?" for _ in [*columns, *same])
        live = sqlite3.connect(self.file, timeout=30)
        try:
            with live:
                statement = f'INSERT INTO "{table}" ({names}) VALUES ({marks})'
                live.executemany(statement, [(*row, *same.values()) for row in rows])
        finally:
            live.close()

    def wait(self) -> int:
        """Until the server ends by itself."""
        return self._process.wait()

    def stop(self) -> None:
        """End the server."""
        self._process.terminate()
        self._process.wait(timeout=20)

    def _write_credentials(self, file: Path) -> None:
        values = {"URL": self.url, "DATABASE": DATABASE, "USERNAME": "integration", "PASSWORD": INTEGRATION_PASSWORD}
        file.touch(mode=0o600)
        file.write_text("".join(f"TRYTON_{name}={value}\n" for name, value in values.items()), encoding="utf-8")

    def _started(self) -> "subprocess.Popen[bytes]":
        return _started(self._made.python, self._config, DATABASE, self._clock, self._log, self.url, self.file)


@contextmanager
def serving(python: Path, config: Path, database: str, clock: Path, log: Path, port: int) -> Iterator[str]:
    """Serve any database that a configuration names; gives the address."""
    url = f"http://127.0.0.1:{port}"
    process = _started(python, config, database, clock, log, url)
    try:
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def _started(
    python: Path, config: Path, database: str, clock: Path, log: Path, url: str, file: Path | None = None
) -> "subprocess.Popen[bytes]":
    """A server that answers. `file` is where the database is one."""
    command = ["env", "-u", "PYTHONPATH", python, HERE / "serve.py", config, database, clock, file or ""]
    with log.open("wb") as out:
        process = subprocess.Popen(list(map(str, command)), stdout=out, stderr=out, cwd="/")
    for _ in range(SECONDS_TO_START * 10):
        if process.poll() is not None:
            break
        if _answers(url, database):
            return process
        time.sleep(0.1)
    process.kill()
    raise RuntimeError(f"trytond did not start: {log.read_text()[-2000:]}")


def _answers(url: str, database: str) -> bool:
    try:
        return httpx.post(f"{url}/{database}/rpc/", json=LOGIN, timeout=30, verify=PLAIN).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def spare_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
