"""The only user of httpx: when to send again, when to wait, and when the outcome is unknown.

A read may be sent again at any time. A write may not: once it left this machine and no answer came, nobody knows
whether it was applied, and sending it again could make a second sales order. Such a write raises Unknown, and
settling it by its key is the caller's work. Only what provably was not applied (no connection, a throttle answer,
a refused token) is sent again here.
"""

from __future__ import annotations

import logging
import random
import ssl
import threading
import time
from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Protocol

import httpx

from crmerp_assets.connectors.errors import ConfigError, ConnectorError, Throttled, Transient, Unknown
from crmerp_assets.connectors.slots import Slots
from crmerp_assets.connectors.strangers import is_page, redirect_target, untrusted

logger = logging.getLogger(__name__)

Request = httpx.Request
Response = httpx.Response
Judge = Callable[[httpx.Response], ConnectorError | None]
Clock = Callable[[], datetime]
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class _NoToken(httpx.RequestError):
    """The token endpoint was not the one that answered."""


class Meter(Protocol):
    """Who counts a connection's calls and may refuse one before it is made."""

    def spend(self) -> None:
        """One call is about to be made. Raises QuotaSpent where it must not be."""

    def told(self, used: int, allowed: int) -> None:
        """What the system itself says about the day's calls."""

    def close(self) -> None:
        """No more calls are made."""


class Unmetered:
    """Nobody counts."""

    def spend(self) -> None: ...

    def told(self, used: int, allowed: int) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token; `base_url` where the system tells which host to use, `expires_at` where it says so."""

    value: str
    base_url: str | None = None
    expires_at: datetime | None = None

    def __repr__(self) -> str:
        return "Token(...)"


class TokenAuth(httpx.Auth):
    """Bearer tokens from a token endpoint, with one fresh token after a 401.

    `form` gives the fields of a token request; `read` turns its answer into a Token or raises AuthFailed or
    Transient. One token serves all threads.
    """

    requires_response_body = True

    def __init__(
        self, url: str, form: Callable[[], Mapping[str, str]], read: Callable[[httpx.Response], Token], clock: Clock
    ) -> None:
        self._url = url
        self._form = form
        self._read = read
        self._clock = clock
        self._token: Token | None = None
        self._lock = threading.RLock()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        token = yield from self._valid(request, refused=None)
        response = yield _signed(request, token)
        if response.status_code == 401:
            token = yield from self._valid(request, refused=token)
            yield _signed(request, token)

    def _valid(self, request: httpx.Request, refused: Token | None) -> Generator[httpx.Request, httpx.Response, Token]:
        with self._lock:
            if self._token is None or self._token is refused or self._expired(self._token):
                asked = self._asked(request)
                self._token = self._taken(asked, (yield asked))
            return self._token

    def _taken(self, asked: httpx.Request, response: httpx.Response) -> Token:
        """The token in an answer. What is no answer of a token endpoint says nothing about the credentials."""
        if target := redirect_target(response):
            raise _NoToken(f"was asked for a token and answered with a redirect to {target}", request=asked)
        try:
            if not is_page(response):
                return self._read(response)
        except (ValueError, KeyError, TypeError, AttributeError) as failure:
            raise _NoToken("was asked for a token and its answer cannot be read", request=asked) from failure
        raise _NoToken("was asked for a token and answered with a page", request=asked)

    def _asked(self, request: httpx.Request) -> httpx.Request:
        """The request for a token. A client gives its timeouts to the request that it is told to send, and to no other,
        so they are copied: a token endpoint that hangs would hold the lock for ever."""
        return httpx.Request("POST", self._url, data=dict(self._form()), extensions=request.extensions)

    def _expired(self, token: Token) -> bool:
        return token.expires_at is not None and self._clock() >= token.expires_at


def _signed(request: httpx.Request, token: Token) -> httpx.Request:
    if token.base_url is not None:
        base = httpx.URL(token.base_url)
        request.url = request.url.copy_with(scheme=base.scheme, host=base.host, port=base.port)
        request.headers["Host"] = request.url.netloc.decode("ascii")
    request.headers["Authorization"] = f"Bearer {token.value}"
    return request


class FixedToken(httpx.Auth):
    """A bearer token that does not expire; a refused one is a person's to replace."""

    def __init__(self, value: str) -> None:
        self._token = Token(value)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        yield _signed(request, self._token)


