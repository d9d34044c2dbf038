"""Storing a new plan: read what is open, decide (planning.py), apply."""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl
from sqlalchemy import bindparam, select, update

from crmerp_assets.ledger.planning import PLAN, REMARKS, Decision, Replaced, decide, offered
from crmerp_assets.ledger.session import Session
from crmerp_assets.ledger.tables import intents
from crmerp_assets.ledger.transitions import IN_FLIGHT, OPEN, check

_UNTRIED: Mapping[str, Any] = {
    "attempts": 0,
    "error_class": None,
    "error": None,
    "next_attempt_at": None,
    "claimed_by": None,
    "lease_until": None,
}


class Planner:
    """Replaces the open plan of golden records by a new one."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def replace(self, connection: str, entity: str, considered: Iterable[str], frame: pl.DataFrame) -> Replaced:
        """See `Intents.replace`."""
        plan = offered(frame, connection, entity)
        golden_ids = list({*considered, *plan["golden_id"]})
        if not golden_ids:
            return Replaced(inserted=0, changed=0, kept=0, superseded=0, in_flight=[], finished=[])
        self._session.lock(f"intents:{connection}:{entity}")
        decision = decide(self._open(connection, entity, golden_ids), plan, self._known(plan["id"].to_list()))
        self._forget_replan(connection, entity, golden_ids)
        self._apply(decision)
        return Replaced(
            inserted=decision.insert.height + decision.revive.height,
            changed=decision.change.height,
            kept=decision.kept,
            superseded=len(decision.supersede),
            in_flight=decision.in_flight,
            finished=decision.finished,
        )

    def _open(self, connection: str, entity: str, golden_ids: list[str]) -> pl.DataFrame:
        c = intents.c
        among = self._session.among(c.golden_id, golden_ids)
        here = (c.connection == connection, c.entity == entity, among, c.state.in_(OPEN))
        return self._session.frame(select(intents).where(*here).with_for_update())

    def _known(self, ids: list[str]) -> pl.DataFrame:
        return self._session.frame(select(intents.c.id, intents.c.state).where(self._session.among(intents.c.id, ids)))

    def _forget_replan(self, connection: str, entity: str, golden_ids: list[str]) -> None:
        """The considered records have a new plan now, except those in flight."""
        c = intents.c
        among = self._session.among(c.golden_id, golden_ids)
        here = (c.connection == connection, c.entity == entity, c.replan, c.state.not_in(IN_FLIGHT), among)
        self._session.execute(update(intents).where(*here).values(replan=False))

    def _apply(self, decision: Decision) -> None:
        now = self._session.now()
        self._mark(decision.supersede, state="superseded", updated_at=now)
        self._mark(decision.replan, replan=True)
        self._rewrite(decision.revive.with_columns(pl.lit("superseded").alias("old_state")), now)
        self._rewrite(decision.change, now)
        untried = [*decision.revive["id"], *decision.change.filter(pl.col("old_state") == "rejected")["id"]]
        self._mark(untried, **_UNTRIED)
        self._set(decision.remark.to_dicts(), REMARKS)
        new = {"replan": False, "created_at": now, "updated_at": now, "applied_at": None}
        self._session.insert(intents, [{**row, **new, **_UNTRIED} for row in decision.insert.iter_rows(named=True)])

    def _mark(self, ids: list[str], **values: Any) -> None:
        if ids:
            self._session.execute(update(intents).where(self._session.among(intents.c.id, ids)).values(**values))

    def _rewrite(self, rows: pl.DataFrame, now: int) -> None:
        """Give existing intents their new gate, reason and state."""
        for (state,), group in rows.group_by("state"):
            check(
                {row["id"]: row["old_state"] for row in group.iter_rows(named=True) if row["old_state"] != state},
                str(state),
            )
        columns = [name for name in PLAN if name != "id"]
        self._set(
            [row | {"updated_at": now} for row in rows.select(*PLAN).iter_rows(named=True)], [*columns, "updated_at"]
        )

    def _set(self, rows: list[dict[str, Any]], columns: list[str]) -> None:
        statement = update(intents).where(intents.c.id == bindparam("b_id"))
        statement = statement.values({name: bindparam(f"b_{name}") for name in columns})
        self._session.execute_many(statement, [{f"b_{name}": row[name] for name in ["id", *columns]} for row in rows])
