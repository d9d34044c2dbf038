"""OAuth tokens: client credentials and JWT bearer for the integration, tokens of people for tests.

Sessions go by real time: a test that sets the server's clock is after its records, not after its sessions.
"""

import base64
import binascii
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt

from crmerp_assets.sandbox.kit import INTEGRATION, Store
from crmerp_assets.sandbox.salesforce.engine import Actor
from crmerp_assets.sandbox.salesforce.engine.records import Records
from crmerp_assets.sandbox.salesforce.errors import session_expired
from crmerp_assets.sandbox.salesforce.http.call import Answer
from crmerp_assets.sandbox.salesforce.keys import Keys
from crmerp_assets.sandbox.salesforce.setup import person

SESSION_SECONDS = 7200
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
_LONGEST_ASSERTION = 300


class _Refused(Exception):
    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.answer = Answer(400, {"error": error, "error_description": description})


class Authentication:
    """Who holds which token."""

    def __init__(self, records: Records, keys: Keys, now: Callable[[], float] = time.time) -> None:
        self._records, self._keys, self._time = records, keys, now
        self._store: Store = records.organisation.store
        self._store.write("CREATE TABLE IF NOT EXISTS _token (token TEXT PRIMARY KEY, user TEXT, id TEXT, used REAL)")

    def person_token(self, name: str) -> str:
        """A token of a named person, or of the integration."""
        actor = self._integration() if name == INTEGRATION else person(self._records, name)
        return self._issue(actor)

    def actor(self, authorization: str) -> Actor:
        """Who calls; using a session prolongs it. Raises INVALID_SESSION_ID."""
        token = _token_of(authorization)
        found = self._store.row("SELECT user, id, used FROM _token WHERE token = ?", (token,))
        if found is None or self._time() - found[2] > SESSION_SECONDS:
            raise session_expired()
        if self._time() - found[2] > 60:
            self._store.write("UPDATE _token SET used = ? WHERE token = ?", (self._time(), token))
        return Actor(found[0], found[1], found[0] != INTEGRATION)

    def name_of(self, authorization: str) -> str:
        """The user name under which a call is counted."""
        found = self._store.row("SELECT user FROM _token WHERE token = ?", (_token_of(authorization),))
        return str(found[0]) if found else "unknown"

    def token(self, form: Mapping[str, str], authorization: str, root: str) -> Answer:
        """The token endpoint. Neither flow gives a refresh token or an expiry."""
        try:
            if form.get("grant_type") == "client_credentials":
                self._check_secret(form, authorization)
                return self._granted(self._integration(), root, {"issued_at": str(int(self._time() * 1000))})
            if form.get("grant_type") == _JWT_BEARER:
                return self._granted(self._asserted(form.get("assertion", ""), root), root, {})
            raise _Refused("unsupported_grant_type", "grant type not supported")
        except _Refused as refused:
            return refused.answer

    def _granted(self, actor: Actor, root: str, more: dict[str, Any]) -> Answer:
        organisation = self._records.organisation
        company = organisation.select(organisation.catalog.object("Organization"), "1")[0]["Id"]
        signed = {"signature": secrets.token_urlsafe(32)} if more else {}
        body = {
            "access_token": self._issue(actor),
            "scope": "api web",
            "instance_url": root,
            "id": f"https://login.salesforce.com/id/{company}/{actor.id}",
            "token_type": "Bearer",
        }
        return Answer(200, {**body, **signed, **more})

    def _issue(self, actor: Actor) -> str:
        token = f"00D5g0000000001!AQ{secrets.token_urlsafe(48)}"
        self._store.write("INSERT INTO _token VALUES (?, ?, ?, ?)", (token, actor.name, actor.id, self._time()))
        return token

    def _check_secret(self, form: Mapping[str, str], authorization: str) -> None:
        client_id, client_secret = form.get("client_id", ""), form.get("client_secret", "")
        if authorization.startswith("Basic "):
            try:
                client_id, _, client_secret = base64.b64decode(authorization[6:]).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                raise _Refused("invalid_client", "invalid client credentials") from None
        if client_id != self._keys.client_id:
            raise _Refused("invalid_client_id", "client identifier invalid")
        if not secrets.compare_digest(client_secret, self._keys.client_secret):
            raise _Refused("invalid_client", "invalid client credentials")

    def _asserted(self, assertion: str, root: str) -> Actor:
        """The user that an assertion speaks for."""
        try:
            claims = jwt.decode(
                assertion,
                self._keys.public_key,
                algorithms=["RS256"],
                audience=[*_AUDIENCES, root],
                options={"verify_iss": False, "verify_iat": False, "require": ["iss", "sub", "aud", "exp"]},
            )
        except jwt.InvalidAudienceError:
            raise _Refused("invalid_grant", "audience is invalid") from None
        except jwt.ExpiredSignatureError:
            raise _Refused("invalid_grant", "expired authorization code") from None
        except jwt.PyJWTError:
            raise _Refused("invalid_grant", "invalid assertion") from None
        if claims["iss"] != self._keys.client_id:
            raise _Refused("invalid_client_id", "client identifier invalid")
        if float(claims["exp"]) > self._time() + _LONGEST_ASSERTION:
            raise _Refused("invalid_grant", "assertion expires too far in the future")
        if claims["sub"] != self._keys.username:
            raise _Refused("invalid_grant", "user hasn't approved this consumer")
        return self._integration()

    def _integration(self) -> Actor:
        organisation = self._records.organisation
        user = organisation.catalog.object("User")
        row = organisation.select(user, '"Username" = ?', (self._keys.username,))[0]
        return Actor(INTEGRATION, row["Id"], False)


def _token_of(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme in ("Bearer", "OAuth") else ""
