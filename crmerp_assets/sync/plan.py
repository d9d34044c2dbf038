"""Plan the exact writes that would make each side agree with the golden records: gather, decide, store.

A record is considered when its golden record or either side changed, when an earlier intent of it still waits, and
when a won deal needs it. The ledger keeps what is to be done; the warehouse keeps the plan as people read it.
"""

from dataclasses import dataclass

import duckdb
import polars as pl

from crmerp_assets.canonical import MIRRORS
from crmerp_assets.ledger import Transaction
from crmerp_assets.mapping import EntityMap, fits, retirement, sendable, writable
from crmerp_assets.merge import gates, writes
from crmerp_assets.merge.amounts import rounded
from crmerp_assets.merge.gates import Gate
from crmerp_assets.sync import breaker, claims, routes, scope, tables, unknown_products
from crmerp_assets.sync.approvals import with_approvals, withdraw_idle
from crmerp_assets.sync.credit import with_credit
from crmerp_assets.sync.halfway import halfway
from crmerp_assets.sync.holds import HOLD, with_holds
from crmerp_assets.sync.intent_ids import with_ids
from crmerp_assets.sync.misfits import set_aside
from crmerp_assets.sync.needs import needs
from crmerp_assets.sync.order_gates import ORDER_GATES, with_order_facts
from crmerp_assets.sync.platform import Connection, Platform, in_one_transaction
from crmerp_assets.sync.retirements import RETIRES, Retirements, settle
from crmerp_assets.sync.translate import KEY
from crmerp_assets.sync.unsold import UNSOLD
from crmerp_assets.sync.vanished import DELETED
from crmerp_assets.warehouse.tables import advance, listed, newest, unseen

MISFIT = Gate("does_not_fit", pl.col("misfit").is_not_null(), pl.col("misfit"))
PRIORITY = {"order": 0, "product": 10, "customer": 20, "order_mirror": 40, "invoice_mirror": 50, "contact": 90}
SCHEMA = {
    "id": pl.String,
    "connection": pl.String,
    "entity": pl.String,
    "golden_id": pl.String,
    "native_id": pl.String,
    "operation": pl.String,
    "key": pl.String,
    "state": pl.String,
    "gate": pl.String,
    "reason": pl.String,
    "changes": pl.String,
    "expected_version": pl.String,
    "priority": pl.Int64,
    "amount": pl.String,
    "currency": pl.String,
}


@dataclass(frozen=True, slots=True)
class Planned:
    """Records considered; intents to create, to update, and held back by a gate."""

    considered: int = 0
    creates: int = 0
    updates: int = 0
    waiting: int = 0


@in_one_transaction
def plan(platform: Platform, entity: str) -> Planned:
    """Plan both sides of `entity`."""
    maps = [platform.entity_map(side, entity) for side in platform.connections.values()]
    configured = (platform.governance[entity], scope.rules(platform), routes.rules(platform), *maps)
    source, consumer = tables.compare(entity), platform.consumer(f"plan:{entity}", *configured)
    with platform.ledger.read() as tx:
        waiting = tx.intents.waiting_golden_ids(entity)
    with platform.warehouse.open() as con:
        if not source.exists(con):
            return Planned()
        need = needs(platform, con, entity)
        due = Retirements({})
        if entity not in MIRRORS:
            due = settle(platform, con, entity, DELETED).and_(settle(platform, con, entity, UNSOLD))
        mark = newest(con, source)
        moved = [*scope.touched(platform, con, entity), *routes.touched(platform, con, entity)]
        frame = _considered(con, entity, consumer, [*waiting, *need.triggers, *due.triggers, *moved])
        if entity == "product":
            frame, need = unknown_products.with_new(platform, frame, need)
        intents = [
            _side(platform, con, entity, side, frame, need.wanted[side.role], due)
            for side in platform.connections.values()
        ]
        found = pl.concat([pl.DataFrame(schema=SCHEMA), *intents])
    found = claims.take(platform, entity, frame, found)
    found = breaker.guard(platform, entity, frame["golden_id"].to_list(), found)
    found = _store(platform, entity, frame, found)
    claims.give_back(platform, entity, frame["golden_id"])
    if entity == "order":
        unknown_products.ask(platform, found)
        withdraw_idle(platform, frame["golden_id"].to_list(), found)
    with platform.warehouse.open() as con:
        _show(con, entity, frame, found)
        advance(con, source, consumer, mark)
    return _summary(frame, found)


