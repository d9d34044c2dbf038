"""Requests in, answers out. The old paths (v3, v4) and those that carry a date lead to the same handlers."""

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from crmerp_assets.sandbox.hubspot.auth import Actor, Authentication
from crmerp_assets.sandbox.hubspot.errors import HubSpotError, bad_request, not_found
from crmerp_assets.sandbox.hubspot.limits import Limits
from crmerp_assets.sandbox.kit import PAGE_FAULT

_OLD = re.compile(r"/crm/(?P<version>v3|v4)/(?P<area>objects|associations|properties|pipelines)(?P<rest>/.*)?")
_DATED = re.compile(
    r"/crm/(?P<area>objects|associations|properties|pipelines)/(?P<version>2025-09|2026-03|2026-09)(?P<rest>/.*)?"
)
_ACCOUNT = re.compile(r"/account-info/(?:v3|2025-09|2026-03|2026-09)/details")
_TOKEN = re.compile(r"/oauth/(?:v1|v3|2026-03|2026-09)/token")
TOKEN_INFO = "/oauth/v2/private-apps/get/access-token-info"  # noqa: S105 - a path


@dataclass(frozen=True, slots=True)
class Call:
    """`parts` is the path behind area and version; a parameter given several times is a list with commas."""

    method: str
    area: str
    version: str
    parts: tuple[str, ...]
    query: dict[str, str]
    body: Any
    actor: Actor
    fault: str | None = None

    def json(self) -> dict[str, Any]:
        if not isinstance(self.body, dict):
            raise bad_request("Invalid input JSON: an object is expected")
        return self.body


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Answer]


class Api:
    def __init__(
        self, authentication: Authentication, limits: Limits, handle: Handler, account: Callable[[], dict[str, Any]]
    ) -> None:
        self._authentication, self._limits, self._handle, self._account = authentication, limits, handle, account

    def routes(self) -> list[Route]:
        return [Route("/{path:path}", self._endpoint, methods=["GET", "POST", "PATCH", "PUT", "DELETE"])]

    async def _endpoint(self, request: Request) -> Response:
        return await run_in_threadpool(self._answered, request, await request.body())

    def _answered(self, request: Request, content: bytes) -> Response:
        try:
            answer = self._routed(request, content)
        except HubSpotError as error:
            answer = Answer(error.status, error.body())
        return response(answer)

    def _routed(self, request: Request, content: bytes) -> Answer:
        path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
        if _TOKEN.fullmatch(path):
            return Answer(*self._authentication.token(dict(parse_qsl(content.decode()))))
        body = _parsed(content)
        if path == TOKEN_INFO:
            return Answer(200, self._authentication.token_info(body))
        actor = self._authentication.actor(request.headers.get("authorization", ""))
        headers = self._limits.count(actor.app, search=path.endswith("/search"))
        if _ACCOUNT.fullmatch(path):
            return Answer(200, self._account(), headers)
        found = _OLD.fullmatch(path) or _DATED.fullmatch(path)
        if found is None:
            raise not_found()
        parts = tuple(unquote(part) for part in (found["rest"] or "").split("/") if part)
        given, fault = request.query_params, request.scope.get(PAGE_FAULT)
        query = {name: ",".join(given.getlist(name)) for name in given}
        call = Call(request.method, found["area"], found["version"], parts, query, body, actor, fault)
        answer = self._handle(call)
        return Answer(answer.status, answer.body, headers)


def response(answer: Answer) -> Response:
    headers = {**answer.headers, "x-hubspot-correlation-id": str(uuid.uuid4())}
    if answer.body is None:
        return Response(b"", answer.status, headers)
    return JSONResponse(answer.body, answer.status, headers)


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        raise bad_request("Invalid input JSON") from None
