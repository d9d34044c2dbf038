"""Calls of Tryton's models: the context that every call carries, and answers that are no answers.

The context comes from the user's preferences, asked for once: company, language, and what modules put there. Records
that are out of use are read too, or they would look deleted.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.errors import ConfigError, Rejected, Transient, Unknown
from crmerp_assets.connectors.http import Clock, HttpClient, server_time
from crmerp_assets.connectors.tryton.failures import LONGEST_REASON, result_of
from crmerp_assets.connectors.tryton.fields import SYSTEM, Domain

HEADERS = {"Content-Type": "application/json"}
_READS = 3
"""Attempts at an answer that is not JSON-RPC, such as the page of a proxy in front of Tryton."""


class Rpc:
    """One database of one server."""

    def __init__(
        self, http: HttpClient, name: str, database: str, clock: Clock, user: Callable[[], str | None] = lambda: None
    ) -> None:
        self._http = http
        self.user = user
        self._name = name
        self._path = f"/{database}/rpc/"
        self._clock = clock
        self._context: dict[str, Any] | None = None
        self._company: dict[str, Any] = {}
        self._lock = threading.RLock()
        self.served_at: datetime | None = None

    @property
    def name(self) -> str:
        return self._name

    def read(self, method: str, *params: Any) -> Any:
        """A call that changes nothing: it is repeated where the answer is lost."""
        return self._read(method, [*params, self.context()])

    def worked_out(self, method: str, *params: Any) -> Any:
        """A read whose refusal is about what is sent: Rejected, where that of any other read is a ConfigError."""
        return self._answered(method, [*params, self.context()], exactjson.loads)

    def write(self, method: str, *params: Any, timestamps: Mapping[str, str] | None = None) -> Any:
        """A call that changes records: Unknown where the answer is lost. `timestamps`: what they must not have passed,
        by `model,id`."""
        context = self.context() | ({"_timestamp": dict(timestamps)} if timestamps else {})
        response = self._http.request("POST", self._path, content=_body(method, [*params, context]), headers=HEADERS)
        try:
            return result_of(self._name, response)
        except ValueError as failure:
            message = f"{self._name} gave no readable answer to a write; settle it by its key before sending it again."
            raise Unknown(message, system=SYSTEM) from failure

    def search_read(self, model: str, domain: Domain, fields: Sequence[str], limit: int | None = None) -> list[Any]:
        """Records in the order of their ids."""
        found: list[Any] = self.read(f"model.{model}.search_read", domain, 0, limit, [["id", "ASC"]], list(fields))
        return found

    def context(self) -> dict[str, Any]:
        with self._lock:
            if self._context is None:
                preferences = self._read("model.res.user.get_preferences", [True, {}], json.loads)
                self._context = preferences | {"active_test": False}
            return self._context

    def company(self) -> Mapping[str, Any]:
        """`party` and `currency` (ids), `code` and `rate` of the currency of the user's company."""
        with self._lock:
            if not self._company:
                self._company = self._own_company()
            return self._company

    def forget(self) -> None:
        """Ask for preferences and company anew."""
        with self._lock:
            self._context, self._company = None, {}

    def now(self) -> datetime:
        """The server's own time."""
        if self.served_at is None:
            self.forget()
            self.context()
        return self.served_at or self._clock()

    def _own_company(self) -> dict[str, Any]:
        company = self.context().get("company")
        if company is None:
            message = f"{self._name}: the user has no company; give it one in Tryton (Administration > Users)."
            raise ConfigError(message, system=SYSTEM)
        fields = ["party", "currency", "currency.code", "currency.rate"]
        (found,) = self.read("model.company.company.read", [company], fields)
        own = {"party": int(found["party"]), "currency": int(found["currency"])}
        return own | {"code": found["currency."]["code"], "rate": found["currency."]["rate"]}

    def _read(self, method: str, params: Sequence[Any], loads: Callable[[bytes], Any] = exactjson.loads) -> Any:
        """`loads`: what goes back as it came is read with its numbers."""
        try:
            return self._answered(method, params, loads)
        except Rejected as refused:
            reason = refused.reason[:LONGEST_REASON]
            message = f"{self._name} does not carry out {method}: {reason}; check rights and mapping."
            raise ConfigError(message, system=SYSTEM) from refused

    def _answered(self, method: str, params: Sequence[Any], loads: Callable[[bytes], Any]) -> Any:
        body, failure = _body(method, params), ValueError()
        for _ in range(_READS):
            response = self._http.request("POST", self._path, content=body, headers=HEADERS, idempotent=True)
            self.served_at = server_time(response) or self.served_at
            try:
                return result_of(self._name, response, loads)
            except ValueError as unreadable:
                failure = unreadable
        message = f"{self._name} gives no readable answers; check the url and what stands in front of Tryton."
        raise Transient(message, system=SYSTEM) from failure


def _body(method: str, params: Sequence[Any]) -> str:
    return exactjson.dumps({"id": 1, "method": method, "params": list(params)})


def ids_in(values: Sequence[str]) -> list[int]:
    """Native ids as Tryton takes them; what is no number is none of its ids."""
    return [int(value) for value in dict.fromkeys(values) if value.isdigit()]
