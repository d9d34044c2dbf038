"""Gather what the reconciliation needs from warehouse and ledger, and store it in the warehouse.

What people and the CLI read is published from there, see `published`: the warehouse file may be held by a run.
"""

import duckdb
import polars as pl

from crmerp_assets.canonical.money import MONEY
from crmerp_assets.ledger.transitions import OPEN
from crmerp_assets.mapping import inbound
from crmerp_assets.merge.three_way import Role
from crmerp_assets.reports import Reconciliation, place_deals
from crmerp_assets.reports.breaks import STRAYS
from crmerp_assets.reports.company import with_company
from crmerp_assets.reports.differences import line_differences, told
from crmerp_assets.reports.owners import owned
from crmerp_assets.reports.reconciliation import AMOUNTS, shaped
from crmerp_assets.sync import reconciled, routes, tables, units
from crmerp_assets.sync.platform import Platform, in_one_transaction
from crmerp_assets.sync.reference_rates import known_rates
from crmerp_assets.sync.strays import strays
from crmerp_assets.warehouse.tables import listed

COUNTED = ("customer", "contact", "product", "order")
_COUNTS: dict[str, type[pl.DataType]] = dict.fromkeys(
    ("crm", "erp", "linked", "crm_only", "erp_only", "parked"), pl.Int64
)


class NothingToReconcile(RuntimeError):
    """No deal was ever read, so there is nothing to compare yet."""


@in_one_transaction
def run_reconciliation(platform: Platform) -> Reconciliation:
    """Reconcile both sides as the warehouse and the ledger know them now, and store the tables in `report`.

    Raises NothingToReconcile before the first pull.
    """
    crm, erp, tolerance = platform.side("crm"), platform.side("erp"), platform.policy.tolerance
    with platform.ledger.read() as tx:
        intents = _writes(tx.intents.open(erp.name, "order", states=[*OPEN, "cancelled"]))
        parked = tx.parked.list(skipped=True)
    broken = parked.filter((pl.col("entity") == "order") & (pl.col("connection") == crm.name))
    with platform.warehouse.open() as con:
        deals, rates = _deals(platform, con), known_rates(con)
        lines = line_differences(_differing(con, deals), _products(con), tolerance, units.shown(con))
        found = deals.join(told(lines), on="golden_id", how="left")
        placed = place_deals(found, intents, _won(platform, con, broken), tolerance)
        alone = owned(strays(platform, con, parked))
        company, oldest = platform.policy.company_currency, platform.policy.currencies.max_rate_age_days
        done = Reconciliation(
            deals=shaped(with_company(placed, rates, company, "close_date", AMOUNTS, oldest)),
            strays=with_company(alone, rates, company, "day", ["amount"], oldest).select(*STRAYS).cast(STRAYS),  # type: ignore[arg-type]
            lines=lines,
            counts=_counts(platform, con, parked),
            tolerance=tolerance,
            made_at=platform.clock(),
        )
        return reconciled.store(con, done)


def _writes(intents: pl.DataFrame) -> pl.DataFrame:
    """One create and one update of lines a deal: the open one, or the one that a person withdrew last."""
    lines = pl.col("changes").str.json_path_match("$.lines").is_not_null()
    writes = intents.filter((pl.col("operation") == "create") | ((pl.col("operation") == "update") & lines))
    latest = writes.sort(pl.col("state") == "cancelled", "updated_at", descending=[False, True])
    one = latest.unique(["golden_id", "operation"], keep="first", maintain_order=True)
    return one.select("golden_id", "operation", "state", "gate", "reason", "error")


