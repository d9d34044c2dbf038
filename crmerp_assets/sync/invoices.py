"""Golden invoices: the ERP's invoices with their applied payments and credits, and a status by stated rules.

An invoice is looked at again when it changed, when a payment or credit that touches it changed, when its order or
customer was linked, and when its due date has passed since.
"""

from dataclasses import dataclass, field
from datetime import date

import duckdb
import polars as pl

from crmerp_assets import canonical
from crmerp_assets.canonical.status import invoice_status
from crmerp_assets.canonical.validate import CheckSummary, validate
from crmerp_assets.mapping import EntityMap
from crmerp_assets.sync import tables
from crmerp_assets.sync.platform import Connection, Platform, in_one_transaction
from crmerp_assets.sync.reference_rates import merge_fallback
from crmerp_assets.warehouse import Changes, Table
from crmerp_assets.warehouse.tables import NO_CHANGES, advance, listed, newest, seen

CONSUMER = "merge:invoice"


@dataclass(frozen=True, slots=True)
class Invoiced:
    """Invoices looked at, what changed, parked ones, and the checks' counts."""

    considered: int = 0
    changes: Changes = NO_CHANGES
    parked: int = 0
    checks: list[CheckSummary] = field(default_factory=list)


@in_one_transaction
def merge_invoices(platform: Platform) -> Invoiced:
    """Bring golden invoices up to date; amounts are in the invoice's currency."""
    erp, today = platform.side("erp"), platform.clock().date()
    source = tables.conformed(erp.name, "invoice")
    with platform.ledger.read() as tx:
        again = tx.parked.asked_again("golden", "invoice", "golden")
    with platform.warehouse.open() as con:
        if not source.exists(con):
            return Invoiced()
        applied = [m for m in platform.matrix.maps(erp.system) if m.entity == "payment"]
        marks = _marks(con, erp, applied)
        _affected(con, erp, applied, marks, today, again)
        rows = con.execute(_invoice_sql(con, erp, applied)).pl()
    golden = canonical.typed("invoice", canonical.text("invoice", _with_status(rows, today)))
    checked = validate("invoice", "golden", golden)
    with platform.ledger.begin() as tx:
        tx.parked.resolve("golden", "invoice", "golden", checked.valid["golden_id"].to_list())
        if checked.parked.height:
            tx.parked.put("golden", "invoice", "golden", checked.parked)
    with platform.warehouse.open() as con:
        changes = tables.golden("invoice").upsert(con, checked.valid.drop("issues", strict=False))
        for table, change in marks.items():
            advance(con, table, CONSUMER, change)
    return Invoiced(rows.height, changes, checked.parked.height, checked.checks)


def merge_exchange_rates(platform: Platform) -> Changes:
    """Copy the ERP's exchange rates into the golden table, and those of the fallback that the policy names."""
    erp = platform.side("erp")
    source, target = tables.conformed(erp.name, "exchange_rate"), tables.golden("exchange_rate")
    with platform.warehouse.open() as con:
        if not source.exists(con):
            return NO_CHANGES
        change = newest(con, source)
        since = seen(con, source, "merge:exchange_rate")
        rows = con.execute(
            f"SELECT '{erp.name}-' || native_id AS golden_id, base_currency, currency, rate_date, rate, "
            f"'{erp.name}' AS source, deleted FROM {source.sql} WHERE _change > {since}"
        ).pl()
        changes = target.upsert(con, rows)
        advance(con, source, "merge:exchange_rate", change)
        return changes + merge_fallback(platform.policy, con)


def _marks(con: duckdb.DuckDBPyConnection, erp: Connection, applied: list[EntityMap]) -> dict[Table, int]:
    sources = [
        tables.conformed(erp.name, "invoice"),
        tables.links("order"),
        tables.links("customer"),
        tables.links("invoice"),
    ]
    for entity_map in applied:
        sources += [tables.conformed(erp.name, entity_map.name), tables.conformed_lines(erp.name, entity_map.name)]
    return {source: newest(con, source) for source in sources if source.exists(con)}


