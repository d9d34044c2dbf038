"""A Tryton server on a copy of the demo company, and those who work in it."""

import os
import shutil
import socket
import sqlite3
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from crmerp_assets_tests.tryton.installing import (
    ADMIN_PASSWORD,
    DATABASE,
    HERE,
    Installation,
    Unavailable,
    config_text,
    installation,
    required,
)

SECONDS_TO_START = 60


class TrytonServer:
    """One trytond process. `reset` gives it the demo company anew, without starting it again."""

    def __init__(self, folder: Path, made: Installation) -> None:
        self._made = made
        self.file = folder / f"{DATABASE}.sqlite"
        self._clock = folder / "clock"
        self._log = folder / "trytond.log"
        self._config = folder / "trytond.conf"
        port = _spare_port()
        self.url = f"http://127.0.0.1:{port}"
        shutil.copyfile(made.database, self.file)
        self._config.write_text(config_text(folder, port))
        self._process = self._started()

    def reset(self) -> None:
        self.ahead(0)
        with sqlite3.connect(self._made.database) as ready, sqlite3.connect(self.file, timeout=30) as live:
            ready.backup(live)
        live.close()
        ready.close()

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

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)

    def _started(self) -> "subprocess.Popen[bytes]":
        command = [self._made.python, HERE / "serve.py", self._config, DATABASE, self._clock]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        log = self._log.open("wb")
        process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log, cwd="/", env=environment)
        log.close()
        for _ in range(SECONDS_TO_START * 10):
            if process.poll() is not None:
                break
            try:
                if httpx.post(f"{self.url}/{DATABASE}/rpc/", json=_LOGIN, timeout=30).status_code == 200:
                    return process
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        process.kill()
        raise RuntimeError(f"trytond did not start: {self._log.read_text()[-2000:]}")


_LOGIN = {"id": 0, "method": "common.db.login", "params": ["admin", {"password": ADMIN_PASSWORD}, "en"]}


class Person:
    """Someone who works in Tryton through its own client, which speaks the same JSON-RPC."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=60)
        self.token = ""
        self._context: dict[str, Any] = {}

    def call(self, method: str, *params: Any) -> Any:
        if not self.token:
            self._log_in()
        answer = self._post(method, [*params, self._context])
        if answer.status_code == 401:
            self._log_in()
            answer = self._post(method, [*params, self._context])
        return _result(answer)

    def willing(self, method: str, *params: Any) -> Any:
        """The same, saying yes to whatever Tryton warns of."""
        for _ in range(5):
            try:
                return self.call(method, *params)
            except Refused as refused:
                if refused.kind != "UserWarning":
                    raise
                self.call("model.res.user.warning.skip", refused.payload[0])
        raise AssertionError("Tryton keeps warning")

    def edit(self, model: str, native_id: str, values: dict[str, Any]) -> None:
        self.call(f"model.{model}.write", [int(native_id)], values)

    def delete(self, model: str, native_id: str) -> None:
        self.call(f"model.{model}.delete", [int(native_id)])

    def replace(self, winner: str, loser: str) -> None:
        """Merge two parties, as the wizard Replace does."""
        ask = {"ask": {"source": int(loser), "destination": int(winner)}}
        self._wizard("party.replace", ask, "replace", {})

    def pay(self, invoice: str, amount: Decimal, day: dict[str, Any]) -> None:
        """Pay part of an invoice in cash."""
        (method,) = self.call("model.account.invoice.payment.method.search", [], 0, 1, None)
        context = {"active_model": "account.invoice", "active_id": int(invoice), "active_ids": [int(invoice)]}
        session, *_ = self.call_in(context, "wizard.account.invoice.pay.create")
        view = self.call_in(context, "wizard.account.invoice.pay.execute", session, {}, "start")["view"]["defaults"]
        start = _plain(view) | {"amount": money(amount), "payment_method": method, "date": day}
        answer = self.call_in(context, "wizard.account.invoice.pay.execute", session, {"start": start}, "choice")
        if "view" in answer:
            ask = _plain(answer["view"]["defaults"]) | {"type": "partial"}
            self.call_in(context, "wizard.account.invoice.pay.execute", session, {"start": start, "ask": ask}, "pay")
        self.call_in(context, "wizard.account.invoice.pay.delete", session)

    def credit(self, invoice: str, day: dict[str, Any]) -> None:
        """A credit note over a whole invoice, which settles it."""
        context = {"active_model": "account.invoice", "active_id": int(invoice), "active_ids": [int(invoice)]}
        session, *_ = self.call_in(context, "wizard.account.invoice.credit.create")
        data = {"start": {"with_refund": True, "with_refund_allowed": True, "invoice_date": day}}
        self.call_in(context, "wizard.account.invoice.credit.execute", session, data, "credit")
        self.call_in(context, "wizard.account.invoice.credit.delete", session)

    def call_in(self, context: dict[str, Any], method: str, *params: Any) -> Any:
        if not self.token:
            self._log_in()
        return _result(self._post(method, [*params, self._context | context]))

    def close(self) -> None:
        self._client.close()

    def _wizard(self, name: str, data: dict[str, Any], state: str, context: dict[str, Any]) -> None:
        session, *_ = self.call_in(context, f"wizard.{name}.create")
        self.willing(f"wizard.{name}.execute", session, data, state)
        self.call_in(context, f"wizard.{name}.delete", session)

    def _log_in(self) -> None:
        user, key, _ = _result(self._client.post(f"/{DATABASE}/rpc/", json=_LOGIN))
        self.token = key
        self._client.headers["Authorization"] = "Session " + b64encode(f"admin:{user}:{key}".encode()).decode()
        self._context = _result(self._post("model.res.user.get_preferences", [True, {}]))

    def _post(self, method: str, params: list[Any]) -> httpx.Response:
        return self._client.post(f"/{DATABASE}/rpc/", json={"id": 1, "method": method, "params": params})


class Refused(AssertionError):
    """Tryton said no; `kind` and `payload` are its own."""

    def __init__(self, kind: str, payload: Any) -> None:
        super().__init__(f"{kind}: {payload}")
        self.kind = kind
        self.payload = payload


def money(amount: Decimal) -> dict[str, str]:
    return {"__class__": "Decimal", "decimal": str(amount)}


def _plain(defaults: dict[str, Any]) -> dict[str, Any]:
    """A wizard takes its own defaults back only without what it read behind references."""
    return {name: value for name, value in defaults.items() if "." not in name}


def _result(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, f"{answer.status_code} {answer.text[:500]}"
    body = answer.json()
    if body.get("error"):
        raise Refused(*body["error"][:2])
    return body["result"]


@cache
def installed() -> Installation | str:
    """What is installed, or why it is not; asked once a test run."""
    try:
        return installation()
    except Unavailable as why:
        return str(why)


@contextmanager
def tryton_server(folder: Path) -> Iterator[TrytonServer]:
    """A server of its own; skips, saying why, where Tryton cannot be had, and fails where this run requires it."""
    made = installed()
    if isinstance(made, str):
        (pytest.fail if required() else pytest.skip)(f"no Tryton: {made}")
    server = TrytonServer(folder, made)
    try:
        yield server
    finally:
        server.stop()


def _spare_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
