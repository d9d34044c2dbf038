"""When records were last touched: weeks ago and in office hours, so that nothing seeded looks like today's work."""

from datetime import date, datetime, time, timedelta
from random import Random

_NEWEST_DAYS, _OLDEST_DAYS = 21, 300


def past_moment(rng: Random, today: date, newest: int = _NEWEST_DAYS, oldest: int = _OLDEST_DAYS) -> datetime:
    """A moment (UTC) between that many days ago."""
    return at_office(rng, today - timedelta(days=rng.randint(newest, oldest)))


def at_office(rng: Random, day: date) -> datetime:
    """A second of that day's working hours."""
    return datetime.combine(day, time(8)) + timedelta(seconds=rng.randrange(9 * 3600))
