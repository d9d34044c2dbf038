"""Token-based authentication: OAuth 1.0a with HMAC-SHA256, as older clients still sign (RFC 5849)."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote


@dataclass(frozen=True, slots=True)
class TokenSecrets:
    account: str
    consumer_key: str
    consumer_secret: str
    token_id: str
    token_secret: str


def parameters(header: str) -> dict[str, str]:
    """The parameters of an `Authorization: OAuth ...` header."""
    found = {}
    for part in header.partition(" ")[2].split(","):
        name, _, value = part.strip().partition("=")
        found[name] = unquote(value.strip('"'))
    return found


def signed_by(secrets: TokenSecrets, header: str, method: str, url: str, now: float) -> bool:
    """Whether the header's signature is right for this request, recent, and made with a method still accepted."""
    given = parameters(header)
    expected = {
        "oauth_consumer_key": secrets.consumer_key,
        "oauth_token": secrets.token_id,
        "oauth_signature_method": "HMAC-SHA256",
        "realm": secrets.account,
    }
    stamp = given.get("oauth_timestamp", "")
    if any(given.get(name) != value for name, value in expected.items()) or not stamp.isdigit():
        return False
    if abs(int(stamp) - now) > 300:
        return False
    wanted = _signature(secrets, given, method, url)
    return hmac.compare_digest(wanted, given.get("oauth_signature", ""))


def _signature(secrets: TokenSecrets, given: dict[str, str], method: str, url: str) -> str:
    address, _, query = url.partition("?")
    pairs = [(name, value) for name, value in given.items() if name not in ("realm", "oauth_signature")]
    pairs += parse_qsl(query, keep_blank_values=True)
    encoded = sorted((_escape(name), _escape(value)) for name, value in pairs)
    joined = "&".join(f"{name}={value}" for name, value in encoded)
    base = "&".join(_escape(part) for part in (method.upper(), address, joined))
    key = f"{_escape(secrets.consumer_secret)}&{_escape(secrets.token_secret)}"
    digest = hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _escape(text: str) -> str:
    return quote(text, safe="-._~")
