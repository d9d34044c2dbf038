"""Conform changed raw rows: native fields become canonical ones, standardised and validated.

A row that cannot be used is parked with its reason; the last usable version of it stays, and no other row waits.
"""

from dataclasses import dataclass, field

import duckdb
import polars as pl

from crmerp_assets import canonical
from crmerp_assets.canonical import CHILD_FIELDS, ENTITIES
from crmerp_assets.canonical.lines import parse_lines
from crmerp_assets.canonical.money import MONEY
from crmerp_assets.canonical.validate import CheckSummary, validate
from crmerp_assets.ledger import Transaction
from crmerp_assets.mapping import EntityMap, inbound
from crmerp_assets.sync import tables
from crmerp_assets.sync.platform import Platform, in_one_transaction
from crmerp_assets.warehouse import Changes
from crmerp_assets.warehouse.tables import NO_CHANGES, advance, listed, unseen

STAGE = "conform"


@dataclass(frozen=True, slots=True)
class Conformed:
    """Rows read, what they changed, rows parked and values flagged now, all rows parked, and the checks' counts."""

    read: int = 0
    changes: Changes = NO_CHANGES
    parked: int = 0
    flagged: int = 0
    still_parked: int = 0
    checks: list[CheckSummary] = field(default_factory=list)


@in_one_transaction
def conform(platform: Platform, connection: str, map_name: str) -> Conformed:
    """Process the raw rows of one map that changed since the last time."""
    entity_map = platform.map(connection, map_name)
    source, target = tables.raw(connection, entity_map.object), tables.conformed(connection, map_name)
    with platform.warehouse.open() as con:
        fresh = unseen(con, source, reader(platform, connection, entity_map))
        with platform.ledger.read() as tx:
            asked = tx.parked.asked_again(STAGE, entity_map.entity, connection)
            if fresh.is_empty() and not asked and (target.exists(con) or not fresh.width):
                return Conformed(still_parked=_parked_count(tx, connection, entity_map))
        raw = _with_asked(con, connection, entity_map, fresh, asked)
        if raw.is_empty() and (target.exists(con) or not raw.width):
            with platform.ledger.read() as tx:
                return Conformed(still_parked=_parked_count(tx, connection, entity_map))
    text = _canonical(entity_map, raw)
    checked = validate(entity_map.entity, "conformed", canonical.typed(entity_map.entity, text))
    _park(platform, connection, entity_map, checked.parked.join(_versions(raw), on="native_id", how="left"), raw)
    valid = checked.valid
    with platform.warehouse.open() as con:
        changes = target.upsert(con, valid.drop(*ENTITIES[entity_map.entity].names("lines"), "issues", strict=False))
        if (lines := child_rows(entity_map.entity, valid)) is not None:
            table = tables.conformed_lines(connection, map_name)
            table.replace_children(con, valid["native_id"].to_list(), lines)
        if raw.height:
            consumer = reader(platform, connection, entity_map)
            advance(con, source, consumer, int(raw["_change"].max()))  # type: ignore[arg-type]
    with platform.ledger.read() as tx:
        parked = _parked_count(tx, connection, entity_map)
    return Conformed(raw.height, changes, checked.parked.height, checked.flags.height, parked, checked.checks)


def reader(platform: Platform, connection: str, entity_map: EntityMap) -> str:
    """The consumer of raw rows that conforms this map."""
    return platform.consumer(f"conform:{connection}:{entity_map.name}", entity_map, platform.policy.default_region)


def _parked_count(tx: Transaction, connection: str, entity_map: EntityMap) -> int:
    """How many records of this map are parked now, from earlier times too."""
    parked = tx.parked.list()
    if parked.is_empty():
        return 0
    here = (pl.col("stage") == STAGE) & (pl.col("entity") == entity_map.entity) & (pl.col("connection") == connection)
    return parked.filter(here).height


def _canonical(entity_map: EntityMap, raw: pl.DataFrame) -> pl.DataFrame:
    fate = raw.select(
        pl.col("_id").alias("native_id"),
        pl.col("_deleted").alias("deleted"),
        pl.col("_merged_into").alias("merged_into"),
    )
    return inbound(entity_map, raw).join(fate, on="native_id", how="left")


def _with_asked(
    con: duckdb.DuckDBPyConnection, connection: str, entity_map: EntityMap, raw: pl.DataFrame, asked: list[str]
) -> pl.DataFrame:
    """The changed rows, and those that a person wants to be tried again though they did not change."""
    source = tables.raw(connection, entity_map.object)
    if not asked or not source.exists(con):
        return raw
    with listed(con, "_asked", asked):
        again = con.execute(f"SELECT * EXCLUDE (_hash) FROM {source.sql} WHERE _id IN (SELECT id FROM _asked)").pl()
    return pl.concat([raw, again]).unique("_id", keep="first", maintain_order=True) if raw.width else again


def _versions(raw: pl.DataFrame) -> pl.DataFrame:
    return raw.select(pl.col("_id").alias("native_id"), pl.col("_modified").cast(pl.String).alias("version"))


def _park(
    platform: Platform, connection: str, entity_map: EntityMap, unusable: pl.DataFrame, raw: pl.DataFrame
) -> None:
    """Note the unusable rows, and close what was parked before and is usable now, or deleted."""
    gone = raw.filter(pl.col("_deleted"))["_id"].to_list()
    parked = unusable.filter(~pl.col("native_id").is_in(gone))
    with platform.ledger.begin() as tx:
        usable = list(set(raw["_id"].to_list()) - set(parked["native_id"].to_list()))
        tx.parked.resolve(STAGE, entity_map.entity, connection, usable)
        if parked.height:
            tx.parked.put(STAGE, entity_map.entity, connection, parked)


def child_rows(entity: str, valid: pl.DataFrame) -> pl.DataFrame | None:
    """Order lines, what an invoice bills, or payment applications, one typed row each; None where it has none."""
    column = next((name for name in ENTITIES[entity].names("lines") if name in valid.columns), None)
    if column is None:
        return None
    fields = CHILD_FIELDS[entity]
    parents = valid.select(pl.col("native_id").alias("parent_id"), column)
    rows = parse_lines(parents, column, [item.name for item in fields], keep=["parent_id"])
    numbers = [item.name for item in fields if item.kind in ("money", "decimal") and item.name != "position"]
    return rows.with_columns(
        pl.int_range(1, pl.len() + 1).over("parent_id").cast(pl.Int64).alias("position"),
        *(pl.col(name).cast(MONEY, strict=False) for name in numbers),
    )
