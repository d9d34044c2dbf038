"""NetSuite's error answers as the errors of the protocol.

The code decides what to do next; the detail tells a person why. Details quote the value that was refused, so every
value that was sent, and whatever looks like personal data, is taken out of them before they go into a message.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.errors import (
    AuthFailed,
    ConfigError,
    ConnectorError,
    Duplicate,
    Gone,
    Rejected,
    Throttled,
    Transient,
    VersionConflict,
)
from crmerp_assets.connectors.http import Response
from crmerp_assets.connectors.netsuite.fields import SYSTEM

THROTTLE_CODES = {"CONCURRENCY_LIMIT_EXCEEDED", "SSS_REQUEST_LIMIT_EXCEEDED", "WS_REQUEST_BLOCKED"}
PERMISSION_CODES = {"INSUFFICIENT_PERMISSION", "USER_PERMISSION"}
LOGIN_CODES = {"INVALID_LOGIN", "INVALID_LOGIN_ATTEMPT", "INVALID_TOKEN"}
CONFLICT_CODES = {"RCRD_HAS_BEEN_CHANGED", "RECORD_HAS_BEEN_CHANGED"}
GONE_CODES = {"NONEXISTENT_ID", "RCRD_DSNT_EXIST"}
DUPLICATE_CODES = {"DUP_RCRD", "DUP_ITEM", "DUP_ENTITY", "UNIQUE_CUST_ID_REQD"}
IDEMPOTENCY_CODE = "IDEMPOTENCY_ERROR"

_NO_RECORD = re.compile(r"Record '(\w+)' was not found")
_DUPLICATE_WORDS = re.compile(r"already (exists|in use|been used)|uniqueness|duplicate", re.IGNORECASE)
_QUOTING = re.compile(r"(invalid field value|invalid value|invalid reference key)\s.+?\s(for|of)\s", re.IGNORECASE)
_PERSONAL = re.compile(r"\S+@\S+|'[^']*'|\"[^\"]*\"|\b\d[\d .,-]{2,}\b")
_PREAMBLE = re.compile(r"^Error while accessing (a )?resource[.:]\s*")
_FIELD_AFTER = re.compile(r"(?:following field|field|value\(s\) for)\s*:\s*([\w .,\[\]-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Detail:
    """One entry of `o:errorDetails`."""

    code: str
    text: str
    path: str | None


@dataclass(frozen=True, slots=True)
class Subject:
    """Which record an answer is about: the words for messages, and the values to keep out of them."""

    connection: str
    object: str | None = None
    record: str | None = None
    secrets: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.object} {self.record}" if self.object and self.record else self.object or "the request"


class Judge:
    """Names the error in an answer to a request that is not about one record.

    NetSuite blocks by concurrency and never says how long to wait: each refusal in a row doubles the wait.
    """

    def __init__(
        self,
        connection: str,
        jitter: Callable[[], float] = random.random,
        first_wait: float = 0.5,
        longest_wait: float = 30.0,
    ) -> None:
        self._subject = Subject(connection)
        self._jitter = jitter
        self._first_wait = first_wait
        self._longest_wait = longest_wait
        self._refused = 0

    def __call__(self, response: Response) -> ConnectorError | None:
        error = error_in(response, self._subject)
        self._refused = self._refused + 1 if isinstance(error, Throttled) else 0
        if isinstance(error, Throttled):
            wait = min(self._longest_wait, self._first_wait * 2.0 ** (self._refused - 1))
            error.wait = wait * (0.5 + self._jitter() / 2)
            return error
        if isinstance(error, Rejected):
            return _config_error(self._subject, _with_advice(error.reason, first_detail(response).text))
        return error


def _with_advice(reason: str, text: str) -> str:
    """A query says the same of a record that does not exist and of one that the role may not view."""
    unseen = _NO_RECORD.search(text)
    return f"{reason}; give the role the permission to view {unseen[1]}, or check its name" if unseen else reason


def error_in(response: Response, subject: Subject) -> ConnectorError | None:
    """The error in an answer, named by what to do next; None where there is none."""
    if response.status_code < 400:
        return None
    detail = first_detail(response)
    if response.status_code >= 500:
        return Transient(
            f"{subject.connection} answered {response.status_code}; {subject} is tried again.", **_on(subject)
        )
    if response.status_code == 429 or detail.code in THROTTLE_CODES:
        message = f"{subject.connection} has too many requests at once; {subject} waits."
        return Throttled(message, wait=1.0, **_on(subject))
    if response.status_code == 401 or detail.code in LOGIN_CODES:
        message = (
            f"{subject.connection} refuses the login; check the certificate, the client credentials mapping and the "
            "Login Audit Trail in NetSuite."
        )
        return AuthFailed(message, **_on(subject))
    return _by_code(response.status_code, detail, subject)


def read_json(response: Response) -> dict[str, Any]:
    """The body of an answer to a read. Transient where it breaks off, or is the text of something in between."""
    try:
        answer: dict[str, Any] = exactjson.loads(response.content)
    except ValueError as failure:
        message = "NetSuite answered with something that is not JSON; nothing was changed, it is tried again later."
        raise Transient(message, system=SYSTEM) from failure
    return answer


def first_detail(response: Response) -> Detail:
    """The first error detail of an answer, or an empty one for a body that is not NetSuite's."""
    try:
        body = exactjson.loads(response.content)
    except ValueError:
        body = None
    if not isinstance(body, Mapping):
        return Detail("", "", None)
    details = body.get("o:errorDetails") or [{}]
    first: Mapping[str, Any] = details[0] if isinstance(details, list) and isinstance(details[0], Mapping) else {}
    code = str(first.get("o:errorCode") or body.get("o:errorCode") or "")
    text = str(first.get("detail") or body.get("detail") or body.get("title") or "")
    return Detail(code, text, first.get("o:errorPath"))


