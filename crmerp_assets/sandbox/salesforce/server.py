"""The Salesforce sandbox: the organisation, its API and its administration as one server."""

from pathlib import Path
from typing import Any, ClassVar

from starlette.responses import Response
from starlette.routing import BaseRoute

from crmerp_assets.sandbox.kit import Sandbox, Store
from crmerp_assets.sandbox.salesforce.admin import Administration
from crmerp_assets.sandbox.salesforce.engine import Organisation
from crmerp_assets.sandbox.salesforce.engine.records import Records
from crmerp_assets.sandbox.salesforce.engine.removal import Removal
from crmerp_assets.sandbox.salesforce.errors import SalesforceError, session_expired, too_many_at_once
from crmerp_assets.sandbox.salesforce.http import Api, Authentication, Service, Usage
from crmerp_assets.sandbox.salesforce.http.call import refused
from crmerp_assets.sandbox.salesforce.jobs import Jobs
from crmerp_assets.sandbox.salesforce.keys import load_or_make
from crmerp_assets.sandbox.salesforce.schema import Catalog
from crmerp_assets.sandbox.salesforce.setup import set_up
from crmerp_assets.sandbox.salesforce.soql import Queries

DAILY_LIMIT = 5_000_000
_UNEXPECTED = "An unexpected error occurred. Please include this ErrorId if you contact support: 1764000000-12345"


class SalesforceSandbox(Sandbox):
    """A server that behaves like a multi-currency Salesforce organisation."""

    system: ClassVar[str] = "salesforce"

    def __init__(
        self,
        directory: Path,
        port: int = 0,
        tls: bool = False,
        *,
        daily_limit: int = DAILY_LIMIT,
        child_page: int = 200,
    ) -> None:
        super().__init__(directory, port, tls)
        keys = load_or_make(directory)
        self._store = Store(directory / "salesforce.sqlite")
        organisation = Organisation(self._store, Catalog(self._store, self.clock), self.clock)
        records = Records(organisation)
        set_up(records, keys.username)
        usage, queries = Usage(self._store, self.clock, daily_limit), Queries(organisation, child_page)
        self.service = Service(organisation, records, Removal(records), queries, usage, Jobs(organisation))
        self.authentication = Authentication(records, keys)
        self.administration = Administration(self.service)
        self.credentials |= {
            "SALESFORCE_CLIENT_ID": keys.client_id,
            "SALESFORCE_CLIENT_SECRET": keys.client_secret,
            "SALESFORCE_USERNAME": keys.username,
            "SALESFORCE_PRIVATE_KEY_FILE": str(keys.private_key_file),
        }

    def routes(self) -> list[BaseRoute]:
        return [*self.administration.routes(), *Api(self.service, self.authentication).routes()]

    def seed(self, object: str, records: list[dict[str, Any]]) -> list[str]:
        return self.administration.seed(object, records)

    def late(self, object: str, id: str, seconds_ago: float) -> None:
        self.administration.late(object, id, seconds_ago)

    def count(self, object: str) -> int:
        return self.administration.count(object)

    def field_rule(
        self, object: str, field: str, required: bool = False, values: list[str] | None = None, removed: bool = False
    ) -> None:
        """Demand a value, or one of a list, of a custom field; or remove it."""
        self.administration.field_rule(object, field, required, values, removed)

    def person_token(self, user: str) -> str:
        return self.authentication.person_token(user)

    def user_of(self, authorization: str) -> str:
        return self.authentication.name_of(authorization)

    def throttled(self) -> Response:
        return self._refused(too_many_at_once())

    def unauthorized(self) -> Response:
        return self._refused(session_expired())

    def server_error(self, status: int) -> Response:
        unavailable = SalesforceError("SERVER_UNAVAILABLE", "Server unavailable", status=status)
        return self._refused(
            SalesforceError("UNKNOWN_EXCEPTION", _UNEXPECTED, status=500) if status == 500 else unavailable
        )

    def stop(self) -> None:
        super().stop()
        self._store.close()

    def _refused(self, error: SalesforceError) -> Response:
        answer = refused(error)
        headers = self.service.usage.header
        return Response(answer.content(), answer.status, headers, media_type=answer.media)
