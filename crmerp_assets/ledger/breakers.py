"""Circuit breakers: which queues are held, why, and the counts that say whether a plan is abnormal.

A breaker belongs to one connection and entity and has one cause: the size of a plan, or errors while pushing. The
intents that it holds wait under the gate `breaker`, like those of any other gate.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, delete, func, not_, select, update

from crmerp_assets.ledger.session import Session, micros
from crmerp_assets.ledger.tables import breakers, intents, links
from crmerp_assets.ledger.transitions import EFFECTIVE, READY

GATE = "breaker"
_BLANKED = '"after":null'
_FIELD = '"after":'
_COLUMNS = tuple(column.name for column in breakers.c)
_STOPPED = ("rejected", "cancelled", *EFFECTIVE)
Counts = tuple[int, int, int, int]
"""Creates, updates, and of the updates the changed fields and the blanked ones among them."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """`facts` is JSON text: what was counted, for people and for the next decision. `probe_at`: errors only."""

    connection: str
    entity: str
    cause: str
    state: str
    facts: str
    opened_at: datetime
    probe_at: datetime | None = None
    decided_at: datetime | None = None

    @property
    def holds(self) -> bool:
        """Whether the queue is held."""
        return self.state != "released"


class Breakers:
    """`tx.breakers`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def all(self, connection: str | None = None, entity: str | None = None) -> list[Breaker]:
        """Every breaker that is not closed, released ones included."""
        c = breakers.c
        statement = select(breakers).order_by(c.connection, c.entity, c.cause)
        for column, wanted in ((c.connection, connection), (c.entity, entity)):
            statement = statement if wanted is None else statement.where(column == wanted)
        return [Breaker(**row) for row in self._session.frame(statement).iter_rows(named=True)]

    def of(self, connection: str, entity: str) -> dict[str, Breaker]:
        """The breakers of one queue by cause."""
        return {found.cause: found for found in self.all(connection, entity)}

    def put(self, breaker: Breaker) -> None:
        """Store a breaker; one of the same queue and cause is replaced."""
        row = {name: getattr(breaker, name) for name in _COLUMNS}
        row |= {name: row[name] and micros(row[name]) for name in ("opened_at", "probe_at", "decided_at")}
        rest = [column.name for column in breakers.c if not column.primary_key]
        self._session.upsert(breakers, [row], lambda new, _: {name: new[name] for name in rest})

    def decide(self, breaker: Breaker, state: str) -> None:
        """Note what a person decided: `kept` or `released`."""
        answer = {"state": state, "decided_at": self._session.now()}
        self._session.execute(update(breakers).where(*_key(breaker)).values(**answer))

    def close(self, breaker: Breaker) -> None:
        """Forget a breaker: its cause is gone."""
        self._session.execute(delete(breakers).where(*_key(breaker)))

    def hold(self, connection: str, entity: str, reason: str) -> int:
        """Hold the whole queue: every planned intent waits. Those that a person approved one by one go on."""
        c = intents.c
        held = update(intents).where(c.connection == connection, c.entity == entity, c.state == "planned")
        now = self._session.now()
        return self._session.execute(held.values(state="waiting", gate=GATE, reason=reason, updated_at=now))

    def let_go(self, connection: str, entity: str, limit: int | None = None) -> int:
        """Make intents that a breaker holds ready again, most urgent first; returns how many."""
        c = intents.c
        here = and_(c.connection == connection, c.entity == entity, c.state == "waiting", c.gate == GATE)
        if limit is not None:
            chosen = select(c.id).where(here).order_by(c.priority, c.created_at, c.id).limit(limit)
            here = and_(here, self._session.among(c.id, [row[0] for row in self._session.rows(chosen)]))
        ready = update(intents).where(here)
        now = self._session.now()
        return self._session.execute(ready.values(state="planned", gate=None, reason=None, updated_at=now))

    def probe_now(self, connection: str | None, entity: str | None) -> None:
        """Let the next push try a few intents of the queues that errors hold."""
        c = breakers.c
        now = update(breakers).where(c.cause == "errors").values(probe_at=self._session.now())
        for column, wanted in ((c.connection, connection), (c.entity, entity)):
            now = now if wanted is None else now.where(column == wanted)
        self._session.execute(now)

    def stopped(self, ids: Iterable[str]) -> list[str]:
        """Those of the intents that no plan would send: refused before, withdrawn, or done."""
        c = intents.c
        found = select(c.id).where(self._session.among(c.id, ids), c.state.in_(_STOPPED))
        return [row[0] for row in self._session.rows(found)]

    def backlog(self, connection: str, entity: str, considered: Iterable[str]) -> Counts:
        """What is ready in the queue besides the intents of the considered golden ids."""
        c = intents.c
        others = not_(self._session.among(c.golden_id, considered))
        return self._counts(c.connection == connection, c.entity == entity, c.state.in_(READY), others)

    def applied_since(self, connection: str, entity: str, at: datetime) -> Counts:
        """What took effect since `at`."""
        c = intents.c
        done = (c.state.in_(EFFECTIVE), c.applied_at >= micros(at))
        return self._counts(c.connection == connection, c.entity == entity, *done)

    def base(self, connection: str, entity: str) -> int:
        """How many records of the entity the side is known to hold."""
        c = links.c
        held = select(func.count()).where(c.entity == entity, c.connection == connection, c.golden_id.is_not(None))
        return int(self._session.rows(held)[0][0])

    def _counts(self, *where: ColumnElement[bool]) -> Counts:
        c = intents.c
        update_of = c.operation == "update"
        sums = [case((c.operation == "create", 1), else_=0), case((update_of, 1), else_=0)]
        sums += [case((update_of, _occurrences(c.changes, text)), else_=0) for text in (_FIELD, _BLANKED)]
        found = self._session.rows(select(*(func.coalesce(func.sum(one), 0) for one in sums)).where(*where))[0]
        creates, updates, fields, blanks = (int(one) for one in found)
        return creates, updates, fields, blanks


def _key(breaker: Breaker) -> tuple[ColumnElement[bool], ...]:
    c = breakers.c
    return c.connection == breaker.connection, c.entity == breaker.entity, c.cause == breaker.cause


def _occurrences(column: ColumnElement[str], text: str) -> ColumnElement[int]:
    """How often a text is in another one. Inside a JSON string a quote is escaped, so these are keys only."""
    return (func.length(column) - func.length(func.replace(column, text, ""))) // len(text)
