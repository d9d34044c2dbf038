"""The two ways in: the static token of a private app, or OAuth with a refresh token that is never replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from crmerp_assets.connectors.errors import AuthFailed, ConfigError, ConnectorError, Transient
from crmerp_assets.connectors.exactjson import loads
from crmerp_assets.connectors.http import Clock, FixedToken, Response, Token, TokenAuth

SYSTEM = "hubspot"
_EARLY = timedelta(seconds=60)
_ADVICE = {
    "BAD_CLIENT_ID": "check the client id",
    "BAD_CLIENT_SECRET": "check the client secret",
    "BAD_REFRESH_TOKEN": "install the app in the portal again and use the refresh token that it gives",
}


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """An app that was installed in the portal, by its refresh token."""

    client_id: str
    client_secret: str
    refresh_token: str

    def __repr__(self) -> str:
        return "OAuthApp(...)"


def oauth_app(client_id: str | None, client_secret: str | None, refresh_token: str | None) -> OAuthApp | None:
    """The app, where all three are given."""
    if client_id and client_secret and refresh_token:
        return OAuthApp(client_id, client_secret, refresh_token)
    return None


class Scopes:
    """What the token endpoint said that the app may do; None where it does not say."""

    granted: frozenset[str] | None = None


def hubspot_auth(
    url: str, token: str | None, app: OAuthApp | None, path: str, scopes: Scopes, clock: Clock
) -> TokenAuth | FixedToken:
    if token:
        return FixedToken(token)
    if app is None:
        what = (
            "HubSpot needs the token of a private app, or client_id, client_secret and refresh_token; set one of them."
        )
        raise ConfigError(what, system=SYSTEM)

    def form() -> Mapping[str, str]:
        return {
            "grant_type": "refresh_token",
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "refresh_token": app.refresh_token,
        }

    def read(response: Response) -> Token:
        if response.status_code != 200:
            raise _refusal(response)
        answer = loads(response.content)
        if isinstance(answer.get("scopes"), list):
            scopes.granted = frozenset(answer["scopes"])
        life = timedelta(seconds=int(answer.get("expires_in", 1800)))
        return Token(answer["access_token"], expires_at=clock() + life - _EARLY)

    return TokenAuth(f"{url.rstrip('/')}{path}", form, read, clock)


def _refusal(response: Response) -> ConnectorError:
    if response.status_code >= 500 or response.status_code == 429:
        return Transient(f"HubSpot gave no token ({response.status_code}); it is tried again later.", system=SYSTEM)
    try:
        code = str(loads(response.content).get("status"))
    except (ValueError, AttributeError):
        code = f"HTTP {response.status_code}"
    advice = _ADVICE.get(code, "check client id, client secret and refresh token of the connection")
    return AuthFailed(f"HubSpot refused to give a token ({code}): {advice}.", system=SYSTEM)
