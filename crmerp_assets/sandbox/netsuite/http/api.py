"""All routes of the service behind one gate: who calls, how many at once, and errors in the vendor's shape."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crmerp_assets.sandbox.netsuite.engine import Records
from crmerp_assets.sandbox.netsuite.errors import NetSuiteError, too_many_requests
from crmerp_assets.sandbox.netsuite.gauge import Gauge, Time
from crmerp_assets.sandbox.netsuite.http import async_routes, metadata, query, record, system
from crmerp_assets.sandbox.netsuite.http.answers import error_response
from crmerp_assets.sandbox.netsuite.http.auth import TOKEN_PATH, Authentication
from crmerp_assets.sandbox.netsuite.http.call import Call
from crmerp_assets.sandbox.netsuite.http.services import Services
from crmerp_assets.sandbox.netsuite.jobs import Jobs
from crmerp_assets.sandbox.netsuite.suiteql import Queries

Handler = Callable[[Services, Call], Response]
_MODULES = (metadata, record, query, async_routes, system)


class Api:
    """The vendor's REST services over one account."""

    def __init__(
        self, records: Records, authentication: Authentication, jobs: Jobs, gauge: Gauge, time: Time | None = None
    ) -> None:
        self.authentication = authentication
        self.services = Services(records, Queries(records.account), jobs)
        self.gauge, self._time = gauge, time

    def routes(self) -> list[Route]:
        routes = [Route(TOKEN_PATH, self.authentication.token, methods=["POST"])]
        for module in _MODULES:
            for path, methods, handler in module.ROUTES:
                routes.append(Route(path, self._endpoint(handler), methods=list(methods)))
        return routes

    def _endpoint(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            options = self.services.records.account.options
            if not self.gauge.try_take():
                return error_response(too_many_requests())
            try:
                await self._on_its_way(options.latency_seconds)
                return await self._handle(handler, request)
            finally:
                self.gauge.give_back()

        return endpoint

    async def _on_its_way(self, seconds: float) -> None:
        if self._time is None:
            await asyncio.sleep(seconds)
        else:
            await run_in_threadpool(self._time.sleep, seconds)

    async def _handle(self, handler: Handler, request: Request) -> Response:
        root = f"{request.url.scheme}://{request.url.netloc}"
        try:
            body = await request.body()
            user = self.authentication.user(request)
            return await run_in_threadpool(handler, self.services, Call(request, user, body))
        except NetSuiteError as error:
            return error_response(error, root)
