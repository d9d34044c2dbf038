"""What people do with intents: retry, approve, hold, cancel, assign, edit. Each act is noted in their history."""

from typing import Any

import polars as pl
from sqlalchemy import and_, or_, select, update

from crmerp_assets.ledger.errors import IllegalTransition
from crmerp_assets.ledger.moves import READY_STATE, locked, note, states
from crmerp_assets.ledger.session import Session
from crmerp_assets.ledger.tables import intents
from crmerp_assets.ledger.transitions import AT_REST, IN_FLIGHT, OPEN, READY, check


class Control:
    """Moves intents because a person says so."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def retry(self, ids: list[str] | None, connection: str | None, entity: str | None, by: str | None) -> int:
        """See `Intents.retry`."""
        if ids is None:
            ids = self._retryable(connection, entity)
        if not ids:
            return 0
        found = locked(self._session, ids)
        stuck = found.filter(~pl.col("state").is_in(["rejected", *READY]))
        if stuck.height:
            raise IllegalTransition(
                f"Intent {stuck['id'][0]} is {stuck['state'][0]}; only rejected intents, and those that wait for "
                "their next attempt, can be retried. A waiting one is approved, one in flight is settled."
            )
        fresh: dict[str, Any] = {"next_attempt_at": None, "attempts": 0}
        return self._change(found, "retried", by, state=READY_STATE, **fresh)

    def approve(self, ids: list[str], by: str) -> int:
        """See `Intents.approve`."""
        found = locked(self._session, ids)
        check(states(found), "approved", ("waiting",))
        return self._change(found, "approved", by, state="approved")

    def hold(self, ids: list[str], gate: str, reason: str) -> int:
        """See `Intents.hold`."""
        found = locked(self._session, ids)
        check(states(found), "waiting", READY)
        return self._change(found, "held", None, state="waiting", gate=gate, reason=reason)

    def cancel(self, ids: list[str], by: str, why: str) -> int:
        """See `Intents.cancel`."""
        found = locked(self._session, ids)
        check(states(found), "cancelled", AT_REST)
        return self._change(found, "cancelled", by, why, state="cancelled", reason=why)

    def assign(self, ids: list[str], to: str | None, by: str) -> int:
        """See `Intents.assign`."""
        return self._change(locked(self._session, ids), "assigned", by, to, assigned_to=to)

    def edit(self, id: str, edits: str, by: str, said: str, over: str | None) -> None:
        """See `Intents.edit`."""
        found = locked(self._session, [id])
        (row,) = found.iter_rows(named=True)
        held = row["state"] == "waiting" and row["gate"] != over
        if held or row["state"] not in AT_REST:
            gate = f", held by the gate {row['gate']}" if held else ""
            raise IllegalTransition(
                f"Intent {id} is {row['state']}{gate}, and cannot be edited now; look at it again, then decide. One in "
                "flight has to come back first, one behind a gate waits for what the gate says."
            )
        self._change(found, "edited", by, said, edits=edits, state=READY_STATE, attempts=0, next_attempt_at=None)

    def give_way(self, entity: str, golden_ids: list[str], why: str) -> list[str]:
        """See `Intents.give_way`."""
        c = intents.c
        here = (c.entity == entity, self._session.among(c.golden_id, golden_ids), c.state.in_(OPEN))
        columns = (c.id, c.golden_id, c.state, c.attempts)
        found = self._session.frame(select(*columns).where(*here).order_by(c.id).with_for_update())
        flying = found.filter(pl.col("state").is_in(IN_FLIGHT))["golden_id"].unique().sort()
        resting = found.filter(~pl.col("golden_id").is_in(flying.to_list()))
        if resting.height:
            self._change(resting, "superseded", None, state="superseded", replan=True, reason=why)
        return flying.to_list()

    def _retryable(self, connection: str | None, entity: str | None) -> list[str]:
        c = intents.c
        waiting = and_(c.state.in_(READY), c.next_attempt_at.is_not(None))
        statement = select(c.id).where(or_(c.state == "rejected", waiting))
        for column, wanted in ((c.connection, connection), (c.entity, entity)):
            statement = statement if wanted is None else statement.where(column == wanted)
        return [row[0] for row in self._session.rows(statement)]

    def _change(self, found: pl.DataFrame, event: str, by: str | None, said: str | None = None, **values: Any) -> int:
        among = self._session.among(intents.c.id, found["id"])
        count = self._session.execute(update(intents).where(among).values(updated_at=self._session.now(), **values))
        rows = found.select(pl.col("id").alias("intent_id"), pl.col("attempts").alias("number"))
        note(self._session, [row | {"event": event, "by": by, "note": said} for row in rows.iter_rows(named=True)])
        return count