def _considered(con: duckdb.DuckDBPyConnection, entity: str, consumer: str, extra: list[str]) -> pl.DataFrame:
    """The rows of the compare table to plan now: changed ones and the ids in `extra`."""
    source = tables.compare(entity)
    changed = unseen(con, source, consumer)
    with listed(con, "_again", extra):
        again = con.execute(
            f"SELECT * EXCLUDE (_hash) FROM {source.sql} WHERE golden_id IN (SELECT id FROM _again)"
        ).pl()
    return pl.concat([changed, again]).unique("golden_id", keep="first", maintain_order=True)


def _side(
    platform: Platform,
    con: duckdb.DuckDBPyConnection,
    entity: str,
    side: Connection,
    frame: pl.DataFrame,
    wanted: pl.DataFrame,
    due: Retirements,
) -> pl.DataFrame:
    """Intents for one connection as rows of SCHEMA; `wanted` are to be created there, `due` to be deactivated."""
    entity_map = platform.entity_map(side, entity)
    if entity_map is None or not entity_map.operations or frame.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    if entity == "order" and side.role == "crm":
        frame = _as_deals(frame)
    frame = routes.within(platform, con, entity, side.role, scope.within(platform, con, entity, side.role, frame))
    held = frame.filter(pl.col(f"{side.role}.present") & _since_go_live(platform, entity, side) & ~_over(entity, side))
    lacking = frame.filter(~pl.col(f"{side.role}.present")).join(wanted, on="golden_id")
    updates = _updates(platform, entity_map, side, held)
    creates = _creates(platform, entity_map, side, lacking)
    if entity == "customer":
        updates, creates = (_reachable_parents(con, side, one, wanted) for one in (updates, creates))
    retired = due.changes(held, side.role, retirement(entity_map))
    kept = pl.concat([updates, _keys(held, side, platform.prefix(entity))])
    kept = pl.concat([kept, halfway(platform, side, entity, held, kept)]).join(retired, on="golden_id", how="anti")
    changed, left_out = set_aside(side, entity_map, pl.concat([kept, retired]))
    candidates = pl.concat(
        [
            _intents(held.with_columns(pl.lit(0, dtype=pl.Int64).alias("depth")), changed, side, "update"),
            _intents(lacking, creates, side, "create"),
        ]
    )
    misfit = fits(entity_map, candidates.select("operation", "changes"))
    candidates = candidates.with_columns(misfit.alias("misfit")).join(left_out, on="golden_id", how="left")
    return _gated(platform, con, entity, side, with_holds(platform, entity, candidates))


def _updates(platform: Platform, entity_map: EntityMap, side: Connection, held: pl.DataFrame) -> pl.DataFrame:
    """What differs in the records that the side holds, field by field, as it can be sent there."""
    rules = platform.governance[entity_map.entity].fields
    fields = [name for name in writable(entity_map, "update") if name in rules]
    filled = [name for name in fields if name in entity_map.fields and entity_map.fields[name].write == "fill"]
    changes = writes.updates(held, fields, rules, side.role)
    changes = changes.filter(~pl.col("field").is_in(filled) | pl.col("before").is_null())
    return sendable(entity_map, rounded(changes, _places(entity_map), rules))


