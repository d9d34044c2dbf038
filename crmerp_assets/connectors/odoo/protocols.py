"""The two ways to call a method of a model: by name under JSON-2, by position and name under JSON-RPC.

Which one a server speaks is asked of the server. Under both, one call is one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.errors import AuthFailed, ConnectorError, Transient, Unknown
from crmerp_assets.connectors.http import HttpClient, Response
from crmerp_assets.connectors.odoo.answers import SYSTEM

Speaks = Literal["auto", "json2", "jsonrpc"]
Params = Mapping[str, Any]
Heard = Callable[[Response], None]
_JSON = {"Content-Type": "application/json"}
VERSION = "/web/version"


class Speech(Protocol):
    """One protocol."""

    def call(self, model: str, method: str, params: Params, context: Params, repeatable: bool) -> Any:
        """The result with numbers as text; `params` may hold `ids`."""

    def renew(self) -> None:
        """Forget what was learned with a key that is refused now."""


class Json2:
    """`/json/2/<model>/<method>`: the result is the body."""

    def __init__(self, http: HttpClient, name: str, database: str, key: Callable[[], str], heard: Heard) -> None:
        self._http, self._name, self._database, self._key, self._heard = http, name, database, key, heard

    def call(self, model: str, method: str, params: Params, context: Params, repeatable: bool) -> Any:
        headers = {**_JSON, "Authorization": f"bearer {self._key()}", "X-Odoo-Database": self._database}
        content = exactjson.dumps({**params, "context": context})
        path = f"/json/2/{model}/{method}"
        response = self._http.request("POST", path, content=content, headers=headers, idempotent=repeatable)
        self._heard(response)
        return parsed(response, self._name, repeatable)

    def renew(self) -> None:
        """Every call asks for the key."""


class JsonRpc:
    """`/jsonrpc`: the caller is in the body, and so are errors, under status 200."""

    def __init__(
        self, http: HttpClient, name: str, database: str, login: str, key: Callable[[], str], heard: Heard
    ) -> None:
        self._http, self._name, self._database = http, name, database
        self._login, self._key, self._heard = login, key, heard
        self._uid: str | None = None

    def call(self, model: str, method: str, params: Params, context: Params, repeatable: bool) -> Any:
        named = {**params, "context": context}
        positional = [named.pop("ids")] if "ids" in named else []
        who = [self._database, int(self._user()), self._key()]
        args = [*who, model, method, positional, named]
        return self._service("object", "execute_kw", args, repeatable, f"{model}.{method}")

    def renew(self) -> None:
        self._uid = None

    def _user(self) -> str:
        if self._uid is None:
            args = [self._database, self._login, self._key(), {}]
            uid = self._service("common", "authenticate", args, True, "common.authenticate")
            if uid is False:
                now = "check database and login of the connection, or make a new key and put it where it is read"
                raise AuthFailed(f"{self._name} refuses the API key; {now}.", system=SYSTEM)
            self._uid = str(uid)
        return self._uid

    def _service(self, service: str, method: str, args: list[Any], repeatable: bool, shown: str) -> Any:
        """`shown` goes into the query, which Odoo does not read: it tells calls apart in the server's own log."""
        params = {"service": service, "method": method, "args": args}
        body = exactjson.dumps({"jsonrpc": "2.0", "method": "call", "id": 1, "params": params})
        response = self._http.request(
            "POST", "/jsonrpc", params={"call": shown}, content=body, headers=_JSON, idempotent=repeatable
        )
        self._heard(response)
        answer = parsed(response, self._name, repeatable)
        return answer.get("result") if isinstance(answer, Mapping) else None


def parsed(response: Response, name: str, repeatable: bool) -> Any:
    """The body. One that is no JSON came from something between us and Odoo, which may have done what was asked."""
    try:
        return exactjson.loads(response.content)
    except ValueError as failure:
        what = f"{name} answered with something that is not JSON"
        error: ConnectorError = (
            Transient(f"{what}; it is tried again.", system=SYSTEM)
            if repeatable
            else Unknown(f"{what} after a write was sent; settle it by its key.", system=SYSTEM)
        )
        raise error from failure


def speaks_json2(http: HttpClient, heard: Heard) -> bool:
    """Whether the server is of version 19 or later; only those know this address."""
    response = http.request("GET", VERSION, accept=(404, 405))
    heard(response)
    return response.status_code == 200 and b"version_info" in response.content
