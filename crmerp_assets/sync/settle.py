"""Settle writes whose outcome is unknown: a cut connection, a timeout, a process that died after sending.

Every write is read back and compared with what was sent, header, references and lines.

| the record                    | create, found by its key                | update, found by its id               |
|-------------------------------|-----------------------------------------|---------------------------------------|
| holds what was sent           | applied                                 | applied; superseded where its system  |
|                               |                                         | does not bring it to its end          |
| is there and differs          | applied; the next plan mends the rest   | superseded; the next plan starts anew |
| is not there                  | sent again                              | superseded                            |

A create that differs counts as applied because sending it again could undo what a person has edited since. Its
differing fields do not become agreed values, so that the next plan decides them as at first contact.

An update that was cut between two of its steps is brought to its end where the record holds all that was sent. Where
it does not, or its system refuses, the next plan goes on with it (halfway.py). What a system took as a job is not
looked at before the job is over (jobs.py).
"""

from collections.abc import Collection, Mapping
from contextlib import suppress

import polars as pl

from crmerp_assets.connectors.errors import ShareSpent
from crmerp_assets.connectors.protocol import Stepwise
from crmerp_assets.mapping import EntityMap, native_fields
from crmerp_assets.sync.budget import pushing, spending
from crmerp_assets.sync.found import found, lacking
from crmerp_assets.sync.jobs import over
from crmerp_assets.sync.outcomes import Outcome, record
from crmerp_assets.sync.pauses import beside
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets.sync.readback import read_back
from crmerp_assets.sync.translate import Intent

Record = Mapping[str, str | None]


def settle(platform: Platform, connection: str, worker: str) -> int:
    """Settle every orphan of `connection`; returns how many are settled.

    Orphans are unknown outcomes, and claims whose lease ran out because their pusher died. Those whose share of the
    day's calls is spent, or whose job is not over, are settled later.
    """
    side = platform.connections[connection]
    with platform.ledger.begin() as tx:
        orphans = tx.intents.orphans(platform.clock(), connection, worker)
        tx.intents.release(orphans.filter(pl.col("state") == "claimed")["id"].to_list())
    sent = orphans.filter(pl.col("state") != "claimed")
    settled = orphans.height - sent.height
    for (entity,), group in sent.group_by("entity"):
        entity_map = platform.entity_map(side, str(entity))
        assert entity_map is not None
        with suppress(ShareSpent), spending(pushing(str(entity), side.role)), beside(str(entity)):
            done = over(platform, side, group, worker)
            _settle(platform, side, entity_map, done.to_dicts(), worker)
            settled += done.height
    return settled


def _settle(platform: Platform, side: Connection, entity_map: EntityMap, intents: list[Intent], worker: str) -> None:
    creates = [intent for intent in intents if intent["operation"] == "create"]
    updates = [intent for intent in intents if intent["operation"] == "update"]
    by_key = _by_key(platform, side, entity_map, creates)
    by_id = _by_id(platform, side, entity_map, updates)
    left = _left(side, entity_map, updates, by_id)
    outcomes = [_created(intent, by_key.get(intent["key"].lower())) for intent in creates]
    outcomes += [_updated(intent, by_id.get(intent["native_id"]), left) for intent in updates]
    with platform.ledger.begin() as tx:
        record(tx, entity_map.entity, side.name, intents, outcomes, worker)
    there = [row["native_id"] for row in outcomes if row["native_id"]]
    if there:
        read_back(platform, side, entity_map, there)


def _by_key(
    platform: Platform, side: Connection, entity_map: EntityMap, creates: list[Intent]
) -> dict[str | None, Record]:
    if not creates:
        return {}
    key, keys = entity_map.key or "", [intent["key"] for intent in creates]
    rows = side.connector.find_by_key(entity_map.object, key, keys, native_fields(entity_map))
    with platform.ledger.read() as tx:
        records = found(tx, side, entity_map, list(rows.values()))
    return {str(row["external_key"]).lower(): row for row in records.to_dicts()}


def _by_id(
    platform: Platform, side: Connection, entity_map: EntityMap, updates: list[Intent]
) -> dict[str | None, Record]:
    if not updates:
        return {}
    ids = [one["native_id"] for one in updates]
    rows = side.connector.fetch(entity_map.object, native_fields(entity_map), ids)
    with platform.ledger.read() as tx:
        return {row["native_id"]: row for row in found(tx, side, entity_map, rows).to_dicts()}


def _left(
    side: Connection, entity_map: EntityMap, updates: list[Intent], records: Mapping[str | None, Record]
) -> set[str]:
    """The records that their system does not bring to their end, of those that hold all that was to be written. Another
    is planned anew first: without what was to be changed, or cancelled, it would be worked on at once, and could be
    changed no more."""
    there = ((one, records.get(one["native_id"])) for one in updates)
    whole = [one["native_id"] for one, record in there if record is not None and not lacking(one, record)]
    connector = side.connector
    return connector.finish(entity_map.object, whole) if isinstance(connector, Stepwise) and whole else set()


def _created(intent: Intent, current: Record | None) -> Outcome:
    if current is None:
        return {"id": intent["id"], "native_id": None, "outcome": "retry"}
    differs = lacking(intent, current)
    return {"id": intent["id"], "native_id": current["native_id"], "outcome": "settled", "differs": differs}


def _updated(intent: Intent, current: Record | None, left: Collection[str]) -> Outcome:
    if current is not None and not lacking(intent, current) and intent["native_id"] not in left:
        return {"id": intent["id"], "native_id": intent["native_id"], "outcome": "settled"}
    return {
        "id": intent["id"],
        "native_id": intent["native_id"] if current is not None else None,
        "outcome": "superseded",
        "error_class": "Unknown",
        "error": "the outcome stayed unknown; the record was read again and is planned anew",
    }
