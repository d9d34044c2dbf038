"""Who is calling: bearer tokens from a signed assertion, tokens of people, and signed requests."""

import secrets
import time
from collections.abc import Callable
from urllib.parse import parse_qsl

import jwt
from starlette.concurrency import run_in_threadpool
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
    """`certificates` maps a certificate id to its public key in PEM; `host` is the vendor's host of this account.

    Logins go by real time: a test that sets the server's clock is after its records, not after its tokens.
    """

    def __init__(
        self,
        account: Account,
        client_id: str,
        certificates: dict[str, str],
        token_secrets: TokenSecrets,
        host: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.account = account
        self.client_id = client_id
        self.certificates = certificates
        self.token_secrets = token_secrets
        self.host = host
        self._time = now
        with account.reading() as db:
            rows = db.execute("SELECT token, user, expires FROM token").fetchall()
        self._tokens: dict[str, tuple[str, int]] = {token: (user, expires) for token, user, expires in rows}

    def issue(self, user: str) -> str:
        token, expires = secrets.token_urlsafe(32), int(self._time()) + LIFETIME_SECONDS
        with self.account.writing() as db:
            self.account.user_id(user)
            db.execute("INSERT INTO token VALUES (?, ?, ?)", (token, user, expires))
        self._tokens[token] = (user, expires)
        return token

    def known_user(self, authorization: str) -> str:
        """Whose call this is for the count; a call with no valid token is the integration's."""
        return self._tokens.get(authorization.removeprefix("Bearer ").strip(), (INTEGRATION_USER, 0))[0]

    def user(self, request: Request) -> str:
        """The name of the calling user. Raises INVALID_LOGIN."""
        header = request.headers.get("authorization", "")
        if header.startswith("Bearer "):
            return self._token_user(header.removeprefix("Bearer ").strip())
        if header.startswith("OAuth ") and signed_by(
            self.token_secrets, header, request.method, str(request.url), self._time()
        ):
            return INTEGRATION_USER
        raise invalid_login()

    def _token_user(self, token: str) -> str:
        user, expires = self._tokens.get(token, ("", 0))
        if expires < self._time():
            raise invalid_login()
        return user

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
            "access_token": await run_in_threadpool(self.issue, INTEGRATION_USER),
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
        if not issued - 300 <= self._time() < expires or expires - issued > LIFETIME_SECONDS:
            raise ValueError("exp")
        scopes = claims.get("scope", ())
        if "rest_webservices" not in (scopes.split(",") if isinstance(scopes, str) else scopes):
            raise ValueError("scope")
