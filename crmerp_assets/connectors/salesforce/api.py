"""The REST calls of one Salesforce organisation: paths, headers, JSON, and what each answer says about the limits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias
from urllib.parse import quote_plus

from crmerp_assets.connectors.errors import Transient, Unknown
from crmerp_assets.connectors.exactjson import dumps, loads
from crmerp_assets.connectors.http import Clock, HttpClient, Meter, Response, TokenAuth, server_time
from crmerp_assets.connectors.protocol import Limits
from crmerp_assets.connectors.salesforce.auth import SYSTEM
from crmerp_assets.connectors.salesforce.failures import first_failure, judge

Record: TypeAlias = dict[str, Any]
PAGE_SIZE = 2000
QUERIES = 5
"""Queries that one composite call takes. It counts once against the daily limit."""
_USAGE = re.compile(r"(?<!-)api-usage=(\d+)/(\d+)")
_HEADERS = {
    "Sforce-Query-Options": f"batchSize={PAGE_SIZE}",
    "Sforce-Auto-Assign": "false",
    "Sforce-Mru": "updateMru=false",
    "Sforce-Duplicate-Rule-Header": "allowSave=true",
    "Content-Type": "application/json",
    "Accept": "application/json",
}


@dataclass(frozen=True, slots=True)
class QueryPage:
    """One answer of a query; `at` is the server's time, `next_url` None at the end."""

    records: list[Record]
    total: int
    next_url: str | None
    at: datetime


class SalesforceApi:
    def __init__(
        self,
        name: str,
        url: str,
        auth: TokenAuth,
        version: str,
        clock: Clock,
        sleep: Callable[[float], None],
        verify: bool | str,
        timeout: float,
        meter: Meter | None = None,
    ) -> None:
        self.version = version
        self.base = f"/services/data/v{version}"
        self._clock = clock
        self._limits = Limits()
        self._http = HttpClient(
            url,
            auth,
            name,
            clock,
            system=SYSTEM,
            judge=judge,
            sleep=sleep,
            verify=verify,
            headers=_HEADERS,
            timeout=timeout,
            meter=meter,
        )

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        return _read(self._request("GET", self.base + path, params=params))

    def write(self, method: str, path: str, body: object) -> Any:
        """The answer of a write, None when it is empty; one that cannot be read leaves the outcome unknown."""
        response = self._request(method, self.base + path, content=dumps(body))
        try:
            return loads(response.content) if response.content else None
        except ValueError as failure:
            message = "Salesforce's answer to a write cannot be read; settle it by its key before sending it again."
            raise Unknown(message, system=SYSTEM) from failure

    def read_by_post(self, path: str, body: object) -> Any:
        return _read(self._request("POST", self.base + path, content=dumps(body), idempotent=True))

    def versions(self) -> list[str]:
        return [item["version"] for item in _read(self._request("GET", "/services/data/"))]

    def user_id(self) -> str:
        """The id of the user that the connection logs in as."""
        return str(self.get("/")["identity"]).rpartition("/")[2]

    def query(self, soql: str, deleted_too: bool = False) -> QueryPage:
        path = "/queryAll" if deleted_too else "/query"
        return self._page(self._request("GET", self.base + path, params={"q": soql}))

    def more(self, next_url: str) -> QueryPage | None:
        """The next page, or None when the server forgot the query (it keeps one for two days at most)."""
        response = self._request("GET", next_url, accept=(400, 404))
        if response.status_code < 400:
            return self._page(response)
        if first_failure(response).code == "INVALID_QUERY_LOCATOR":
            return None
        raise judge(response) or Transient("Salesforce gave no page.", system=SYSTEM)

    def rows(self, soql: str) -> list[Record]:
        """All rows of a query that is small enough not to need resuming."""
        return self.rows_of([soql])

    def rows_of(self, queries: Sequence[str], deleted_too: bool = False) -> list[Record]:
        """All rows of several such queries, five to a call."""
        return [
            record
            for some in in_chunks(queries, QUERIES)
            for page in self._together(some, "/queryAll" if deleted_too else "/query")
            for record in self._whole(page)
        ]

    def _together(self, queries: Sequence[str], path: str) -> Iterator[QueryPage]:
        """The first pages. One that Salesforce did not give within the call is asked for by itself, so that what is
        wrong is told as of any query."""
        parts: dict[str, Record] = {}
        if len(queries) > 1:
            requests = [
                {"method": "GET", "url": f"{self.base}{path}?q={quote_plus(soql)}", "referenceId": f"query{number}"}
                for number, soql in enumerate(queries)
            ]
            answer = self.read_by_post("/composite", {"allOrNone": False, "compositeRequest": requests})
            parts = {str(part.get("referenceId")): part for part in answer["compositeResponse"]}
        for number, soql in enumerate(queries):
            part = parts.get(f"query{number}", {})
            if int(part.get("httpStatusCode") or 0) == 200:
                yield _query_page(part["body"], self._clock())
            else:
                yield self._page(self._request("GET", self.base + path, params={"q": soql}))

    def _whole(self, page: QueryPage | None) -> Iterator[Record]:
        while page is not None:
            yield from page.records
            page = self.more(page.next_url) if page.next_url else None

    def limits(self) -> Limits:
        if self._limits.allowed is None:
            daily = self.get("/limits")["DailyApiRequests"]
            allowed = int(daily["Max"])
            self._limits = Limits(used=allowed - int(daily["Remaining"]), allowed=allowed)
        return self._limits

    def calls(self) -> int:
        return self._http.calls()

    def close(self) -> None:
        self._http.close()

    def _request(self, method: str, path: str, **options: Any) -> Response:
        response = self._http.request(method, path, **options)
        usage = _USAGE.search(response.headers.get("Sforce-Limit-Info", ""))
        if usage:
            self._limits = Limits(used=int(usage[1]), allowed=int(usage[2]))
            self._http.told(int(usage[1]), int(usage[2]))
        return response

    def _page(self, response: Response) -> QueryPage:
        return _query_page(_read(response), server_time(response) or self._clock().astimezone(UTC))


def _query_page(body: Record, at: datetime) -> QueryPage:
    return QueryPage(body["records"], int(body["totalSize"]), body.get("nextRecordsUrl"), at)


def _read(response: Response) -> Any:
    try:
        return loads(response.content)
    except ValueError as failure:
        message = "Salesforce gave something other than JSON, such as a maintenance page; it is tried again later."
        raise Transient(message, system=SYSTEM) from failure


def in_chunks(items: Sequence[Any], size: int) -> list[list[Any]]:
    return [list(items[start : start + size]) for start in range(0, len(items), size)]
