"""The outermost layer of a sandbox: counts the call, lets a fault strike, passes on to the system."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from starlette.responses import HTMLResponse, RedirectResponse, Response

from crmerp_assets.sandbox.kit.faults import PAGE_FAULT, Fault
from crmerp_assets.sandbox.kit.mangled import mangled

if TYPE_CHECKING:
    from crmerp_assets.sandbox.kit.server import Sandbox

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
_MAINTENANCE = HTMLResponse("<!DOCTYPE html><html><body>We are down for maintenance.</body></html>")
_LOGIN = RedirectResponse("https://login.example.com/signin?SAMLRequest=fVLLTsMw", 302)
_BAD_GATEWAY = HTMLResponse("<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>", 502)


class Gate:
    """ASGI layer around the system's application. Administration passes untouched."""

    def __init__(self, app: App, sandbox: "Sandbox") -> None:
        self._app = app
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_sandbox"):
            await self._app(scope, receive, send)
            return
        user = self._sandbox.user_of(_header(scope, b"authorization"))
        if self._sandbox.metered(scope["path"]):
            self._sandbox.meter.count(user, self._sandbox.call_name(scope["method"], scope["path"]))
        query = unquote_plus(scope["query_string"].decode())
        label = f"{scope['method']} {scope['path']}" + (f"?{query}" if query else "")
        fault = self._sandbox.faults.strike(label, user)
        dated = self._dated(send)
        if fault is None:
            await self._app(scope, receive, dated)
        elif fault.kind in ("cut_before", "cut_after"):
            await self._interrupted(fault, scope, receive, send)
        else:
            await self._struck(fault, scope, receive, dated)

    async def _interrupted(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind == "cut_after":
            await self._app(scope, receive, _nowhere)
        await _cut(send)

    async def _struck(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        match fault.kind:
            case "slow":
                arrived = await _arrived(receive)
                await asyncio.sleep(fault.seconds)
                await self._app(scope, arrived, send)
            case "late_answer":
                await self._app(scope, receive, _after(fault.seconds, send))
            case "error_after":
                await self._app(scope, receive, _nowhere)
                await _BAD_GATEWAY(scope, receive, send)
            case "truncated" | "wrong_type":
                await mangled(self._app, fault.kind)(scope, receive, send)
            case "short_page" | "repeat_page" | "partial" | "stopped" | "failed":
                scope[PAGE_FAULT] = fault.kind
                await self._app(scope, receive, send)
            case _:
                await _consumed(receive)
                await self._answer(fault)(scope, receive, send)

    def _dated(self, send: Send) -> Send:
        """Answers carry the server's own idea of the time."""

        async def dated(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(self._sandbox.clock(), usegmt=True).encode()
                message["headers"] = [*message.get("headers", []), (b"date", date)]
            await send(message)

        return dated

    def _answer(self, fault: Fault) -> Response:
        if fault.kind == "throttle":
            return self._sandbox.throttled()
        if fault.kind == "revoke":
            return self._sandbox.unauthorized()
        if fault.kind in ("html", "redirect"):
            return _MAINTENANCE if fault.kind == "html" else _LOGIN
        return self._sandbox.server_error(fault.status)


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


async def _nowhere(message: MutableMapping[str, Any]) -> None:
    """Swallow the answer of a call that was applied."""


async def _consumed(receive: Receive) -> None:
    while (await receive()).get("more_body"):
        pass


async def _arrived(receive: Receive) -> Receive:
    """A `receive` that has the whole request already: a server works it off although the client is gone by then."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    waiting = iter(messages)

    async def again() -> MutableMapping[str, Any]:
        return next(waiting, None) or await receive()

    return again


def _after(seconds: float, send: Send) -> Send:
    """A `send` that holds the answer back."""

    async def held(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            await asyncio.sleep(seconds)
        await send(message)

    return held


async def _cut(send: Send) -> None:
    """Close the TCP connection without an answer. `send` belongs to uvicorn's cycle, which holds the transport."""
    cycle = send.__self__  # type: ignore[attr-defined]
    cycle.transport.abort()
    while not cycle.disconnected:
        await asyncio.sleep(0.001)
