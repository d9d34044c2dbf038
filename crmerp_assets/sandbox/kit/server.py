"""A sandbox as a server: in a thread for tests, in the foreground for people. State is in its folder."""

import asyncio
import socket
import threading
import time
from pathlib import Path
from typing import Any, ClassVar, Self

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from crmerp_assets.sandbox.kit.admin import Admin
from crmerp_assets.sandbox.kit.clock import Clock
from crmerp_assets.sandbox.kit.faults import Faults
from crmerp_assets.sandbox.kit.gate import Gate
from crmerp_assets.sandbox.kit.meter import Meter
from crmerp_assets.sandbox.kit.tls import certificate

INTEGRATION = "integration"


class _QuickServer(uvicorn.Server):
    """Notices at once that it should stop, where uvicorn looks ten times a second; and stops once nothing is under way,
    where uvicorn always takes a tenth of a second."""

    async def main_loop(self) -> None:
        while not self.should_exit:
            await asyncio.sleep(0.01)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(10):
            if not (self.server_state.connections or self.server_state.tasks):
                return
            await asyncio.sleep(0.01)


class Sandbox:
    """Base of every sandbox. A system says what its routes are and how it seeds, counts and answers trouble."""

    system: ClassVar[str]

    def __init__(self, directory: Path, port: int = 0, tls: bool = False) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.clock, self.meter, self.faults = Clock(), Meter(), Faults()
        self.credentials: dict[str, str] = {}
        self.ca_file: Path | None = None
        self._server_file: Path | None = None
        if tls:
            self.ca_file, self._server_file = certificate(directory)
        self._port = port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def routes(self) -> list[BaseRoute]:
        """The system's API."""
        raise NotImplementedError

    def seed(self, object: str, records: list[dict[str, Any]]) -> list[str]:
        """Insert records in bulk and return their ids."""
        raise NotImplementedError

    def late(self, object: str, id: str, seconds_ago: float) -> None:
        """Set a record's modification stamp back."""
        raise NotImplementedError

    def count(self, object: str) -> int:
        """How many live records of an object there are."""
        raise NotImplementedError

    def field_rule(
        self, object: str, field: str, required: bool = False, values: list[str] | None = None, removed: bool = False
    ) -> None:
        """What an administrator demands of a custom field from now on, or that there is no such field any more."""
        raise NotImplementedError

    def person_token(self, user: str) -> str:
        """A token for a named person."""
        raise NotImplementedError

    def user_of(self, authorization: str) -> str:
        """Who calls, from the Authorization header."""
        return INTEGRATION

    def metered(self, path: str) -> bool:
        """Whether a call of this path counts; asking for a token does not."""
        return "/oauth2/" not in path

    def call_name(self, method: str, path: str) -> str:
        """How the call is named in the counts."""
        return f"{method} {path}"

    def throttled(self) -> Response:
        """The system's answer to too many calls."""
        return JSONResponse({"error": "too many requests"}, 429)

    def unauthorized(self) -> Response:
        """The system's answer to a token it does not know any more."""
        return JSONResponse({"error": "unauthorized"}, 401)

    def server_error(self, status: int) -> Response:
        """The system's answer when it fails itself."""
        return Response("Internal error", status)

    @property
    def url(self) -> str:
        """Where the sandbox listens; port 0 becomes known once it is started."""
        return f"{'https' if self.ca_file else 'http'}://127.0.0.1:{self._port}"

    def build(self) -> Gate:
        """The ASGI application."""
        return Gate(Starlette(routes=[*Admin(self).routes(), *self.routes()]), self)

    def start(self) -> None:
        """Serve in a thread; returns once the port is open."""
        listener = self._bound()
        server = _QuickServer(self._config())
        thread = threading.Thread(target=server.run, args=([listener],), name=f"sandbox-{self.system}", daemon=True)
        self._server, self._thread = server, thread
        thread.start()
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError(f"the {self.system} sandbox could not serve on port {self._port}")
            time.sleep(0.002)

    def stop(self) -> None:
        """Stop serving and wait for the thread."""
        if self._server and self._thread:
            self._server.should_exit = self._server.force_exit = True
            self._thread.join(timeout=10)
            self._server = self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def serve_forever(self) -> None:
        """Serve in the foreground until a signal ends it."""
        uvicorn.Server(self._config()).run([self._bound()])

    def _config(self) -> uvicorn.Config:
        return uvicorn.Config(
            self.build(),
            log_level="critical",
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
            http="h11",
            ws="none",
            loop="asyncio",
            ssl_certfile=self._server_file,
        )

    def _bound(self) -> socket.socket:
        """The listening socket. Its port is known before serving, and so are the credentials of those who call."""
        # Named as TCP, or asyncio leaves Nagle's algorithm on and every answer waits for an acknowledgement.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", self._port))
        except OSError as error:
            listener.close()
            raise OSError(f"the {self.system} sandbox could not open port {self._port}: {error.strerror}") from error
        self._port = listener.getsockname()[1]
        self._write_credentials()
        return listener

    def _write_credentials(self) -> None:
        self.credentials[f"{self.system.upper()}_URL"] = self.url
        lines = [f"{name}={value}\n" for name, value in sorted(self.credentials.items())]
        target = self.directory / "credentials.env"
        target.touch(mode=0o600)
        target.write_text("".join(lines), encoding="utf-8")
