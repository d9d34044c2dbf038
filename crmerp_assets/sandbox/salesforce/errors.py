"""Refusals in the vendor's words. A whole answer says `errorCode`, one row of a collection says `statusCode`."""

from collections.abc import Sequence
from typing import Any


class SalesforceError(Exception):
    """One refusal. `status` is that of the HTTP answer when it concerns the whole request."""

    def __init__(self, code: str, message: str, fields: Sequence[str] | None = None, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status
        self.fields = None if fields is None else list(fields)

    def body(self) -> list[dict[str, Any]]:
        """The whole answer."""
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        return [error if self.fields is None else {**error, "fields": self.fields}]

    def row(self) -> dict[str, Any]:
        """The error of one row of a collection."""
        return {"statusCode": self.code, "message": self.message, "fields": self.fields or []}


ROLLED_BACK = (
    "Record rolled back because not all records were valid and the request was using AllOrNone header when it was sent"
)


def rolled_back() -> SalesforceError:
    return SalesforceError("ALL_OR_NONE_OPERATION_ROLLED_BACK", ROLLED_BACK, [])


def required(names: Sequence[str]) -> SalesforceError:
    return SalesforceError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]", names)


def not_found(what: str = "The requested resource does not exist") -> SalesforceError:
    return SalesforceError("NOT_FOUND", what, status=404)


def deleted() -> SalesforceError:
    return SalesforceError("ENTITY_IS_DELETED", "entity is deleted", [], status=404)


def cross_reference(fields: Sequence[str] = ()) -> SalesforceError:
    return SalesforceError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", list(fields))


def unknown_column(name: str, object_name: str) -> SalesforceError:
    return SalesforceError("INVALID_FIELD", f"No such column '{name}' on sobject of type {object_name}")


def no_external_id(name: str, object_name: str) -> SalesforceError:
    """A field that is there, and by which records cannot be told apart."""
    message = f"Field name provided, {name} does not match an External ID, Salesforce Id, or indexed field"
    return SalesforceError("INVALID_FIELD", f"{message} for {object_name}", [])


def not_writeable(names: Sequence[str]) -> SalesforceError:
    what = ", ".join(names)
    message = (
        f"Unable to create/update fields: {what}. Please check the security settings of this field and verify that "
        "it is read/write for your profile or permission set."
    )
    return SalesforceError("INVALID_FIELD_FOR_INSERT_UPDATE", message, names)


def read_only() -> SalesforceError:
    """Without the right to edit an object, its records are as if locked."""
    return SalesforceError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", [])


def unsupported_type(name: str) -> SalesforceError:
    message = (
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append "
        "the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
    )
    return SalesforceError("INVALID_TYPE", message)


def duplicate(field: str, existing: str) -> SalesforceError:
    message = f"duplicate value found: {field} duplicates value on record with id: {existing}"
    return SalesforceError("DUPLICATE_VALUE", message, [])


def integrity(message: str, fields: Sequence[str] = ()) -> SalesforceError:
    return SalesforceError("FIELD_INTEGRITY_EXCEPTION", f"field integrity exception: {message}", list(fields))


def malformed_json(what: str) -> SalesforceError:
    return SalesforceError("JSON_PARSER_ERROR", what)


def session_expired() -> SalesforceError:
    return SalesforceError("INVALID_SESSION_ID", "Session expired or invalid", status=401)


def requests_used_up() -> SalesforceError:
    return SalesforceError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)


def too_many_at_once() -> SalesforceError:
    message = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
    return SalesforceError("REQUEST_LIMIT_EXCEEDED", message, status=403)
