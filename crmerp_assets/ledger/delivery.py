"""Claiming, sending and recording: what a pusher does with intents.

The move from claimed to sent is the point of no return. It is one checked update, so of two processes that believe
they hold the same intent only one gets to send it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import and_, bindparam, case, func, or_, select, update

from crmerp_assets.ledger.errors import IllegalTransition
from crmerp_assets.ledger.moves import NO_CLAIM, NO_JOB, READY_STATE, locked, note, states
from crmerp_assets.ledger.pauses import resting
from crmerp_assets.ledger.session import Session, micros
from crmerp_assets.ledger.tables import intents
from crmerp_assets.ledger.transitions import EFFECTIVE, IN_FLIGHT, READY, check

SETTLED_LATER = ("sent", "unknown")
OUTCOMES = ("applied", "settled", "rejected", "unknown", "superseded", "retry")


class Delivery:
    """Moves intents from ready to their outcome."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def claim(self, connection: str, entity: str, worker: str, limit: int, lease_seconds: float) -> pl.DataFrame:
        """See `Intents.claim`."""
        c, now = intents.c, self._session.now()
        due = or_(c.next_attempt_at.is_(None), c.next_attempt_at <= now)
        due = and_(due, ~resting(connection, now))
        ready = select(c.id).where(c.connection == connection, c.entity == entity, c.state.in_(READY), due)
        chosen = ready.order_by(c.priority, c.created_at, c.id).limit(limit).with_for_update(skip_locked=True)
        ids = [row[0] for row in self._session.rows(chosen)]
        if not ids:
            return self._session.nothing(intents)
        claimed = update(intents).where(self._session.among(c.id, ids), c.state.in_(READY))
        claimed = claimed.values(
            state="claimed", claimed_by=worker, lease_until=_until(now, lease_seconds), updated_at=now
        )
        return self._session.frame(claimed.returning(*c)).sort("priority", "created_at", "id")

    def mark_sent(
        self, ids: Sequence[str], payload_hashes: Mapping[str, str], worker: str | None, lease_seconds: float
    ) -> None:
        """See `Intents.mark_sent`."""
        found = locked(self._session, ids)
        check(states(found), "sent")
        self._check_claim(found, worker)
        c, now = intents.c, self._session.now()
        sent = update(intents).where(self._session.among(c.id, ids))
        self._session.execute(
            sent.values(state="sent", attempts=c.attempts + 1, lease_until=_until(now, lease_seconds), updated_at=now)
        )
        events = [
            {
                "intent_id": row["id"],
                "number": row["attempts"] + 1,
                "event": "sent",
                "by": row["claimed_by"],
                "payload_hash": payload_hashes.get(row["id"]),
            }
            for row in found.iter_rows(named=True)
        ]
        note(self._session, events)

    def accepted(self, ids: Sequence[str], job: str) -> None:
        """See `Intents.accepted`."""
        c = intents.c
        here = (self._session.among(c.id, ids), c.state.in_(SETTLED_LATER))
        self._session.execute(update(intents).where(*here).values(job=job, job_at=self._session.now()))

    def put_off(self, ids: Sequence[str], until: datetime, why: str, worker: str) -> None:
        """See `Intents.put_off`."""
        found = locked(self._session, ids)
        held = found.filter((pl.col("claimed_by") == worker) & pl.col("state").is_in(SETTLED_LATER))
        c, said = intents.c, {"error_class": "Unknown", "error": why, "next_attempt_at": micros(until)}
        unknown = update(intents).where(self._session.among(c.id, held["id"]))
        self._session.execute(unknown.values(state="unknown", updated_at=self._session.now(), **said, **NO_CLAIM))
        sent = held.filter(pl.col("state") == "sent")
        rows = sent.select("id", "attempts").iter_rows()
        note(self._session, [{"intent_id": i, "number": number, "event": "unknown", **said} for i, number in rows])

    def renew(self, ids: Sequence[str], worker: str, lease_seconds: float) -> list[str]:
        """See `Intents.renew`."""
        c, now = intents.c, self._session.now()
        held = (self._session.among(c.id, ids), c.claimed_by == worker, c.state.in_(IN_FLIGHT), c.lease_until > now)
        renewed = update(intents).where(*held).values(lease_until=_until(now, lease_seconds)).returning(c.id)
        return self._session.frame(renewed)["id"].to_list()

    def record(self, results: Sequence[Mapping[str, Any]], worker: str | None) -> list[str]:
        """See `Intents.record`."""
        if not results:
            return []
        by_id = _by_id(results)
        found = locked(self._session, list(by_id))
        late = _not_held(found, worker)
        note(self._session, [_late_event(row, by_id[row["id"]]) for row in late.iter_rows(named=True)])
        self._move_all(found.join(late, on="id", how="anti"), by_id)
        return late["id"].to_list()

    def _move_all(self, found: pl.DataFrame, by_id: Mapping[str, Mapping[str, Any]]) -> None:
        targets = {row["id"]: _target(by_id[row["id"]], row["gate"]) for row in found.iter_rows(named=True)}
        known = states(found)
        for target in set(targets.values()):
            check({intent: state for intent, state in known.items() if targets[intent] == target}, target, IN_FLIGHT)
        now = self._session.now()
        moves = [_move(row, by_id[row["id"]], targets[row["id"]], now) for row in found.iter_rows(named=True)]
        self._session.execute_many(_MOVE, moves)
        note(self._session, [_event(move, by_id[move["b_id"]]) for move in moves])

    def release(self, ids: Sequence[str], sent: bool, worker: str | None) -> int:
        """See `Intents.release`."""
        c, now = intents.c, self._session.now()
        here = [self._session.among(c.id, ids)] + ([c.claimed_by == worker] if worker else [])
        ready = update(intents).values(state=READY_STATE, updated_at=now, **NO_CLAIM, **NO_JOB).where(*here)
        count = self._session.execute(ready.where(c.state == "claimed"))
        if sent:
            count += self._session.execute(ready.where(c.state == "sent").values(attempts=c.attempts - 1))
        return count

    def orphans(self, now: datetime, connection: str | None, worker: str | None, lease_seconds: float) -> pl.DataFrame:
        """See `Intents.orphans`."""
        c, at = intents.c, micros(now)
        over = or_(c.lease_until.is_(None), c.lease_until <= at)
        put_off = and_(c.state == "unknown", c.next_attempt_at.is_not(None), c.next_attempt_at > at)
        where = [over, c.state.in_(IN_FLIGHT), ~put_off] + ([c.connection == connection] if connection else [])
        statement = select(intents).where(*where).order_by(c.priority, c.created_at, c.id)
        if worker is None:
            return self._session.frame(statement)
        found = self._session.frame(statement.with_for_update(skip_locked=True))
        leased = update(intents).where(self._session.among(c.id, found["id"]))
        self._session.execute(leased.values(claimed_by=worker, lease_until=_until(at, lease_seconds)))
        return found

    def _check_claim(self, found: pl.DataFrame, worker: str | None) -> None:
        if worker is None:
            return
        foreign = found.filter(pl.col("claimed_by").ne_missing(worker))
        if foreign.height:
            raise IllegalTransition(
                f"Intent {foreign['id'][0]} is claimed by {foreign['claimed_by'][0]}, not by {worker}: the lease ran "
                "out. Do not send it; claim again."
            )
        over = found.filter(pl.col("lease_until").cast(pl.Int64) <= self._session.now())
        if over.height:
            raise IllegalTransition(
                f"The lease of {worker} on intent {over['id'][0]} ran out, so somebody may be settling it. Do not "
                "send it; claim again."
            )


