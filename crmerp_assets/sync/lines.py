"""Order lines in golden terms: products by golden id, positions 1 to n, as one comparable JSON text an order.

A line whose product is only a text finds its product by SKU or name in the catalogue, or by an alias that a person
has decided. What stays unknown keeps its text, so that the plan can say which product is missing; or, by policy, it
becomes the default item with that text as its description.
"""

import duckdb
import polars as pl

from crmerp_assets.canonical.frames import decimal_text
from crmerp_assets.canonical.lines import lines_json
from crmerp_assets.sync import tables
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets.warehouse import Table


def text_key(column: str) -> str:
    """SQL for the form in which product texts and aliases are compared: lower case, inner blanks as one."""
    return f"regexp_replace(lower(trim({column})), '\\s+', ' ', 'g')"


def golden_lines(
    platform: Platform, con: duckdb.DuckDBPyConnection, connection: Connection, table: Table, orders: pl.DataFrame
) -> pl.DataFrame:
    """(id, lines) for the orders in the frame's `id` column; orders without lines are absent."""
    nothing = pl.DataFrame(schema={"id": pl.String, "lines": pl.String})
    if not table.exists(con) or orders.is_empty():
        return nothing
    with platform.ledger.read() as tx:
        aliases = tx.aliases.all("product").select("text", "golden_id")
    con.register("_orders", orders.select(pl.col("id").alias("order_id")).to_arrow())
    con.register("_aliases", aliases.to_arrow())
    lines = con.execute(_lines_sql(con, connection, table, platform.policy.orders.unknown_product.sku)).pl()
    con.unregister("_orders")
    con.unregister("_aliases")
    if lines.is_empty():
        return nothing
    numbers = [decimal_text(pl.col(name)).alias(name) for name in ("quantity", "unit_price", "amount")]
    return lines_json(lines.with_columns(numbers)).select(pl.col("parent_id").alias("id"), "lines")


def _lines_sql(con: duckdb.DuckDBPyConnection, connection: Connection, table: Table, default_sku: str | None) -> str:
    catalogue = tables.golden("product")
    by_text, found, linked = "", "NULL", tables.lives("p")
    if catalogue.exists(con):
        by_text = f"""
            LEFT JOIN (
                SELECT key, any_value(golden_id) AS golden_id FROM (
                    SELECT {text_key("sku")} AS key, golden_id FROM {catalogue.sql}
                    UNION SELECT {text_key("name")}, golden_id FROM {catalogue.sql}
                ) WHERE key IS NOT NULL GROUP BY key HAVING count(DISTINCT golden_id) = 1
            ) named ON named.key = {text_key("n.product_text")}"""
        found = "named.golden_id"
    return f"""
        SELECT parent_id, position, coalesce(product, fallback) AS product,
               CASE WHEN product IS NULL AND fallback IS NULL THEN product_text END AS product_text,
               CASE WHEN product IS NULL AND fallback IS NOT NULL THEN product_text
                    WHEN product = fallback AND NOT described THEN description END AS description,
               quantity, unit_price, amount
        FROM (
            SELECT n.parent_id, n.position, coalesce({linked}, alias.golden_id, {found}) AS product,
                   coalesce(n.product_text, 'product id ' || n.product) AS product_text, n.description,
                   d.golden_id AS fallback, coalesce(n.description IN (d.sku, d.name), true) AS described,
                   n.quantity, n.unit_price, n.amount
            FROM {table.sql} n
            SEMI JOIN _orders o ON o.order_id = n.parent_id
            LEFT JOIN {tables.links("product").sql} p
                   ON p.connection = '{connection.name}' AND p.native_id = n.product
            LEFT JOIN _aliases alias ON alias.text = {text_key("n.product_text")}
            {by_text}
            LEFT JOIN ({_default_item(con, default_sku)}) d ON true
            WHERE NOT n.deleted
        )
    """


def _default_item(con: duckdb.DuckDBPyConnection, sku: str | None) -> str:
    """SQL for the one product that stands for unknown ones; no row where the policy names none, or it does not exist.

    Its description is read only where somebody wrote another one than its own name, as systems fill that in.
    """
    catalogue = tables.golden("product")
    if sku is None or not catalogue.exists(con):
        return "SELECT NULL AS golden_id, NULL AS sku, NULL AS name WHERE false"
    quoted = sku.replace("'", "''")
    return (
        f"SELECT min(golden_id) AS golden_id, min(sku) AS sku, min(name) AS name FROM {catalogue.sql} "
        f"WHERE sku = '{quoted}' HAVING count(*) = 1"
    )
