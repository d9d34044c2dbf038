"""What invoices say about their order and their customer: sums over golden invoices, in SQL.

The ERP's own customer balance is not used: it changes without the customer record changing, so a pull by
modification time would miss it. The sum of open invoices is auditable, invoice by invoice.
"""

from collections.abc import Callable

import duckdb
import polars as pl

from crmerp_assets.sync import tables

_WORST_FIRST = ("overdue", "partially_paid", "open", "draft", "paid", "credited", "void")


def order_rollup(con: duckdb.DuckDBPyConnection, orders: pl.DataFrame) -> pl.DataFrame:
    """Invoice numbers, the most urgent status, sums and dates of each order's invoices, in the order's currency."""
    rank = ", ".join(f"'{status}'" for status in _WORST_FIRST)
    return _joined(
        con,
        orders,
        "order",
        f"""
        string_agg(number, ', ' ORDER BY number) AS invoice_number,
        list_extract([{rank}], min(list_position([{rank}], status))) AS invoice_status,
        sum(total) AS invoiced, sum(coalesce(tax, 0)) AS invoiced_tax,
        sum(paid) AS paid, sum(credited) AS credited, sum(open_balance) AS open_balance,
        min(due_date) FILTER (open_balance > 0 OR status = 'paid') AS due_date,
        CASE WHEN sum(open_balance) = 0 THEN max(paid_date) END AS paid_date
        """,
    )


def customer_rollup(con: duckdb.DuckDBPyConnection, customers: pl.DataFrame) -> pl.DataFrame:
    """Open and overdue balance of each customer, in company currency at each invoice's own rate."""
    converted = "round(open_balance * coalesce(exchange_rate, 1), 2)"
    return _joined(
        con,
        customers,
        "customer",
        f"""
        sum({converted}) AS balance,
        coalesce(sum({converted}) FILTER (status = 'overdue'), 0) AS overdue_balance
        """,
    )


def _joined(con: duckdb.DuckDBPyConnection, frame: pl.DataFrame, owner: str, aggregates: str) -> pl.DataFrame:
    """The frame with the aggregates of its golden ids' invoices; they replace columns of the same name."""
    invoices = tables.golden("invoice")
    if not invoices.exists(con) or frame.is_empty():
        return frame
    con.register("_owners", frame.select("golden_id").to_arrow())
    sums = con.execute(
        f'SELECT "{owner}" AS golden_id, {aggregates} FROM {invoices.sql} i '
        f'SEMI JOIN _owners o ON o.golden_id = i."{owner}" WHERE NOT i.deleted GROUP BY ALL'
    ).pl()
    con.unregister("_owners")
    kept = [name for name in frame.columns if name == "golden_id" or name not in sums.columns]
    return frame.select(kept).join(sums, on="golden_id", how="left")


ROLLUPS: dict[str, Callable[[duckdb.DuckDBPyConnection, pl.DataFrame], pl.DataFrame]] = {
    "order": order_rollup,
    "customer": customer_rollup,
}
