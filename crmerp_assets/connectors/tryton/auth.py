"""Sessions: a login buys one, and a 401 says that it is over.

Tryton's sessions end when nobody has used them for a while, or when an administrator ends them; then the next call
answers 401 and was not carried out. One session serves all threads.
"""

from __future__ import annotations

import base64
from collections.abc import Generator
from typing import Any

import httpx

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.errors import AuthFailed, ConfigError, Rejected, Throttled, Transient
from crmerp_assets.connectors.http import Clock, Token, TokenAuth, retry_after
from crmerp_assets.connectors.tryton.failures import result_of
from crmerp_assets.connectors.tryton.fields import SYSTEM

LOGIN_WAIT = 60.0
"""Seconds of rest after too many logins; Tryton slows them down and does not say for how long."""


class SessionAuth(TokenAuth):
    """Logs in by name and password, once more after a 401."""

    def __init__(self, name: str, url: str, username: str, password: str, clock: Clock) -> None:
        super().__init__(url, dict, lambda response: _session(name, username, response), clock)
        self._login = exactjson.dumps(
            {"id": 0, "method": "common.db.login", "params": [username, {"password": password}, "en"]}
        )

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        session = yield from self._valid(request, refused=None)
        request.headers["Authorization"] = f"Session {session.value}"
        response = yield request
        if response.status_code == 401:
            session = yield from self._valid(request, refused=session)
            request.headers["Authorization"] = f"Session {session.value}"
            yield request

    def user(self) -> str | None:
        """The id of the user that is logged in, None before the first login."""
        session = self._token
        return base64.b64decode(session.value).decode().rsplit(":", 2)[1] if session else None

    def _asked(self, request: httpx.Request) -> httpx.Request:
        headers = {"Content-Type": "application/json"}
        content = self._login.encode()
        return httpx.Request("POST", self._url, content=content, headers=headers, extensions=request.extensions)


def _session(name: str, username: str, response: httpx.Response) -> Token:
    """The session of a login's answer, as it goes into the Authorization header."""
    if response.status_code == 429:
        message = f"{name} slows logins down after wrong passwords; the next attempt waits."
        raise Throttled(message, system=SYSTEM, wait=retry_after(response, LOGIN_WAIT))
    if response.status_code >= 500:
        raise Transient(f"{name} gave no session (answer {response.status_code}); tried again later.", system=SYSTEM)
    if response.status_code == 404:
        message = f"{name} does not know the database; correct `database`, or start trytond with -d and its name."
        raise ConfigError(message, system=SYSTEM)
    try:
        user_id, key, *_ = _result(name, response)
    except (ValueError, TypeError) as failure:
        message = f"{name} refuses the login of {username} (answer {response.status_code}); check user and password."
        raise AuthFailed(message, system=SYSTEM) from failure
    return Token(base64.b64encode(f"{username}:{user_id}:{key}".encode()).decode())


def _result(name: str, response: httpx.Response) -> Any:
    """What a login gives. Transient for a page of something else, such as a proxy's while Tryton is being updated;
    ValueError where Tryton itself says no."""
    try:
        return result_of(name, response)
    except Rejected as refused:
        raise ValueError(refused.reason) from refused
    except ValueError as unreadable:
        if response.status_code >= 300:
            raise
        message = f"{name} answers a login with a page that is not Tryton's; tried again later."
        raise Transient(message, system=SYSTEM) from unreadable
