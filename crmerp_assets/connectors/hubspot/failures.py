"""HubSpot's errors, named by what to do next. Their messages hold values of records, so only codes are passed on."""

from __future__ import annotations

import re
from collections.abc import Mapping
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
)
from crmerp_assets.connectors.exactjson import loads
from crmerp_assets.connectors.http import Response, retry_after
from crmerp_assets.connectors.hubspot.auth import SYSTEM
from crmerp_assets.connectors.hubspot.objects import MIRRORS

_APP = "HubSpot > Settings > Integrations > Private Apps > the app > Scopes"
GRANT = f"{_APP} (of an OAuth app: among its scopes, then install it again)"
_WAITS = {"TEN_SECONDLY_ROLLING": 10.0, "SECONDLY": 1.0}
_LOCKED, _MIGRATION = 423, 477
_EXISTING = re.compile(r"Existing ID: (\d+)")
_NO_OBJECT = re.compile(r"Unable to infer object type(?: from: ([\w-]+))?")
_LACKING = re.compile(r"INVOICE_TO_(?:CONTACT|LINE_ITEM)")
_LISTED = re.compile(r"Property values were not valid: (\[.*\])", re.DOTALL)
_CONFIGURATION = {
    "PROPERTY_DOESNT_EXIST": "provision it, or take it off the mapping",
    "READ_ONLY_VALUE": "do not map it for writing",
}


class PropertyFault(ConfigError):
    """One property is at fault, so that rows without it may be sound."""


class Failure(NamedTuple):
    """One native error: HTTP status or its like, category, and code and property of what is wrong."""

    status: int
    category: str
    code: str
    field: str | None
    message: str


def judge(response: Response) -> ConnectorError | None:
    """The error in an answer, if any."""
    status = response.status_code
    if status < 400:
        return None
    body = _body(response)
    if status == 401:
        what = f"HubSpot refuses the token ({body.get('category', 401)}): make a new one, or install the app again."
        return AuthFailed(what, system=SYSTEM)
    if status == 403:
        return _forbidden(body)
    if status == 429:
        return _limit(response, str(body.get("policyName") or ""), str(body.get("message", "")))
    if status == _MIGRATION:
        what = "HubSpot is moving the portal to another data centre."
        return Throttled(what, system=SYSTEM, wait=retry_after(response, 3600.0))
    if status in (408, _LOCKED) or status >= 500:
        return Transient(f"HubSpot answered {status}; it is tried again.", system=SYSTEM)
    return classify(failure_of(body, status))


def row_failure(error: Mapping[str, Any]) -> Failure:
    """The error of one row of a batch."""
    status = {"OBJECT_NOT_FOUND": 404, "CONFLICT": 409}.get(str(error.get("category")), 400)
    return failure_of(error, status)


def failure_of(body: Mapping[str, Any], status: int) -> Failure:
    """The first fault of an error envelope; every part of it is optional."""
    message = str(body.get("message", ""))
    category = str(body.get("category") or f"HTTP {status}")
    first: Mapping[str, Any] = next(iter(body.get("errors") or ()), {})
    code, named = first.get("code"), (first.get("context") or {}).get("propertyName")
    field = named[0] if named else first.get("in")
    listed = _listed(message)
    if code is None and listed:
        code, field = listed.get("error"), listed.get("name")
    return Failure(status, category, str(code or category), field, message)


