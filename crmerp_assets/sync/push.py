"""Push ready intents to one system, so that each is applied exactly once whatever fails.

The ledger says what is about to be sent before it is sent. What comes back is recorded with its consequences; what
never comes back is unknown and gets settled by reading the key back, at the start of the next push.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from crmerp_assets.connectors.errors import AuthFailed, ConfigError, QuotaSpent, Transient, VersionConflict
from crmerp_assets.connectors.protocol import Result, Write
from crmerp_assets.sync.heartbeat import heartbeat
from crmerp_assets.sync.outcomes import outcome, record
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets.sync.readback import read_back
from crmerp_assets.sync.settle import settle
from crmerp_assets.sync.translate import Intent, translate

ENTITIES = ("product", "customer", "order", "contact")
BATCH = 1000
LEASE_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Pushed:
    """Outcomes per (entity, outcome), records that settling found out about, and the API calls it took."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    settled: int = 0
    calls: int = 0

    @property
    def applied(self) -> int:
        """Writes that the system confirmed."""
        return sum(count for (_, what), count in self.outcomes.items() if what == "applied")


def push(platform: Platform, connection: str, worker: str) -> Pushed:
    """Settle what is unknown, then send everything that is ready, entity by entity.

    Raises AuthFailed, QuotaSpent or ConfigError with nothing lost: unsent intents are ready again.
    """
    side = platform.connections[connection]
    calls = side.connector.calls()
    settled = settle(platform, connection, worker)
    outcomes: Counter[tuple[str, str]] = Counter()
    for entity in ENTITIES:
        entity_map = platform.entity_map(side, entity)
        if entity_map is None:
            continue
        applied: list[str] = []
        while batch := _claim(platform, side, entity, worker):
            with heartbeat(platform.ledger, [intent["id"] for intent in batch], worker, LEASE_SECONDS):
                done = _send_in_order(platform, side, entity, batch, worker)
            outcomes.update((entity, row["outcome"]) for row in done)
            applied += [row["native_id"] for row in done if row["outcome"] == "applied"]
        if applied:
            read_back(platform, side, entity_map, applied)
    used = side.connector.calls() - calls
    _account(platform, side, used)
    return Pushed(outcomes, settled, used)


def _claim(platform: Platform, side: Connection, entity: str, worker: str) -> list[Intent]:
    with platform.ledger.begin() as tx:
        claimed: pl.DataFrame = tx.intents.claim(side.name, entity, worker, BATCH, LEASE_SECONDS)
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
    stale = _stale(side, entity_map.object, wave)
    ready = [intent for intent in wave if intent["id"] not in stale]
    with platform.ledger.read() as tx:
        writes, refused = translate(tx, side, entity_map, ready)
    results = [Result(i, None, VersionConflict(_moved(side, entity, i), system=side.system)) for i in stale]
    results += [Result(i, None, Transient(reason, system=side.system)) for i, reason in refused.items()]
    results += _call(platform, side, entity_map.object, writes, worker)
    return _record(platform, side, entity, wave, results, worker)


def _moved(side: Connection, entity: str, intent_id: str) -> str:
    return f"{side.name} changed this {entity} after it was planned (intent {intent_id}); the next plan takes it up."


def _stale(side: Connection, native_object: str, wave: Sequence[Intent]) -> set[str]:
    """Ids of updates whose record changed since they were planned: writing them could undo a person's edit."""
    updates = {intent["native_id"]: intent for intent in wave if intent["operation"] == "update"}
    if not updates:
        return set()
    rows = side.connector.fetch(native_object, [], list(updates))
    current = {row["_id"]: row["_modified"] for row in rows}
    return {
        intent["id"] for native_id, intent in updates.items() if current.get(native_id) != intent["expected_version"]
    }


def _call(platform: Platform, side: Connection, native_object: str, writes: list[Write], worker: str) -> list[Result]:
    with platform.ledger.begin() as tx:
        held = tx.intents.renew([write.id for write in writes], worker, LEASE_SECONDS)
        tx.intents.mark_sent(held, worker=worker, lease_seconds=LEASE_SECONDS)
    writes = [write for write in writes if write.id in held]
    if not writes:
        return []
    try:
        return side.connector.push(native_object, writes)
    except (AuthFailed, QuotaSpent, ConfigError):
        with platform.ledger.begin() as tx:
            tx.intents.release([write.id for write in writes], sent=True, worker=worker)
        raise


def _record(
    platform: Platform, side: Connection, entity: str, wave: list[Intent], results: list[Result], worker: str
) -> list[Intent]:
    intents = {intent["id"]: intent for intent in wave}
    now = platform.clock()
    outcomes = [outcome(intents[result.write_id], result, platform.policy, now) for result in results]
    with platform.ledger.begin() as tx:
        record(tx, entity, side.name, wave, outcomes, worker)
    return outcomes


def _account(platform: Platform, side: Connection, used: int) -> None:
    allowed = side.connector.limits().allowed if used else None
    with platform.ledger.begin() as tx:
        tx.budgets.add(side.name, used, allowed)
