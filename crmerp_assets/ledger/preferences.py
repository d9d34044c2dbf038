"""Whose value counts whenever both sides change a field: what a person has decided for good.

Rows are only added. The newest of a field counts; one without a choice ends it.
"""

import polars as pl
from sqlalchemy import func, select

from crmerp_assets.ledger.session import Session
from crmerp_assets.ledger.tables import preferences


class Preferences:
    """`tx.preferences`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, entity: str, field: str, choice: str | None, by: str) -> None:
        """Prefer a side (crm or erp) for a field from now on; None ends it."""
        row = {"entity": entity, "field": field, "choice": choice, "by": by, "at": self._session.now()}
        self._session.insert(preferences, [row])

    def current(self) -> pl.DataFrame:
        """What counts now: entity, field, choice, by, at."""
        c = preferences.c
        newest = select(func.max(c.id)).group_by(c.entity, c.field)
        statement = select(c.entity, c.field, c.choice, c.by, c.at).where(c.id.in_(newest), c.choice.is_not(None))
        return self._session.frame(statement.order_by(c.entity, c.field))

    def history(self) -> pl.DataFrame:
        """Everything that was ever decided, oldest first, in the columns of `current`."""
        c = preferences.c
        return self._session.frame(select(c.entity, c.field, c.choice, c.by, c.at).order_by(c.id))
