"""Engine answers as HTTP responses."""

import json
from typing import Any

from starlette.responses import Response

from crmerp_assets.sandbox.netsuite.errors import NetSuiteError
from crmerp_assets.sandbox.netsuite.operations import Answer

_ERROR_TYPE = "application/vnd.oracle.resource+json; type=error"
_RECORD_TYPE = "application/vnd.oracle.resource+json; type=singular"
WARNING_HEADER = "X-NetSuite-PropertyNameValidation-Warning"


def json_response(body: Any, status: int = 200, media_type: str = _RECORD_TYPE) -> Response:
    return Response(json.dumps(body), status, media_type=media_type)


def error_response(error: NetSuiteError, root: str = "") -> Response:
    response = json_response(error.body(), error.status, _ERROR_TYPE)
    for name, value in error.headers.items():
        response.headers[name] = root + value if name == "Location" else value
    return response


def answer_response(answer: Answer, root: str) -> Response:
    """Status, Location and body as the engine answered them; warnings travel in a header."""
    if answer.body is None:
        response = Response(status_code=answer.status)
    else:
        response = json_response(answer.body, answer.status, _ERROR_TYPE if answer.status >= 400 else _RECORD_TYPE)
    if answer.location is not None:
        response.headers["Location"] = root + answer.location
    if answer.warnings:
        response.headers[WARNING_HEADER] = f"Unknown properties: {', '.join(answer.warnings)}"
    return response


def self_link(href: str, rel: str = "self") -> list[dict[str, str]]:
    return [{"rel": rel, "href": href}]


def page_links(url: str, limit: int, offset: int, total: int) -> list[dict[str, str]]:
    """Next, previous, first and last page, as far as they exist, and the page itself."""
    links = []
    last = max(0, (total - 1) // limit * limit)
    if offset + limit < total:
        links.append(("next", offset + limit))
        links.append(("last", last))
    if offset > 0:
        links.append(("first", 0))
        links.append(("previous", max(0, offset - limit)))
    links.append(("self", offset))
    return [{"rel": rel, "href": f"{url}?limit={limit}&offset={start}"} for rel, start in links]
