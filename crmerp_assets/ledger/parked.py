"""Records that could not be used, with the reason: parked, so that they never hold up the others."""

from collections.abc import Iterable

import polars as pl
from sqlalchemy import case, null, select, update

from crmerp_assets.ledger.session import Session
from crmerp_assets.ledger.tables import parked


class Parked:
    """`tx.parked`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, stage: str, entity: str, connection: str, frame: pl.DataFrame) -> None:
        """Park the records of a frame: native_id (or golden_id), reason, and optionally detail (JSON text).

        `detail` must hold no personal data. A record that was resolved and fails again starts a new count.
        """
        key = "native_id" if "native_id" in frame.columns else "golden_id"
        detail = pl.col("detail") if "detail" in frame.columns else pl.lit(None, dtype=pl.String).alias("detail")
        given = frame.select(pl.col(key).alias("native_id"), "reason", detail).unique("native_id", keep="last")
        now = self._session.now()
        stamp = {"stage": stage, "entity": entity, "connection": connection, "first_seen": now, "last_seen": now}
        rows = [stamp | {"times": 1, "resolved_at": None} | row for row in given.iter_rows(named=True)]
        self._session.upsert(
            parked,
            rows,
            lambda new, old: {
                "reason": new.reason,
                "detail": new.detail,
                "last_seen": new.last_seen,
                "times": case((old.c.resolved_at.is_(None), old.c.times + 1), else_=1),
                "first_seen": case((old.c.resolved_at.is_(None), old.c.first_seen), else_=new.first_seen),
                "resolved_at": null(),
            },
        )

    def resolve(self, stage: str, entity: str, connection: str, native_ids: Iterable[str]) -> int:
        """Note that records are usable now; returns how many of them had been parked."""
        c = parked.c
        here = (c.stage == stage, c.entity == entity, c.connection == connection, c.resolved_at.is_(None))
        unresolved = {row[0] for row in self._session.rows(select(c.native_id).where(*here))}
        chosen = unresolved.intersection(native_ids) if unresolved else set()
        if not chosen:
            return 0
        among = self._session.among(c.native_id, chosen)
        return self._session.execute(update(parked).where(*here, among).values(resolved_at=self._session.now()))

    def list(self) -> pl.DataFrame:
        """Parked records, those waiting longest first: the columns of the table."""
        statement = select(parked).where(parked.c.resolved_at.is_(None))
        return self._session.frame(statement.order_by(parked.c.first_seen, parked.c.native_id))
