"""How far a pull looks back where a change is stamped with the start of its transaction and shown at its end.

Looking back a little each time finds nearly all; once an hour a pull sweeps, and reads what changed in the day before
the last sweep, for imports and for a month's invoices that are posted in one transaction. What took longer is found by
the nightly comparison.
"""

from datetime import datetime, timedelta

EVERY = timedelta(hours=1)
LONGEST_TRANSACTION = timedelta(days=1)
"""Of those that a sweep finds."""


def swept_from(since: datetime, swept: datetime | None, start: datetime) -> datetime | None:
    """From when a pull reads that starts to look at `start`, where a sweep is due; None where none is.

    `since`: where the last pull started to look, `swept`: where the last sweep did; None where there was none yet.
    """
    last = swept or since
    if swept is not None and start - last < EVERY:
        return None
    return min(since, last - LONGEST_TRANSACTION)
