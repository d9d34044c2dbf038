"""API calls per connection and UTC day, counted together by every process that uses the connection.

A write per call would cost more than many a call. So a process counts a block of calls ahead and gives back what it
did not use; one that is killed leaves at most its block counted too many. Where the system itself says how many
calls are used, that is the truth, whatever we counted.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update

from crmerp_assets.ledger.session import Session, micros
from crmerp_assets.ledger.tables import budgets


@dataclass(frozen=True, slots=True)
class Budget:
    """One UTC day (ISO text): `calls` of ours; `used` and `allowed` by the system's own word of `told_at`, everybody's
    calls in it and ours since. None where it does not say."""

    connection: str
    day: str
    calls: int = 0
    allowed: int | None = None
    used: int | None = None
    told_at: datetime | None = None

    @property
    def share(self) -> float | None:
        """How much of the allowance is used."""
        return self.used / self.allowed if self.used is not None and self.allowed else None


class Budgets:
    """`tx.budgets`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def reserve(self, connection: str, calls: int) -> Budget:
        """Count calls that are about to be made; the day with them."""
        row: dict[str, Any] = {"connection": connection, "day": self._session.today(), "calls": calls}
        self._session.upsert(
            budgets,
            [row],
            lambda new, old: {"calls": old.c.calls + new.calls, "used": old.c.used + new.calls},
        )
        return self.today(connection)

    def give_back(self, connection: str, day: str, calls: int) -> None:
        """Take back what was reserved on a day and not made."""
        c = budgets.c
        less = {"calls": c.calls - calls, "used": c.used - calls}
        self._session.execute(update(budgets).where(c.connection == connection, c.day == day).values(**less))

    def told(self, connection: str, used: int, allowed: int, at: datetime) -> None:
        """Take over what the system said at `at`, unless it said something later; it corrects up and down."""
        c, day = budgets.c, self._session.today()
        self.reserve(connection, 0)
        newer = or_(c.told_at.is_(None), c.told_at <= micros(at))
        truth = {"used": used, "allowed": allowed, "told_at": micros(at)}
        self._session.execute(update(budgets).where(c.connection == connection, c.day == day, newer).values(**truth))

    def today(self, connection: str) -> Budget:
        """What this connection has used of today's budget."""
        day = self._session.today()
        here = select(budgets).where(budgets.c.connection == connection, budgets.c.day == day)
        found = self._session.frame(here).to_dicts()
        return Budget(**found[0]) if found else Budget(connection, day)
