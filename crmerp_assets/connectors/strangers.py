"""Answers of someone else than the system: a gateway's page, the way to a login page, an unknown certificate."""

from __future__ import annotations

import ssl

import httpx


def redirect_target(response: httpx.Response) -> str | None:
    """Where a redirect leads, without its query, which may hold a token; None where it is none."""
    if not 300 <= response.status_code < 400 or response.status_code == 304:
        return None
    location = response.headers.get("Location", "")
    try:
        url = response.request.url.join(location)
    except httpx.InvalidURL:
        return "an address that is none"
    return f"{url.scheme}://{url.netloc.decode('ascii')}{url.path}" if location else "nowhere"


def is_page(response: httpx.Response) -> bool:
    """Whether a successful answer is markup: every API that is called from here speaks JSON, and JSON has no `<`."""
    return 200 <= response.status_code < 300 and response.content[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def untrusted(failure: BaseException) -> str | None:
    """What is wrong with the server's certificate, None where that is not why a call failed."""
    cause: BaseException | None = failure
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate of the server is not trusted ({cause.verify_message})"
        cause = cause.__cause__ or cause.__context__
    return None
