"""HTTP calls to a sandbox: its administration, and its vendor API with a person's token."""

import ssl
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from crmerp_assets.sandbox.kit.tls import PLAIN

_CHUNK = 20_000
_TIMEOUT_SECONDS = 120
_PATIENCE_SECONDS = 15
"""Longer than any window in which calls are counted."""


class Refused(Exception):
    """A sandbox refused a call; the text is its own answer."""

    def __init__(self, response: httpx.Response) -> None:
        request = response.request
        super().__init__(f"{request.method} {request.url.path}: {response.status_code} {response.text[:500]}")
        self.status = response.status_code


class Connection:
    """Base of the clients: one server, whose certificate may be the sandbox's own."""

    def __init__(self, url: str, ca_file: Path | None = None) -> None:
        context = ssl.create_default_context(cafile=str(ca_file)) if ca_file else PLAIN
        self.http = httpx.Client(base_url=url, verify=context, timeout=_TIMEOUT_SECONDS)

    def close(self) -> None:
        """Give the connections back."""
        self.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Administration(Connection):
    """A sandbox's administration."""

    def seed(self, object: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Insert records in bulk; their ids in the same order. Raises Refused."""
        ids: list[str] = []
        for start in range(0, len(records), _CHUNK):
            body = {"object": object, "records": records[start : start + _CHUNK]}
            ids += checked(self.http.post("/_sandbox/records", json=body)).json()["ids"]
        return ids

    def count(self, object: str) -> int:
        """How many live records of an object there are."""
        return int(checked(self.http.get("/_sandbox/count", params={"object": object})).json()["count"])

    def touched_long_ago(self, object: str, id_: str, seconds_ago: int) -> None:
        """Set a record's modification stamp back."""
        body = {"object": object, "id": id_, "seconds_ago": seconds_ago}
        checked(self.http.post("/_sandbox/late", json=body))

    def void(self, record: str, id_: str) -> None:
        """Void a transaction of the ERP, which its API has no call for."""
        checked(self.http.post("/_sandbox/void", json={"record": record, "id": id_}))

    def bill_together(self, orders: Sequence[str], **invoice: Any) -> str:
        """One invoice for several orders of the ERP, which its API has no call for; its id."""
        body = {"orders": list(orders), "invoice": invoice}
        return str(checked(self.http.post("/_sandbox/bill", json=body)).json()["id"])

    def calls(self) -> dict[str, int]:
        """API calls by user since the last reset."""
        return dict(checked(self.http.get("/_sandbox/calls")).json()["by_user"])

    def reset_calls(self) -> None:
        """Count from zero again."""
        checked(self.http.delete("/_sandbox/calls"))

    def token(self, user: str) -> str:
        """A token for a person."""
        return str(checked(self.http.post("/_sandbox/token", json={"user": user})).json()["access_token"])


class Person(Connection):
    """Somebody who works in a vendor's system. `at` is when the server answered last, by its own clock."""

    def __init__(self, url: str, user: str, ca_file: Path | None = None) -> None:
        super().__init__(url, ca_file)
        self.user = user
        self.at = datetime.min.replace(tzinfo=UTC)
        self.administration = Administration(url, ca_file)
        self._log_in()

    def close(self) -> None:
        """Give the connections back."""
        self.administration.close()
        super().close()

    def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None, **query: str
    ) -> httpx.Response:
        """One call that must succeed; logs in again once when the token has run out, and waits while too many come at
        once. Raises Refused."""
        response = self.http.request(method, path, json=body, headers=headers, params=query or None)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self._log_in()
            response = self.http.request(method, path, json=body, headers=headers, params=query or None)
        until = time.monotonic() + _PATIENCE_SECONDS
        while response.status_code == httpx.codes.TOO_MANY_REQUESTS and time.monotonic() < until:
            time.sleep(1)
            response = self.http.request(method, path, json=body, headers=headers, params=query or None)
        self.at = parsedate_to_datetime(response.headers.get_list("date")[-1])
        return checked(response)

    def _log_in(self) -> None:
        self.http.headers["Authorization"] = f"Bearer {self.administration.token(self.user)}"


def checked(response: httpx.Response) -> httpx.Response:
    """The response itself. Raises Refused when it is not a success."""
    if not response.is_success:
        raise Refused(response)
    return response
