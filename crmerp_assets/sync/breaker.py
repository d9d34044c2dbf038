"""The circuit breaker: hold the queue of one system and entity when a plan or its pushes are abnormal, and ask.

The plan's breaker looks at what is about to become ready, besides what is ready already, before it is stored. The
pushing one counts what the system refuses; when too much fails it stops the queue, and tries a few intents now and
then until they go through. Both ask by a review, say how to release, and close by themselves.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta

import polars as pl

from crmerp_assets.ledger import Breaker, Transaction
from crmerp_assets.ledger.breakers import GATE
from crmerp_assets.ledger.reviews import review_id
from crmerp_assets.merge import breaker as core
from crmerp_assets.merge.breaker import Trip, Volume
from crmerp_assets.sync.decisions import Decision, Kind, Review
from crmerp_assets.sync.outcomes import Outcome
from crmerp_assets.sync.platform import Connection, Platform

logger = logging.getLogger(__name__)

REVIEW = "breaker"
SIZE, ERRORS = "size", "errors"
FIRST_BATCH = 200
ANSWERS = {"release": "released", "keep": "kept"}
STATUS = ("connection", "entity", "cause", "state", "what", "held", "release")


def guard(platform: Platform, entity: str, considered: Sequence[str], found: pl.DataFrame) -> pl.DataFrame:
    """The plan of one entity (rows of plan.SCHEMA), with the ready intents of a tripped side under the gate."""
    with platform.ledger.begin() as tx:
        parts = [
            _guarded(platform, tx, side, entity, considered, found.filter(pl.col("connection") == side.name))
            for side in platform.connections.values()
        ]
        _close_reviews(tx, entity)
    return pl.concat(parts)


def _guarded(
    platform: Platform, tx: Transaction, side: Connection, entity: str, considered: Sequence[str], plan: pl.DataFrame
) -> pl.DataFrame:
    known = tx.breakers.of(side.name, entity)
    backlog = Volume(*tx.breakers.backlog(side.name, entity, considered))
    limits, today = platform.policy.breaker.of(entity), platform.clock().date()
    ready = plan.filter(pl.col("gate").is_null())
    if not known and not core.trips(core.volume(ready) + backlog, 0, limits, today):
        return plan
    ready = ready.filter(~pl.col("id").is_in(tx.breakers.stopped(ready["id"])))
    size, base = core.volume(ready) + backlog, tx.breakers.base(side.name, entity)
    tripped = core.trips(size, base, limits, today)
    held = _decide_size(platform, tx, side, entity, tripped, size, base, known.get(SIZE))
    reason = _reason(side.name, entity, SIZE) if held else _errors_reason(side.name, entity, known.get(ERRORS))
    if reason is None:
        return plan
    tx.breakers.hold(side.name, entity, reason)
    return _gated(plan, ready["id"], reason)


def _decide_size(
    platform: Platform,
    tx: Transaction,
    side: Connection,
    entity: str,
    tripped: tuple[Trip, ...],
    size: Volume,
    base: int,
    known: Breaker | None,
) -> bool:
    """Open, refresh or close the breaker of a plan's size; whether it holds the queue."""
    verdict = core.verdict(tripped, size, _known(tx, known) if known else None)
    if verdict == "close" and known is not None:
        tx.breakers.close(known)
    if verdict == "ask":
        told = "; ".join(core.sentence(trip, base, entity, side.name) for trip in tripped)
        facts = {"what": told, "volume": asdict(size), "base": base, "trips": [asdict(trip) for trip in tripped]}
        since = known.opened_at if known and known.state == "open" else platform.clock()
        _ask(tx, Breaker(side.name, entity, SIZE, "open", json.dumps(facts), since))
    return verdict in ("ask", "hold")


def _known(tx: Transaction, known: Breaker) -> core.Known:
    volume = Volume(**json.loads(known.facts)["volume"])
    if known.state != "released" or known.decided_at is None:
        return core.Known(known.state, volume)  # type: ignore[arg-type]
    done = tx.breakers.applied_since(known.connection, known.entity, known.decided_at)
    return core.Known("released", volume, Volume(*done))


