"""The vendor's HTTP front: versions without a login, tokens, and everything else behind a session and an allowance."""

from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crmerp_assets.sandbox.kit import PAGE_FAULT
from crmerp_assets.sandbox.salesforce.errors import SalesforceError
from crmerp_assets.sandbox.salesforce.http.auth import Authentication
from crmerp_assets.sandbox.salesforce.http.call import Answer, Call, refused
from crmerp_assets.sandbox.salesforce.http.routes import Router, split_version
from crmerp_assets.sandbox.salesforce.http.service import Service
from crmerp_assets.sandbox.salesforce.http.system import versions

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - a path
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


class Api:
    """Requests in, answers out; the work is done in worker threads."""

    def __init__(self, service: Service, authentication: Authentication) -> None:
        self._service, self._authentication = service, authentication
        self._router = Router(service)

    def routes(self) -> list[Route]:
        return [
            Route(TOKEN_PATH, self._token, methods=["POST"]),
            Route("/services/data", self._versions),
            Route("/services/data/", self._versions),
            Route("/services/data/{rest:path}", self._data, methods=_METHODS),
        ]

    async def _versions(self, request: Request) -> Response:
        return _response(Answer(200, versions()))

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        authorization = request.headers.get("authorization", "")
        answer = await run_in_threadpool(self._authentication.token, form, authorization, root_of(request))
        return _response(answer)

    async def _data(self, request: Request) -> Response:
        return await run_in_threadpool(self._answered, request, await request.body())

    def _answered(self, request: Request, body: bytes) -> Response:
        try:
            actor = self._authentication.actor(request.headers.get("authorization", ""))
            self._service.usage.count()
            version, path = split_version(request.scope["raw_path"].decode("latin-1").partition("?")[0])
            query = dict(request.query_params)
            method = query.pop("_HttpMethod", request.method)
            headers = dict(request.headers)
            call = Call(method, path, actor, version, query, headers, body, request.scope.get(PAGE_FAULT))
            answer = self._router.dispatch(call)
        except SalesforceError as error:
            answer = refused(error)
        answer.headers = {**answer.headers, **self._service.usage.header}
        return _response(answer)


def root_of(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _response(answer: Answer) -> Response:
    content = answer.content()
    return Response(content, answer.status, answer.headers, answer.media if content else None)
