"""Settle writes whose outcome is unknown: a cut connection, a timeout, a process that died after sending.

A create is looked up by its key: there, it was applied; not there, it is ready to be sent again. An update is read
back and compared: as wanted, it was applied; otherwise it is superseded and the next plan starts from what is there.
"""

from contextlib import suppress

import polars as pl

from crmerp_assets.connectors.errors import ShareSpent
from crmerp_assets.mapping import EntityMap, inbound, native_fields
from crmerp_assets.sync.budget import pushing, spending
from crmerp_assets.sync.outcomes import Outcome, record
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets.sync.pull import raw_frame
from crmerp_assets.sync.readback import read_back
from crmerp_assets.sync.translate import KEY, Intent, to_send


def settle(platform: Platform, connection: str, worker: str) -> int:
    """Settle every orphan of `connection`; returns how many there were.

    Orphans are unknown outcomes, and claims whose lease ran out because their pusher died. Those whose share of the
    day's calls is spent are settled later.
    """
    side = platform.connections[connection]
    with platform.ledger.begin() as tx:
        orphans = tx.intents.orphans(platform.clock(), connection, worker)
        tx.intents.release(orphans.filter(pl.col("state") == "claimed")["id"].to_list())
    sent = orphans.filter(pl.col("state") != "claimed")
    for (entity,), group in sent.group_by("entity"):
        entity_map = platform.entity_map(side, str(entity))
        assert entity_map is not None
        with suppress(ShareSpent), spending(pushing(str(entity), side.role)):
            _settle(platform, side, entity_map, group.to_dicts(), worker)
    return orphans.height


def _settle(platform: Platform, side: Connection, entity_map: EntityMap, intents: list[Intent], worker: str) -> None:
    creates = [intent for intent in intents if intent["operation"] == "create"]
    updates = [intent for intent in intents if intent["operation"] == "update"]
    outcomes = _created(side, entity_map, creates) + _updated(side, entity_map, updates)
    with platform.ledger.begin() as tx:
        record(tx, entity_map.entity, side.name, intents, outcomes, worker)
    there = [row["native_id"] for row in outcomes if row["native_id"]]
    if there:
        read_back(platform, side, entity_map, there)


def _created(side: Connection, entity_map: EntityMap, intents: list[Intent]) -> list[Outcome]:
    if not intents:
        return []
    found = side.connector.find_by_key(entity_map.object, entity_map.key or "", [intent["key"] for intent in intents])
    ids = {key.lower(): row["_id"] for key, row in found.items()}
    return [
        {
            "id": intent["id"],
            "native_id": ids.get(intent["key"].lower()),
            "outcome": "settled" if intent["key"].lower() in ids else "retry",
        }
        for intent in intents
    ]


def _updated(side: Connection, entity_map: EntityMap, intents: list[Intent]) -> list[Outcome]:
    if not intents:
        return []
    fields = native_fields(entity_map)
    rows = side.connector.fetch(entity_map.object, fields, [intent["native_id"] for intent in intents])
    current = {row["native_id"]: row for row in inbound(entity_map, raw_frame(rows, entity_map)).to_dicts()}
    return [_update_outcome(intent, current.get(intent["native_id"])) for intent in intents]


def _update_outcome(intent: Intent, current: dict[str, str | None] | None) -> Outcome:
    wanted = to_send(intent)
    wanted["external_key" if KEY in wanted else ""] = wanted.pop(KEY, None)
    wanted.pop("", None)
    comparable = current is not None and not {"lines", "parent", "customer"} & set(wanted)
    same = comparable and all((current or {}).get(name) == value for name, value in wanted.items())
    return {
        "id": intent["id"],
        "native_id": intent["native_id"] if current is not None else None,
        "outcome": "settled" if same else "superseded",
        "error_class": None if same else "Unknown",
        "error": None if same else "the outcome stayed unknown; the record was read again and is planned anew",
    }
