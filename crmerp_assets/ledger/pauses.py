"""Connections that rest: until their quota is back, or until somebody has put right what they refuse.

A pause is one row a connection and ends by itself at `until`; what fails again then makes it longer and counts.
"""

from datetime import datetime, timedelta

import polars as pl
from sqlalchemy import case, delete, exists, select
from sqlalchemy.sql.elements import ColumnElement

from crmerp_assets.ledger.session import Session, micros
from crmerp_assets.ledger.tables import pauses


def resting(connection: str, now: int) -> ColumnElement[bool]:
    """Whether the connection is paused at `now`, as a condition of a query."""
    return exists().where(pauses.c.connection == connection, pauses.c.until > now)


class Pauses:
    """`tx.pauses`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, connection: str, error_class: str, error: str, until: datetime, again: timedelta) -> None:
        """Pause a connection until a time.

        A pause of the same class that ended no longer than `again` ago goes on: it keeps its beginning and counts up.
        """
        now = self._session.now()
        row = {"connection": connection, "error_class": error_class, "error": error, "until": micros(until)}
        since = now - again // timedelta(microseconds=1)
        self._session.upsert(
            pauses,
            [row | {"paused_at": now, "times": 1}],
            lambda new, old: {
                "error_class": new.error_class,
                "error": new.error,
                "until": new.until,
                "times": case((_goes_on(new, old, since), old.c.times + 1), else_=1),
                "paused_at": case((_goes_on(new, old, since), old.c.paused_at), else_=new.paused_at),
            },
        )

    def lift(self, connection: str, error_classes: list[str] | None = None) -> bool:
        """End a pause, or only one of these classes; returns whether there was one that was still on."""
        c = pauses.c
        where = [c.connection == connection]
        where += [self._session.among(c.error_class, error_classes)] if error_classes is not None else []
        on = bool(self._session.rows(select(c.connection).where(*where, c.until > self._session.now())))
        self._session.execute(delete(pauses).where(*where))
        return on

    def list(self) -> pl.DataFrame:
        """Pauses that are on: connection, error_class, error, paused_at, until, times."""
        statement = select(pauses).where(pauses.c.until > self._session.now()).order_by(pauses.c.connection)
        return self._session.frame(statement)


def _goes_on(new: ColumnElement[str], old: object, since: int) -> ColumnElement[bool]:
    return (old.c.error_class == new.error_class) & (old.c.until >= since)  # type: ignore[attr-defined,no-any-return]
