"""Is an update still the one that was planned? Asked of the system right before it is sent.

Compared by value: an update is sent only where each field that it writes still holds what the plan saw (or already
what the plan wants). The time of change alone says too little and too much: systems stamp whole seconds, so a person's
edit may hide in the second of the plan's version, and an edit of other fields is no reason to plan again, as a write
sets only its own fields. What the values cannot tell falls back to the time: lines, which hold other ids and
positions in each system, and orders in the ERP, whose gates look at more than the fields that are written.
"""

import json
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from crmerp_assets.connectors.errors import ConnectorError, Gone, VersionConflict
from crmerp_assets.mapping import EntityMap, native_fields
from crmerp_assets.sync.found import found
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets.sync.translate import KEY, Intent

Values = Mapping[str, str | None]


def outdated(
    platform: Platform, side: Connection, entity_map: EntityMap, wave: Sequence[Intent]
) -> dict[str, ConnectorError]:
    """The updates in `wave` that must be planned again (intent id -> why). One fetch for all of them."""
    updates = {str(i["native_id"]): i for i in wave if i["operation"] == "update"}
    if not updates:
        return {}
    changes = {native_id: json.loads(intent["changes"]) for native_id, intent in updates.items()}
    small = _only(entity_map, {name for change in changes.values() for name in change})
    rows = side.connector.fetch(entity_map.object, native_fields(small), list(updates))
    with platform.ledger.read() as tx:
        current = _by_id(found(tx, side, small, rows), small)
    return {
        intent["id"]: _why(side, entity_map.entity, intent, native_id in current)
        for native_id, intent in updates.items()
        if not _as_planned(intent, changes[native_id], current.get(native_id), _timed(entity_map, side))
    }


def _why(side: Connection, entity: str, intent: Intent, there: bool) -> ConnectorError:
    if there:
        text = f"{side.name} changed this {entity} after it was planned (intent {intent['id']}); it is planned again."
        return VersionConflict(text, system=side.system)
    text = f"{side.name} does not show {entity} {intent['native_id']} any more: deleted, merged or hidden."
    return Gone(f"{text} Nothing was sent.", system=side.system)


def _timed(entity_map: EntityMap, side: Connection) -> bool:
    """Whether any change of the record, also of other fields, is a reason to plan again."""
    return entity_map.entity == "order" and side.role == "erp"


def _as_planned(intent: Intent, changes: Mapping[str, Values], current: Values | None, timed: bool) -> bool:
    if current is None:
        return False
    if (timed or "lines" in changes) and current["modified"] != intent["expected_version"]:
        return False
    return all(
        current[name] in (change["before"], change["after"]) for name, change in changes.items() if name in current
    )


def _only(entity_map: EntityMap, names: Iterable[str]) -> EntityMap:
    """The map with these fields and those that they are read with, such as the country of a phone number."""
    wanted = set(names)
    while more := {f.region for n, f in entity_map.fields.items() if n in wanted and f.region} - wanted:
        wanted |= more
    fields = {name: field for name, field in entity_map.fields.items() if name in wanted}
    return entity_map.model_copy(update={"fields": fields, "lines": None})


def _by_id(records: pl.DataFrame, small: EntityMap) -> dict[str, Values]:
    """Each record in the plan's terms: our key under its own name, and the time of change."""
    keyed = records.rename({"external_key": KEY}).select("native_id", "modified", KEY, *small.fields)
    return {row.pop("native_id"): row for row in keyed.to_dicts()}
