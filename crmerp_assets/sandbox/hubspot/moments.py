"""The vendor's forms of time: milliseconds in the store, ISO with milliseconds on the wire, both taken."""

from datetime import UTC, datetime


def iso(milliseconds: int) -> str:
    """`2026-11-20T10:01:02.345Z`"""
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03}Z"


def milliseconds(value: str) -> int:
    """Of an ISO date or moment, or of milliseconds written out. Raises ValueError."""
    if value.lstrip("-").isdigit():
        return int(value)
    moment = datetime.fromisoformat(value)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def of(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
