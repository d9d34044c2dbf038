"""Holding records: a person says that nothing is written for them, on either side, until they say so again."""

import polars as pl

from crmerp_assets.canonical import ENTITIES
from crmerp_assets.ledger import Transaction
from crmerp_assets.ledger.transitions import READY
from crmerp_assets.merge.gates import Gate
from crmerp_assets.sync import tables
from crmerp_assets.sync.platform import Platform

HOLD = Gate("on_hold", pl.col("held_because").is_not_null(), pl.lit("on hold: ") + pl.col("held_because"))


def with_holds(platform: Platform, entity: str, candidates: pl.DataFrame) -> pl.DataFrame:
    """Add `held_because`, which the gate looks at; null where nobody holds the record."""
    with platform.ledger.read() as tx:
        held = tx.holds.list(entity).select("golden_id", pl.col("reason").alias("held_because"))
    return candidates.join(held, on="golden_id", how="left", maintain_order="left")


def put_on_hold(tx: Transaction, entity: str, golden_ids: list[str], why: str, by: str) -> None:
    """Hold records from now on: what is ready to be sent waits, too, except for reverse writes."""
    tx.holds.put(entity, dict.fromkeys(golden_ids, why), by)
    ready = tx.intents.open(entity=entity, states=list(READY)).filter(pl.col("golden_id").is_in(golden_ids))
    ids = ready.filter(pl.col("undoes").is_null())["id"].to_list()
    if ids:
        tx.intents.hold(ids, HOLD.name, f"on hold: {why}")


def hold(platform: Platform, golden_id: str, why: str, by: str) -> str:
    """Hold a golden record; returns its entity. LookupError where no golden record has this id."""
    entity = _entity(platform, golden_id)
    with platform.ledger.begin() as tx:
        put_on_hold(tx, entity, [golden_id], why, by)
    return entity


def lift(platform: Platform, golden_id: str) -> str:
    """Let a held record go; returns its entity. LookupError where nobody holds it."""
    with platform.ledger.begin() as tx:
        held = tx.holds.list().filter(pl.col("golden_id") == golden_id)
        if held.is_empty():
            raise LookupError(f"'{golden_id}' is not on hold; `crmerp hold list` shows what is.")
        tx.holds.lift(held["entity"][0], [golden_id])
    return str(held["entity"][0])


def _entity(platform: Platform, golden_id: str) -> str:
    with platform.warehouse.open() as con:
        for entity in ENTITIES:
            table = tables.golden(entity)
            if (
                table.exists(con)
                and con.execute(f"SELECT 1 FROM {table.sql} WHERE golden_id = ?", [golden_id]).fetchone()
            ):
                return entity
    raise LookupError(f"No golden record has the id '{golden_id}'; `crmerp trace` shows the id of a record.")
