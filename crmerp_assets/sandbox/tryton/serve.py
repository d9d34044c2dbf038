"""Serve a database by Tryton's own server: `python serve.py CONFIG DATABASE CLOCK_FILE DATABASE_FILE`.

Run by the interpreter of Tryton's environment and by nothing else. What it adds to `trytond -c CONFIG -d DATABASE`:
the server's clock runs as many seconds ahead as CLOCK_FILE says, passwords are quick to check, it ends with the process
that started it, and below /_sandbox it says that it is there, counts calls by user, sets stamps back and forgets
what it remembers of a database that was exchanged.
"""

import base64
import datetime
import json
import os
import sqlite3
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler
from pathlib import Path

CONFIG, DATABASE, CLOCK, FILE = sys.argv[1:5]


def offset() -> float:
    try:
        return float(Path(CLOCK).read_text() or 0)
    except (OSError, ValueError):
        return 0.0


def end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()

import trytond.config as config  # noqa: E402

config.update_etc(CONFIG)

import trytond.backend.sqlite.database as database  # noqa: E402


def now() -> str:
    """The moment at which the transaction began, as the database tells it."""
    transaction = database.Transaction()
    moment = (datetime.datetime.now() + datetime.timedelta(seconds=offset())).isoformat(" ")
    return database._nows.setdefault(transaction, {}).setdefault(transaction.started_at, moment)


database.now = now

told = BaseHTTPRequestHandler.date_time_string
BaseHTTPRequestHandler.date_time_string = lambda self, timestamp=None: told(self, time.time() + offset())

import trytond.res.user as res_user  # noqa: E402
from pwdlib import PasswordHash  # noqa: E402
from pwdlib.hashers.argon2 import Argon2Hasher  # noqa: E402
from trytond.cli import __main__ as cli  # noqa: E402

res_user.PASSWORD_HASH = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1)])

from trytond.cache import MemoryCache  # noqa: E402
from trytond.wsgi import app  # noqa: E402


def age(days: float) -> None:
    """Let every record be as many days older."""
    live = sqlite3.connect(FILE, timeout=60)
    with live:
        tables = [name for (name,) in live.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            known = {row[1] for row in live.execute(f'PRAGMA table_info("{table}")')}
            for column in {"create_date", "write_date"} & known:
                older = f"strftime('%Y-%m-%d %H:%M:%f', {column}, '-{float(days)} days') || '000'"
                live.execute(f'UPDATE "{table}" SET {column} = {older} WHERE {column} IS NOT NULL')
    live.close()


class Administration:
    """What is asked below /_sandbox; everything else goes on to Tryton."""

    def __init__(self, inner: object) -> None:
        self.inner, self.calls = inner, Counter()

    def __call__(self, environ, start_response):
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if not path.startswith("/_sandbox/"):
            self.calls[user_of(environ.get("HTTP_AUTHORIZATION", ""))] += 1
            return self.inner(environ, start_response)
        told = {"by_user": dict(self.calls)}
        if (method, path) == ("DELETE", "/_sandbox/calls"):
            self.calls.clear()
        if (method, path) == ("POST", "/_sandbox/age"):
            age(json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))["days"])
        if (method, path) == ("POST", "/_sandbox/forget"):
            MemoryCache.drop(DATABASE)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(told).encode()]


def user_of(authorization: str) -> str:
    """The login in `Session base64(login:id:key)`; a login itself is nobody's call yet."""
    kind, _, rest = authorization.partition(" ")
    return base64.b64decode(rest).decode().partition(":")[0] if kind == "Session" else "nobody"


app.wsgi_app = Administration(app.wsgi_app)

sys.argv = ["trytond", "-c", CONFIG, "-d", DATABASE]
cli.main()
