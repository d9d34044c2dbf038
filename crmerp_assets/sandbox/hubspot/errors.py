"""Refusals in the vendor's words: one envelope for whole answers and for the rows of a batch."""

import json
import uuid
from collections.abc import Sequence
from typing import Any


class HubSpotError(Exception):
    """One refusal. `more` are further keys of the envelope, each of which the vendor gives or leaves out."""

    def __init__(self, status: int, category: str | None, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.category, self.message, self.more = status, category, message, more

    def body(self) -> dict[str, Any]:
        """The whole answer."""
        named = {"category": self.category} if self.category else {}
        return {
            "status": "error",
            "message": self.message,
            "correlationId": str(uuid.uuid4()),
            **named,
            **self.more,
        }

    def row(self, trace_id: str | None) -> dict[str, Any]:
        """The error of one row of a batch; nothing but the trace id says which row."""
        context = {**self.more.get("context", {}), **({"objectWriteTraceId": [trace_id]} if trace_id else {})}
        rest = {"errors": self.more.get("errors", []), "links": {}, "context": context}
        return {"status": "error", "category": self.category or "VALIDATION_ERROR", "message": self.message, **rest}


class Invalid(HubSpotError):
    """Values that a record may not have; `faults` are (property, code, message)."""

    def __init__(self, faults: Sequence[tuple[str, str, str]]) -> None:
        listed = [{"isValid": False, "message": m, "error": code, "name": name} for name, code, m in faults]
        errors = [{"message": m, "code": code, "context": {"propertyName": [name]}} for name, code, m in faults]
        message = f"Property values were not valid: {json.dumps(listed, separators=(',', ':'))}"
        super().__init__(400, "VALIDATION_ERROR", message, errors=errors)


def not_found() -> HubSpotError:
    return HubSpotError(404, None, "resource not found")


def missing_objects(singular: str, ids: Sequence[str]) -> HubSpotError:
    message = f"Could not get some {singular} objects, they may be deleted or not exist. Check that ids are valid."
    return HubSpotError(404, "OBJECT_NOT_FOUND", message, context={"ids": list(ids)})


def unlinked(from_: str, to: str, id_: str) -> dict[str, Any]:
    """The row error of a record without associations."""
    message = f"No {to.lower()} is associated with {from_.lower()} {id_}."
    more = {"context": {"fromObjectId": [id_]}, "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND"}
    return {**HubSpotError(404, "OBJECT_NOT_FOUND", message, **more).row(None), "subCategory": more["subCategory"]}


def unreadable(id_: str) -> dict[str, Any]:
    """The row error of a record whose associations cannot be read for now."""
    more = {"context": {"fromObjectId": [id_]}}
    return HubSpotError(500, "INTERNAL_ERROR", "There was a problem with the request.", **more).row(None)


def bad_request(message: str) -> HubSpotError:
    return HubSpotError(400, "VALIDATION_ERROR", message)


def unauthenticated() -> HubSpotError:
    message = (
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more "
        "details at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
    )
    return HubSpotError(401, "INVALID_AUTHENTICATION", message)


def expired() -> HubSpotError:
    message = "The OAuth token used to make this call expired 1 second(s) ago."
    return HubSpotError(401, "EXPIRED_AUTHENTICATION", message)


def missing_scopes(scopes: Sequence[str]) -> HubSpotError:
    message = (
        "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: "
        "https://developers.hubspot.com/scopes."
    )
    what = "One or more of the following scopes are required."
    errors = [{"message": what, "context": {"requiredGranularScopes": list(scopes)}}]
    return HubSpotError(403, "MISSING_SCOPES", message, errors=errors)


def too_many(policy: str) -> HubSpotError:
    named = {"TEN_SECONDLY_ROLLING": "ten_secondly_rolling", "SECONDLY": "secondly", "DAILY": "daily"}[policy]
    more = {"errorType": "RATE_LIMIT", "policyName": policy, "requestId": str(uuid.uuid4())}
    return HubSpotError(429, None, f"You have reached your {named} limit.", **more)
