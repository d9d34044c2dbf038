"""Moments as the vendor writes them: UTC, to the second, an offset without a colon."""

import re
from datetime import UTC, date, datetime
from functools import lru_cache

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")


def stamp(moment: datetime) -> str:
    """`2026-11-20T10:01:02.000+0000`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


@lru_cache(maxsize=1024)
def parse_moment(text: str) -> datetime:
    """A datetime in any form that the vendor accepts; without an offset it is UTC. Raises ValueError."""
    if not _MOMENT.fullmatch(text):
        raise ValueError(text)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_day(text: str) -> str:
    """A date, or the date of a datetime, as ISO text. Raises ValueError."""
    return date.fromisoformat(text).isoformat() if len(text) == 10 else parse_moment(text).date().isoformat()
