"""A proxy in front of a real server, for the faults that it does not make by itself, and to count calls.

| fault        | what the client sees                                      |
|--------------|-----------------------------------------------------------|
| cut_before   | the connection breaks, and the server never got the call  |
| cut_after    | the connection breaks after the server carried it out     |
| throttle     | 429 with Retry-After                                      |
| server_error | 502 from a gateway that did not pass the call on          |
| error_after  | 502 after the server carried it out                       |
| short_page   | an answer that lacks its last rows                        |
| repeat_page  | the rows of the page before                               |
| html         | a page of something else, and the server never got the call |
| truncated    | the first half of the answer                              |
| wrong_type   | an answer in XML, after the server carried it out         |
| redirect     | a redirect to a login page                                |
| refuse       | a UserError, and the server never got the call            |
| revoke       | the server has ended every session                        |
| slow         | the call is passed on after `seconds`, also if the client is gone by then |
| late_answer  | the call is passed on at once, and its answer comes `seconds` later |
| meanwhile    | nothing, but `act` was done just before the call arrived  |
"""

import json
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

RETRY_AFTER = 3
LOGIN = "common.db.login"


@dataclass
class Fault:
    """Strikes `times` calls whose line `POST <path> <method> <params>` holds `match`, after letting `skip` through."""

    kind: str
    match: str
    times: int = 1
    skip: int = 0
    hits: int = 0
    seconds: float = 1.0
    act: Callable[[], object] | None = None

    def strikes(self, line: str) -> bool:
        if self.hits >= self.times or not re.search(self.match, line):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.hits += 1
        return True


class Proxy:
    """Passes calls on to `target`; `revoke` ends every session there."""

    def __init__(self, target: str, revoke: Callable[[], object]) -> None:
        self.faults: list[Fault] = []
        self.calls = 0
        self.seen: list[str] = []
        self._revoke = revoke
        self._lock = threading.Lock()
        self._pages: list[Any] = []
        self._client = httpx.Client(base_url=target, timeout=120, verify=False)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._client.close()

    def answer(self, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response | None:
        """The answer to a call, None where the connection is to break."""
        call = json.loads(body)
        fault = self._struck(f"POST {path} {call['method']} {json.dumps(call['params'])}", call["method"])
        kind = fault.kind if fault else None
        if kind == "cut_before":
            return None
        if kind == "throttle":
            return httpx.Response(429, headers={"Retry-After": str(RETRY_AFTER)}, text="slow down")
        if kind == "server_error":
            return httpx.Response(502, text="<html>bad gateway</html>")
        if kind == "html":
            return httpx.Response(200, html="<html>maintenance</html>")
        if kind == "refuse":
            refusal = ["UserError", ["It has no account.", "", None]]
            return httpx.Response(200, json={"id": call["id"], "error": refusal})
        if kind == "redirect":
            return httpx.Response(302, headers={"Location": "/login"})
        if kind == "revoke":
            self._revoke()
        if fault is not None and kind == "slow":
            time.sleep(fault.seconds)
        response = self._client.post(path, content=body, headers=headers)
        if fault is not None and kind == "late_answer":
            time.sleep(fault.seconds)
        if kind in ("cut_after", "error_after"):
            return None if kind == "cut_after" else httpx.Response(502, text="<html>bad gateway</html>")
        if kind == "wrong_type":
            return httpx.Response(
                200, headers={"Content-Type": "application/xml"}, text="<?xml version='1.0'?><answer/>"
            )
        if kind == "truncated":
            return httpx.Response(200, content=response.content[: len(response.content) // 2])
        return self._paged(kind, call["method"], response)

    def _struck(self, line: str, method: str) -> Fault | None:
        with self._lock:
            self.calls += method != LOGIN
            self.seen.append(method)
            fault = next((fault for fault in self.faults if fault.strikes(line)), None)
        if fault is not None and fault.act is not None:
            fault.act()
        return fault

    def _paged(self, kind: str | None, method: str, response: httpx.Response) -> httpx.Response:
        if not method.endswith(".search_read") or response.status_code != 200:
            return response
        found = response.json()
        before, self._pages = self._pages, found.get("result") or []
        if kind not in ("short_page", "repeat_page"):
            return response
        rows = found["result"]
        found["result"] = before if kind == "repeat_page" else rows[: len(rows) * 2 // 3]
        date = {"Date": response.headers["Date"]} if "Date" in response.headers else {}
        return httpx.Response(200, headers=date, json=found)


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept = {name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers}
            answer = proxy.answer(self.path, body, kept)
            if answer is None:
                self.close_connection = True
                return
            with suppress(ConnectionError):
                self._send(answer)

        def _send(self, answer: httpx.Response) -> None:
            self.send_response_only(answer.status_code)
            for name in ("Content-Type", "Date", "Retry-After"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *args: Any) -> None: ...

    return Handler