class HttpClient:
    """Requests to one system with retries, waiting, a call count and a limit on concurrency.

    `judge` looks at every answer and names the error in it, if any. `system` and `name` (the connection) go into
    errors and log lines. `retry_seconds` is the first pause, doubled each time, with jitter. `verify` may be the
    path of a CA bundle. `pace` waits until an attempt fits into what the system allows; repeated ones count as well.
    Of the `concurrency` less is used for a while after a request was throttled (slots.py).
    """

    def __init__(
        self,
        base_url: str,
        auth: httpx.Auth,
        name: str,
        clock: Clock,
        *,
        system: str,
        judge: Judge,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
        verify: bool | str = True,
        headers: Mapping[str, str] | None = None,
        timeout: float = 120.0,
        max_attempts: int = 5,
        retry_seconds: float = 1.0,
        longest_wait: float = 120.0,
        concurrency: int = 5,
        transport: httpx.BaseTransport | None = None,
        meter: Meter | None = None,
        pace: Callable[[Request], None] | None = None,
    ) -> None:
        _quiet_libraries()
        limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
        self._client = httpx.Client(
            base_url=base_url,
            auth=auth,
            verify=_trusting(verify),
            headers=dict(headers or {}),
            timeout=httpx.Timeout(timeout, connect=min(timeout, 20.0)),
            limits=limits,
            transport=transport,
        )
        self._name = name
        self._system = system
        self._clock = clock
        self._judge = judge
        self._sleep = sleep
        self._jitter = jitter
        self._max_attempts = max_attempts
        self._retry_seconds = retry_seconds
        self._longest_wait = longest_wait
        self._slots = Slots(concurrency)
        self._calls = 0
        self._meter = meter or Unmetered()
        self._pace = pace or (lambda _request: None)
        self._count_lock = threading.Lock()

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
        accept: Collection[int] = (),
    ) -> httpx.Response:
        """The answer, or the error in it. `accept`: error statuses that the caller wants to see itself.

        `idempotent` defaults to True for GET; a POST that only reads says so.
        """
        repeatable = method == "GET" if idempotent is None else idempotent
        error: ConnectorError = self._transient("no attempt was made")
        for attempt in range(self._max_attempts):
            request = self._client.build_request(method, path, params=params, content=content, headers=headers)
            try:
                return self._attempt(request, repeatable, accept)
            except (Transient, Throttled) as failure:
                error = failure
            if not self._pause(error, attempt):
                break
        raise error

    def calls(self) -> int:
        return self._calls

    def told(self, used: int, allowed: int) -> None:
        """Pass on what an answer says about the day's calls."""
        self._meter.told(used, allowed)

    def close(self) -> None:
        self._client.close()
        self._meter.close()

    def _attempt(self, request: httpx.Request, repeatable: bool, accept: Collection[int]) -> httpx.Response:
        response = self._send(request, repeatable)
        if response.status_code in accept:
            return response
        error = self._from_a_stranger(response, repeatable) or self._judge(response)
        if error is None and response.status_code >= 500:
            error = self._transient(f"answered {response.status_code}")
        if isinstance(error, Throttled):
            self._slots.refused()
        if isinstance(error, Transient) and response.status_code >= 500 and not repeatable:
            raise self._unknown(f"answered {response.status_code}") from error
        if error is not None:
            raise error
        self._slots.answered()
        return response

    def _from_a_stranger(self, response: httpx.Response, repeatable: bool) -> ConnectorError | None:
        """The error in an answer that is not the API's, whatever its status says. Who stands in between may have passed
        a write on all the same."""
        target, page = redirect_target(response), is_page(response)
        if not (target or page):
            return None
        what = f"answered with a redirect to {target}" if target else "answered with a page that is not its API's"
        if not repeatable:
            return self._unknown(what)
        if page and not target:
            return self._transient(what)
        now = "correct its url, or let this machine through whatever asks for a login there"
        return ConfigError(f"{self._name} {what}; {now}. Nothing was changed.", system=self._system)

    def _send(self, request: httpx.Request, repeatable: bool) -> httpx.Response:
        self._pace(request)
        started = self._clock()
        try:
            with self._slots:
                self._meter.spend()
                self._count()
                response = self._client.send(request)
        except httpx.RequestError as failure:
            self._log(request, type(failure).__name__, started)
            raise self._lost(failure, request, repeatable) from failure
        self._log(request, str(response.status_code), started)
        return response

    def _lost(self, failure: httpx.RequestError, request: httpx.Request, repeatable: bool) -> ConnectorError:
        """A failed token request or connection proves that the request itself was not applied."""
        if distrust := untrusted(failure):
            now = "correct its url, or have ca_file name the certificate of the authority to trust"
            return ConfigError(f"{self._name}: {distrust}; {now}. Nothing was sent.", system=self._system)
        what = str(failure) if isinstance(failure, _NoToken) else f"gave no answer ({type(failure).__name__})"
        unsent = isinstance(failure, _NEVER_SENT) or failure.request is not request
        return self._transient(what) if unsent or repeatable else self._unknown(what)

    def _pause(self, error: ConnectorError, attempt: int) -> bool:
        """Wait before the next attempt; False when there is none, or the wait is the caller's to plan."""
        if attempt + 1 >= self._max_attempts:
            return False
        wait = error.wait if isinstance(error, Throttled) else self._backoff(attempt)
        if wait > self._longest_wait:
            return False
        logger.info("%s: %s, next attempt in %.1f s", self._name, type(error).__name__, wait)
        self._sleep(wait)
        return True

    def _backoff(self, attempt: int) -> float:
        return float(self._retry_seconds * 2**attempt * (0.5 + self._jitter() / 2))

    def _count(self) -> None:
        with self._count_lock:
            self._calls += 1

    def _log(self, request: httpx.Request, outcome: str, started: datetime) -> None:
        took = (self._clock() - started) / timedelta(milliseconds=1)
        logger.debug("%s: %s %s %s %.0f ms", self._name, request.method, request.url.path, outcome, took)

    def _transient(self, what: str) -> Transient:
        return Transient(f"{self._name} {what}; nothing was changed, it is tried again later.", system=self._system)

    def _unknown(self, what: str) -> Unknown:
        message = f"{self._name} {what} after a write was sent; settle it by its key before sending it again."
        return Unknown(message, system=self._system)


def server_time(response: httpx.Response) -> datetime | None:
    """The system's own clock, from the Date header."""
    header = response.headers.get("Date")
    try:
        return parsedate_to_datetime(header) if header else None
    except ValueError:
        return None


def retry_after(response: httpx.Response, default: float) -> float:
    """Seconds of rest asked for by a Retry-After header, as a number or as a date on the system's own clock."""
    header = response.headers.get("Retry-After", "")
    if header.strip().isdigit():
        return float(header)
    now = server_time(response)
    try:
        return max(0.0, (parsedate_to_datetime(header) - now).total_seconds()) if header and now else default
    except (ValueError, TypeError):
        return default


def _trusting(verify: bool | str) -> ssl.SSLContext | bool:
    return ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify and _usual_authorities()


@lru_cache(maxsize=1)
def _usual_authorities() -> ssl.SSLContext:
    """Read once a process: it takes a twentieth of a second, and every connection trusts the same ones."""
    return httpx.create_ssl_context()


def _quiet_libraries() -> None:
    """httpx logs whole URLs at INFO, and a query can hold names and addresses of customers."""
    for library in ("httpx", "httpcore"):
        logging.getLogger(library).setLevel(logging.WARNING)
