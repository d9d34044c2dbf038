"""Push ready intents to one system, so that each is applied exactly once whatever fails.

The ledger says what is about to be sent before it is sent. What comes back is recorded with its consequences; what
never comes back is unknown and gets settled by reading the key back, at the start of the next push.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import polars as pl

from crmerp_assets.canonical import MIRRORS
from crmerp_assets.connectors.errors import (
    AuthFailed,
    ConfigError,
    Dependent,
    QuotaSpent,
    ShareSpent,
)
from crmerp_assets.connectors.protocol import Result, Write
from crmerp_assets.mapping import EntityMap
from crmerp_assets.sync.breaker import Valve
from crmerp_assets.sync.budget import pushing, spending
from crmerp_assets.sync.deletions import confirm
from crmerp_assets.sync.freshness import outdated
from crmerp_assets.sync.heartbeat import heartbeat
from crmerp_assets.sync.outcomes import outcome, record
from crmerp_assets.sync.pauses import beside, paused, resting_on_failure
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets.sync.readback import read_back
from crmerp_assets.sync.retries import STOPPING
from crmerp_assets.sync.settle import settle
from crmerp_assets.sync.translate import Intent, translate

ENTITIES = ("product", "customer", "order", *MIRRORS, "contact")
BATCH = 1000
LEASE_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Pushed:
    """Outcomes per (entity, outcome), records that settling found out about, and the API calls it took.

    `stopped`: by entity, why the share of calls of it did not reach, or that a mirror's object is missing.
    """

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    settled: int = 0
    calls: int = 0
    stopped: dict[str, str] = field(default_factory=dict)

    @property
    def applied(self) -> int:
        """Writes that the system confirmed."""
        return sum(count for (_, what), count in self.outcomes.items() if what == "applied")


def push(platform: Platform, connection: str, worker: str, batch: int = BATCH) -> Pushed:
    """Settle what is unknown, then send everything that is ready, entity by entity, claiming up to `batch` at a time.

    Nothing while the connection rests.

    An entity whose share of the day's calls is spent stops, and the others go on. Raises AuthFailed, QuotaSpent or
    ConfigError with nothing lost: unsent intents are ready again.
    """
    if paused(platform, connection):
        return Pushed()
    with resting_on_failure(platform, connection):
        return _push(platform, platform.connections[connection], worker, batch)


def _push(platform: Platform, side: Connection, worker: str, batch: int) -> Pushed:
    calls = side.connector.calls()
    done = Pushed(settled=settle(platform, side.name, worker))
    for entity in ENTITIES:
        entity_map = platform.entity_map(side, entity)
        if entity_map is None:
            continue
        try:
            with spending(pushing(entity, side.role)), beside(entity) as stopped:
                _push_entity(platform, side, entity_map, worker, batch, done.outcomes)
            if stopped:
                done.stopped[entity] = stopped[0]
        except ShareSpent as stop:
            done.stopped[entity] = str(stop)
    return replace(done, calls=side.connector.calls() - calls)


def _push_entity(
    platform: Platform,
    side: Connection,
    entity_map: EntityMap,
    worker: str,
    batch: int,
    outcomes: Counter[tuple[str, str]],
) -> None:
    """Send what is ready of one entity, and read back what was applied, and what is not as it was planned on.

    Of that no pull need tell: an association that was exchanged half way, or late, leaves no stamp in HubSpot.
    """
    entity, seen, gone = entity_map.entity, list[str](), dict[str, str | None]()
    valve = Valve(platform, side, entity, batch)
    while claimed := _claim(platform, side, entity, worker, valve.limit()):
        with heartbeat(platform.ledger, [intent["id"] for intent in claimed], worker, LEASE_SECONDS):
            done = _send_in_order(platform, side, entity, claimed, worker)
        valve.note(done)
        outcomes.update((entity, row["outcome"]) for row in done)
        gone |= {row["native_id"]: row["merged_into"] for row in done if "merged_into" in row}
        seen += [
            row["native_id"]
            for row in done
            if row["outcome"] in ("applied", "superseded") and row["native_id"] not in gone
        ]
    if seen:
        read_back(platform, side, entity_map, seen)
    if gone:
        confirm(platform, side, entity_map, gone)


def _claim(platform: Platform, side: Connection, entity: str, worker: str, most: int) -> list[Intent]:
    if most == 0:
        return []
    with platform.ledger.begin() as tx:
        claimed: pl.DataFrame = tx.intents.claim(side.name, entity, worker, most, LEASE_SECONDS)
    return claimed.sort("priority", "golden_id").to_dicts()


def _send_in_order(platform: Platform, side: Connection, entity: str, batch: list[Intent], worker: str) -> list[Intent]:
    """Send priority by priority: what others refer to goes first, so that its native id is known."""
    done: list[Intent] = []
    try:
        for priority in sorted({intent["priority"] for intent in batch}):
            wave = [intent for intent in batch if intent["priority"] == priority]
            done += _send(platform, side, entity, wave, worker)
    finally:
        finished = {row["id"] for row in done}
        with platform.ledger.begin() as tx:
            tx.intents.release([intent["id"] for intent in batch if intent["id"] not in finished], worker=worker)
    return done


def _send(platform: Platform, side: Connection, entity: str, wave: list[Intent], worker: str) -> list[Intent]:
    entity_map = platform.entity_map(side, entity)
    assert entity_map is not None
    stale = outdated(platform, side, entity_map, wave)
    ready = [intent for intent in wave if intent["id"] not in stale]
    with platform.ledger.read() as tx:
        writes, refused = translate(tx, side, entity_map, ready)
    results = [Result(i, None, error) for i, error in stale.items()]
    results += [Result(i, None, Dependent(reason, system=side.system)) for i, reason in refused.items()]
    results += _call(platform, side, entity_map.object, writes, worker)
    return _record(platform, side, entity, wave, results, worker)


def _call(platform: Platform, side: Connection, native_object: str, writes: list[Write], worker: str) -> list[Result]:
    with platform.ledger.begin() as tx:
        held = tx.intents.renew([write.id for write in writes], worker, LEASE_SECONDS)
        tx.intents.mark_sent(held, worker=worker, lease_seconds=LEASE_SECONDS)
    writes = [write for write in writes if write.id in held]
    if not writes:
        return []
    try:
        return side.connector.push(native_object, writes, partial(_accepted, platform))
    except (AuthFailed, QuotaSpent, ConfigError):
        with platform.ledger.begin() as tx:
            tx.intents.release([write.id for write in writes], sent=True, worker=worker)
        raise


def _accepted(platform: Platform, write_ids: Sequence[str], job: str) -> None:
    with platform.ledger.begin() as tx:
        tx.intents.accepted(write_ids, job)


def _record(
    platform: Platform, side: Connection, entity: str, wave: list[Intent], results: list[Result], worker: str
) -> list[Intent]:
    """Store what came back. Raises AuthFailed or QuotaSpent where some writes met it: those are ready again."""
    intents = {intent["id"]: intent for intent in wave}
    now = platform.clock()
    stopped = {result.write_id: result.error for result in results if isinstance(result.error, STOPPING)}
    answered = [result for result in results if result.write_id not in stopped]
    outcomes = [outcome(intents[result.write_id], result, platform.policy, now) for result in answered]
    with platform.ledger.begin() as tx:
        record(tx, entity, side.name, wave, outcomes, worker)
        tx.intents.release(list(stopped), sent=True, worker=worker)
    if error := next(iter(stopped.values()), None):
        raise error
    return outcomes