def reason_without_values(text: str, secrets: Iterable[str]) -> str:
    """A detail with every sent value and everything that looks personal replaced by `...`."""
    reason = _QUOTING.sub(lambda found: f"{found[1]} {found[2]} ", text)
    for secret in sorted(secrets, key=len, reverse=True):
        reason = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "...", reason)
    reason = _PERSONAL.sub("...", reason)
    return _PREAMBLE.sub("", reason).strip()[:300].rstrip(".") or "no reason given"


def _by_code(status: int, detail: Detail, subject: Subject) -> ConnectorError:
    reason = reason_without_values(detail.text, subject.secrets)
    if status == 403 or detail.code in PERMISSION_CODES:
        return _config_error(subject, f"the role may not do this ({reason}); give it the permission in NetSuite")
    if detail.code in CONFLICT_CODES or status == 409:
        message = f"{subject} in {subject.connection} was changed by someone else while it was saved; plan it again."
        return VersionConflict(message, **_on(subject))
    if detail.code in GONE_CODES and detail.path is None:
        return Gone(f"{subject} in {subject.connection} does not exist any more; its link must follow.", **_on(subject))
    if detail.code in DUPLICATE_CODES or (detail.code == "USER_ERROR" and _DUPLICATE_WORDS.search(detail.text)):
        message = f"{subject} exists in {subject.connection} already ({reason}); link it or change the name."
        return Duplicate(message, **_on(subject))
    if status == 404:
        return _config_error(subject, f"not found ({reason}); check the record type and that REST is enabled")
    return _rejected(detail, reason, subject)


def _rejected(detail: Detail, reason: str, subject: Subject) -> Rejected:
    field = detail.path or _named_field(detail)
    about = f" ({field})" if field else ""
    now = (
        "correct the field name in the mapping or create the field in NetSuite"
        if detail.code == "NONEXISTENT_FIELD"
        else "correct the record, it is sent again when it changes"
    )
    message = f"{subject.connection} refuses {subject}{about}: {reason}; {now}."
    return Rejected(message, reason=reason, code=detail.code or "REJECTED", field=field, **_on(subject))


def _named_field(detail: Detail) -> str | None:
    found = _FIELD_AFTER.search(detail.text)
    return found[1].strip(" .") if found else None


def _config_error(subject: Subject, what: str) -> ConfigError:
    return ConfigError(f"{subject.connection}, {subject}: {what.rstrip('.')}.", **_on(subject))


def _on(subject: Subject) -> dict[str, Any]:
    return {"system": SYSTEM, "object": subject.object, "record": subject.record}
