"""Undo: the before-images of applied writes make a reverse plan, for a run or a span of time.

Gather what was written and what both sides hold now, let merge/undo.py decide, and store what can be taken back as
ordinary intents. See docs/adr/0008-undo.md for why a reverse write lasts.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from crmerp_assets.canonical import ENTITIES
from crmerp_assets.mapping import EntityMap, Projection, fits, retirement, writable
from crmerp_assets.merge import undo as reversing
from crmerp_assets.merge import writes
from crmerp_assets.merge.order_changes import STARTED
from crmerp_assets.merge.undo import MANUAL, OTHER, REVERSE, WRITTEN
from crmerp_assets.sync import tables
from crmerp_assets.sync.conform import conform
from crmerp_assets.sync.holds import put_on_hold
from crmerp_assets.sync.merge import merge, with_base
from crmerp_assets.sync.plan import PRIORITY
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets.sync.readback import read_back

PLAN = {"connection": pl.String, "entity": pl.String} | WRITTEN
PLAN |= dict.fromkeys(("current", "other", "verdict", "note", "version"), pl.String)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which applied writes: those a run sent, or those of a span of time; of one entity or connection, if named."""

    run: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    entity: str | None = None
    connection: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """Reverse writes that are planned now, golden ids left out because their intent is being sent, records held."""

    planned: int
    in_flight: list[str]
    held: int


def reverse_plan(platform: Platform, chosen: Selection, *, hold: bool = False) -> pl.DataFrame:
    """What undoing the chosen writes would do, field by field, as rows of PLAN.

    `before` is the value to go back to, `after` what we wrote, `current` what the side holds now: both sides are read
    again first. `verdict` says what happens, `note` why. Raises the connectors' errors, LookupError for no writes and
    for an entity or connection that does not exist.
    """
    _known("entity", chosen.entity, PRIORITY)
    _known("connection", chosen.connection, platform.connections)
    with platform.ledger.read() as tx:
        found = tx.intents.effective(chosen.run, chosen.since, chosen.until)
    for name, wanted in (("entity", chosen.entity), ("connection", chosen.connection)):
        found = found if wanted is None else found.filter(pl.col(name) == wanted)
    if found.is_empty():
        raise LookupError(
            "No write of this selection took effect. `crmerp trace` shows a record's writes and the runs they were in."
        )
    parts = [pl.DataFrame(schema=PLAN)]
    for (entity,), group in found.group_by("entity", maintain_order=True):
        _refresh(platform, str(entity), group["golden_id"].unique().to_list())
        records = _records(platform, str(entity), group["golden_id"].unique().to_list())
        for (connection,), intents in group.group_by("connection", maintain_order=True):
            side = platform.connections[str(connection)]
            parts.append(_side(platform, str(entity), side, intents, records, hold=hold))
    return pl.concat(parts)


def _known(what: str, name: str | None, names: Collection[str]) -> None:
    if name is not None and name not in names:
        raise LookupError(f"There is no {what} '{name}'; choose one of {', '.join(names)}.")


def store(platform: Platform, plan: pl.DataFrame, by: str, *, hold: bool = False) -> Stored:
    """Plan the reverse writes of a reverse plan; the next push sends them. With `hold` their records are held."""
    ready = plan.filter(pl.col("verdict") == REVERSE)
    planned, in_flight = 0, []
    with platform.ledger.begin() as tx:
        for (connection, entity), rows in ready.group_by("connection", "entity", maintain_order=True):
            intents = _intents(rows, str(connection), str(entity))
            done = tx.intents.replace(str(connection), str(entity), [], intents)
            planned += done.inserted + done.changed + done.kept
            in_flight += done.in_flight
            if hold:
                why = f"undone by {by}; lift the hold when both sides may agree again"
                put_on_hold(tx, str(entity), rows["golden_id"].unique().to_list(), why, by)
    return Stored(planned, in_flight, ready["golden_id"].n_unique() if hold else 0)


def _refresh(platform: Platform, entity: str, golden_ids: list[str]) -> None:
    """Read the records from both systems again and merge them, so that nobody's newer edit is overwritten."""
    with platform.ledger.read() as tx:
        links = tx.links.of(entity, golden_ids)
    for side in platform.connections.values():
        entity_map = platform.entity_map(side, entity)
        ids = links.filter(pl.col("connection") == side.name)["native_id"].to_list()
        if entity_map is not None and ids and not isinstance(entity_map, Projection):
            read_back(platform, side, entity_map, ids)
            conform(platform, side.name, entity_map.name)
    merge(platform, entity)


def _records(platform: Platform, entity: str, golden_ids: list[str]) -> pl.DataFrame:
    """The compare rows of golden records with `base.<field>`."""
    with platform.warehouse.open() as con:
        con.register("_undone", pl.DataFrame({"golden_id": golden_ids}).to_arrow())
        found = con.execute(f"SELECT c.* FROM {tables.compare(entity).sql} c SEMI JOIN _undone USING (golden_id)").pl()
        con.unregister("_undone")
    with platform.ledger.read() as tx:
        return with_base(tx, entity, found, list(platform.governance[entity].fields))


