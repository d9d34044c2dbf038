"""Answers that arrive other than they were sent: cut in half by a proxy, or turned into another format by one."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.responses import Response

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
XML = b"<?xml version='1.0'?><answer><status>ok</status></answer>"


def mangled(app: App, kind: str) -> App:
    """The application with its answers `truncated` or of the `wrong_type`; whatever was asked for is done."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        messages: list[Message] = []

        async def kept(message: Message) -> None:
            messages.append(message)

        await app(scope, receive, kept)
        await _sent(messages, kind)(scope, receive, send)

    return served


def _sent(messages: list[Message], kind: str) -> Response:
    start = next(message for message in messages if message["type"] == "http.response.start")
    body = b"".join(message.get("body", b"") for message in messages if message["type"] == "http.response.body")
    if kind == "wrong_type":
        return Response(XML, 200, media_type="application/xml")
    pairs = ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in start.get("headers", []))
    headers = {name: value for name, value in pairs if name != "content-length"}
    return Response(body[: len(body) // 2], start["status"], headers)
