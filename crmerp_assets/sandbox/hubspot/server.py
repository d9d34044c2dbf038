"""The HubSpot sandbox: the portal, its API and its administration as one server."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from starlette.responses import Response
from starlette.routing import BaseRoute

from crmerp_assets.sandbox.hubspot.admin import Administration
from crmerp_assets.sandbox.hubspot.api import Answer, Api, response
from crmerp_assets.sandbox.hubspot.auth import Authentication, load_or_make
from crmerp_assets.sandbox.hubspot.errors import HubSpotError, too_many, unauthenticated
from crmerp_assets.sandbox.hubspot.handlers import Handlers
from crmerp_assets.sandbox.hubspot.limits import Limits
from crmerp_assets.sandbox.hubspot.portal import Portal
from crmerp_assets.sandbox.kit import Sandbox, Store


class HubSpotSandbox(Sandbox):
    """A server that behaves like a HubSpot portal with several currencies."""

    system: ClassVar[str] = "hubspot"

    def __init__(
        self, directory: Path, port: int = 0, tls: bool = False, now: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(directory, port, tls)
        keys = load_or_make(directory)
        self._store = Store(directory / "hubspot.sqlite")
        self.portal = Portal(self._store, self.clock)
        self._authentication = Authentication(self.portal, keys)
        self.limits = Limits(self.clock, now=now)
        self._handlers = Handlers(self.portal, self._authentication)
        self._administration = Administration(self.portal, self._handlers.records, self.limits)
        self.credentials |= {
            "HUBSPOT_TOKEN": keys.token,
            "HUBSPOT_CLIENT_ID": keys.client_id,
            "HUBSPOT_CLIENT_SECRET": keys.client_secret,
            "HUBSPOT_REFRESH_TOKEN": keys.refresh_token,
        }

    def routes(self) -> list[BaseRoute]:
        api = Api(self._authentication, self.limits, self._handlers.handle, self.portal.account)
        return [*self._administration.routes(), *api.routes()]

    def seed(self, object: str, records: list[dict[str, Any]]) -> list[str]:
        return self._administration.seed(object, records)

    def late(self, object: str, id: str, seconds_ago: float) -> None:
        self._administration.late(object, id, seconds_ago)

    def count(self, object: str) -> int:
        return self._administration.count(object)

    def field_rule(
        self, object: str, field: str, required: bool = False, values: list[str] | None = None, removed: bool = False
    ) -> None:
        """Demand a value, or one of a list, of a custom field; or remove it."""
        self._administration.field_rule(object, field, required, values, removed)

    def person_token(self, user: str) -> str:
        return self._authentication.person_token(user)

    def user_of(self, authorization: str) -> str:
        return self._authentication.name_of(authorization)

    def metered(self, path: str) -> bool:
        return not path.startswith("/oauth/")

    def throttled(self) -> Response:
        return _refused(too_many("TEN_SECONDLY_ROLLING"))

    def unauthorized(self) -> Response:
        return _refused(unauthenticated())

    def server_error(self, status: int) -> Response:
        return _refused(HubSpotError(status, None, "internal error"))

    def stop(self) -> None:
        super().stop()
        self._store.close()


def _refused(error: HubSpotError) -> Response:
    return response(Answer(error.status, error.body()))
