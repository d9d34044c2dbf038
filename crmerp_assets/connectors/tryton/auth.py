"""Sessions: a login buys one, and a 401 says that it is over.

Tryton's sessions end when nobody has used them for a while, or when an administrator ends them; then the next call
answers 401 and was not carried out. One session serves all threads.
"""

from __future__ import annotations

import base64
from collections.abc import Generator

import httpx

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.errors import AuthFailed, ConfigError, Throttled, Transient
from crmerp_assets.connectors.http import Clock, Token, TokenAuth, retry_after
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
        session = yield from self._valid(refused=None)
        request.headers["Authorization"] = f"Session {session.value}"
        response = yield request
        if response.status_code == 401:
            session = yield from self._valid(refused=session)
            request.headers["Authorization"] = f"Session {session.value}"
            yield request

    def _valid(self, refused: Token | None) -> Generator[httpx.Request, httpx.Response, Token]:
        with self._lock:
            if self._token is None or self._token is refused:
                headers = {"Content-Type": "application/json"}
                asked = httpx.Request("POST", self._url, content=self._login.encode(), headers=headers)
                self._token = self._read((yield asked))
            return self._token


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
        user_id, key, *_ = exactjson.loads(response.content)["result"]
    except (ValueError, KeyError, TypeError) as failure:
        message = f"{name} refuses the login of {username} (answer {response.status_code}); check user and password."
        raise AuthFailed(message, system=SYSTEM) from failure
    return Token(base64.b64encode(f"{username}:{user_id}:{key}".encode()).decode())