def _ask(tx: Transaction, opened: Breaker) -> None:
    """Store the breaker and its question. The time in the detail makes a later one a new question."""
    facts = json.loads(opened.facts)
    detail = {"connection": opened.connection, "entity": opened.entity, "cause": opened.cause}
    detail |= {"since": opened.opened_at.isoformat(), **facts}
    answers = "Answer `release` to let it go, `keep` to hold it."
    row = {"kind": REVIEW, "entity": opened.entity, "subject": _subject(opened), "detail": json.dumps(detail)}
    tx.breakers.put(opened)
    tx.reviews.open([row | {"title": f"Circuit breaker: {facts['what']}. {answers}"}])
    logger.warning("circuit breaker: %s. %s", facts["what"], how_to_release(opened))


def _subject(opened: Breaker) -> str:
    return f"{opened.connection}/{opened.entity}/{opened.cause}"


def _short_id(connection: str, entity: str, cause: str) -> str:
    return review_id(REVIEW, entity, f"{connection}/{entity}/{cause}")[:8]


def _close_reviews(tx: Transaction, entity: str) -> None:
    asked = [_subject(one) for one in tx.breakers.all(entity=entity) if one.state == "open"]
    tx.reviews.close(REVIEW, entity, keep=asked)


def how_to_release(opened: Breaker) -> str:
    """What to type, for people."""
    command = f"`crmerp review decide {_short_id(opened.connection, opened.entity, opened.cause)} release`"
    if opened.cause == ERRORS:
        return f"{command} after the cause is gone; a few are tried from time to time anyway"
    facts = json.loads(opened.facts)
    sized = any(trip["measure"] != "blanks" for trip in facts["trips"])
    first = " Is this the first load? Say `breaker: {first_load: <its last day>}` in policy.yaml" if sized else ""
    return f"{command}, then `crmerp sync`.{first}"


def _reason(connection: str, entity: str, cause: str) -> str:
    """The same for each plan, whatever the numbers are: they are in the review."""
    what = f"an abnormal plan for {entity}" if cause == SIZE else f"too many failed writes of {entity}"
    command = f"`crmerp review decide {_short_id(connection, entity, cause)} release`"
    return f"circuit breaker: {what} in {connection}; {command} lets it go"


def _errors_reason(connection: str, entity: str, known: Breaker | None) -> str | None:
    return _reason(connection, entity, ERRORS) if known is not None and known.holds else None


def _gated(plan: pl.DataFrame, ids: pl.Series, reason: str) -> pl.DataFrame:
    held = pl.col("id").is_in(ids.to_list())
    new = {"gate": GATE, "reason": reason, "state": "waiting"}
    return plan.with_columns(
        pl.when(held).then(pl.lit(value)).otherwise(pl.col(name)).alias(name) for name, value in new.items()
    )


def _decided(platform: Platform, review: Review, answer: str) -> Decision:
    """Carry out a person's answer to a breaker's review; the decision and what happens next.

    Raises LookupError where the breaker has closed meanwhile.
    """
    asked = json.loads(review["detail"])
    connection, entity = asked["connection"], asked["entity"]
    with platform.ledger.begin() as tx:
        known = tx.breakers.of(connection, entity).get(asked["cause"])
        if known is None:
            raise LookupError(f"The breaker of {entity} in {connection} has closed by itself; there is nothing to do.")
        if answer == "keep":
            tx.breakers.decide(known, ANSWERS[answer])
            then = f"{entity} in {connection} stays held until `release`, or until its cause is gone."
        else:
            count = _release(tx, known)
            then = f"{count:,} intents of {entity} in {connection} are ready; `crmerp sync` sends them now."
    return Decision({"answer": answer}, then)


KIND = Kind(
    REVIEW,
    "A plan, or what came of pushing it, is abnormal: go on?",
    {"release": "let the queue go", "keep": "hold it"},
    _decided,
)


def _release(tx: Transaction, known: Breaker) -> int:
    """Let the queue go, unless the other cause still holds it. Errors start to count from zero."""
    if known.cause == ERRORS:
        tx.breakers.close(known)
    else:
        tx.breakers.decide(known, "released")
    others = tx.breakers.of(known.connection, known.entity).values()
    if any(one.holds for one in others if one.cause != known.cause):
        return 0
    return tx.breakers.let_go(known.connection, known.entity)


