"""Documents of the ERP whose money belongs to no won deal: orders with our key, invoices without order or customer.

Only what has happened since the go-live date is looked at, and nothing that is void, cancelled or still a draft.
"""

import duckdb
import polars as pl

from crmerp_assets.reports.breaks import STRAYS
from crmerp_assets.sync import tables
from crmerp_assets.sync.platform import Platform

_REASONS = {
    "deal_deleted": "the order's deal was deleted in the CRM",
    "deal_unknown": "the order carries our key, and no deal in the CRM has it",
    "not_won": "the order's deal is not won",
    "invoice_without_order": "the invoice was made without a sales order",
    "invoice_of_unknown_order": "the invoice's sales order is not known here",
    "invoice_without_customer": "the invoice's customer is not known here",
}
_UNEXPLAINED = ("deal_unknown", "invoice_of_unknown_order", "invoice_without_customer")


def strays(platform: Platform, con: duckdb.DuckDBPyConnection, parked: pl.DataFrame) -> pl.DataFrame:
    """Rows of STRAYS as far as they are known here. `parked`: unusable records, which explain their invoices."""
    found = [pl.DataFrame(schema=STRAYS)]
    if platform.policy.go_live:
        found += [_orders(platform, con), _invoices(platform, con, parked)]
    rows = pl.concat(found, how="diagonal_relaxed")
    kind = pl.coalesce("gate", "place")
    return rows.with_columns(
        pl.coalesce("reason", kind.replace_strict(_REASONS, default=None, return_dtype=pl.String)).alias("reason"),
        (pl.col("reason").is_not_null() | ~kind.is_in(_UNEXPLAINED)).alias("explained"),
        pl.col("day").dt.to_string("%Y-%m").alias("period"),
    ).sort("place", "record")


def _orders(platform: Platform, con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    orders, compare = tables.golden("order"), tables.compare("order")
    ours = f"starts_with(lower(c.\"erp.key\"), '{platform.prefix('order')}-')"
    return con.execute(
        f"""
        SELECT o.erp_id AS record, o.golden_id, o.name, o.order_number AS number, o.close_date AS day,
               coalesce(c."erp.currency", o.currency) AS currency, o.erp_total AS amount,
               'order_without_deal' AS place,
               CASE WHEN o.crm_id IS NULL THEN 'deal_unknown' WHEN o.crm_deleted THEN 'deal_deleted'
                    ELSE 'not_won' END AS gate
        FROM {orders.sql} o JOIN {compare.sql} c USING (golden_id)
        WHERE o.erp_id IS NOT NULL AND NOT o.erp_deleted AND {ours}
          AND coalesce(o.order_status, '') <> 'cancelled'
          AND (o.crm_id IS NULL OR o.crm_deleted OR NOT coalesce(o.won, false))
          AND coalesce(o.close_date >= DATE '{platform.policy.go_live}', true)
        """
    ).pl()


def _invoices(platform: Platform, con: duckdb.DuckDBPyConnection, parked: pl.DataFrame) -> pl.DataFrame:
    erp, invoices = platform.side("erp"), tables.golden("invoice")
    native = tables.conformed(erp.name, "invoice")
    if not (invoices.exists(con) and native.exists(con)):
        return pl.DataFrame(schema=STRAYS)
    unusable = parked.filter(pl.col("connection") == erp.name).select("entity", "native_id", "reason")
    con.register("_unusable", unusable.unique(["entity", "native_id"]).to_arrow())
    try:
        return con.execute(_invoice_sql(platform, invoices.sql, native.sql)).pl()
    finally:
        con.unregister("_unusable")


def _invoice_sql(platform: Platform, invoices: str, native: str) -> str:
    return f"""
        SELECT i.native_id AS record, i.golden_id, i.number, i.invoice_date AS day, i.currency, i.total AS amount,
               CASE WHEN i.customer IS NULL THEN 'invoice_without_customer'
                    WHEN n."order" IS NULL THEN 'invoice_without_order'
                    ELSE 'invoice_of_unknown_order' END AS place,
               CASE WHEN i.customer IS NULL THEN 'its customer cannot be used: ' || c.reason
                    WHEN n."order" IS NOT NULL THEN 'its sales order cannot be used: ' || o.reason END AS reason
        FROM {invoices} i
        JOIN {native} n ON n.native_id = i.native_id
        LEFT JOIN _unusable c ON c.entity = 'customer' AND c.native_id = n.customer
        LEFT JOIN _unusable o ON o.entity = 'order' AND o.native_id = n."order"
        WHERE NOT i.deleted AND coalesce(i.status, '') NOT IN ('void', 'draft')
          AND i.invoice_date >= DATE '{platform.policy.go_live}' AND (i.customer IS NULL OR i."order" IS NULL)
    """
