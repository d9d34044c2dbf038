"""Calls to one database: which protocol, one more attempt with a new key, the server's clock, safe pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from crmerp_assets.connectors.errors import AuthFailed, ConfigError, Rejected, Transient
from crmerp_assets.connectors.http import HttpClient, Response, server_time
from crmerp_assets.connectors.odoo.answers import SYSTEM
from crmerp_assets.connectors.odoo.protocols import Json2, JsonRpc, Speaks, Speech, speaks_json2

PAGE = 1000
READS = 3
MODULE = "__crmerp__"
"""The module of our external ids, in the manner of Odoo's own `__import__` and `__export__`."""
CONTEXT: Mapping[str, Any] = {"lang": "en_US", "tz": "UTC", "active_test": False}
"""Archived records count, and times in imported text are UTC whatever the user's own time zone."""

Record = dict[str, Any]
Domain = list[Any]
T = TypeVar("T")


class OdooApi:
    """`key` is asked for at every call, so that a key that was replaced in its file counts at once. `company` is the
    one that new records are of, None where it is the user's own."""

    def __init__(
        self,
        http: HttpClient,
        name: str,
        database: str,
        login: str,
        key: Callable[[], str],
        clock: Callable[[], datetime],
        protocol: Speaks = "auto",
        companies: Sequence[int] = (),
    ) -> None:
        self._http, self.name, self._database, self._login, self._key = http, name, database, login, key
        self._clock, self._wanted = clock, protocol
        self._context = {**CONTEXT, **({"allowed_company_ids": list(companies)} if companies else {})}
        self.company = str(companies[0]) if companies else None
        self._speech: Speech | None = None
        self._ahead: timedelta | None = None

    def call(
        self,
        model: str,
        method: str,
        params: Mapping[str, Any],
        repeatable: bool = False,
        context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The result of a method. Only what changes nothing, or is the same twice, is repeatable; `context` is what
        the call says beyond what every call does."""
        speech, whole = self._spoken(), {**self._context, **(context or {})}
        try:
            return speech.call(model, method, params, whole, repeatable)
        except AuthFailed:
            speech.renew()
        return speech.call(model, method, params, whole, repeatable)

    def read(self, model: str, method: str, params: Mapping[str, Any]) -> Any:
        """A call that reads; what Odoo refuses in it is a mistake in what was asked for."""
        try:
            return self.call(model, method, params, repeatable=True)
        except Rejected as refused:
            message = f"{self.name}: {model} cannot be read ({refused.reason}); correct the mapping."
            raise ConfigError(message, system=SYSTEM, object=model) from refused

    def now(self) -> datetime:
        """The server's time by the last answer."""
        if self._ahead is None:
            self._heard(self._http.request("GET", "/web/version", accept=(404, 405)))
        return self._clock() + (self._ahead or timedelta(0))

    def page(self, model: str, domain: Domain, fields: Sequence[str], after: int, limit: int = PAGE) -> list[Record]:
        """The next rows by id beyond `after`. One that repeats what came before is asked for again.

        A page may be short for no good reason, so that only an empty one says that nothing follows.
        """
        beyond = [["id", ">", after], *domain]
        params = {"domain": beyond, "fields": list(fields), "limit": limit, "order": "id"}
        for _ in range(READS):
            rows: list[Record] = self.read(model, "search_read", params)
            ids = [int(row["id"]) for row in rows]
            if all(a < b for a, b in zip([after, *ids], ids, strict=False)):
                return rows
        message = f"{self.name} keeps sending a page that was there before; the pull stops here and resumes later."
        raise Transient(message, system=SYSTEM, object=model)

    def whole(self, model: str, domain: Domain, fields: Sequence[str]) -> Iterator[Record]:
        """All rows of a domain, page by page."""
        after = 0
        while rows := self.page(model, domain, fields, after):
            yield from rows
            after = int(rows[-1]["id"])

    def some(self, model: str, ids: Sequence[str], fields: Sequence[str]) -> list[Record]:
        """Those records that exist, up to 1,000 to a call; a short answer is asked again for what it left out."""
        found: list[Record] = []
        for chunk in chunks(list(dict.fromkeys(ids))):
            left = [int(one) for one in chunk if one.isascii() and one.isdigit()]
            while left:
                params = {"domain": [["id", "in", left]], "fields": list(fields), "limit": len(left), "order": "id"}
                rows: list[Record] = self.read(model, "search_read", params)
                found += rows
                seen = {int(row["id"]) for row in rows}
                left = [] if not rows or len(rows) == len(left) else self._still_there(model, left, seen)
        return found

    def _still_there(self, model: str, asked: list[int], seen: set[int]) -> list[int]:
        lacking = [id_ for id_ in asked if id_ not in seen]
        params = {"domain": [["id", "in", lacking]]}
        return lacking if int(self.read(model, "search_count", params)) else []

    def _spoken(self) -> Speech:
        if self._speech is None:
            new = self._wanted == "json2" or (self._wanted == "auto" and speaks_json2(self._http, self._heard))
            self._speech = (
                Json2(self._http, self.name, self._database, self._key, self._heard)
                if new
                else JsonRpc(self._http, self.name, self._database, self._login, self._key, self._heard)
            )
        return self._speech

    def _heard(self, response: Response) -> None:
        if told := server_time(response):
            self._ahead = told - self._clock()


def chunks(values: Sequence[T], size: int = PAGE) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
