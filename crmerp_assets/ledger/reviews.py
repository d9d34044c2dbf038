"""Questions that only a person can answer, and the answers.

A question's id is made from kind, entity and subject, so asking again finds the same review. A decided one stays
decided while the facts (`detail`) are the same, and opens again when they have changed.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import and_, case, or_, select, update

from crmerp_assets.ledger.errors import NotFound
from crmerp_assets.ledger.session import Session, micros
from crmerp_assets.ledger.tables import reviews


def review_id(kind: str, entity: str, subject: str) -> str:
    """The id of the review that asks this."""
    return hashlib.sha256(f"{kind}|{entity}|{subject}".encode()).hexdigest()[:32]


class Reviews:
    """`tx.reviews`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def open(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Ask: kind, entity, subject, title, detail (JSON text), and optionally value (its weight in money)."""
        self._session.upsert(reviews, [_asked(row, self._session.now()) for row in rows], _asked_again)

    def close(self, kind: str, entity: str, keep: Iterable[str]) -> int:
        """Close the open reviews of a kind and entity whose subject is not in `keep`; returns how many."""
        c, kept = reviews.c, set(keep)
        here = (c.kind == kind, c.entity == entity, c.state == "open")
        found = self._session.rows(select(c.id, c.subject).where(*here))
        gone = [review for review, subject in found if subject not in kept]
        if not gone:
            return 0
        return self._session.execute(update(reviews).where(self._session.among(c.id, gone)).values(state="closed"))

    def withdraw(self, kind: str, entity: str, subjects: Iterable[str]) -> int:
        """Close reviews whose question is gone, decided ones too: asked again, they are asked anew."""
        ids = [review_id(kind, entity, subject) for subject in subjects]
        among = self._session.among(reviews.c.id, ids)
        return self._session.execute(update(reviews).where(among).values(state="closed"))

    def list(self, kind: str | None = None, state: str | None = "open") -> pl.DataFrame:
        """Reviews in the columns of the table, oldest first; `state` None means all."""
        statement = select(reviews).order_by(reviews.c.opened_at, reviews.c.id)
        if kind is not None:
            statement = statement.where(reviews.c.kind == kind)
        if state is not None:
            statement = statement.where(reviews.c.state == state)
        return self._session.frame(statement)

    def decide(self, id: str, decision: str, by: str) -> None:
        """Record a person's answer (JSON text); a decided review may be decided anew.

        Raises NotFound where there is no such review, or it was closed because the question is gone.
        """
        where = (reviews.c.id == id, reviews.c.state != "closed")
        answer = {"state": "decided", "decision": decision, "decided_by": by, "decided_at": self._session.now()}
        if not self._session.execute(update(reviews).where(*where).values(**answer)):
            raise NotFound(
                f"There is no review {id} to decide: it does not exist or its question is gone. "
                "List the open reviews and take one of those."
            )

    def record(self, question: Mapping[str, Any], decision: Mapping[str, Any], by: str) -> None:
        """Note what a person says of their own accord, as the answer to `question` (see `open`), asked or not.

        What was answered before stays with it: `earlier` in the decision, oldest first, each with `by` and `at`.
        """
        c, id_ = reviews.c, review_id(question["kind"], question["entity"], question["subject"])
        known = self._session.rows(select(c.state, c.decision, c.decided_by, c.decided_at).where(c.id == id_))
        state, said, who, at = known[0] if known else (None, None, None, None)
        before = json.loads(said) if said else {}
        earlier = [*before.pop("earlier", []), *([before | {"by": who, "at": at}] if said else [])]
        if state != "open":
            self.open([question])
        self.decide(id_, json.dumps({**decision, "earlier": earlier} if earlier else decision), by)

    def decided_since(self, kinds: Iterable[str], since: datetime | None) -> pl.DataFrame:
        """(id, decided_at) of the reviews of these kinds that were decided after `since`, oldest first."""
        c = reviews.c
        here = (c.kind.in_(tuple(kinds)), c.state == "decided", c.decided_at > (micros(since) if since else 0))
        return self._session.frame(select(c.id, c.decided_at).where(*here).order_by(c.decided_at, c.id))

    def finish(self, ids: Iterable[str]) -> int:
        """Close decided reviews whose decision has taken effect or has become idle; the answer stays readable."""
        among = self._session.among(reviews.c.id, ids)
        return self._session.execute(update(reviews).where(among, reviews.c.state == "decided").values(state="closed"))

    def decisions(self, kind: str) -> pl.DataFrame:
        """Decided reviews of a kind, in the columns of the table."""
        return self.list(kind, "decided")


def _asked(row: Mapping[str, Any], now: int) -> dict[str, Any]:
    given = {name: row[name] for name in ("kind", "entity", "subject", "title", "detail")}
    rest = {"state": "open", "value": row.get("value"), "opened_at": now}
    return given | rest | {"id": review_id(row["kind"], row["entity"], row["subject"])}


def _asked_again(new: Any, old: Any) -> dict[str, Any]:
    """What changes when a review exists already; `stays` = open, or answered for exactly these facts."""
    answered = and_(old.c.state == "decided", old.c.detail == new.detail)
    stays = or_(old.c.state == "open", answered)
    return {
        "title": new.title,
        "detail": new.detail,
        "value": new.value,
        "state": case((answered, "decided"), else_="open"),
        "opened_at": case((stays, old.c.opened_at), else_=new.opened_at),
        "decision": case((answered, old.c.decision)),
        "decided_at": case((answered, old.c.decided_at)),
        "decided_by": case((answered, old.c.decided_by)),
    }
