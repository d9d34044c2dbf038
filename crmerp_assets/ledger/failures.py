"""Turning driver errors into the ledger's own, with the next step.

SQLite tells by result code, PostgreSQL by SQLSTATE. An error that is neither busy, full nor unavailable is a bug
(a constraint, a type) and stays what it is.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from crmerp_assets.ledger.errors import LedgerBusy, LedgerError, LedgerFull, LedgerUnavailable

_SQLITE: dict[int, type[LedgerError]] = {
    sqlite3.SQLITE_BUSY: LedgerBusy,
    sqlite3.SQLITE_LOCKED: LedgerBusy,
    sqlite3.SQLITE_FULL: LedgerFull,
    sqlite3.SQLITE_CANTOPEN: LedgerUnavailable,
    sqlite3.SQLITE_READONLY: LedgerUnavailable,
    sqlite3.SQLITE_IOERR: LedgerUnavailable,
    sqlite3.SQLITE_CORRUPT: LedgerUnavailable,
    sqlite3.SQLITE_NOTADB: LedgerUnavailable,
    sqlite3.SQLITE_PERM: LedgerUnavailable,
}
_SQLSTATE: dict[str, type[LedgerError]] = {
    "55P03": LedgerBusy,
    "40001": LedgerBusy,
    "40P01": LedgerBusy,
    "53100": LedgerFull,
}
_UNAVAILABLE_CLASSES = ("08", "28", "3D", "53", "57", "58")


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Raise LedgerBusy, LedgerFull or LedgerUnavailable for driver errors; `where` names the database."""
    try:
        yield
    except DBAPIError as error:
        raise _named(error.orig, where) or error from error.orig
    except sqlite3.Error as error:
        raise _named(error, where) or error from error
    except PoolTimeout as error:
        raise LedgerBusy(_sentence(LedgerBusy, where, "every connection of this process is in use")) from error


def _named(error: BaseException | None, where: str) -> LedgerError | None:
    kind = _sqlite_kind(error) if isinstance(error, sqlite3.Error) else _postgres_kind(error)
    if kind is None:
        return None
    return kind(_sentence(kind, where, _told(error)))


def _sqlite_kind(error: sqlite3.Error) -> type[LedgerError] | None:
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else _SQLITE.get(code & 0xFF)


def _postgres_kind(error: BaseException | None) -> type[LedgerError] | None:
    state = getattr(error, "sqlstate", None)
    if state is None:
        return LedgerUnavailable if type(error).__name__ == "OperationalError" else None
    known = _SQLSTATE.get(state)
    return known or (LedgerUnavailable if state.startswith(_UNAVAILABLE_CLASSES) else None)


def _told(error: BaseException | None) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _sentence(kind: type[LedgerError], where: str, told: str) -> str:
    if kind is LedgerBusy:
        return (
            f"The ledger {where} is locked by another process ({told}). Nothing of this transaction was stored: "
            f"try again. If it stays locked, {_holder(where)} names the process; wait for it or end it."
        )
    if kind is LedgerFull:
        return (
            f"There is no space left for the ledger {where} ({told}). Nothing of this transaction was stored: "
            "free disk space or raise the database's limit, then start this again."
        )
    return (
        f"The ledger {where} cannot be used ({told}). Nothing of this transaction was stored: check that it is "
        "there, running and readable for this user, or restore it from a backup, then start this again."
    )


def _holder(where: str) -> str:
    if where.startswith("postgresql"):
        return "`SELECT pid, query FROM pg_stat_activity WHERE state <> 'idle'` in that database"
    return f"`fuser -v {where}`"
