"""The HTTP client against a real server that answers from a script, cuts connections and keeps a record."""

from __future__ import annotations

import json
import logging
import pickle
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from crmerp_assets.connectors.errors import (
    AuthFailed,
    ConnectorError,
    QuotaSpent,
    Rejected,
    Throttled,
    Transient,
    Unknown,
)
from crmerp_assets.connectors.http import HttpClient, Response, Token, TokenAuth, retry_after, server_time

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
CUT = 0


class Scripted(ThreadingHTTPServer):
    """Answers each path from its own list of statuses; the last one stays."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: dict[str, list[int]] = {}
        self.headers: dict[str, str] = {}
        self.seen: list[tuple[str, str, str | None]] = []
        self.tokens = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def paths(self) -> list[str]:
        return [path for _, path, _ in self.seen]


class Handler(BaseHTTPRequestHandler):
    server: Scripted
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.do_GET()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.seen.append((self.command, path, self.headers.get("Authorization")))
        left = self.server.script.get(path, [200])
        status = left.pop(0) if len(left) > 1 else left[0]
        if status == CUT:
            self.close_connection = True
            return
        body = b"{}"
        if path == "/token" and status == 200:
            self.server.tokens += 1
            body = json.dumps({"token": f"secret-{self.server.tokens}"}).encode()
        self.send_response(status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted() as scripted:
        thread = threading.Thread(target=scripted.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield scripted
        scripted.shutdown()
        thread.join()


class Counting:
    """A meter that lets `left` calls pass."""

    def __init__(self) -> None:
        self.calls, self.left, self.closed = 0, 1000, False

    def spend(self) -> None:
        if self.calls >= self.left:
            raise QuotaSpent("No more.", system="scripted")
        self.calls += 1

    def told(self, used: int, allowed: int) -> None:
        self.left = allowed - used

    def close(self) -> None:
        self.closed = True


class Bench:
    """A client of the scripted server, with the pauses that it asked for."""

    def __init__(self, server: Scripted) -> None:
        self.pauses: list[float] = []
        self.now = NOW
        self.meter = Counting()
        auth = TokenAuth(f"{server.url}/token", lambda: {"secret": "hush"}, read_token, lambda: self.now)
        self.client = HttpClient(
            server.url,
            auth,
            "crm",
            lambda: self.now,
            system="scripted",
            judge=judge,
            sleep=self.pauses.append,
            jitter=lambda: 1.0,
            max_attempts=4,
            meter=self.meter,
        )


@pytest.fixture
def bench(server: Scripted) -> Iterator[Bench]:
    made = Bench(server)
    yield made
    made.client.close()


def judge(response: Response) -> ConnectorError | None:
    if response.status_code == 429:
        return Throttled("Slow down.", system="scripted", wait=retry_after(response, 3.0))
    if response.status_code == 401:
        return AuthFailed("Refused.", system="scripted")
    if response.status_code == 400:
        return Rejected("Wrong.", system="scripted", reason="wrong", code="WRONG")
    return None


def read_token(response: Response) -> Token:
    if response.status_code >= 500:
        raise Transient("No token now.", system="scripted")
    if response.status_code != 200:
        raise AuthFailed("No token.", system="scripted")
    return Token(response.json()["token"], expires_at=NOW + timedelta(minutes=60))


def test_a_token_endpoint_that_hangs_is_given_up_as_soon_as_a_call() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        ended = threading.Timer(5, silent.shutdown, [socket.SHUT_RDWR])
        ended.start()
        auth = TokenAuth(f"{url}/token", dict, read_token, lambda: NOW)
        client = HttpClient(url, auth, "crm", lambda: NOW, system="scripted", judge=judge, timeout=0.2, max_attempts=1)
        with closing(client), pytest.raises(Transient, match="ReadTimeout"):
            client.request("POST", "/x")
        ended.cancel()


@pytest.mark.parametrize("failure", [CUT, 500, 503])
def test_a_read_is_sent_again_after_a_failure(server: Scripted, bench: Bench, failure: int) -> None:
    server.script["/x"] = [failure, failure, 200]
    assert bench.client.request("GET", "/x").status_code == 200
    assert bench.pauses == [1.0, 2.0]


def test_a_read_that_keeps_failing_is_transient(server: Scripted, bench: Bench) -> None:
    server.script["/x"] = [503]
    with pytest.raises(Transient, match="crm answered 503; nothing was changed"):
        bench.client.request("GET", "/x")
    assert server.paths().count("/x") == 4


@pytest.mark.parametrize("failure", [CUT, 500, 502])
def test_a_write_without_an_answer_is_unknown_and_never_sent_again(
    server: Scripted, bench: Bench, failure: int
) -> None:
    server.script["/x"] = [failure, 200]
    with pytest.raises(Unknown, match="settle it by its key"):
        bench.client.request("POST", "/x", content="{}")
    assert server.paths().count("/x") == 1


def test_a_post_that_only_reads_is_sent_again(server: Scripted, bench: Bench) -> None:
    server.script["/x"] = [CUT, 200]
    assert bench.client.request("POST", "/x", content="{}", idempotent=True).status_code == 200


def test_a_write_whose_token_request_was_cut_was_not_sent(server: Scripted, bench: Bench) -> None:
    server.script["/token"] = [CUT, 500, 200]
    assert bench.client.request("POST", "/x", content="{}").status_code == 200
    assert server.paths() == ["/token", "/token", "/token", "/x"]


def test_a_write_to_a_closed_port_is_transient_because_nothing_was_sent(bench: Bench) -> None:
    nowhere = HttpClient(
        "http://127.0.0.1:9",
        httpx.Auth(),
        "crm",
        lambda: NOW,
        system="scripted",
        judge=judge,
        sleep=bench.pauses.append,
        max_attempts=2,
    )
    with pytest.raises(Transient):
        nowhere.request("POST", "/x", content="{}")
    nowhere.close()
    assert len(bench.pauses) == 1


def test_a_throttled_write_waits_as_told_and_is_sent_again(server: Scripted, bench: Bench) -> None:
    server.headers["Retry-After"] = "7"
    server.script["/x"] = [429, 200]
    assert bench.client.request("POST", "/x", content="{}").status_code == 200
    assert bench.pauses == [7.0]


def test_a_wait_of_an_hour_is_left_to_the_caller(server: Scripted, bench: Bench) -> None:
    server.headers["Retry-After"] = "3600"
    server.script["/x"] = [429]
    with pytest.raises(Throttled) as caught:
        bench.client.request("GET", "/x")
    assert caught.value.wait == 3600.0
    assert bench.pauses == []


def test_a_refused_token_is_replaced_once(server: Scripted, bench: Bench) -> None:
    server.script["/x"] = [200, 401, 200]
    bench.client.request("GET", "/x")
    assert bench.client.request("POST", "/x", content="{}").status_code == 200
    assert [auth for _, path, auth in server.seen if path == "/x"] == [
        "Bearer secret-1",
        "Bearer secret-1",
        "Bearer secret-2",
    ]


def test_a_second_refusal_is_a_failure_of_the_credentials(server: Scripted, bench: Bench) -> None:
    server.script["/x"] = [401]
    with pytest.raises(AuthFailed):
        bench.client.request("GET", "/x")
    assert server.paths().count("/x") == 2


def test_an_expired_token_is_replaced_before_it_is_refused(server: Scripted, bench: Bench) -> None:
    bench.client.request("GET", "/x")
    bench.now = NOW + timedelta(hours=2)
    bench.client.request("GET", "/x")
    assert server.tokens == 2


def test_an_error_the_caller_accepts_comes_back_as_an_answer(server: Scripted, bench: Bench) -> None:
    server.script["/x"] = [400]
    assert bench.client.request("GET", "/x", accept=(400,)).status_code == 400
    with pytest.raises(Rejected):
        bench.client.request("GET", "/x")


def test_every_attempt_counts_as_a_call_and_tokens_do_not(server: Scripted, bench: Bench) -> None:
    server.script["/x"] = [503, 200]
    bench.client.request("GET", "/x")
    assert bench.client.calls() == 2


def test_no_log_line_holds_a_secret_or_a_query(
    server: Scripted, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.script["/x"] = [429, 401, 200]
    bench.client.request("GET", "/x", params={"q": "SELECT Id WHERE Email = 'ann@example.com'"})
    assert "crm: GET /x 200" in caplog.text
    assert not [word for word in ("secret", "hush", "ann", "SELECT") if word in caplog.text]


def test_the_servers_clock_is_read_from_its_answers() -> None:
    answer = httpx.Response(200, headers={"Date": "Fri, 20 Nov 2026 10:00:05 GMT"})
    assert server_time(answer) == NOW + timedelta(seconds=5)
    assert server_time(httpx.Response(200, headers={"Date": "soon"})) is None


@pytest.mark.parametrize(
    ("header", "wait"), [("12", 12.0), ("Fri, 20 Nov 2026 10:00:30 GMT", 30.0), ("soon", 5.0), ("", 5.0)]
)
def test_a_retry_after_header_is_a_number_or_a_date(header: str, wait: float) -> None:
    answer = httpx.Response(429, headers={"Retry-After": header, "Date": "Fri, 20 Nov 2026 10:00:00 GMT"})
    assert retry_after(answer, 5.0) == wait


def test_an_error_keeps_its_attributes_through_a_process_boundary() -> None:
    error = Rejected("Wrong.", system="scripted", reason="wrong", code="WRONG", field="Name", record="1")
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.code, copy.field, copy.record) == ("Wrong.", "WRONG", "Name", "1")


def test_every_attempt_is_metered_and_a_refused_one_is_never_sent(server: Scripted, bench: Bench) -> None:
    server.script["/x"] = [503, 503, 200]
    bench.client.request("GET", "/x")
    assert bench.meter.calls == bench.client.calls() == 3

    bench.client.told(7, 10)
    with pytest.raises(QuotaSpent):
        bench.client.request("PUT", "/y")
    assert "/y" not in server.paths()
    assert bench.client.calls() == 3
    assert bench.pauses == [1.0, 2.0]
    bench.client.close()
    assert bench.meter.closed


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (httpx.Response(200, html="<html>maintenance</html>"), "with a page"),
        (httpx.Response(302, headers={"Location": "https://sso.example.com/in?token=1"}), "https://sso.example.com/in"),
        (httpx.Response(200, text='{"token": "secr'), "cannot be read"),
        (httpx.Response(200, json={"status": "ok"}), "cannot be read"),
    ],
)
def test_whoever_answers_for_the_token_endpoint_says_nothing_about_the_credentials(
    answer: httpx.Response, told: str
) -> None:
    def read(response: Response) -> Token:
        return Token(json.loads(response.content)["token"])

    auth = TokenAuth("https://api.example.com/token", dict, read, lambda: NOW)
    transport = httpx.MockTransport(lambda request: answer)
    client = HttpClient(
        "https://api.example.com",
        auth,
        "crm",
        lambda: NOW,
        system="scripted",
        judge=lambda response: None,
        sleep=lambda seconds: None,
        transport=transport,
    )
    with closing(client), pytest.raises(Transient, match=told) as failed:
        client.request("POST", "/records", content="{}")
    assert "token=1" not in str(failed.value)


def test_every_attempt_waits_until_it_fits_into_the_allowance(server: Scripted) -> None:
    server.script["/records"] = [503, 429, 200]
    paced: list[str] = []

    def judge(response: Response) -> ConnectorError | None:
        return Throttled("Slower.", system="scripted", wait=1.0) if response.status_code == 429 else None

    client = HttpClient(
        server.url,
        httpx.Auth(),
        "crm",
        lambda: NOW,
        system="scripted",
        judge=judge,
        sleep=lambda seconds: None,
        pace=lambda request: paced.append(request.url.path),
    )
    with closing(client):
        client.request("GET", "/records")
    assert paced == ["/records"] * 3
