"""Salesforce's error codes, named by what to do next.

A whole answer carries `errorCode`, one row of a collection `statusCode`; the codes are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from crmerp_assets.connectors.errors import (
    AuthFailed,
    ConfigError,
    ConnectorError,
    Duplicate,
    Gone,
    QuotaSpent,
    Rejected,
    Throttled,
    Transient,
    Unknown,
)
from crmerp_assets.connectors.exactjson import loads
from crmerp_assets.connectors.http import Response, retry_after
from crmerp_assets.connectors.salesforce.auth import SYSTEM

_CONCURRENT_WAIT = 5.0
_TRANSIENT = frozenset(
    {
        "UNABLE_TO_LOCK_ROW",
        "SERVER_UNAVAILABLE",
        "REQUEST_RUNNING_TOO_LONG",
        "QUERY_TIMEOUT",
        "TXN_SECURITY_NO_ACCESS",
        "TXN_SECURITY_METERING_ERROR",
        "TXN_SECURITY_RUNTIME_EXCEPTION",
        "PROCESSING_HALTED",
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    }
)
_CONFIGURATION = {
    "INVALID_TYPE": "check the object's name and give the integration user access to it",
    "NOT_FOUND": "check the object's name and give the integration user access to it",
    "INVALID_FIELD_FOR_INSERT_UPDATE": "make the field editable for the integration user, or do not map it for writing",
    "INSUFFICIENT_ACCESS": "give the integration user the right to it",
    "INSUFFICIENT_ACCESS_OR_READONLY": "give the integration user the right to edit it",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": "give the integration user access to the referenced record",
    "STORAGE_LIMIT_EXCEEDED": "free or buy data storage",
    "INACTIVE_OWNER_OR_USER": "give the record an active owner",
    "INVALID_CURRENCY_ISO_CODE": "activate the currency in Salesforce",
    "API_DISABLED_FOR_ORG": "use an edition with API access",
    "API_CURRENTLY_DISABLED": "enable the API for the integration user",
    "FUNCTIONALITY_NOT_ENABLED": "enable the feature in Salesforce",
    "UNSUPPORTED_API_VERSION": "set a supported api_version for the connection",
    "MALFORMED_QUERY": "check the field paths of the mapping",
}
_NO_COLUMN = re.compile(r"No such column '([^']+)' on (?:entity|sobject of type) '?(\w+)'?")
_NO_RELATION = re.compile(r"Didn't understand relationship '([^']+)'")
_NO_KEY = re.compile(
    r"external ID field does not exist or is not accessible: (\w+)|"
    r"Field name provided, (\w+) does not match an External ID|"
    r"(\w+): more than one record found for external id field"
)
_NO_TYPE = re.compile(r"sObject type '([^']+)'")
_NOT_ALLOWED = re.compile(r"entity type cannot be (inserted|updated)")
_SHARED_LIMIT = re.compile(r"LimitException|Too many (SOQL|DML|query)|CPU time limit|heap size too large")
_RECORD_ID = re.compile(r"\b(?:id|record):\s*([a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?)\b")


class Failure(NamedTuple):
    """One native error; `fields` are native field names."""

    code: str
    message: str
    fields: tuple[str, ...] = ()


def judge(response: Response) -> ConnectorError | None:
    """The error in an answer of the REST API, if any."""
    if response.status_code < 400:
        return None
    return _judged(response.status_code, first_failure(response), retry_after(response, _CONCURRENT_WAIT))


def refusal(status: int, body: Any) -> ConnectorError | None:
    """The error of one part of a composite call, if any; whether a part that broke off was applied is unknown."""
    if 200 <= status < 300:
        return None
    failure = _first(body, status)
    if status < 400 or status >= 500:
        message = f"Salesforce answered {status} ({failure.code}) to a write; settle it by its key before it is resent."
        return Unknown(message, system=SYSTEM)
    return _judged(status, failure, _CONCURRENT_WAIT)


def _judged(status: int, failure: Failure, wait: float) -> ConnectorError:
    if status == 401:
        return AuthFailed(
            f"Salesforce refuses the token also after a fresh one ({failure.code}); check the app's access policy.",
            system=SYSTEM,
        )
    if failure.code == "REQUEST_LIMIT_EXCEEDED":
        return _limit(failure)
    if status == 429:
        return Throttled("Salesforce asks to slow down.", system=SYSTEM, wait=wait)
    if status in (408, 420) or status >= 500:
        return Transient(f"Salesforce answered {status} ({failure.code}).", system=SYSTEM)
    return classify(failure)


def first_failure(response: Response) -> Failure:
    """The first error of an answer; a maintenance page in HTML has the status as its code."""
    try:
        body = loads(response.content)
    except ValueError:
        body = None
    return _first(body, response.status_code)


def _first(body: Any, status: int) -> Failure:
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, Mapping):
        return Failure(f"HTTP {status}", "")
    return as_failure(first, "errorCode")


def as_failure(error: Mapping[str, Any], code: str = "statusCode") -> Failure:
    name = error.get(code) or error.get("errorCode") or error.get("error") or "UNKNOWN"
    return Failure(str(name), str(error.get("message", "")), tuple(error.get("fields") or ()))


def classify(failure: Failure, object: str | None = None, record: str | None = None) -> ConnectorError:
    """The error class of one native error of a whole answer or of one row."""
    subject = _subject(object, record)
    where: dict[str, Any] = {"system": SYSTEM, "object": object, "record": record}
    if failure.code in _TRANSIENT or _SHARED_LIMIT.search(failure.message):
        return Transient(f"Salesforce could not save {subject} now ({failure.code}); it is tried again.", **where)
    if _NO_KEY.search(failure.message):
        return _unfit_key(failure, where)
    if failure.code == "INVALID_FIELD":
        return _missing_field(failure, object, record)
    if failure.code in _CONFIGURATION or _NOT_ALLOWED.search(failure.message):
        unknown = _NO_TYPE.search(failure.message)
        subject = f"the object {unknown[1]}" if unknown else subject
        named = f" at {', '.join(failure.fields)}" if failure.fields else ""
        advice = _CONFIGURATION.get(failure.code, _CONFIGURATION["INSUFFICIENT_ACCESS"])
        return ConfigError(f"Salesforce refuses {subject}{named} ({failure.code}): {advice}.", **where)
    if failure.code == "ENTITY_IS_DELETED":
        return Gone(f"Salesforce says that {subject} is deleted; link it to its survivor or plan it again.", **where)
    if failure.code in ("DUPLICATE_VALUE", "DUPLICATES_DETECTED"):
        return _duplicate(failure, subject, where)
    return _rejected(failure, subject, where)


def over_shared_limit(answer: object) -> bool:
    """Whether a row was refused because its transaction used up what Salesforce allows its automation."""
    errors = answer.get("errors") or () if isinstance(answer, Mapping) else ()
    return any(_SHARED_LIMIT.search(str(error.get("message", ""))) for error in errors)


def no_key(answer: object) -> bool:
    """Whether a row was refused because the field that it goes by is no key."""
    errors = answer.get("errors") or () if isinstance(answer, Mapping) else ()
    return any(_NO_KEY.search(str(error.get("message", ""))) for error in errors)


def classify_all(errors: Sequence[Mapping[str, Any]], object: str, record: str | None) -> ConnectorError:
    """The error of one row; the first one listed leads."""
    failure = as_failure(errors[0]) if errors else Failure("UNKNOWN", "")
    return classify(failure, object, record)


def _subject(object: str | None, record: str | None) -> str:
    if object and record:
        return f"{object} {record}"
    return object or "the request"


def _limit(failure: Failure) -> ConnectorError:
    if "concurrent" in failure.message.lower():
        message = "Salesforce has too many long requests of this organisation at once; it is tried again in a moment."
        return Throttled(message, system=SYSTEM, wait=_CONCURRENT_WAIT)
    message = "Salesforce's daily API requests are used up; calls resume as the last 24 hours roll on."
    return QuotaSpent(message, system=SYSTEM)


def _unfit_key(failure: Failure, where: dict[str, Any]) -> ConfigError:
    found = _NO_KEY.search(failure.message)
    field = next((name for name in (found.groups() if found else ()) if name), "the key")
    message = (
        f"Salesforce takes {field} of {where['object'] or 'the object'} for no unique external id ({failure.code}). In "
        f"Setup > Object Manager > {where['object'] or 'the object'} > Fields & Relationships > {field} > Edit tick "
        "'External ID' and 'Unique', and grant the integration user the field; then run `crmerp check`."
    )
    return ConfigError(message, **where)


def _missing_field(failure: Failure, object: str | None, record: str | None) -> ConfigError:
    column = _NO_COLUMN.search(failure.message)
    relation = _NO_RELATION.search(failure.message)
    field = column[1] if column else relation[1] if relation else ", ".join(failure.fields) or "a mapped field"
    owner = column[2] if column else object or "the object"
    message = (
        f"Salesforce has no field {field} on {owner} that the integration user may see: "
        "provision it, grant field-level security for it, or remove it from the mapping."
    )
    return ConfigError(message, system=SYSTEM, object=owner, record=record)


def _duplicate(failure: Failure, subject: str, where: dict[str, Any]) -> Duplicate:
    existing = _RECORD_ID.search(failure.message)
    known = f" as {existing[1]}" if existing else ""
    message = f"Salesforce has {subject} already{known} ({failure.code}); link it instead of creating it."
    return Duplicate(message, existing_id=existing[1] if existing else None, **where)


def _rejected(failure: Failure, subject: str, where: dict[str, Any]) -> Rejected:
    field = failure.fields[0] if failure.fields else None
    named = f" because of {', '.join(failure.fields)}" if failure.fields else ""
    message = f"Salesforce rejects {subject}{named} ({failure.code}); correct the record, then retry it."
    return Rejected(message, reason=failure.code, code=failure.code, field=field, **where)
