"""Tokens of Salesforce: the client credentials flow or the JWT bearer flow, both of a server without a person.

Neither gives a refresh token nor an expiry, so a token is used until it is refused, and then replaced once. The
answer names the instance to talk to, which changes when an organisation is moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import jwt

from crmerp_assets.connectors.errors import AuthFailed, ConfigError, ConnectorError, Transient
from crmerp_assets.connectors.exactjson import loads
from crmerp_assets.connectors.http import Clock, Response, Token, TokenAuth

SYSTEM = "salesforce"
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ADVICE = {
    "invalid_client_id": "check the consumer key",
    "invalid_client": "check the client secret",
    "invalid_grant": "check the user name, the certificate and that the app's user is approved for it",
    "invalid_app_access": "give the integration user access to the app",
    "inactive_org": "the organisation is inactive; ask its administrator",
}


def salesforce_auth(
    url: str,
    client_id: str,
    client_secret: str | None,
    username: str | None,
    private_key: str | None,
    clock: Clock,
) -> TokenAuth:
    """Client credentials when there is a secret, otherwise JWT bearer with `username` and a PEM `private_key`."""

    def form() -> Mapping[str, str]:
        if client_secret:
            return {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        assertion = _assertion(url, client_id, username or "", private_key or "", clock)
        return {"grant_type": _JWT_BEARER, "assertion": assertion}

    if not client_secret and not (username and private_key):
        raise ConfigError(
            "Salesforce needs a client_secret, or a username and a private key; set one of them for the connection.",
            system=SYSTEM,
        )
    return TokenAuth(f"{url.rstrip('/')}/services/oauth2/token", form, _read, clock)


def _assertion(url: str, client_id: str, username: str, private_key: str, clock: Clock) -> str:
    claims = {"iss": client_id, "sub": username, "aud": _audience(url), "exp": clock() + timedelta(minutes=3)}
    try:
        return jwt.encode(claims, private_key, algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError) as failure:
        message = "The Salesforce private key is not a PEM RSA key; check the connection's private_key_file."
        raise AuthFailed(message, system=SYSTEM) from failure


def _audience(url: str) -> str:
    """The login host that signs for the organisation; another host speaks for itself."""
    host = url.rstrip("/")
    if host.endswith(".sandbox.my.salesforce.com"):
        return "https://test.salesforce.com"
    return "https://login.salesforce.com" if host.endswith(".salesforce.com") else host


def _read(response: Response) -> Token:
    if response.status_code != 200:
        raise _refusal(response)
    answer = loads(response.content)
    return Token(answer["access_token"], base_url=answer.get("instance_url"))


def _refusal(response: Response) -> ConnectorError:
    if response.status_code >= 500 or response.status_code == 429:
        message = f"Salesforce gave no token ({response.status_code}); it is tried again later."
        return Transient(message, system=SYSTEM)
    try:
        code = str(loads(response.content).get("error"))
    except (ValueError, AttributeError):
        code = f"HTTP {response.status_code}"
    advice = _ADVICE.get(code, "check the connection's credentials and its My Domain URL")
    return AuthFailed(f"Salesforce refused to give a token ({code}): {advice}.", system=SYSTEM)
