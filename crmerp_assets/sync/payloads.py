"""What is in a parked write or record, field by field, personal values masked, and all that happened to it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

from crmerp_assets.canonical import ENTITIES
from crmerp_assets.ledger.parked import Place
from crmerp_assets.ledger.transitions import AT_REST
from crmerp_assets.mapping import MASK, EntityMap, FieldMap, inbound
from crmerp_assets.sync import tables
from crmerp_assets.sync.conform import STAGE
from crmerp_assets.sync.misread import STAGE as MISREAD
from crmerp_assets.sync.parked_work import Chosen, parked_work, place
from crmerp_assets.sync.platform import Platform

_WRITE_COLUMNS = ["field", "before", "planned", "edited", "why"]
_RECORD_COLUMNS = ["field", "native", "value"]
_SIDE_COLUMNS = ["field", "crm", "erp"]


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry of parked work: its row of WORK, its payload, and its history, oldest first."""

    entry: dict[str, Any]
    payload: pl.DataFrame
    history: pl.DataFrame


def show(platform: Platform, entry_id: str) -> Shown:
    """An entry by the first characters of its id, or a write that waits or is ready. Raises LookupError."""
    with platform.ledger.read() as tx:
        at_rest = tx.intents.open(states=AT_REST).filter(pl.col("id").str.starts_with(entry_id))
    if at_rest.height == 1:
        return _write(platform, at_rest.row(0, named=True))
    entry = parked_work(platform, Chosen(ids=(entry_id,))).row(0, named=True)
    with platform.ledger.read() as tx:
        return Shown(entry, _record(platform, place(entry)), tx.parked.history(place(entry)))


def _write(platform: Platform, intent: dict[str, Any]) -> Shown:
    work = parked_work(platform).filter(pl.col("id") == intent["id"])
    facts = {name: intent[name] for name in ("id", "entity", "connection", "golden_id", "state", "gate", "reason")}
    entry = facts if work.is_empty() else work.row(0, named=True)
    with platform.ledger.read() as tx:
        told = tx.intents.history(intent["connection"], intent["entity"], intent["golden_id"])
    columns = ["intent_id", "number", "event", "at", "by", "error_class", "error", "note"]
    return Shown(entry, of_write(platform, intent), told.select(columns))


def personal(platform: Platform, entity: str) -> set[str]:
    """The canonical fields whose values are personal, as the model or the governance says."""
    rules = platform.governance[entity].fields if entity in platform.governance else {}
    marked = {name for name, rule in rules.items() if rule.personal}
    return marked | {field.name for field in ENTITIES[entity].fields if field.personal}


def masked(platform: Platform, frame: pl.DataFrame, values: Iterable[str]) -> pl.DataFrame:
    """The frame (entity, field, ...) with MASK in the `values` columns of fields that are personal."""
    hidden = [f"{entity}.{name}" for entity in ENTITIES for name in personal(platform, entity)]
    secret = pl.concat_str("entity", "field", separator=".").is_in(hidden)
    return frame.with_columns(
        pl.when(secret & pl.col(name).is_not_null()).then(pl.lit(MASK)).otherwise(pl.col(name)).alias(name)
        for name in values
    )


def of_write(platform: Platform, intent: dict[str, str]) -> pl.DataFrame:
    """field, before, planned, edited, why: the changes of an intent, personal values masked."""
    edits, hidden = json.loads(intent["edits"] or "{}"), personal(platform, intent["entity"])
    rows = []
    for name, change in json.loads(intent["changes"]).items():
        edited = edits.get(name)
        values = (change["before"], change["after"], edited["after"] if edited else None)
        shown = (MASK if name in hidden and value is not None else value for value in values)
        rows.append((name, *shown, f"edited by {edited['by']}" if edited else change["rule"]))
    return pl.DataFrame(rows, schema=dict.fromkeys(_WRITE_COLUMNS, pl.String), orient="row")


def _record(platform: Platform, at: Place) -> pl.DataFrame:
    with platform.warehouse.open() as con:
        frame = _native(platform, con, at) if at.stage in (STAGE, MISREAD) else _sides(platform, con, at)
    values = [name for name in frame.columns if name not in ("field", "native")]
    return masked(platform, frame.with_columns(pl.lit(at.entity).alias("entity")), values).drop("entity")


def _native(platform: Platform, con: duckdb.DuckDBPyConnection, at: Place) -> pl.DataFrame:
    """field, native, value: what the system holds, in its own words where a field has a native one of its own."""
    maps = [m for m in platform.matrix.maps(platform.connections[at.connection].system) if m.entity == at.entity]
    for entity_map in maps:
        source = tables.raw(at.connection, entity_map.object)
        if source.exists(con):
            raw = con.execute(f"SELECT * FROM {source.sql} WHERE _id = ?", [at.native_id]).pl()
            if raw.height:
                return _told(entity_map, raw)
    return pl.DataFrame(schema=dict.fromkeys(_RECORD_COLUMNS, pl.String))


def _told(entity_map: EntityMap, raw: pl.DataFrame) -> pl.DataFrame:
    read = inbound(entity_map, raw).row(0, named=True)
    native = raw.row(0, named=True)
    rows = [(name, *_value(field_map, native, read[name])) for name, field_map in entity_map.fields.items()]
    if entity_map.lines_field:
        rows.append(
            (entity_map.lines_field, entity_map.lines.child if entity_map.lines else "", read[entity_map.lines_field])
        )
    return pl.DataFrame(rows, schema=dict.fromkeys(_RECORD_COLUMNS, pl.String), orient="row")


def _value(field_map: FieldMap, native: dict[str, object], read: str | None) -> tuple[str, str | None]:
    if field_map.child is not None:
        return f"{field_map.child.list}.{field_map.child.native}", read
    parts = [str(native[path]) for path in field_map.native if native.get(path) is not None]
    return ", ".join(field_map.native), "\n".join(parts) or None


def _sides(platform: Platform, con: duckdb.DuckDBPyConnection, at: Place) -> pl.DataFrame:
    """field, crm, erp: both sides of a golden record that came out unusable."""
    found: dict[str, dict[str, object]] = {}
    with platform.ledger.read() as tx:
        links = tx.links.of(at.entity, [at.native_id])
    for connection, native_id in links.select("connection", "native_id").iter_rows():
        side = platform.connections[connection]
        entity_map = platform.entity_map(side, at.entity)
        table = tables.conformed(connection, entity_map.name if entity_map else at.entity)
        if table.exists(con):
            rows = con.execute(f"SELECT * FROM {table.sql} WHERE native_id = ?", [native_id]).pl().to_dicts()
            found[side.role] = rows[0] if rows else {}
    names = [field.name for field in ENTITIES[at.entity].fields]
    values = [(name, *(_text(found.get(role, {}).get(name)) for role in ("crm", "erp"))) for name in names]
    return pl.DataFrame(values, schema=dict.fromkeys(_SIDE_COLUMNS, pl.String), orient="row")


def _text(value: object) -> str | None:
    return None if value is None else str(value)