def _creates(platform: Platform, entity_map: EntityMap, side: Connection, lacking: pl.DataFrame) -> pl.DataFrame:
    """What the records that the side lacks begin with; its own fields only where their rule lets others seed them."""
    rules = platform.governance[entity_map.entity].fields
    fields = [
        name
        for name in writable(entity_map, "create")
        if name in rules and (rules[name].seed or rules[name].owner != side.role)
    ]
    return sendable(entity_map, rounded(writes.creates(lacking, fields), _places(entity_map), rules))


def _places(entity_map: EntityMap) -> dict[str, int]:
    return {name: field.places for name, field in entity_map.fields.items() if field.places is not None}


def _gated(
    platform: Platform, con: duckdb.DuckDBPyConnection, entity: str, side: Connection, candidates: pl.DataFrame
) -> pl.DataFrame:
    """The candidates as intents, each ready or held by the first gate that applies."""
    if entity != "order" or side.role != "erp":
        return _finished(platform, gates.apply(candidates, [HOLD, MISFIT]), entity, side)
    retires = pl.col("changes").str.contains(f'"rule":"{RETIRES}', literal=True)
    facts = with_order_facts(platform, con, side, candidates.filter(~retires))
    gated = gates.apply(facts, [HOLD, *ORDER_GATES, MISFIT])
    sold = with_approvals(platform, con, with_credit(platform, con, gated))
    ended = gates.apply(candidates.filter(retires), [HOLD, MISFIT])
    return pl.concat([_finished(platform, one, entity, side) for one in (sold, ended)])


def _as_deals(frame: pl.DataFrame) -> pl.DataFrame:
    """Orders that no deal knows, with what a deal needs: the order's total as its amount, its number as a name."""
    alone = ~pl.col("crm.present") & pl.col("crm.id").is_null()
    named = pl.lit("Order ") + pl.col("golden.order_number")
    return frame.with_columns(
        pl.when(alone).then(pl.coalesce("golden.name", named)).otherwise("golden.name").alias("golden.name"),
        pl.when(alone)
        .then(pl.coalesce("golden.amount", "golden.erp_total"))
        .otherwise("golden.amount")
        .alias("golden.amount"),
    )


def _reachable_parents(
    con: duckdb.DuckDBPyConnection, side: Connection, changes: pl.DataFrame, wanted: pl.DataFrame
) -> pl.DataFrame:
    """The changes without parents that the ERP does not hold: a holding that never ordered is no ERP customer.

    One that comes later is written to its children then. The CRM's parents are the CRM's own.
    """
    if side.role != "erp":
        return changes
    held = "erp_id IS NOT NULL AND NOT erp_deleted"
    there = con.execute(f"SELECT golden_id FROM {tables.golden('customer').sql} WHERE {held}").pl()["golden_id"]
    known = pl.concat([there, wanted["golden_id"]])
    return changes.filter((pl.col("field") != "parent") | pl.col("after").is_in(known.to_list()))


def _since_go_live(platform: Platform, entity: str, side: Connection) -> pl.Expr:
    """Orders of deals won before the go-live date belong to the past: the ERP's are not touched."""
    if entity == "order" and side.role == "erp":
        return pl.col("golden.close_date") >= pl.lit(str(platform.policy.go_live or "9999-12-31"))
    return pl.lit(value=True)


def _over(entity: str, side: Connection) -> pl.Expr:
    """A cancelled order of a deal that is no longer won is as it should be, whatever changes in the deal."""
    if entity == "order" and side.role == "erp":
        cancelled = pl.col("erp.order_status") == "cancelled"
        return (cancelled & ~pl.col("golden.won").eq("true")).fill_null(value=False)
    return pl.lit(value=False)


def _keys(held: pl.DataFrame, side: Connection, prefix: str) -> pl.DataFrame:
    """Our key, for records that both sides hold and that carry none yet, and for those that carry another of ours:
    the one they had before a merge, or before it was undone."""
    key = pl.col(f"{side.role}.key")
    lacking = pl.col("crm.present") & pl.col("erp.present") & key.is_null()
    ours = key.str.to_lowercase().str.starts_with(f"{prefix}-")
    other = (ours & (key.str.to_lowercase() != pl.col("golden_id"))).fill_null(value=False)
    return held.filter(lacking | other).select(
        "golden_id",
        pl.lit(KEY).alias("field"),
        key.alias("before"),
        pl.col("golden_id").alias("after"),
        pl.lit("key").alias("rule"),
    )


