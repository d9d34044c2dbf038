"""Gather what the reconciliation needs from warehouse and ledger, and publish it.

The published file is what people and the CLI read: the warehouse file may be held by a run.
"""

import json
from pathlib import Path

import duckdb
import polars as pl

from crmerp_assets.ledger.transitions import OPEN
from crmerp_assets.mapping import inbound
from crmerp_assets.merge.three_way import Role
from crmerp_assets.reports import Reconciliation, reconcile
from crmerp_assets.sync import tables
from crmerp_assets.sync.platform import Platform

COUNTED = ("customer", "contact", "product", "order")
_COUNTS: dict[str, type[pl.DataType]] = dict.fromkeys(
    ("crm", "erp", "linked", "crm_only", "erp_only", "parked"), pl.Int64
)


class NothingToReconcile(RuntimeError):
    """No deal was ever read, so there is nothing to compare yet."""


def run_reconciliation(platform: Platform) -> Reconciliation:
    """Reconcile both sides as the warehouse and the ledger know them now, and store the tables in `report`.

    Raises NothingToReconcile before the first pull.
    """
    crm, erp = platform.side("crm"), platform.side("erp")
    with platform.ledger.read() as tx:
        intents = _creates(tx.intents.open(erp.name, "order", states=[*OPEN, "cancelled"]))
        parked = tx.parked.list(skipped=True)
    broken = parked.filter((pl.col("entity") == "order") & (pl.col("connection") == crm.name))
    with platform.warehouse.open() as con:
        deals = _deals(platform, con)
        invalid = _won(platform, con, broken)
        counts = _counts(con, parked)
    result = reconcile(
        deals,
        intents.select("golden_id", "state", "gate", "reason", "error"),
        invalid,
        counts,
        platform.policy.tolerance,
    )
    _store(platform, result)
    return result


def _creates(intents: pl.DataFrame) -> pl.DataFrame:
    """One create a deal: the open one, or the one that a person withdrew last where there is none."""
    creates = intents.filter(pl.col("operation") == "create")
    open_first = pl.col("state") == "cancelled"
    return creates.sort(open_first, "updated_at", descending=[False, True]).unique("golden_id", keep="first")


def _deals(platform: Platform, con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    go_live, table = platform.policy.go_live, tables.golden("order")
    if not table.exists(con):
        raise NothingToReconcile("No deals were read yet, so there is nothing to compare; run `crmerp plan` first.")
    since = f"close_date >= DATE '{go_live}'" if go_live else "false"
    return con.execute(
        f"SELECT * EXCLUDE (_hash, _change) FROM {table.sql} WHERE won AND {since} AND NOT crm_deleted"
    ).pl()


def _won(platform: Platform, con: duckdb.DuckDBPyConnection, parked: pl.DataFrame) -> pl.DataFrame:
    """(crm_id, reason) of the parked deals that the CRM calls won: their money is missing in the sums."""
    crm = platform.side("crm")
    entity_map = platform.entity_map(crm, "order")
    assert entity_map is not None
    con.register("_parked", parked.select(pl.col("native_id").alias("_id")).to_arrow())
    raw = con.execute(f"SELECT * FROM {tables.raw(crm.name, entity_map.object).sql} SEMI JOIN _parked USING (_id)").pl()
    con.unregister("_parked")
    won = inbound(entity_map, raw).filter(pl.col("won") == "true")["native_id"]
    found = parked.filter(pl.col("native_id").is_in(won.to_list()))
    return found.select(pl.col("native_id").alias("crm_id"), "reason")


def _counts(con: duckdb.DuckDBPyConnection, parked: pl.DataFrame) -> pl.DataFrame:
    """Live records per entity: on each side, on both, on one only, and unusable ones."""
    rows = []
    for entity in COUNTED:
        table = tables.golden(entity)
        if not table.exists(con):
            continue
        crm, erp = (f"({_alive(role)})" for role in ("crm", "erp"))
        sql = (
            f"SELECT count(*) FILTER {_where(crm)}, count(*) FILTER {_where(erp)}, "
            f"count(*) FILTER (WHERE {crm} AND {erp}), count(*) FILTER (WHERE {crm} AND NOT {erp}), "
            f"count(*) FILTER (WHERE {erp} AND NOT {crm}) FROM {table.sql}"
        )
        found = con.execute(sql).fetchone()
        assert found is not None
        rows.append((entity, *found, parked.filter(pl.col("entity") == entity).height))
    return pl.DataFrame(rows, schema={"entity": pl.String, **_COUNTS}, orient="row")


def _alive(role: Role | str) -> str:
    return f"{role}_id IS NOT NULL AND NOT {role}_deleted"


def _where(condition: str) -> str:
    return f"(WHERE {condition})"


def _store(platform: Platform, result: Reconciliation) -> None:
    with platform.warehouse.open() as con:
        for name in ("deals", "money", "gaps", "counts"):
            con.register("_report", getattr(result, name).to_arrow())
            con.execute(f"CREATE OR REPLACE TABLE {tables.report(f'reconciliation_{name}').sql} AS FROM _report")
            con.unregister("_report")


def publish(result: Reconciliation, folder: Path) -> Path:
    """Write the reconciliation as JSON for those who read it without the warehouse; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    target, draft = folder / "reconciliation.json", folder / "reconciliation.json.new"
    body = {name: json.loads(getattr(result, name).write_json()) for name in ("money", "gaps", "counts")}
    gone = result.deals.filter(pl.col("place") != "ordered")
    body["deals"] = json.loads(gone.write_json())
    body["explained"], body["agrees"] = result.explained, result.agrees
    draft.write_text(json.dumps(body, indent=1), encoding="utf-8")
    draft.replace(target)
    return target
