"""Refusals in the vendor's own shape: every 4xx and 5xx body names a code, and where it can, a path."""

import uuid
from dataclasses import dataclass, field
from typing import Any

_RFC = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10."
_STATUSES = {
    400: ("Bad Request", "4.1"),
    401: ("Unauthorized", "4.2"),
    403: ("Forbidden", "4.4"),
    404: ("Not Found", "4.5"),
    405: ("Method Not Allowed", "4.6"),
    409: ("Conflict", "4.10"),
    415: ("Unsupported Media Type", "4.16"),
    429: ("Too Many Requests", "4"),
    500: ("Internal Server Error", "5.1"),
    503: ("Service Unavailable", "5.4"),
}
PREFIX = "Error while accessing a resource. "


@dataclass
class NetSuiteError(Exception):
    """A refusal: HTTP status, code, text, and the optional keys that say where (`o:errorPath` and the like)."""

    status: int
    code: str
    detail: str
    where: dict[str, str] = field(default_factory=dict)
    title: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        title, section = _STATUSES[self.status]
        details = {"detail": self.detail, **self.where, "o:errorCode": self.code}
        return {
            "type": _RFC + section,
            "title": self.title or title,
            "status": self.status,
            "o:errorDetails": [details],
        }


def invalid_content(path: str, detail: str) -> NetSuiteError:
    return NetSuiteError(400, "INVALID_CONTENT", detail, {"o:errorPath": path})


def invalid_value(path: str, name: str, value: object) -> NetSuiteError:
    what = f"You have entered an Invalid Field Value {value} for the following field: {name}"
    detail = f"Error while accessing resource: {what}"
    return invalid_content(path, detail)


def user_error(detail: str) -> NetSuiteError:
    return NetSuiteError(400, "USER_ERROR", PREFIX + detail)


def missing(labels: list[str]) -> NetSuiteError:
    return user_error(f"Please enter value(s) for: {', '.join(labels)}.")


def forbidden(record: str) -> NetSuiteError:
    detail = (
        f"Permission Violation: You need a higher level of the '{record}' permission to access this page. "
        "Please contact your account administrator."
    )
    return NetSuiteError(403, "INSUFFICIENT_PERMISSION", detail)


def nonexistent_field(path: str) -> NetSuiteError:
    name = path.rpartition(".")[2]
    detail = f"{PREFIX}Unknown reference or field '{name}'. Provide a valid property name."
    return NetSuiteError(400, "NONEXISTENT_FIELD", detail, {"o:errorPath": path})


def nonexistent_id() -> NetSuiteError:
    return NetSuiteError(404, "NONEXISTENT_ID", "Record does not exist.")


def nonexistent_type(name: str) -> NetSuiteError:
    detail = f"Record type '{name}' does not exist."
    return NetSuiteError(404, "NONEXISTENT_RECORD_TYPE", detail)


def already_exists(what: str) -> NetSuiteError:
    return user_error(f"This {what} already exists.")


def invalid_parameter(name: str, detail: str) -> NetSuiteError:
    return NetSuiteError(400, "INVALID_PARAMETER", detail, {"o:errorQueryParam": name})


def invalid_header(name: str, detail: str) -> NetSuiteError:
    return NetSuiteError(400, "INVALID_HEADER", detail, {"o:errorHeader": name})


def invalid_request(detail: str) -> NetSuiteError:
    return NetSuiteError(400, "INVALID_REQUEST", detail)


def invalid_login() -> NetSuiteError:
    detail = (
        "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at "
        "Setup > Users/Roles > User Management > View Login Audit Trail."
    )
    return NetSuiteError(401, "INVALID_LOGIN", detail)


def too_many_requests() -> NetSuiteError:
    return NetSuiteError(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")


def unexpected() -> NetSuiteError:
    """The vendor's own failure; its text bears an error id."""
    detail = f"An unexpected error occurred. Error ID: {uuid.uuid4().hex[:12]}"
    return NetSuiteError(500, "UNEXPECTED_ERROR", detail)
