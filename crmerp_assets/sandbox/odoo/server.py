"""The Odoo sandbox: the database, its protocols and its administration as one server."""

from pathlib import Path
from typing import Any, ClassVar

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from crmerp_assets.sandbox.kit import INTEGRATION, Sandbox
from crmerp_assets.sandbox.odoo.admin import Administration
from crmerp_assets.sandbox.odoo.engine import Database, Options
from crmerp_assets.sandbox.odoo.engine.fixtures import install
from crmerp_assets.sandbox.odoo.errors import OdooError, access_denied
from crmerp_assets.sandbox.odoo.http import Api
from crmerp_assets.sandbox.odoo.http.api import failed
from crmerp_assets.sandbox.odoo.keys import Keys


class OdooSandbox(Sandbox):
    """A server that behaves like an Odoo database. `options` are those of `engine.Options`."""

    system: ClassVar[str] = "odoo"

    def __init__(self, directory: Path, port: int = 0, tls: bool = False, **options: Any) -> None:
        super().__init__(directory, port, tls)
        self.options = Options(**options)
        self.database: Database | None = None
        self._open()
        self.credentials |= {
            "ODOO_DATABASE": self.options.database,
            "ODOO_LOGIN": INTEGRATION,
            "ODOO_API_KEY": self.keys.integration,
        }

    def _open(self) -> None:
        self.database = Database(self.directory / "odoo.sqlite", self.clock, self.options)
        install(self.database)
        self.keys = Keys(self.directory, self.database)
        self.administration = Administration(self.database, self.keys)
        self.api = Api(self.database, self.keys)

    def start(self) -> None:
        """Serve in a thread."""
        if self.database is None:
            self._open()
        super().start()

    def stop(self) -> None:
        """Stop serving and close the database; `start` opens it again."""
        super().stop()
        if self.database is not None:
            self.database.close()
            self.database = None

    def routes(self) -> list[BaseRoute]:
        """The vendor's API and the admin calls that only this system has."""
        return [*self.api.routes(), *self.administration.routes()]

    def seed(self, object: str, records: list[dict[str, Any]]) -> list[str]:
        """Insert records in bulk, all or none. Raises ValueError with the vendor's refusal."""
        return self.administration.seed(object, records)

    def late(self, object: str, id: str, seconds_ago: float) -> None:
        """Set a record's modification date back."""
        self.administration.late(object, id, seconds_ago)

    def count(self, object: str) -> int:
        """Records of a model that did not come with the database."""
        return self.administration.count(object)

    def field_rule(
        self, object: str, field: str, required: bool = False, values: list[str] | None = None, removed: bool = False
    ) -> None:
        """Demand a value, or one of a list, of a custom field; or remove it."""
        self.administration.field_rule(object, field, required, values, removed)

    def person_token(self, user: str) -> str:
        """An API key of a named person."""
        return self.keys.issue(user)

    def user_of(self, authorization: str) -> str:
        """Who calls, from the Authorization header; JSON-RPC says it in the body only."""
        uid = self.keys.uid(authorization.partition(" ")[2])
        return self.keys.login(uid) if uid is not None else INTEGRATION

    def throttled(self) -> Response:
        """What the proxy in front of Odoo answers, as HTML."""
        page = "<html><head><title>429 Too Many Requests</title></head><body>Too Many Requests</body></html>"
        return Response(page, 429, media_type="text/html", headers={"Retry-After": "3"})

    def unauthorized(self) -> Response:
        """The answer to a key that is not known, in the words of the version's own protocol."""
        if self.options.number >= 19:
            return failed(OdooError("werkzeug.exceptions.Unauthorized", "Invalid apikey"))
        return JSONResponse({"jsonrpc": "2.0", "id": None, "error": self.api.rpc_error(access_denied())})

    def server_error(self, status: int) -> Response:
        """A worker that is gone: the proxy's own page."""
        page = f"<html><head><title>{status} Service Temporarily Unavailable</title></head><body></body></html>"
        return Response(page, status, media_type="text/html")
