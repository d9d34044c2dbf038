"""Reading the states of intents for a move, and noting what happened to them."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from sqlalchemy import case, select

from crmerp_assets.ledger.errors import NotFound
from crmerp_assets.ledger.session import Session
from crmerp_assets.ledger.tables import attempts, intents

# Ready again: an intent that a person released from its gate keeps that approval.
READY_STATE = case((intents.c.gate.is_(None), "planned"), else_="approved")
NO_CLAIM: Mapping[str, None] = {"claimed_by": None, "lease_until": None}
NO_JOB: Mapping[str, None] = {"job": None, "job_at": None}
_EVENT: Mapping[str, None] = dict.fromkeys(
    ("by", "payload_hash", "native_id", "error_class", "error", "next_attempt_at", "note")
)


def locked(session: Session, ids: Sequence[str]) -> pl.DataFrame:
    """(id, state, gate, attempts, claimed_by, lease_until) of intents, locked until the transaction ends.

    Raises NotFound where one does not exist.
    """
    c = intents.c
    columns = (c.id, c.state, c.gate, c.attempts, c.claimed_by, c.lease_until)
    statement = select(*columns).where(session.among(c.id, ids)).order_by(c.id).with_for_update()
    found = session.frame(statement)
    missing = sorted(set(ids) - set(found["id"]))
    if missing:
        raise NotFound(f"There is no intent {missing[0]}. List the open intents and take one of those.")
    return found


def states(found: pl.DataFrame) -> dict[str, str]:
    """id -> state."""
    return dict(found.select("id", "state").iter_rows())


def note(session: Session, events: Sequence[Mapping[str, Any]]) -> None:
    """Add to the history: intent_id, number, event, and what else is known of it."""
    now = session.now()
    session.insert(attempts, [{**_EVENT, "at": now, **event} for event in events])
