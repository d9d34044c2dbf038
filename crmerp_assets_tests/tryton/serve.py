"""Serve a database by Tryton's own server: `python serve.py CONFIG DATABASE CLOCK_FILE`.

Run by the interpreter of Tryton's environment and by nothing else. What it adds to `trytond -c CONFIG -d DATABASE`:
the server's clock runs as many seconds ahead as CLOCK_FILE says, passwords are quick to check, and it ends with the
process that started it.
"""

import datetime
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

CONFIG, DATABASE, CLOCK = sys.argv[1:4]


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

import trytond.backend.sqlite.database as database  # noqa: E402


def now() -> str:
    """The moment at which the transaction began, as the database tells it."""
    transaction = database.Transaction()
    moment = (datetime.datetime.now() + datetime.timedelta(seconds=offset())).isoformat(" ")
    return database._nows.setdefault(transaction, {}).setdefault(transaction.started_at, moment)


database.now = now

told = BaseHTTPRequestHandler.date_time_string
BaseHTTPRequestHandler.date_time_string = lambda self, timestamp=None: told(self, time.time() + offset())

import trytond.config as config  # noqa: E402
from trytond.cli import __main__ as cli  # noqa: E402

config.update_etc(CONFIG)

import trytond.res.user as res_user  # noqa: E402
from pwdlib import PasswordHash  # noqa: E402
from pwdlib.hashers.argon2 import Argon2Hasher  # noqa: E402

res_user.PASSWORD_HASH = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1)])

sys.argv = ["trytond", "-c", CONFIG, "-d", DATABASE]
cli.main()