def _affected(
    con: duckdb.DuckDBPyConnection,
    erp: Connection,
    applied: list[EntityMap],
    marks: dict[Table, int],
    today: date,
    again: list[str],
) -> None:
    """Temp table `_affected` of the native ids of invoices to look at again; `again` are golden ids asked for."""
    since = {source: seen(con, source, CONSUMER) for source in marks}
    invoice, golden = tables.conformed(erp.name, "invoice"), tables.golden("invoice")
    parts = [f"SELECT native_id FROM {invoice.sql} WHERE _change > {since[invoice]}"]
    for name in ("order", "customer"):
        if tables.links(name) in since:
            parts.append(
                f'SELECT i.native_id FROM {invoice.sql} i JOIN {tables.links(name).sql} l ON l.native_id = i."{name}" '
                f"AND l.connection = '{erp.name}' WHERE l._change > {since[tables.links(name)]}"
            )
    if tables.links("invoice") in since:
        links = tables.links("invoice")
        parts.append(f"SELECT native_id FROM {links.sql} WHERE _change > {since[links]}")
        parts.append(f"SELECT native_id FROM {links.sql} SEMI JOIN _again ON golden_id = _again.id")
    for entity_map in applied:
        lines = tables.conformed_lines(erp.name, entity_map.name)
        header = tables.conformed(erp.name, entity_map.name)
        if lines in since:
            parts.append(f"SELECT invoice FROM {lines.sql} WHERE _change > {since[lines]}")
            parts.append(
                f"SELECT n.invoice FROM {lines.sql} n JOIN {header.sql} h ON h.native_id = n.parent_id "
                f"WHERE h._change > {since[header]}"
            )
    if golden.exists(con):
        parts.append(
            f"SELECT native_id FROM {golden.sql} "
            f"WHERE status IN ('open', 'partially_paid') AND due_date < DATE '{today}'"
        )
    with listed(con, "_again", again):
        con.execute(f"CREATE OR REPLACE TEMP TABLE _affected AS {' UNION '.join(parts)}")


def _invoice_sql(con: duckdb.DuckDBPyConnection, erp: Connection, applied: list[EntityMap]) -> str:
    """Affected invoices with resolved order and customer, and the sums of what was applied to them."""
    unions = [
        f"SELECT n.invoice, h.kind, n.amount, h.date FROM {tables.conformed_lines(erp.name, m.name).sql} n "
        f"JOIN {tables.conformed(erp.name, m.name).sql} h ON h.native_id = n.parent_id "
        "SEMI JOIN _affected a ON a.native_id = n.invoice WHERE NOT n.deleted AND NOT h.deleted"
        for m in applied
        if tables.conformed_lines(erp.name, m.name).exists(con)
    ]
    sums = " UNION ALL ".join(unions) or "SELECT NULL AS invoice, NULL AS kind, 0 AS amount, NULL::DATE AS date LIMIT 0"
    reference = {
        name: (
            f"LEFT JOIN {tables.links(name).sql} l_{name} ON l_{name}.connection = '{erp.name}' "
            f'AND l_{name}.native_id = i."{name}"'
        )
        for name in ("order", "customer")
        if tables.links(name).exists(con)
    }
    picked = {
        name: tables.lives(f"l_{name}") if name in reference else "NULL::VARCHAR" for name in ("order", "customer")
    }
    return f"""
        WITH applied AS (
            SELECT invoice, coalesce(sum(amount) FILTER (kind = 'payment'), 0) AS paid,
                   coalesce(sum(amount) FILTER (kind = 'credit'), 0) AS credited, max(date) AS last_applied
            FROM ({sums}) GROUP BY invoice
        )
        SELECT l.golden_id, i.native_id, i.number, {picked["order"]} AS "order", {picked["customer"]} AS customer,
               i.currency, i.exchange_rate, i.invoice_date, i.due_date, i.total, i.tax, i.status AS native_status,
               i.deleted,
               coalesce(a.paid, 0) AS paid, coalesce(a.credited, 0) AS credited,
               i.total - coalesce(a.paid, 0) - coalesce(a.credited, 0) AS open_balance,
               CASE WHEN i.total = coalesce(a.paid, 0) + coalesce(a.credited, 0) THEN a.last_applied END AS paid_date
        FROM {tables.conformed(erp.name, "invoice").sql} i
        SEMI JOIN _affected f ON f.native_id = i.native_id
        JOIN {tables.links("invoice").sql} l ON l.connection = '{erp.name}' AND l.native_id = i.native_id
        LEFT JOIN applied a ON a.invoice = i.native_id
        {" ".join(reference.values())}
    """


def _with_status(rows: pl.DataFrame, today: date) -> pl.DataFrame:
    status = invoice_status(
        total=pl.col("total"),
        paid=pl.col("paid"),
        credited=pl.col("credited"),
        voided=pl.col("native_status") == "void",
        due_date=pl.col("due_date"),
        today=pl.lit(today),
        draft=pl.col("native_status") == "draft",
    )
    return rows.with_columns(status.alias("status")).drop("native_status")