def _not_held(found: pl.DataFrame, worker: str | None) -> pl.DataFrame:
    """Rows whose claim `worker` has lost; none for a caller without a name, who moves whatever may be moved."""
    if worker is None:
        return found.clear()
    return found.filter(~pl.col("state").is_in(IN_FLIGHT) | pl.col("claimed_by").ne_missing(worker))


_MOVE = (
    update(intents)
    .where(intents.c.id == bindparam("b_id"))
    .values(
        state=bindparam("b_state"),
        native_id=func.coalesce(bindparam("b_native_id"), intents.c.native_id),
        attempts=bindparam("b_attempts"),
        error_class=bindparam("b_error_class"),
        error=bindparam("b_error"),
        next_attempt_at=bindparam("b_next_attempt_at"),
        applied_at=bindparam("b_applied_at"),
        replan=or_(intents.c.replan, bindparam("b_replan")),
        job=case((bindparam("b_state") == "unknown", intents.c.job)),
        job_at=case((bindparam("b_state") == "unknown", intents.c.job_at)),
        updated_at=bindparam("b_updated_at"),
        **NO_CLAIM,
    )
)


def _until(now: int, seconds: float) -> int:
    return now + int(seconds * 1_000_000)


def _by_id(results: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    by_id = {str(result["id"]): result for result in results}
    if len(by_id) != len(results):
        raise ValueError("two results for one intent: record each outcome once")
    wrong = sorted({str(result["outcome"]) for result in results} - set(OUTCOMES))
    if wrong:
        raise ValueError(f"{wrong[0]!r} is no outcome; outcomes are {', '.join(OUTCOMES)}")
    return by_id


def _target(result: Mapping[str, Any], gate: str | None) -> str:
    if result["outcome"] != "retry":
        return str(result["outcome"])
    return "planned" if gate is None else "approved"


def _move(row: Mapping[str, Any], result: Mapping[str, Any], target: str, now: int) -> dict[str, Any]:
    """An outcome before sending counts as an attempt too, or a record that never gets that far is tried for ever."""
    at = result.get("next_attempt_at") if result["outcome"] == "retry" else None
    effective = target in EFFECTIVE
    return {
        "b_id": row["id"],
        "b_state": target,
        "b_native_id": result.get("native_id"),
        "b_attempts": row["attempts"] + (row["state"] == "claimed"),
        "b_error_class": None if effective else result.get("error_class"),
        "b_error": None if effective else result.get("error"),
        "b_next_attempt_at": None if at is None else micros(at),
        "b_applied_at": now if effective else None,
        "b_replan": target == "superseded",
        "b_updated_at": now,
    }


def _event(move: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "intent_id": move["b_id"],
        "number": move["b_attempts"],
        "event": result["outcome"],
        "native_id": result.get("native_id"),
        "error_class": result.get("error_class"),
        "error": result.get("error"),
        "next_attempt_at": move["b_next_attempt_at"],
    }


def _late_event(row: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """An outcome that is told and not taken: whoever holds the intent now finds out for itself."""
    said = f"{result['outcome']}: came after the lease had run out, while the intent was {row['state']}"
    return {
        "intent_id": row["id"],
        "number": row["attempts"],
        "event": "late",
        "native_id": result.get("native_id"),
        "error_class": result.get("error_class"),
        "error": f"{said}. {result['error']}" if result.get("error") else said,
    }