def _deals(platform: Platform, con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Won deals in scope, with the currency of their order in the ERP."""
    go_live, table, compare = platform.policy.go_live, tables.golden("order"), tables.compare("order")
    if not table.exists(con):
        raise NothingToReconcile("No deals were read yet, so there is nothing to compare; run `crmerp plan` first.")
    since = f"close_date >= DATE '{go_live}'" if go_live else "false"
    return (
        con.execute(
            f"""
        SELECT o.* EXCLUDE (_hash, _change, lines), c."erp.currency" AS erp_currency
        FROM {table.sql} o LEFT JOIN {compare.sql} c USING (golden_id)
        WHERE won AND {since} AND NOT crm_deleted
        """
        )
        .pl()
        .join(routes.elsewhere(platform, con, "order"), on="golden_id", how="anti", maintain_order="left")
    )


def _differing(con: duckdb.DuckDBPyConnection, deals: pl.DataFrame) -> pl.DataFrame:
    """Both sides' lines of the deals whose order has other lines, or another total."""
    held = deals.filter(pl.col("erp_id").is_not_null() & ~pl.col("erp_deleted").fill_null(value=False))
    con.register("_held", held.select("golden_id", "currency", "amount", "erp_total").to_arrow())
    rows = con.execute(
        f"""
        SELECT h.*, c."crm.lines" AS crm_lines, c."erp.lines" AS erp_lines
        FROM _held h JOIN {tables.compare("order").sql} c USING (golden_id)
        WHERE c."crm.lines" IS DISTINCT FROM c."erp.lines" OR h.amount IS DISTINCT FROM h.erp_total
        """
    ).pl()
    con.unregister("_held")
    return rows


def _products(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What to call each product: its SKU, or its name where it has none."""
    table = tables.golden("product")
    if not table.exists(con):
        return {}
    return dict(con.execute(f"SELECT golden_id, coalesce(sku, name, golden_id) FROM {table.sql}").fetchall())


def _won(platform: Platform, con: duckdb.DuckDBPyConnection, parked: pl.DataFrame) -> pl.DataFrame:
    """The parked deals that the CRM calls won: crm_id, reason, and as much of their money as can be read."""
    crm = platform.side("crm")
    entity_map = platform.entity_map(crm, "order")
    assert entity_map is not None
    con.register("_parked", parked.select(pl.col("native_id").alias("_id")).to_arrow())
    raw = con.execute(f"SELECT * FROM {tables.raw(crm.name, entity_map.object).sql} SEMI JOIN _parked USING (_id)").pl()
    con.unregister("_parked")
    read = routes.carried(platform, con, inbound(entity_map, raw).filter(pl.col("won") == "true"))
    day = pl.col("close_date").str.to_date("%Y-%m-%d", strict=False)
    values = read.select(
        pl.col("native_id").alias("crm_id"),
        "name",
        "currency",
        pl.col("amount").cast(MONEY, strict=False),
        pl.when(day >= pl.lit(platform.policy.go_live, dtype=pl.Date)).then(day).alias("close_date"),
    )
    reasons = parked.select(pl.col("native_id").alias("crm_id"), "reason").unique("crm_id")
    return values.join(reasons, on="crm_id")


def _counts(platform: Platform, con: duckdb.DuckDBPyConnection, parked: pl.DataFrame) -> pl.DataFrame:
    """Live records per entity: on each side, on both, on one only, and unusable ones; without those of other lanes."""
    rows = []
    for entity in (*COUNTED, *platform.mirrors):
        table = tables.golden(entity)
        if not table.exists(con):
            continue
        crm, erp = (f"({_alive(role)})" for role in ("crm", "erp"))
        sql = (
            f"SELECT count(*) FILTER {_where(crm)}, count(*) FILTER {_where(erp)}, "
            f"count(*) FILTER (WHERE {crm} AND {erp}), count(*) FILTER (WHERE {crm} AND NOT {erp}), "
            f"count(*) FILTER (WHERE {erp} AND NOT {crm}) FROM {table.sql} "
            "WHERE golden_id NOT IN (SELECT id FROM _elsewhere)"
        )
        with listed(con, "_elsewhere", routes.elsewhere(platform, con, entity)["golden_id"]):
            found = con.execute(sql).fetchone()
        assert found is not None
        rows.append((entity, *found, parked.filter(pl.col("entity") == entity).height))
    return pl.DataFrame(rows, schema={"entity": pl.String, **_COUNTS}, orient="row")


def _alive(role: Role | str) -> str:
    return f"{role}_id IS NOT NULL AND NOT {role}_deleted"


def _where(condition: str) -> str:
    return f"(WHERE {condition})"
