"""Who is calling: bearer tokens from a signed assertion, tokens of people, and signed requests."""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import jwt
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from crmerp_assets.sandbox.netsuite.engine import Account
from crmerp_assets.sandbox.netsuite.errors import NetSuiteError, invalid_login
from crmerp_assets.sandbox.netsuite.http.oauth1 import TokenSecrets, signed_by

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - a path
ALGORITHMS = ("PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
LIFETIME_SECONDS = 3600
INTEGRATION_USER = "integration"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Authentication:
    """`certificates` maps a certificate id to its public key in PEM; `host` is the vendor's host of this account."""

    def __init__(
        self, account: Account, client_id: str, certificates: dict[str, str], token_secrets: TokenSecrets, host: str
    ) -> None:
        self.account = account
        self.client_id = client_id
        self.certificates = certificates
        self.token_secrets = token_secrets
        self.host = host

    @property
    def _now(self) -> float:
        clock: Callable[[], datetime] = self.account.clock
        return clock().timestamp()

    def issue(self, user: str) -> str:
        token = secrets.token_urlsafe(32)
        with self.account.writing() as db:
            self.account.user_id(user)
            db.execute("INSERT INTO token VALUES (?, ?, ?)", (token, user, int(self._now) + LIFETIME_SECONDS))
        return token

    def user(self, request: Request) -> str:
        """The name of the calling user. Raises INVALID_LOGIN."""
        header = request.headers.get("authorization", "")
        if header.startswith("Bearer "):
            return self._token_user(header.removeprefix("Bearer ").strip())
        if header.startswith("OAuth ") and signed_by(
            self.token_secrets, header, request.method, str(request.url), self._now
        ):
            return INTEGRATION_USER
        raise invalid_login()

    def _token_user(self, token: str) -> str:
        with self.account.reading() as db:
            row: Any = db.execute("SELECT user, expires FROM token WHERE token = ?", (token,)).fetchone()
        if row is None or row[1] < self._now:
            raise invalid_login()
        return str(row[0])

    async def token(self, request: Request) -> Response:
        """The token endpoint: client credentials by a signed assertion, no refresh token."""
        form = dict(parse_qsl((await request.body()).decode()))
        if form.get("grant_type") != "client_credentials" or form.get("client_assertion_type") != _ASSERTION:
            return JSONResponse({"error": "invalid_request"}, 400)
        root = f"{request.url.scheme}://{request.url.netloc}"
        try:
            self._check_assertion(str(form.get("client_assertion", "")), root)
        except (jwt.PyJWTError, ValueError, KeyError, NetSuiteError):
            return JSONResponse({"error": "invalid_grant"}, 400)
        body = {
            "access_token": self.issue(INTEGRATION_USER),
            "expires_in": str(LIFETIME_SECONDS),
            "token_type": "bearer",
        }
        return JSONResponse(body)

    def _check_assertion(self, assertion: str, root: str) -> None:
        """Raises if the signature, algorithm, key id, issuer, audience, scope or lifetime is wrong."""
        header = jwt.get_unverified_header(assertion)
        if header["alg"] not in ALGORITHMS:
            raise ValueError(header["alg"])
        claims = jwt.decode(
            assertion,
            self.certificates[header["kid"]],
            algorithms=list(ALGORITHMS),
            audience=[f"https://{self.host}{TOKEN_PATH}", f"{root}{TOKEN_PATH}"],
            issuer=self.client_id,
            options={"verify_exp": False, "verify_iat": False, "require": ["iat", "exp", "aud", "iss"]},
        )
        issued, expires = float(claims["iat"]), float(claims["exp"])
        if not issued - 300 <= self._now < expires or expires - issued > LIFETIME_SECONDS:
            raise ValueError("exp")
        scopes = claims.get("scope", ())
        if "rest_webservices" not in (scopes.split(",") if isinstance(scopes, str) else scopes):
            raise ValueError("scope")
