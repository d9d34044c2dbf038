"""Records that could not be used, with the reason: parked, so that they never hold up the others.

The table holds where each record stands; the history, which only grows, holds every error and what people did.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import polars as pl
from sqlalchemy import ColumnElement, and_, case, null, select, update

from crmerp_assets.ledger.session import Session
from crmerp_assets.ledger.tables import parked, parked_history


class Place(NamedTuple):
    """What identifies a parked record."""

    stage: str
    entity: str
    connection: str
    native_id: str


class Parked:
    """`tx.parked`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, stage: str, entity: str, connection: str, frame: pl.DataFrame) -> None:
        """Park the records of a frame: native_id (or golden_id), reason, and optionally detail (JSON text) and version.

        `detail` must hold no personal data. A record that was resolved and fails again starts a new count; one that
        somebody skipped comes back when its version or reason is another one.
        """
        given = _given(frame)
        now = self._session.now()
        place = {"stage": stage, "entity": entity, "connection": connection}
        rows = [place | row for row in given.iter_rows(named=True)]
        stamp = {"first_seen": now, "last_seen": now, "times": 1, "resolved_at": None, "again_at": None}
        self._session.upsert(parked, [row | stamp for row in rows], _parked_again)
        self._session.insert(parked_history, [row | {"event": "failed", "at": now, "by": None} for row in rows])

    def resolve(self, stage: str, entity: str, connection: str, native_ids: Iterable[str]) -> int:
        """Note that records are usable now; returns how many of them had been parked."""
        c = parked.c
        here = (c.stage == stage, c.entity == entity, c.connection == connection, c.resolved_at.is_(None))
        unresolved = {row[0] for row in self._session.rows(select(c.native_id).where(*here))}
        chosen = sorted(unresolved.intersection(native_ids)) if unresolved else []
        if not chosen:
            return 0
        self._note([Place(stage, entity, connection, native_id) for native_id in chosen], "resolved", None, None)
        among = self._session.among(c.native_id, chosen)
        done = {"resolved_at": self._session.now(), "again_at": None, "assigned_to": None, **_NOT_SKIPPED}
        return self._session.execute(update(parked).where(*here, among).values(**done))

    def skip(self, places: Sequence[Place], by: str, why: str) -> int:
        """Leave records out of every list until they change; returns how many."""
        skipped = {"skipped_at": self._session.now(), "skipped_by": by, "skipped_why": why}
        return self._act(places, "skipped", by, why, **skipped)

    def assign(self, places: Sequence[Place], to: str | None, by: str) -> int:
        """Make a person the one who looks after records, or nobody; returns how many."""
        return self._act(places, "assigned", by, to, assigned_to=to)

    def ask_again(self, places: Sequence[Place], by: str) -> int:
        """Have records tried again by the next run of their stage, though they did not change; returns how many."""
        return self._act(places, "retried", by, None, again_at=self._session.now(), **_NOT_SKIPPED)

    def asked_again(self, stage: str, entity: str, connection: str) -> list[str]:
        """Native ids of the records to try again."""
        c = parked.c
        here = (c.stage == stage, c.entity == entity, c.connection == connection, c.again_at.is_not(None))
        return [row[0] for row in self._session.rows(select(c.native_id).where(*here).order_by(c.native_id))]

    def list(self, *, skipped: bool = False) -> pl.DataFrame:
        """Parked records, longest waiting first, in the columns of the table; `skipped` ones only if asked for."""
        statement = select(parked).where(parked.c.resolved_at.is_(None))
        if not skipped:
            statement = statement.where(parked.c.skipped_at.is_(None))
        return self._session.frame(statement.order_by(parked.c.first_seen, parked.c.native_id))

    def history(self, place: Place) -> pl.DataFrame:
        """What happened to a record, oldest first: event (failed, resolved, skipped, assigned, retried), at, by,
        reason, detail, version."""
        c = parked_history.c
        where = [getattr(c, name) == value for name, value in place._asdict().items()]
        columns = (c.event, c.at, c.by, c.reason, c.detail, c.version)
        return self._session.frame(select(*columns).where(*where).order_by(c.id))

    def _act(self, places: Sequence[Place], event: str, by: str, said: str | None, **values: Any) -> int:
        if not places:
            return 0
        self._note(places, event, by, said)
        return sum(
            self._session.execute(update(parked).where(self._among(*group)).values(**values))
            for group in _by_stage(places).items()
        )

    def _among(self, where: tuple[str, str, str], native_ids: Iterable[str]) -> ColumnElement[bool]:
        c = parked.c
        stage, entity, connection = where
        here = and_(c.stage == stage, c.entity == entity, c.connection == connection)
        return and_(here, c.resolved_at.is_(None), self._session.among(c.native_id, native_ids))

    def _note(self, places: Sequence[Place], event: str, by: str | None, said: str | None) -> None:
        rest = {"event": event, "at": self._session.now(), "by": by, "reason": said, "detail": None, "version": None}
        self._session.insert(parked_history, [place._asdict() | rest for place in places])


_NOT_SKIPPED = {"skipped_at": None, "skipped_by": None, "skipped_why": None}


def _given(frame: pl.DataFrame) -> pl.DataFrame:
    key = "native_id" if "native_id" in frame.columns else "golden_id"
    missing = [pl.lit(None, dtype=pl.String).alias(n) for n in ("detail", "version") if n not in frame.columns]
    chosen = frame.with_columns(missing).select(pl.col(key).alias("native_id"), "reason", "detail", "version")
    return chosen.unique("native_id", keep="last")


def _parked_again(new: Any, old: Any) -> dict[str, Any]:
    """What changes when a record is parked already, or was once."""
    going_on = old.c.resolved_at.is_(None)
    same = and_(going_on, old.c.reason == new.reason, old.c.version.is_not_distinct_from(new.version))
    return {
        "reason": new.reason,
        "detail": new.detail,
        "version": new.version,
        "last_seen": new.last_seen,
        "times": case((going_on, old.c.times + 1), else_=1),
        "first_seen": case((going_on, old.c.first_seen), else_=new.first_seen),
        "resolved_at": null(),
        "again_at": null(),
        **{name: case((same, old.c[name]), else_=null()) for name in _NOT_SKIPPED},
    }


def _by_stage(places: Sequence[Place]) -> dict[tuple[str, str, str], list[str]]:
    """Native ids by stage, entity and connection: many ids travel as one parameter, many tuples do not."""
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for stage, entity, connection, native_id in places:
        grouped.setdefault((stage, entity, connection), []).append(native_id)
    return grouped
