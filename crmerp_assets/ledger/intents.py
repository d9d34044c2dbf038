"""The outbox: planned writes, from the plan to their effect.

Four parts share one table: `planner` stores plans, `delivery` claims and records, `control` is what people do,
and the reading functions here show it all. Every move between states is checked against TRANSITIONS.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, and_, case, func, or_, select, update

from crmerp_assets.ledger.control import Control
from crmerp_assets.ledger.delivery import Delivery
from crmerp_assets.ledger.planner import Planner
from crmerp_assets.ledger.planning import Replaced
from crmerp_assets.ledger.session import Session, micros
from crmerp_assets.ledger.tables import attempts, intents
from crmerp_assets.ledger.transitions import EFFECTIVE, IN_FLIGHT, OPEN, READY

FAILED = ("rejected", "retry", "unknown")
_TIMES = pl.len().cast(pl.Int64).alias("times")


class Intents:
    """`tx.intents`. Frames have the columns of the table `intents`; times are UTC, `changes` is JSON text."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._planner = Planner(session)
        self._delivery = Delivery(session)
        self._control = Control(session)

    def replace(
        self, connection: str, entity: str, golden_ids_considered: Iterable[str], frame: pl.DataFrame
    ) -> Replaced:
        """Make the new plan of the considered golden ids the open one (see planning.py for what stays).

        `frame`: id, connection, entity, golden_id, native_id, operation, key, state (planned or waiting), gate,
        reason, changes, expected_version, priority (lower first), amount, currency, and optionally run_id.
        Raises ValueError for a plan that cannot be (two intents for one golden id, another connection).
        """
        return self._planner.replace(connection, entity, golden_ids_considered, frame)

    def claim(self, connection: str, entity: str, worker: str, limit: int, lease_seconds: float) -> pl.DataFrame:
        """Take due intents, most urgent first. Two workers never get the same one."""
        return self._delivery.claim(connection, entity, worker, limit, lease_seconds)

    def mark_sent(
        self,
        ids: Iterable[str],
        payload_hashes: Mapping[str, str] | None = None,
        worker: str | None = None,
        lease_seconds: float = 600,
    ) -> None:
        """Note, before the call, that claimed intents are about to be sent; counts an attempt, renews the lease.

        Raises IllegalTransition where one is no longer claimed (by `worker`, if given): do not send any then.
        """
        self._delivery.mark_sent(list(ids), payload_hashes or {}, worker, lease_seconds)

    def accepted(self, ids: Iterable[str], job: str) -> None:
        """Note under which job a system took sent intents: until it is over, it may still change their records."""
        self._delivery.accepted(list(ids), job)

    def put_off(self, ids: Iterable[str], until: datetime, why: str, worker: str) -> None:
        """Leave what `worker` is settling unknown until then, with the reason; nobody settles it before."""
        self._delivery.put_off(list(ids), until, why, worker)

    def renew(self, ids: Iterable[str], worker: str, lease_seconds: float) -> list[str]:
        """Renew the leases of what `worker` still holds; returns those ids. A lease that ran out is not renewed.

        An id that is missing from the answer is somebody else's by now, or about to be: do not send it.
        """
        return self._delivery.renew(list(ids), worker, lease_seconds)

    def record(self, results: Iterable[Mapping[str, Any]], worker: str | None = None) -> list[str]:
        """Store what came back: id, outcome, and optionally native_id, error_class, error, next_attempt_at.

        Outcomes: applied, settled (found by reading back), rejected, unknown, superseded, and retry, which makes
        the intent ready again at `next_attempt_at`. Raises IllegalTransition, NotFound; nothing is stored then.

        With `worker`, a result for an intent that it does not hold any more came late: it is noted in the history
        and moves nothing, because somebody else has settled the intent or is about to. Returns the ids of those.
        """
        return self._delivery.record(list(results), worker)

    def release(self, ids: Iterable[str], sent: bool = False, worker: str | None = None) -> int:
        """Make claimed intents that were never sent ready again; others are left alone. Returns how many.

        `sent`: also those marked as sent, when the caller knows that nothing left. With `worker`, only its own.
        """
        return self._delivery.release(list(ids), sent, worker)

    def orphans(
        self, now: datetime, connection: str | None = None, worker: str | None = None, lease_seconds: float = 600
    ) -> pl.DataFrame:
        """Intents to settle: claimed or sent with an expired lease, and unknown ones nobody is settling or put off.

        With `worker` they are leased to it, so that two processes do not settle the same one.
        """
        return self._delivery.orphans(now, connection, worker, lease_seconds)

    def abandon(self, workers: Iterable[str]) -> int:
        """End the leases of workers that are known to be dead, so that what they claimed is settled now."""
        c = intents.c
        among = self._session.among(c.claimed_by, workers)
        over = update(intents).where(among, c.state.in_(IN_FLIGHT)).values(lease_until=self._session.now())
        return self._session.execute(over)

    def retry(
        self,
        ids: Iterable[str] | None = None,
        connection: str | None = None,
        entity: str | None = None,
        by: str | None = None,
    ) -> int:
        """Make rejected intents ready, and those that wait for their next attempt due at once; returns how many.

        By id (IllegalTransition for one in another state), or all of a connection and entity.
        """
        return self._control.retry(None if ids is None else list(ids), connection, entity, by)

    def approve(self, ids: Iterable[str], by: str) -> int:
        """Release waiting intents from their gate. Raises IllegalTransition for others."""
        return self._control.approve(list(ids), by)

    def hold(self, ids: Iterable[str], gate: str, reason: str) -> int:
        """Hold ready intents back with a gate. Raises IllegalTransition for others."""
        return self._control.hold(list(ids), gate, reason)

    def cancel(self, ids: Iterable[str], by: str, why: str) -> int:
        """Withdraw intents that are not in flight; the very same plan stays withdrawn."""
        return self._control.cancel(list(ids), by, why)

    def give_way(self, entity: str, golden_ids: Iterable[str], why: str) -> list[str]:
        """Supersede what is open for golden ids that are about to change; they are planned again.

        Returns those that a pusher has in hand: nothing of theirs is touched, and they must be left alone until then.
        """
        return self._control.give_way(entity, list(golden_ids), why)

    def assign(self, ids: Iterable[str], to: str | None, by: str) -> int:
        """Make a person the one who looks after intents, or nobody; returns how many."""
        return self._control.assign(list(ids), to, by)

    def edit(self, id: str, edits: str, by: str, note: str, over: str | None = None) -> None:
        """Let an intent send other values than planned: `edits` is JSON text of field -> {"after", "by", "at"}.

        The plan itself (`changes`) stays as it was, so that the same plan keeps its edits and another one has none.
        The intent is ready again, released from the gate `over` if that one holds it. `note` is kept in the history and
        must hold no personal data. Raises IllegalTransition for one in flight, done, or behind another gate.
        """
        self._control.edit(id, edits, by, note, over)

    def open(
        self, connection: str | None = None, entity: str | None = None, states: Sequence[str] | None = None
    ) -> pl.DataFrame:
        """Open intents, or those in `states`."""
        c = intents.c
        where: list[ColumnElement[bool]] = [c.state.in_(OPEN if states is None else states)]
        where += [c.connection == connection] if connection else []
        where += [c.entity == entity] if entity else []
        return self._read(*where)

    def get(self, ids: Iterable[str]) -> pl.DataFrame:
        """Intents by id; ids that do not exist are absent."""
        return self._read(self._session.among(intents.c.id, ids))

    def of(self, entity: str, golden_id: str) -> pl.DataFrame:
        """Every intent a golden record ever had, oldest first."""
        return self._read(intents.c.entity == entity, intents.c.golden_id == golden_id)

    def effective(
        self, run: str | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> pl.DataFrame:
        """Writes that took effect: those that a run sent, or whose effect was recorded in a span of time."""
        c, a = intents.c, attempts.c
        where: list[ColumnElement[bool]] = [c.state.in_(EFFECTIVE)]
        if run is not None:
            sent = (a.event == "sent", a.by == run, a.intent_id == c.id, a.number == c.attempts)
            where.append(select(a.id).where(*sent).exists())
        where += [c.applied_at >= micros(since)] if since else []
        where += [c.applied_at < micros(until)] if until else []
        return self._read(*where)

    def waiting_golden_ids(self, entity: str) -> list[str]:
        """Golden ids to plan again though nothing of theirs changed: held by a gate, or their last plan was left
        out or came to nothing because an intent was in flight."""
        c = intents.c
        again = or_(c.state == "waiting", and_(c.replan, c.state.not_in(IN_FLIGHT)))
        statement = select(c.golden_id).where(c.entity == entity, again).distinct().order_by(c.golden_id)
        return [row[0] for row in self._session.rows(statement)]

    def begun(self, connection: str, entity: str, golden_ids: Iterable[str]) -> list[str]:
        """Those golden ids whose record was sent an update since a write to it last took effect, as far as is known."""
        c, a = intents.c, attempts.c
        sent = func.max(case((and_(a.event == "sent", c.operation == "update"), a.id), else_=0))
        done = func.max(case((a.event.in_(EFFECTIVE), a.id), else_=0))
        here = (c.connection == connection, c.entity == entity, self._session.among(c.golden_id, golden_ids))
        found = select(c.golden_id).join(attempts, a.intent_id == c.id).where(*here)
        return [row[0] for row in self._session.rows(found.group_by(c.golden_id).having(sent > done))]

    def ready(self, connection: str) -> list[tuple[str, int, int]]:
        """(entity, creates, updates) of what is ready to be sent to a connection."""
        c = intents.c
        counts = [func.coalesce(func.sum(case((c.operation == one, 1), else_=0)), 0) for one in ("create", "update")]
        here = select(c.entity, *counts).where(c.connection == connection, c.state.in_(READY))
        return [(str(row[0]), int(row[1]), int(row[2])) for row in self._session.rows(here.group_by(c.entity))]

    def attempts(self, intent_id: str) -> pl.DataFrame:
        """What happened to an intent, oldest first: id, intent_id, number (of the attempt), event, at, by,
        payload_hash, native_id, error_class, error, next_attempt_at, note."""
        statement = select(attempts).where(attempts.c.intent_id == intent_id)
        return self._session.frame(statement.order_by(attempts.c.id))

    def history(self, connection: str, entity: str, golden_id: str) -> pl.DataFrame:
        """What happened to every intent a golden record ever had on a connection: the columns of `attempts`."""
        statement = select(attempts).join(intents, intents.c.id == attempts.c.intent_id)
        c = intents.c
        here = (c.connection == connection, c.entity == entity, c.golden_id == golden_id)
        return self._session.frame(statement.where(*here).order_by(attempts.c.id))

    def failures(self) -> pl.DataFrame:
        """How often the records of rejected intents have failed since something of theirs was last applied.

        (id, first_seen, last_seen, times), one row a rejected intent. Earlier plans of the same record on the same
        connection count too, or a record that is planned anew each day would never look old.
        """
        rejected, c = intents.alias("rejected"), intents.c
        same = [getattr(rejected.c, n) == getattr(c, n) for n in ("connection", "entity", "golden_id")]
        events = (
            select(rejected.c.id, attempts.c.id.label("number"), attempts.c.event, attempts.c.at)
            .select_from(rejected.join(intents, and_(*same)).join(attempts, attempts.c.intent_id == c.id))
            .where(rejected.c.state == "rejected")
        )
        found = self._session.frame(events)
        done = pl.col("number").filter(pl.col("event").is_in(EFFECTIVE)).max().over("id")
        failed = pl.col("event").is_in(FAILED) & (pl.col("number") > done.fill_null(0))
        counted = found.filter(failed).group_by("id")
        return counted.agg(pl.col("at").min().alias("first_seen"), pl.col("at").max().alias("last_seen"), _TIMES)

    def summary(self) -> pl.DataFrame:
        """(connection, entity, operation, state, gate, reason, count); a rejected one's reason is its error class."""
        c = intents.c
        why = case((c.state == "rejected", func.coalesce(c.error_class, c.reason)), else_=c.reason).label("reason")
        keys = (c.connection, c.entity, c.operation, c.state, c.gate, why)
        return self._session.frame(select(*keys, func.count().label("count")).group_by(*keys).order_by(*keys))

    def _read(self, *where: ColumnElement[bool]) -> pl.DataFrame:
        c = intents.c
        return self._session.frame(select(intents).where(*where).order_by(c.priority, c.created_at, c.id))
