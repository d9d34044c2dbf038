"""Merge linked records into golden ones: gather both sides, compare with the base, store what both agree on."""

from dataclasses import dataclass, field

import polars as pl

from crmerp_assets import canonical
from crmerp_assets.canonical import ENTITIES
from crmerp_assets.canonical.validate import CheckSummary, validate
from crmerp_assets.ledger import Transaction
from crmerp_assets.merge import three_way
from crmerp_assets.merge.three_way import HELD
from crmerp_assets.sync import conflicts, tables, unsettled
from crmerp_assets.sync.gather import Gathered, gather
from crmerp_assets.sync.order_gates import UNKNOWN_PRODUCT
from crmerp_assets.sync.platform import Platform, in_one_transaction
from crmerp_assets.warehouse import Changes
from crmerp_assets.warehouse.tables import NO_CHANGES, advance

STAGE = "golden"


@dataclass(frozen=True, slots=True)
class Merged:
    """Golden records looked at, what changed, conflicts resolved by rule, conflicts held for a person, parked."""

    considered: int = 0
    changes: Changes = NO_CHANGES
    resolved: int = 0
    held: int = 0
    parked: int = 0
    checks: list[CheckSummary] = field(default_factory=list)


@in_one_transaction
def merge(platform: Platform, entity: str) -> Merged:
    """Merge the records of `entity` that something touched since the last merge."""
    consumer = platform.consumer(f"merge:{entity}", platform.governance[entity])
    with platform.ledger.read() as tx:
        unknown = unsettled.open_ended(tx, entity)
        asked = conflicts.decided(tx, entity)
        rules, preferred_by = conflicts.with_preferences(tx, entity, platform.governance[entity].fields)
        again = [
            *conflicts.to_merge_again(tx, entity, preferred_by),
            *_waiting_for_products(tx, entity),
            *tx.parked.asked_again(STAGE, entity, "golden"),
        ]
    with platform.warehouse.open() as con:
        again += [*conflicts.not_merged(con, entity, asked), *unsettled.left_out(con, entity)]
        gathered = unsettled.leave_out(con, entity, gather(platform, con, entity, consumer, again), unknown)
        known = tables.golden(entity).exists(con)
    if gathered.frame.is_empty() and known:
        _finish(platform, entity, gathered, None, None, consumer)
        return Merged()
    with platform.ledger.read() as tx:
        frame = with_base(tx, entity, gathered.frame, list(rules))
    merged = three_way.merge(conflicts.with_choices(frame, asked), rules, preferred_by)
    differing = three_way.conflicts(merged, list(rules))
    golden = validate(entity, "golden", _golden(entity, merged))
    with platform.ledger.begin() as tx:
        tx.snapshots.put(entity, three_way.agreed_values(merged, rules))
        conflicts.note(tx, entity, merged, differing, asked)
        usable = golden.valid["golden_id"].to_list()
        tx.parked.resolve(STAGE, entity, "golden", usable)
        if golden.parked.height:
            tx.parked.put(STAGE, entity, "golden", golden.parked)
    compare = merged.filter(pl.col("golden_id").is_in(usable))
    resolved = differing.filter(pl.col("why") != HELD) if differing.width else None
    changes = _finish(platform, entity, gathered, golden.valid, compare, consumer, resolved)
    held = differing.filter(pl.col("why") == HELD).height if differing.width else 0
    return Merged(merged.height, changes, differing.height - held, held, golden.parked.height, golden.checks)


def _waiting_for_products(tx: Transaction, entity: str) -> list[str]:
    """Orders held by an unknown product: an alias or a new product may name it by now."""
    if entity != "order":
        return []
    waiting = tx.intents.open(entity=entity, states=["waiting"])
    return waiting.filter(pl.col("gate") == UNKNOWN_PRODUCT)["golden_id"].to_list()


def with_base(tx: Transaction, entity: str, frame: pl.DataFrame, fields: list[str]) -> pl.DataFrame:
    """Add `base.<field>`: what both sides last agreed on; null where they never did."""
    stored = tx.snapshots.get(entity, frame["golden_id"].to_list())
    shape = pl.Struct(dict.fromkeys(fields, pl.String))
    base = stored.select("golden_id", pl.col("values").str.json_decode(shape).alias("base")).unnest("base")
    return frame.join(base.rename({name: f"base.{name}" for name in fields}), on="golden_id", how="left")


def _golden(entity: str, merged: pl.DataFrame) -> pl.DataFrame:
    """The typed golden records, with the record and state of each side and where each value came from."""
    names = [item.name for item in ENTITIES[entity].fields if f"golden.{item.name}" in merged.columns]
    values = merged.select("golden_id", *(pl.col(f"golden.{name}").alias(name) for name in names))
    sources = pl.struct(pl.col(f"why.{name}").alias(name) for name in names).struct.json_encode()
    record = merged.select(
        *(pl.col(f"{role}.{part}").alias(f"{role}_{part}") for role in ("crm", "erp") for part in ("id", "deleted")),
        sources.alias("sources"),
    )
    return pl.concat([canonical.typed(entity, values), record], how="horizontal")


def _finish(
    platform: Platform,
    entity: str,
    gathered: Gathered,
    golden: pl.DataFrame | None,
    compare: pl.DataFrame | None,
    consumer: str,
    resolved: pl.DataFrame | None = None,
) -> Changes:
    with platform.warehouse.open() as con:
        changes = NO_CHANGES
        if golden is not None and compare is not None:
            changes = tables.golden(entity).upsert(con, golden.drop("issues", strict=False))
            tables.compare(entity).upsert(con, compare.select(pl.exclude("^(base|choice)\\..*$")))
        if resolved is not None and resolved.height:
            tables.conflicts(entity).upsert(con, resolved)
        for source, change in gathered.marks.items():
            advance(con, source, consumer, change)
        return changes
