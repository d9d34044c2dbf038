"""Records that a person holds: nothing new is written to either side for them until the hold is lifted."""

from collections.abc import Iterable, Mapping

import polars as pl
from sqlalchemy import delete, select

from crmerp_assets.ledger.session import Session
from crmerp_assets.ledger.tables import holds


class Holds:
    """`tx.holds`. Frames: entity, golden_id, reason, made_by, made_at."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, entity: str, reasons: Mapping[str, str], by: str) -> None:
        """Hold golden records (golden_id -> reason); one that is held already gets the new reason."""
        stamp = {"entity": entity, "made_by": by, "made_at": self._session.now()}
        rows = [stamp | {"golden_id": golden_id, "reason": reason} for golden_id, reason in reasons.items()]
        self._session.upsert(holds, rows, lambda new, _: {n: new[n] for n in ("reason", "made_by", "made_at")})

    def lift(self, entity: str, golden_ids: Iterable[str]) -> int:
        """Let records go; returns how many had been held."""
        among = self._session.among(holds.c.golden_id, golden_ids)
        return self._session.execute(delete(holds).where(holds.c.entity == entity, among))

    def list(self, entity: str | None = None) -> pl.DataFrame:
        """The records that are held, longest first."""
        statement = select(holds).order_by(holds.c.made_at, holds.c.entity, holds.c.golden_id)
        return self._session.frame(statement if entity is None else statement.where(holds.c.entity == entity))
