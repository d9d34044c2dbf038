"""API calls per connection and UTC day, counted together by every process that uses the connection."""

from dataclasses import dataclass

from sqlalchemy import func, select

from crmerp_assets.ledger.session import Session
from crmerp_assets.ledger.tables import budgets


@dataclass(frozen=True, slots=True)
class Budget:
    """Calls made on a UTC day (ISO text), and how many the system allows (None where it does not say)."""

    connection: str
    day: str
    calls: int
    allowed: int | None


class Budgets:
    """`tx.budgets`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, connection: str, calls: int, allowed: int | None) -> None:
        """Count calls made; `allowed` None keeps the last known allowance of the day."""
        row = {"connection": connection, "day": self._session.today(), "calls": calls, "allowed": allowed}
        self._session.upsert(
            budgets,
            [row],
            lambda new, old: {
                "calls": old.c.calls + new.calls,
                "allowed": func.coalesce(new.allowed, old.c.allowed),
            },
        )

    def today(self, connection: str) -> Budget:
        """What this connection has used of today's budget."""
        c, day = budgets.c, self._session.today()
        rows = self._session.rows(select(c.calls, c.allowed).where(c.connection == connection, c.day == day))
        calls, allowed = rows[0] if rows else (0, None)
        return Budget(connection, day, calls, allowed)