def classify(failure: Failure, object: str | None = None, record: str | None = None) -> ConnectorError:
    """The error class of one native error of a whole answer or of one row."""
    where: dict[str, Any] = {"system": SYSTEM, "object": object, "record": record}
    subject = f"{object} {record}" if object and record else object or "the request"
    unknown, lacking = _NO_OBJECT.match(failure.message), _LACKING.search(failure.message)
    if unknown:
        return _no_object(unknown[1], where)
    if failure.status == 404:
        return _missing(failure, subject, where)
    if lacking:
        return _unbillable(lacking[0], subject, where)
    if failure.code in _CONFIGURATION:
        advice = _CONFIGURATION[failure.code]
        return PropertyFault(f"HubSpot refuses the property {failure.field} ({failure.code}): {advice}.", **where)
    if failure.status == 409 or failure.code == "CONFLICTING_UNIQUE_VALUE":
        return _duplicate(failure, subject, where)
    named = f" because of {failure.field}" if failure.field else ""
    message = f"HubSpot rejects {subject}{named} ({failure.code}); correct the record, then retry it."
    return Rejected(message, reason=failure.code, code=failure.code, field=failure.field, **where)


def _no_object(name: str | None, where: dict[str, Any]) -> ConfigError:
    """A portal answers alike for an object that is not in its edition, one that is not activated, and a wrong name."""
    if name not in MIRRORS:
        return ConfigError("HubSpot does not know the object; check its name in the mapping.", **where)
    what = (
        f"This portal has no {name}: activate the object in HubSpot's object library, or, where the edition lacks it, "
        "set `mirror` off in policy.yaml, so that only the deal's properties are kept."
    )
    return ConfigError(what, **where)


def _unbillable(code: str, subject: str, where: dict[str, Any]) -> Rejected:
    what = (
        f"HubSpot lets {subject} leave draft only with a contact and a line item, as it would collect the money itself "
        f"({code}): send hs_invoice_billable as false with what the ERP bills, then retry it."
    )
    return Rejected(what, reason=code, code=code, field="hs_invoice_billable", **where)


def _missing(failure: Failure, subject: str, where: dict[str, Any]) -> Gone | ConfigError:
    """Only of a record does HubSpot say by its category that it is not there; else the path leads nowhere."""
    if failure.category == "OBJECT_NOT_FOUND":
        return Gone(f"HubSpot has no {subject} any more; link it to its survivor or plan it again.", **where)
    what = "HubSpot does not know the path of this call: its version of the API may have ended, see api_version."
    return ConfigError(what, **where)


def _duplicate(failure: Failure, subject: str, where: dict[str, Any]) -> Duplicate:
    existing = _EXISTING.search(failure.message)
    known = f" as {existing[1]}" if existing else ""
    message = f"HubSpot has {subject} already{known} ({failure.code}); link it instead of creating it."
    return Duplicate(message, existing_id=existing[1] if existing else None, **where)


def _forbidden(body: Mapping[str, Any]) -> ConfigError:
    scopes = [
        scope
        for error in body.get("errors") or ()
        for scope in (error.get("context") or {}).get("requiredGranularScopes") or ()
    ]
    named = f" the scope {' or '.join(scopes)}" if scopes else " a right"
    return ConfigError(f"HubSpot says that the app lacks{named}: grant it in {GRANT}.", system=SYSTEM)


def _limit(response: Response, policy: str, message: str) -> ConnectorError:
    """By the policy's name; where it is missing, the message says it in other words."""
    policy = policy or next((name for name in ("TEN_SECONDLY_ROLLING", "SECONDLY") if name.lower() in message), "")
    if policy == "DAILY" or (not policy and "daily" in message):
        return QuotaSpent("HubSpot's calls of the day are used up; they resume at midnight there.", system=SYSTEM)
    wait = retry_after(response, _WAITS.get(policy, 10.0))
    return Throttled(f"HubSpot asks to slow down ({policy or 429}).", system=SYSTEM, wait=wait)


def _body(response: Response) -> Mapping[str, Any]:
    try:
        body = loads(response.content)
    except ValueError:
        body = None
    return body if isinstance(body, Mapping) else {}


def _listed(message: str) -> Mapping[str, Any] | None:
    """The first of the faults that a message spells out as JSON."""
    found = _LISTED.search(message)
    try:
        faults = loads(found[1]) if found else None
    except ValueError:
        return None
    return faults[0] if isinstance(faults, list) and faults and isinstance(faults[0], Mapping) else None
