"""What every sandbox's administrator can do over HTTP: seed, count, inject faults, set the clock, act as a person."""

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

if TYPE_CHECKING:
    from crmerp_assets.sandbox.kit.server import Sandbox

Handler = Callable[[Request], Awaitable[Response]]


class Admin:
    """Routes under `/_sandbox`, never counted as API calls."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    def routes(self) -> list[BaseRoute]:
        """The routes that every system has."""
        return [
            Route("/_sandbox/health", self._health),
            Route("/_sandbox/token", _guarded(self._token), methods=["POST"]),
            Route("/_sandbox/calls", self._calls, methods=["GET", "DELETE"]),
            Route("/_sandbox/faults", _guarded(self._faults), methods=["GET", "POST", "DELETE"]),
            Route("/_sandbox/faults/{id:int}", self._fault, methods=["DELETE"]),
            Route("/_sandbox/clock", _guarded(self._clock), methods=["POST"]),
            Route("/_sandbox/records", _guarded(self._records), methods=["POST"]),
            Route("/_sandbox/late", _guarded(self._late), methods=["POST"]),
            Route("/_sandbox/fieldrules", _guarded(self._field_rules), methods=["POST"]),
            Route("/_sandbox/count", _guarded(self._count)),
        ]

    async def _health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok", "system": self._sandbox.system})

    async def _token(self, request: Request) -> Response:
        return JSONResponse({"access_token": self._sandbox.person_token((await request.json())["user"])})

    async def _calls(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._sandbox.meter.reset()
        return JSONResponse(self._sandbox.meter.report())

    async def _faults(self, request: Request) -> Response:
        if request.method == "POST":
            return JSONResponse({"id": self._sandbox.faults.add(**await request.json()).id}, 201)
        if request.method == "DELETE":
            self._sandbox.faults.remove()
        return JSONResponse({"faults": self._sandbox.faults.list()})

    async def _fault(self, request: Request) -> Response:
        self._sandbox.faults.remove(request.path_params["id"])
        return Response(status_code=204)

    async def _clock(self, request: Request) -> Response:
        body = await request.json()
        if not body.keys() or body.keys() - {"offset_seconds", "stopped"}:
            raise ValueError("give offset_seconds, stopped, or both")
        if "stopped" in body:
            self._sandbox.clock.stop(bool(body["stopped"]))
        if "offset_seconds" in body:
            self._sandbox.clock.skew(float(body["offset_seconds"]))
        return JSONResponse({"now": self._sandbox.clock().isoformat()})

    async def _records(self, request: Request) -> Response:
        body = json.loads(await request.body())
        ids = await run_in_threadpool(self._sandbox.seed, body["object"], body["records"])
        return JSONResponse({"ids": ids}, 201)

    async def _late(self, request: Request) -> Response:
        body = await request.json()
        await run_in_threadpool(self._sandbox.late, body["object"], str(body["id"]), float(body["seconds_ago"]))
        return Response(status_code=204)

    async def _field_rules(self, request: Request) -> Response:
        rule = await request.json()
        await run_in_threadpool(self._sandbox.field_rule, rule.pop("object"), rule.pop("field"), **rule)
        return Response(status_code=204)

    async def _count(self, request: Request) -> Response:
        name = request.query_params["object"]
        return JSONResponse({"count": await run_in_threadpool(self._sandbox.count, name)})


def _guarded(handler: Handler) -> Handler:
    """A mistake in an admin call is told, not traced."""

    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except Exception as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, 400)

    return guarded
