"""Machine-to-machine OAuth 2.0: a signed assertion buys a token, again and again.

NetSuite gives no refresh token and refuses RS256, so the algorithm follows from the key: ES* for an elliptic
curve, PS256 for RSA. `aud` must be the exact token URL. An assertion is dated, and a machine whose clock is off would
be refused for it: after a refusal the server's own clock is taken from its answer, once.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Generator
from datetime import datetime, timedelta

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from crmerp_assets.connectors.errors import AuthFailed, ConfigError, Transient
from crmerp_assets.connectors.http import Token, TokenAuth, server_time
from crmerp_assets.connectors.netsuite.fields import SYSTEM

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105
SCOPE = ["rest_webservices"]
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 600
APART = timedelta(seconds=60)
EARLY_SECONDS = 60
"""A token is renewed this much before it ends, so that no call leaves with one that dies on the way."""

_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


def token_auth(
    name: str, url: str, client_id: str, certificate_id: str, private_key: str, clock: Callable[[], datetime]
) -> TokenAuth:
    """Bearer authentication for one connection; ConfigError where the key cannot sign for NetSuite."""
    token_url = url.rstrip("/") + TOKEN_PATH
    key, algorithm = _signing_key(name, private_key)
    dating = _Dating(clock)

    def form() -> dict[str, str]:
        claims = _claims(client_id, token_url, dating.now())
        assertion = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": certificate_id})
        return {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }

    def read(response: httpx.Response) -> Token:
        if response.status_code == 400 and dating.learn(response):
            raise _ClockApart(f"{name} tells another time than this machine.", system=SYSTEM)
        return _token(name, response, clock())

    return _AssertionAuth(token_url, form, read, clock)


class _ClockApart(AuthFailed):
    """The assertion was refused and the server's clock is not ours: worth one more assertion."""


class _AssertionAuth(TokenAuth):
    """A bearer token whose request is made once more when the clocks turn out to be apart."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        try:
            yield from super().auth_flow(request)
        except _ClockApart:
            yield from super().auth_flow(request)


class _Dating:
    """The time to date assertions with: ours, until the server shows that its own is another."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        return self._clock() + self._ahead

    def learn(self, response: httpx.Response) -> bool:
        """Whether the answer's Date tells a time that we did not know of."""
        server = server_time(response)
        if server is None or abs(server - self.now()) < APART:
            return False
        self._ahead = server - self._clock()
        return True


def _signing_key(name: str, pem: str) -> tuple[EllipticCurvePrivateKey | RSAPrivateKey, str]:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as failure:
        message = f"{name}: the private key is not an unencrypted PEM key; point private_key_file at the right file."
        raise ConfigError(message, system=SYSTEM) from failure
    if isinstance(key, RSAPrivateKey):
        return key, "PS256"
    if isinstance(key, EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return key, _CURVES[key.curve.name]
    raise ConfigError(f"{name}: NetSuite takes RSA and P-256/384/521 keys only; make such a key pair.", system=SYSTEM)


def _claims(client_id: str, token_url: str, now: datetime) -> dict[str, object]:
    return {
        "iss": client_id,
        "scope": SCOPE,
        "aud": token_url,
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(seconds=ASSERTION_SECONDS)).timestamp()),
        "jti": str(uuid.uuid4()),
    }


def _token(name: str, response: httpx.Response, now: datetime) -> Token:
    if response.status_code == 429 or response.status_code >= 500:
        message = f"{name} gave no token (answer {response.status_code}); it is tried again later."
        raise Transient(message, system=SYSTEM)
    try:
        answer = response.json()
        seconds = int(answer.get("expires_in", 3600))
        return Token(answer["access_token"], expires_at=now + timedelta(seconds=seconds - EARLY_SECONDS))
    except (ValueError, KeyError, TypeError, AttributeError) as failure:
        message = (
            f"{name} refuses the signed assertion (answer {response.status_code}); check client id, certificate id, "
            "private key and the OAuth 2.0 client credentials mapping (it is wiped when a sandbox is refreshed)."
        )
        raise AuthFailed(message, system=SYSTEM) from failure
