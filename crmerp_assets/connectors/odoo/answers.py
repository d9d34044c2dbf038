"""Odoo's exceptions as the errors of the protocol, whichever way they came.

JSON-2 answers them with a status of their own, JSON-RPC with 200 and an `error`; both carry the exception's name, and
only that decides. Messages quote what was refused, so what looks like a value is taken out of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.errors import (
    AuthFailed,
    ConfigError,
    ConnectorError,
    Gone,
    Rejected,
    Throttled,
    Transient,
)
from crmerp_assets.connectors.http import Response, retry_after

SYSTEM = "odoo"
_LOGIN = ("AccessDenied", "Unauthorized", "SessionExpiredException")
_RIGHTS = ("AccessError", "Forbidden")
_RECORD = ("UserError", "ValidationError", "RedirectWarning", "ValueError", "KeyError")
_LOCKED = (
    "SerializationFailure",
    "LockNotAvailable",
    "DeadlockDetected",
    "TransactionRollbackError",
    "ConcurrencyError",
)
_SHAPE = ("NotFound", "UnprocessableEntity", "BadRequest", "TypeError", "AttributeError")
_VALUES = re.compile(r"'[^']*'|\"[^\"]*\"|\[[^\]]*\]|\S+@\S+|\b\d[\d .,/-]{2,}\b|\S*?(?:\d\S*?){3}\S*")
"""What is quoted or in brackets, addresses, numbers, and words that hold three digits, such as numbers of documents."""
_LOCK_WORDS = re.compile(r"could not serialize access|could not obtain lock|deadlock detected", re.IGNORECASE)


class Judge:
    """Names the error in an answer; None where there is none."""

    def __init__(self, connection: str) -> None:
        self._connection = connection

    def __call__(self, response: Response) -> ConnectorError | None:
        status, problem = response.status_code, _problem(response)
        if status < 300 and problem is None:
            return None
        if status == 429:
            wait = retry_after(response, 1.0)
            return Throttled(
                f"{self._connection} has too many requests; it waits {wait:.0f} s.", system=SYSTEM, wait=wait
            )
        if problem is None:
            return self._unnamed(status)
        return self._named(str(problem.get("name") or ""), str(problem.get("message") or ""), status)

    def _unnamed(self, status: int) -> ConnectorError:
        """Not Odoo but what stands before it."""
        if status >= 500:
            return Transient(f"{self._connection} answered {status}; it is tried again.", system=SYSTEM)
        if status in (401, 403):
            return AuthFailed(
                f"{self._connection} refuses the API key ({status}); see docs/systems/odoo.md.", system=SYSTEM
            )
        what = f"{self._connection} answered {status} with something that is not Odoo's API; check url and database"
        return ConfigError(f"{what} of the connection.", system=SYSTEM)

    def _named(self, name: str, message: str, status: int) -> ConnectorError:
        kind, reason = name.rpartition(".")[2], reason_without_values(message)
        if kind in _LOGIN or status == 401:
            now = "make a new key for the user (Preferences, Account Security) and put it where it is read"
            return AuthFailed(f"{self._connection} refuses the API key; {now}.", system=SYSTEM)
        if kind in _LOCKED or status == 409 or locked(message):
            return Transient(
                f"{self._connection}: another transaction was in the way; it is tried again.", system=SYSTEM
            )
        if kind in _RIGHTS:
            now = "give the user the access right in Settings, Users"
            return ConfigError(f"{self._connection}: not allowed ({reason}); {now}.", system=SYSTEM)
        if kind == "MissingError":
            return Gone(f"A record in {self._connection} does not exist any more; its link must follow.", system=SYSTEM)
        if kind in _RECORD:
            text = f"{self._connection} refuses it: {reason}; correct the record, it is sent again when it changes."
            return Rejected(text, system=SYSTEM, reason=reason, code=kind)
        if kind in _SHAPE:
            return ConfigError(f"{self._connection}: {reason}; check that the app is installed.", system=SYSTEM)
        return Transient(f"{self._connection} failed ({kind or status}); it is tried again.", system=SYSTEM)


def locked(message: str) -> bool:
    """Whether a message says that another transaction was in the way."""
    return bool(_LOCK_WORDS.search(message))


def reason_without_values(text: str, sent: Iterable[str] = ()) -> str:
    """The first lines of a message with what was sent, and all that could be a value, replaced by `...`."""
    for value in sorted(sent, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "...", text)
    words = " ".join(_VALUES.sub("...", text).split())
    return words[:300].rstrip(". ") or "no reason given"


def _problem(response: Response) -> Mapping[str, Any] | None:
    """The exception in an answer: the body itself under JSON-2, `error.data` under JSON-RPC."""
    if response.status_code < 300 and b'"error"' not in response.content[:300]:
        return None
    try:
        body = exactjson.loads(response.content)
    except ValueError:
        return None
    if not isinstance(body, Mapping):
        return None
    if response.status_code < 300:
        error = body.get("error") if "jsonrpc" in body else None
        return _data(error) if isinstance(error, Mapping) else None
    return body if "name" in body else None


def _data(error: Mapping[str, Any]) -> Mapping[str, Any]:
    data = error.get("data")
    if isinstance(data, Mapping) and data.get("name"):
        return data
    name = {"404": "NotFound", "100": "SessionExpiredException"}.get(str(error.get("code")), "")
    return {"name": name, "message": error.get("message")}