class Valve:
    """How many intents of one queue a push may claim, by what came of those before."""

    def __init__(self, platform: Platform, side: Connection, entity: str, most: int) -> None:
        self._platform, self._side, self._entity, self._most = platform, side, entity, most
        self._limits = platform.policy.breaker.of(entity)
        self._tried = self._failed = 0
        with platform.ledger.read() as tx:
            known = tx.breakers.of(side.name, entity)
        self._size_holds = SIZE in known and known[SIZE].holds
        self._errors = known.get(ERRORS)
        self._probing = False

    def limit(self) -> int:
        """How many to claim now; 0 while the queue is held. The first claim is small, to notice early what fails."""
        if self._errors is None:
            return min(self._most, FIRST_BATCH) if self._tried == 0 else self._most
        now = self._platform.clock()
        probe = not self._probing and not self._size_holds and _probe_is_due(self._errors, now)
        with self._platform.ledger.begin() as tx:
            tx.breakers.hold(self._side.name, self._entity, _reason(self._side.name, self._entity, ERRORS))
            if not probe:
                return 0
            again = now + timedelta(seconds=self._limits.probe_seconds)
            tx.breakers.put(replace(self._errors, probe_at=again))
            tx.breakers.let_go(self._side.name, self._entity, self._limits.probe_records)
        self._probing = True
        return self._limits.probe_records

    def note(self, outcomes: Sequence[Outcome]) -> None:
        """Count what came of a claim; open the breaker, or close it after a good probe."""
        failed = sum(map(_failure, outcomes))
        tried = failed + sum(row["outcome"] == "applied" for row in outcomes)
        if self._errors is not None:
            if core.recovered(tried, failed, self._limits):
                self._close(self._errors)
            return
        self._tried, self._failed = self._tried + tried, self._failed + failed
        if core.failing(self._tried, self._failed, self._limits):
            self._open(next((str(row["error"]) for row in outcomes if _failure(row)), ""))

    def _open(self, example: str) -> None:
        now = self._platform.clock()
        what = f"{self._failed:,} of {self._tried:,} writes of {self._entity} to {self._side.name} failed"
        facts = {"what": what, "tried": self._tried, "failed": self._failed, "example": example}
        probe = now + timedelta(seconds=self._limits.probe_seconds)
        self._errors = Breaker(self._side.name, self._entity, ERRORS, "open", json.dumps(facts), now, probe)
        self._probing = True
        with self._platform.ledger.begin() as tx:
            _ask(tx, self._errors)
            tx.breakers.hold(self._side.name, self._entity, _reason(self._side.name, self._entity, ERRORS))

    def _close(self, known: Breaker) -> None:
        logger.info("circuit breaker: %s to %s goes on, a probe went through", self._entity, self._side.name)
        with self._platform.ledger.begin() as tx:
            tx.breakers.close(known)
            tx.breakers.let_go(self._side.name, self._entity)
            _close_reviews(tx, self._entity)
        self._errors, self._probing = None, False


def _failure(row: Outcome) -> bool:
    """Whether the system failed us. A record that changed, waits for another or for its turn is no failure."""
    error = row.get("error_class")
    return error == "Transient" or (row["outcome"] in ("rejected", "unknown") and error != "Dependent")


def probes_due(tx: Transaction, now: datetime) -> list[str]:
    """Queues that errors hold and whose next probe is due."""
    return [f"{one.connection}/{one.entity}" for one in tx.breakers.all() if _probe_is_due(one, now)]


def _probe_is_due(known: Breaker, now: datetime) -> bool:
    """A person who said `keep` wants nothing to be tried."""
    return known.state == "open" and known.probe_at is not None and known.probe_at <= now


def open_breakers(platform: Platform) -> pl.DataFrame:
    """Breakers that hold a queue, in the columns STATUS; `held` counts the intents that wait under the gate."""
    with platform.ledger.read() as tx:
        found = [one for one in tx.breakers.all() if one.holds]
        waiting = tx.intents.summary().filter(pl.col("gate") == GATE) if found else pl.DataFrame()
    rows = []
    for one in found:
        here = waiting.filter((pl.col("connection") == one.connection) & (pl.col("entity") == one.entity))
        what = json.loads(one.facts)["what"]
        rows.append(
            (one.connection, one.entity, one.cause, one.state, what, int(here["count"].sum()), how_to_release(one))
        )
    schema = {name: pl.Int64 if name == "held" else pl.String for name in STATUS}
    return pl.DataFrame(rows, schema=schema, orient="row")


def loading(platform: Platform) -> list[str]:
    """Entities whose plan sizes are not checked now, because the policy says that this is the first load."""
    today, breaker = platform.clock().date(), platform.policy.breaker
    return [entity for entity in platform.governance if breaker.of(entity).loading(today)]
