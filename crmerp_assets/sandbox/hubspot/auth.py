"""Who calls: the static token of a private app, OAuth tokens that expire, tokens of people for tests.

Tokens expire by real time: a test that sets the server's clock is after its records, not after its tokens.
"""

import json
import secrets
import time
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crmerp_assets.sandbox.hubspot.errors import HubSpotError, expired, missing_scopes, unauthenticated
from crmerp_assets.sandbox.hubspot.portal import Body, Portal
from crmerp_assets.sandbox.hubspot.schema import TYPES
from crmerp_assets.sandbox.kit import INTEGRATION

LIFE = 1800
SCOPES = tuple(
    f"crm.{area}.{name}.{right}" for area in ("objects", "schemas") for name in TYPES for right in ("read", "write")
)


@dataclass(frozen=True, slots=True)
class Keys:
    token: str
    client_id: str
    client_secret: str
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Actor:
    """`app` is what the allowances go by. People may do everything."""

    name: str
    app: str

    @property
    def user_id(self) -> str:
        return str(zlib.crc32(self.name.encode()) % 90_000_000 + 1_000_000)


def load_or_make(directory: Path) -> Keys:
    file = directory / "hubspot-credentials.json"
    if not file.exists():
        made = {
            "token": f"pat-na1-{uuid.uuid4()}",
            "client_id": str(uuid.uuid4()),
            "client_secret": str(uuid.uuid4()),
            "refresh_token": f"na1-{secrets.token_hex(24)}",
        }
        file.touch(mode=0o600)
        file.write_text(json.dumps(made))
    return Keys(**json.loads(file.read_text()))


class Authentication:
    def __init__(self, portal: Portal, keys: Keys) -> None:
        self._portal, self._keys = portal, keys
        self._tokens: dict[str, tuple[Actor, float]] = {}

    def person_token(self, name: str) -> str:
        return self._issue(Actor(name, "private"), f"pat-na1-{uuid.uuid4()}", 1e12)

    def actor(self, authorization: str) -> Actor:
        """Raises 401."""
        token = authorization.removeprefix("Bearer ").strip()
        if secrets.compare_digest(token, self._keys.token):
            return Actor(INTEGRATION, "private")
        found = self._tokens.get(token)
        if found is None:
            raise unauthenticated()
        if time.time() >= found[1]:
            raise expired()
        return found[0]

    def name_of(self, authorization: str) -> str:
        try:
            return self.actor(authorization).name
        except HubSpotError:
            return "unknown"

    def allowed(self, actor: Actor, scope: str) -> None:
        """Raises 403 where the integration was not granted the scope."""
        if actor.name == INTEGRATION and scope in self._portal.settings.scopes_withheld:
            raise missing_scopes([scope])

    def scopes(self) -> list[str]:
        return ["oauth", *(scope for scope in SCOPES if scope not in self._portal.settings.scopes_withheld)]

    def token(self, form: Mapping[str, str]) -> tuple[int, Body]:
        """The token endpoint: a refresh token is good for ever and is not replaced."""
        if form.get("grant_type") != "refresh_token":
            return 400, _refused("BAD_GRANT_TYPE", "missing or unknown grant type")
        if (form.get("client_id"), form.get("client_secret")) != (self._keys.client_id, self._keys.client_secret):
            return 400, _refused("BAD_CLIENT_SECRET", "missing or invalid client secret")
        if form.get("refresh_token") != self._keys.refresh_token:
            return 400, _refused("BAD_REFRESH_TOKEN", "missing or invalid refresh token")
        access = self._issue(Actor(INTEGRATION, "oauth"), f"CN{secrets.token_urlsafe(60)}", time.time() + LIFE)
        return 200, {
            "token_type": "bearer",
            "access_token": access,
            "refresh_token": self._keys.refresh_token,
            "expires_in": LIFE,
            "hub_id": 1,
            "scopes": self.scopes(),
        }

    def token_info(self, body: Mapping[str, Any]) -> Body:
        """What a private app's token may do."""
        if body.get("tokenKey") != self._keys.token:
            raise unauthenticated()
        return {"userId": 1, "hubId": 1, "appId": 1, "scopes": self.scopes()}

    def _issue(self, actor: Actor, token: str, until: float) -> str:
        self._tokens[token] = (actor, until)
        return token


def _refused(status: str, message: str) -> Body:
    return {"status": status, "message": message, "correlationId": str(uuid.uuid4())}
