"""What Tryton's answers mean, named by what to do next.

An error of the program comes with HTTP status 200 and `error: [kind, payload]`; the transaction was rolled back, so
nothing was applied. Only a lost answer leaves the outcome open. Texts quote what was sent, so the sent values are taken
out of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from copy import copy
from typing import Any

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.errors import (
    AuthFailed,
    ConfigError,
    ConnectorError,
    Duplicate,
    Rejected,
    Throttled,
    Transient,
    VersionConflict,
)
from crmerp_assets.connectors.http import Response, retry_after
from crmerp_assets.connectors.protocol import Write
from crmerp_assets.connectors.tryton.fields import SYSTEM

THROTTLE_WAIT = 10.0
LONGEST_REASON = 300
_BUSY = re.compile(r"locked|could not serialize|deadlock|OperationalError|DatabaseTimeout", re.IGNORECASE)
_UNIQUE = re.compile(r"must be unique|unique constraint", re.IGNORECASE)
_FORBIDDEN = re.compile(r"You are not allowed to ")
"""As Tryton says it to a user whose language is English; in others it passes for a refusal of the record."""


class Judge:
    """Names the error in the status of an answer."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, response: Response) -> ConnectorError | None:
        status, name = response.status_code, self._name
        if status < 300:
            return None
        if status == 401:
            return AuthFailed(f"{name} refuses a new session; check the user's access.", system=SYSTEM)
        if status == 429:
            wait = retry_after(response, THROTTLE_WAIT)
            return Throttled(f"{name} has too many requests; the call waits.", system=SYSTEM, wait=wait)
        if status >= 500:
            return Transient(f"{name} answered {status}; the call is tried again.", system=SYSTEM)
        return ConfigError(f"{name} answered {status}: {_ADVICE.get(status, _ADVICE[400])}", system=SYSTEM)


_ADVICE = {
    400: "it is not the JSON-RPC of Tryton that answers; check the url.",
    403: "the method does not exist or may not be called; install the modules that docs/systems/tryton.md lists.",
    404: "there is no such database or model; check `database` and the modules that docs/systems/tryton.md lists.",
    413: "a call is too large; raise records_limit and max_size_authenticated in its section [request].",
    422: "it does not take the call's parameters; this connector speaks to Tryton 7 and 8.",
}


def result_of(name: str, response: Response, loads: Callable[[bytes], Any] = exactjson.loads) -> Any:
    """The result of a call; raises what its error means. ValueError where the answer is not JSON-RPC."""
    answer = loads(response.content)
    if not isinstance(answer, Mapping) or not {"result", "error"} & answer.keys():
        raise ValueError("not an answer of JSON-RPC")
    if answer.get("error") is not None:
        raise error_of(name, answer["error"])
    return answer.get("result")


def error_of(name: str, error: Any) -> ConnectorError:
    """The error of a call that was rolled back."""
    kind, payload = (error[0], error[1]) if isinstance(error, list) and len(error) > 1 else (str(error), None)
    if kind == "ConcurrencyException":
        return VersionConflict(f"{name}: changed by someone else meanwhile; plan it again.", system=SYSTEM)
    if kind == "UserError":
        return _refusal(name, payload)
    if kind == "UserWarning":
        reason = f"Tryton asks for a confirmation: {payload[1] if isinstance(payload, list) else payload}"
        return _rejected(name, reason, "UserWarning", None, "confirm it in Tryton by hand, or remove the cause")
    if kind == "LoginException":
        return AuthFailed(f"{name} asks for a second factor; give the user none.", system=SYSTEM)
    if _BUSY.search(str(kind)):
        return Transient(f"{name} was busy with other writes; nothing was changed.", system=SYSTEM)
    reason = "Tryton's own program failed; its log says more"
    return _rejected(name, reason, "SERVER_EXCEPTION", None, "correct the record or the configuration")


def _refusal(name: str, payload: Any) -> ConnectorError:
    message, detail, domain = [*payload, None, None][:3] if isinstance(payload, list) else (str(payload), "", None)
    reason = ": ".join(part for part in (str(message or "").strip(), str(detail or "").strip()) if part)
    if _FORBIDDEN.match(reason):
        now = "give one of the user's groups the right to it (Administration > Models > Models Access)"
        return ConfigError(f"{name}: {reason.partition(': ')[0].rstrip('.')}; {now}.", system=SYSTEM)
    if _UNIQUE.search(reason):
        return Duplicate(f"{name} has a record with such a value already: {reason}", system=SYSTEM)
    return _rejected(name, reason, "UserError", _field(domain), "correct the record, it is sent again when it changes")


def _field(domain: Any) -> str | None:
    """The field that a failed domain is about, where it is about one."""
    fields = domain[1] if isinstance(domain, list) and len(domain) > 1 else None
    return next(iter(fields)) if isinstance(fields, Mapping) and len(fields) == 1 else None


def _rejected(name: str, reason: str, code: str, field: str | None, now: str) -> Rejected:
    """With the whole reason: what was sent can be taken out of it only before it is cut."""
    whole = " ".join(reason.split()).rstrip(".")
    return Rejected(f"{name}: {whole}; {now}.", system=SYSTEM, reason=whole, code=code, field=field)


def about(error: ConnectorError, write: Write) -> ConnectorError:
    """The error of a call, told of one write, without the values that were sent."""
    told = _shortened(without(error, sent_texts(list(write.values.values()))))
    told.object, told.record = write.object, write.key
    told.args = (f"{write.object} {write.key}: {told}",)
    return told


def without(error: ConnectorError, texts: Collection[str]) -> ConnectorError:
    """The same error, with `...` in place of these texts."""
    told = copy(error)
    told.args = (discreet(str(error), texts),)
    if isinstance(told, Rejected):
        told.reason = discreet(told.reason, texts)
    return told


def _shortened(error: ConnectorError) -> ConnectorError:
    if isinstance(error, Rejected) and len(error.reason) > LONGEST_REASON:
        short = error.reason[:LONGEST_REASON].rstrip(".")
        error.args, error.reason = (str(error).replace(error.reason, short),), short
    return error


def discreet(reason: str, values: Collection[str]) -> str:
    """Whatever white space is between the words of a value: reasons are told in one line."""
    for value in sorted(values, key=len, reverse=True):
        words = r"\s+".join(map(re.escape, value.split()))
        reason = re.sub(rf"(?<!\w){words}(?!\w)", "...", reason)
    return reason


def sent_texts(value: Any) -> frozenset[str]:
    """Every text in a value; names of fields and references are none."""
    if isinstance(value, str):
        return frozenset({value}) if len(value.strip()) > 1 else frozenset()
    children = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    return frozenset(text for child in children for text in sent_texts(child))