def _side(
    platform: Platform, entity: str, side: Connection, intents: pl.DataFrame, records: pl.DataFrame, *, hold: bool
) -> pl.DataFrame:
    """The reverse plan of one entity on one connection."""
    entity_map = platform.entity_map(side, entity)
    assert entity_map is not None
    created = intents.filter(pl.col("operation") == "create")
    updated = intents.join(created, on="golden_id", how="anti")
    written = intents.join(created, on="golden_id", how="semi")
    fields = [field.name for field in ENTITIES[entity].fields]
    judged = [
        reversing.judge(
            reversing.written(part, fields),
            records,
            platform.governance[entity].fields,
            side.role,
            writable(entity_map, "update"),
            hold=hold,
        )
        for part in (updated, written)
    ]
    retired = _retired(platform, entity, side, entity_map, created, judged[1], records, hold=hold)
    found = pl.concat([judged[0], retired]).with_columns(
        pl.lit(side.name).alias("connection"), pl.lit(entity).alias("entity")
    )
    versions = records.select("golden_id", pl.col(f"{side.role}.modified").alias("version"))
    found = found.join(versions, on="golden_id", how="left", maintain_order="left").select(*PLAN)
    return _gated(entity, side, entity_map, found, records)


def _retired(
    platform: Platform,
    entity: str,
    side: Connection,
    entity_map: EntityMap,
    created: pl.DataFrame,
    judged: pl.DataFrame,
    records: pl.DataFrame,
    *,
    hold: bool,
) -> pl.DataFrame:
    way = retirement(entity_map)
    rule = platform.governance[entity].fields.get(way.field) if way else None
    stays = hold or rule is None or rule.owner != OTHER[side.role]
    step = f"look at it in {side.name} and close or delete it there by hand"
    rows = created.select("golden_id", "native_id", pl.col("id").alias("undoes"))
    return reversing.retire(rows, judged, records, side.role, way, step, stays=stays)


def _gated(
    entity: str, side: Connection, entity_map: EntityMap, plan: pl.DataFrame, records: pl.DataFrame
) -> pl.DataFrame:
    """Leave out what a gate would hold: values that do not fit, and orders that are closed or billed."""
    ready = plan.filter(pl.col("verdict") == REVERSE)
    if ready.is_empty():
        return plan
    intents = _changes(ready).with_columns(pl.lit("update").alias("operation"))
    reasons = intents.select("golden_id").with_columns(fits(entity_map, intents).alias("reason"))
    if entity == "order" and side.role == "erp":
        closed = records.filter(pl.col("erp.order_status").is_in(STARTED))
        said = pl.lit("the order is already ") + pl.col("erp.order_status").str.replace_all("_", " ")
        reasons = reasons.join(closed.select("golden_id", said.alias("closed")), on="golden_id", how="left")
        reasons = reasons.select("golden_id", pl.coalesce("closed", "reason").alias("reason"))
    held = plan.join(reasons, on="golden_id", how="left", maintain_order="left")
    stopped = (pl.col("verdict") == REVERSE) & pl.col("reason").is_not_null()
    return held.with_columns(
        pl.when(stopped).then(pl.lit(MANUAL)).otherwise("verdict").alias("verdict"),
        pl.when(stopped).then("reason").otherwise("note").alias("note"),
    ).select(*PLAN)


def _changes(rows: pl.DataFrame) -> pl.DataFrame:
    """(golden_id, changes) of the reverse writes: from what the side holds now to what it held before."""
    return writes.as_intents(
        rows.select(
            "golden_id",
            "field",
            pl.col("current").alias("before"),
            pl.col("before").alias("after"),
            pl.lit("undo").alias("rule"),
        )
    )


def _each(name: str) -> pl.Expr:
    return pl.col(name).str.split(",").list.explode(keep_nulls=False, empty_as_null=False)


def _intents(rows: pl.DataFrame, connection: str, entity: str) -> pl.DataFrame:
    """The reverse writes as a plan, with ids made from what they write, undo and expect."""
    records = rows.group_by("golden_id", maintain_order=True).agg(
        pl.col("native_id").first(),
        pl.col("version").first().alias("expected_version"),
        _each("undoes").unique().sort().str.join(",").alias("undoes"),
    )
    found = records.join(_changes(rows), on="golden_id")
    seeds = found.select(pl.concat_str(["golden_id", "changes", "expected_version", "undoes"], separator="|"))
    ids = [
        hashlib.sha256(f"undo|{connection}|{entity}|{seed}".encode()).hexdigest()[:32]
        for seed in seeds.to_series().fill_null("").to_list()
    ]
    return found.with_columns(
        pl.Series("id", ids, dtype=pl.String),
        pl.lit(connection).alias("connection"),
        pl.lit(entity).alias("entity"),
        pl.lit("update").alias("operation"),
        pl.col("golden_id").alias("key"),
        pl.lit("planned").alias("state"),
        pl.lit("takes back what was written").alias("reason"),
        pl.lit(PRIORITY[entity], dtype=pl.Int64).alias("priority"),
    )