def _intents(frame: pl.DataFrame, changes: pl.DataFrame, side: Connection, operation: str) -> pl.DataFrame:
    """Candidate intents joined with the compare rows that the gates look at."""
    return (
        writes.as_intents(changes)
        .join(frame, on="golden_id", how="inner")
        .with_columns(
            pl.lit(operation).alias("operation"),
            pl.col(f"{side.role}.id").alias("native_id"),
            pl.col(f"{side.role}.modified").alias("expected_version"),
        )
    )


def _finished(platform: Platform, gated: pl.DataFrame, entity: str, side: Connection) -> pl.DataFrame:
    """Rows of SCHEMA with deterministic ids: the same write from the same state has the same id."""
    money = {"amount": "golden.amount", "currency": "golden.currency"} if entity == "order" else {}
    rows = gated.with_columns(
        pl.lit(side.name).alias("connection"),
        pl.lit(entity).alias("entity"),
        pl.col("golden_id").alias("key"),
        pl.when(pl.col("gate").is_null()).then(pl.lit("planned")).otherwise(pl.lit("waiting")).alias("state"),
        pl.coalesce("reason", "left_out").alias("reason"),
        (pl.lit(PRIORITY[entity]) + pl.col("depth")).cast(pl.Int64).alias("priority"),
        *(
            (pl.col(money[name]) if name in money else pl.lit(None, dtype=pl.String)).alias(name)
            for name in ("amount", "currency")
        ),
    )
    return with_ids(platform, entity, rows).select(*SCHEMA).cast(SCHEMA)  # type: ignore[arg-type]


def _store(platform: Platform, entity: str, frame: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Hand the plan of the considered records to the ledger, connection by connection; what of it was handed over."""
    considered, stored = frame["golden_id"].to_list(), []
    with platform.ledger.begin() as tx:
        for side in platform.connections.values():
            rows = _still_linked(tx, entity, side, found.filter(pl.col("connection") == side.name))
            tx.intents.replace(side.name, entity, considered, rows)
            stored.append(rows)
    return pl.concat(stored)


def _still_linked(tx: Transaction, entity: str, side: Connection, rows: pl.DataFrame) -> pl.DataFrame:
    """Without writes to records that a person took apart from the golden record since it was merged: they would get
    values of another. What becomes of them is planned by the next run."""
    if rows.is_empty():
        return rows
    linked = tx.links.by_native(entity, side.name, rows["native_id"].drop_nulls())
    aliases = tx.survivors.aliases(entity) if linked.height else {}
    lives = pl.col("golden_id").replace(aliases)
    moved = rows.join(linked.select("native_id", now=lives), on="native_id").filter(
        pl.col("now") != pl.col("golden_id")
    )
    return rows.join(moved.select("id"), on="id", how="anti")


def _show(con: duckdb.DuckDBPyConnection, entity: str, frame: pl.DataFrame, found: pl.DataFrame) -> None:
    """Replace the considered records' rows in the plan table that people look at."""
    table = tables.plan(entity)
    table.ensure(con, found)
    if frame.is_empty():
        return
    with listed(con, "_considered", frame["golden_id"]):
        con.execute(f"DELETE FROM {table.sql} WHERE golden_id IN (SELECT id FROM _considered)")
    table.upsert(con, found)


def _summary(frame: pl.DataFrame, found: pl.DataFrame) -> Planned:
    ready = found.filter(pl.col("gate").is_null())
    creates = ready.filter(pl.col("operation") == "create").height
    return Planned(frame.height, creates, ready.height - creates, found.height - ready.height)
