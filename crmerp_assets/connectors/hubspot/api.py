"""The calls of one HubSpot portal: paths, JSON, pace, and what each answer says about the day's calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from crmerp_assets.connectors.errors import Transient, Unknown
from crmerp_assets.connectors.exactjson import dumps, loads
from crmerp_assets.connectors.http import (
    Clock,
    FixedToken,
    HttpClient,
    Meter,
    Request,
    Response,
    TokenAuth,
    server_time,
)
from crmerp_assets.connectors.hubspot.auth import SYSTEM
from crmerp_assets.connectors.hubspot.failures import judge
from crmerp_assets.connectors.hubspot.pacing import Pace
from crmerp_assets.connectors.hubspot.paths import Paths
from crmerp_assets.connectors.protocol import Limits

Record: TypeAlias = dict[str, Any]
BATCH = 100
LINKS_READ = 1000
LINKS_WRITTEN = 1000
PRIVATE_APP, OAUTH_APP = 180, 100
"""Calls in ten seconds, a little below the 190 and 110 that HubSpot allows."""
SEARCHES = (5, 1.1)
"""All that HubSpot allows in a second, in a little more than that: what the network squeezes together stays within."""
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


class HubSpotApi:
    def __init__(
        self,
        name: str,
        url: str,
        auth: TokenAuth | FixedToken,
        paths: Paths,
        clock: Clock,
        sleep: Callable[[float], None],
        verify: bool | str,
        timeout: float,
        calls_in_ten_seconds: int,
        meter: Meter | None = None,
    ) -> None:
        self.paths = paths
        self._clock = clock
        self._limits = Limits()
        self._searches = Pace(*SEARCHES, clock, sleep)
        self._others = Pace(calls_in_ten_seconds, 10.0, clock, sleep)
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
            pace=self._wait,
        )

    def get(self, path: str, params: Mapping[str, str] | None = None) -> tuple[Any, datetime]:
        """The answer, and the server's time."""
        response = self._request("GET", path, params=params)
        return _read(response), self._time(response)

    def read(self, path: str, body: object) -> Any:
        """A POST that changes nothing."""
        return _read(self._request("POST", path, content=dumps(body), idempotent=True))

    def read_rows(self, path: str, body: object, object: str) -> list[Record]:
        """What a batch found. Raises Transient where a row failed for another reason than that there is nothing."""
        answer = self.read(path, body)
        _check(answer, object)
        return list(answer["results"])

    def search(self, object: str, body: object) -> tuple[Any, datetime]:
        path = self.paths.objects(object, "/search")
        response = self._request("POST", path, content=dumps(body), idempotent=True)
        return _read(response), self._time(response)

    def write(self, path: str, body: object) -> Any:
        """The answer of a write, None when it is empty; one that cannot be read leaves the outcome unknown."""
        response = self._request("POST", path, content=dumps(body))
        try:
            return loads(response.content) if response.content else None
        except ValueError as failure:
            message = "HubSpot's answer to a write cannot be read; settle it by its key before sending it again."
            raise Unknown(message, system=SYSTEM) from failure

    def batch_read(
        self, object: str, ids: Sequence[str], properties: Sequence[str], by: str | None = None
    ) -> list[Record]:
        """The live records of these ids or keys, each once and in no order; those that are gone are left out."""
        records: list[Record] = []
        for chunk in in_chunks(ids, BATCH):
            asked = {"idProperty": by} if by else {}
            body = {**asked, "properties": list(properties), "inputs": [{"id": id_} for id_ in chunk]}
            records += self.read_rows(self.paths.objects(object, "/batch/read"), body, object)
        return records

    def limits(self) -> Limits:
        """An OAuth app has no daily allowance and is told of none."""
        if self._limits.allowed is None:
            self.get(self.paths.account)
        return self._limits

    def calls(self) -> int:
        return self._http.calls()

    def close(self) -> None:
        self._http.close()

    def _wait(self, request: Request) -> None:
        (self._searches if request.url.path.endswith("/search") else self._others).take()

    def _request(self, method: str, path: str, **options: Any) -> Response:
        response = self._http.request(method, path, **options)
        allowed, left = (response.headers.get(f"X-HubSpot-RateLimit-Daily{end}", "") for end in ("", "-Remaining"))
        if allowed.isdigit() and left.isdigit():
            self._limits = Limits(used=int(allowed) - int(left), allowed=int(allowed))
            self._http.told(int(allowed) - int(left), int(allowed))
        return response

    def _time(self, response: Response) -> datetime:
        return server_time(response) or self._clock().astimezone(UTC)


def _check(answer: Record, object: str) -> None:
    """A row that failed for another reason than being gone, or than having nothing, must not pass for absent."""
    told = answer.get("errors") or ([{}] if int(answer.get("numErrors") or 0) else [])
    other = [error for error in told if error.get("category") != "OBJECT_NOT_FOUND"]
    if other:
        what = f"HubSpot could not read some {object} ({other[0].get('category')}); it is tried again later."
        raise Transient(what, system=SYSTEM, object=object)


def _read(response: Response) -> Any:
    try:
        return loads(response.content)
    except ValueError as failure:
        message = "HubSpot gave something other than JSON, such as a maintenance page; it is tried again later."
        raise Transient(message, system=SYSTEM) from failure


def in_chunks(items: Sequence[Any], size: int) -> list[list[Any]]:
    return [list(items[start : start + size]) for start in range(0, len(items), size)]
