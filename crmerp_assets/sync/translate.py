"""Translate intents into native writes: canonical changes become native fields, golden ids become references."""

import json
from typing import Any

import polars as pl

from crmerp_assets.canonical import ENTITIES
from crmerp_assets.connectors.protocol import Ref, Value, Write
from crmerp_assets.ledger import Transaction
from crmerp_assets.mapping import REF, EntityMap, outbound
from crmerp_assets.sync.platform import Connection

KEY = "_key"
"""The pseudo field under which a plan writes our own key."""

Intent = dict[str, Any]
Change = dict[str, str | None]


def translate(
    tx: Transaction, side: Connection, entity_map: EntityMap, intents: list[Intent]
) -> tuple[list[Write], dict[str, str]]:
    """Writes for the intents, and intent id -> reason for those that cannot be written yet.

    A reference to a record that the system does not hold (its create was refused) makes an intent wait.
    """
    changes = {intent["id"]: to_send(intent) for intent in intents}
    wanted = {i: _references(entity_map, change) for i, change in changes.items()}
    known = _native_ids(tx, side, {reference for found in wanted.values() for reference in found})
    refused = {
        i: f"{side.name} does not hold {entity} {golden_id} yet; this is sent once it does"
        for i, found in wanted.items()
        for entity, golden_id in found
        if (entity, golden_id) not in known
    }
    ready = [intent for intent in intents if intent["id"] not in refused]
    writes: list[Write] = []
    for operation in ("create", "update"):
        group = [intent for intent in ready if intent["operation"] == operation]
        natives = outbound(entity_map, [changes[intent["id"]] for intent in group], known, operation)
        writes += [_write(entity_map, i, changes[i["id"]], native) for i, native in zip(group, natives, strict=True)]
    order = {intent["id"]: at for at, intent in enumerate(intents)}
    return sorted(writes, key=lambda write: order[write.id]), refused


def after(changes: str) -> Change:
    """The new value of each changed field as it was planned."""
    return {name: change["after"] for name, change in json.loads(changes).items()}


def to_send(intent: Intent) -> Change:
    """The new value of each changed field as it is to be sent: planned, or edited by a person."""
    edits = json.loads(intent["edits"] or "{}")
    return after(intent["changes"]) | {name: edited["after"] for name, edited in edits.items()}


def _references(entity_map: EntityMap, change: Change) -> list[tuple[str, str]]:
    """The golden records that a change refers to, lines included."""
    refs = {field.name: field.ref for field in ENTITIES[entity_map.entity].fields if field.ref}
    found = [(refs[name] or "", value) for name, value in change.items() if name in refs and value]
    lines = json.loads(change.get("lines") or "[]")
    return found + [("product", line["product"]) for line in lines if line.get("product")]


def _native_ids(tx: Transaction, side: Connection, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    known: dict[tuple[str, str], str] = {}
    for entity in {entity for entity, _ in wanted}:
        aliases = tx.survivors.aliases(entity)
        lives = {golden_id: aliases.get(golden_id, golden_id) for e, golden_id in wanted if e == entity}
        here = tx.links.of(entity, lives.values()).filter(pl.col("connection") == side.name)
        native = {row["golden_id"]: row["native_id"] for row in here.iter_rows(named=True)}
        known |= {(entity, one): native[now] for one, now in lives.items() if now in native}
    return known


def _write(entity_map: EntityMap, intent: Intent, change: Change, native: dict[str, Any]) -> Write:
    values: dict[str, Value] = {path: _value(value) for path, value in native.items()}
    key_field = entity_map.key or ""
    if KEY in change:
        values[key_field] = change[KEY]
    cancel = entity_map.cancel
    if cancel and intent["operation"] == "update" and change.get(cancel.field) == cancel.value:
        values |= cancel.native
    return Write(
        id=intent["id"],
        object=entity_map.create_object if intent["operation"] == "create" else entity_map.object,
        operation=intent["operation"],
        key_field=key_field,
        key=intent["key"],
        native_id=intent["native_id"],
        values=values,
    )


def _value(value: Any) -> Value:
    if isinstance(value, list):
        return [{name: _value(item) for name, item in row.items()} for row in value]
    if isinstance(value, dict):
        return Ref(**value[REF])
    return value  # type: ignore[no-any-return]
