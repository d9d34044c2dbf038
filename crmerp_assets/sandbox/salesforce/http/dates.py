"""Dates of HTTP headers."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from crmerp_assets.sandbox.salesforce.errors import SalesforceError


def http_date(text: str) -> datetime:
    """`Tue, 24 Nov 2026 08:00:00 GMT`. Raises INVALID_HEADER."""
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        raise SalesforceError("INVALID_HEADER", f"Invalid date in a header: {text}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
