"""What invoices and payments say about their order and their customer, as columns beside what the ERP says itself."""

from collections.abc import Callable

import duckdb
import polars as pl

from crmerp_assets.sync.accounts import ACCOUNTS
from crmerp_assets.sync.invoices import SHARES
from crmerp_assets.warehouse import Table

_RANK = ", ".join(f"'{one}'" for one in ("overdue", "partially_paid", "open", "draft", "paid", "credited", "void"))
WORST = f"list_extract([{_RANK}], min(list_position([{_RANK}], status)))"
"""SQL for the most urgent status of several invoices."""


def order_rollup(con: duckdb.DuckDBPyConnection, orders: pl.DataFrame) -> pl.DataFrame:
    """Invoice numbers, the most urgent status, sums and dates of each order's invoices, in the order's currency.

    Of an invoice of several orders only the order's part counts.
    """
    return _joined(
        con,
        orders,
        SHARES,
        f"""
        SELECT "order" AS golden_id, string_agg(number, ', ' ORDER BY number) AS invoice_number,
        {WORST} AS invoice_status,
        sum(invoiced) AS invoiced,
        coalesce(sum(coalesce(tax, 0)) FILTER (status NOT IN ('draft', 'void')), 0) AS invoiced_tax,
        sum(paid) AS paid, sum(credited) AS credited, sum(written_off) AS written_off, sum(reversed) AS reversed,
        sum(open_balance) AS open_balance, max(days_overdue) AS days_overdue,
        min(due_date) FILTER (open_balance > 0 OR status = 'paid') AS due_date,
        CASE WHEN sum(open_balance) = 0 THEN max(paid_date) END AS paid_date
        FROM {SHARES.sql} s SEMI JOIN _owners o ON o.golden_id = s."order" WHERE NOT deleted GROUP BY ALL
        """,
    )


def customer_rollup(con: duckdb.DuckDBPyConnection, customers: pl.DataFrame) -> pl.DataFrame:
    """What each customer owes, has unapplied, paid and ordered last, in company currency."""
    return _joined(
        con,
        customers,
        ACCOUNTS,
        f"SELECT * EXCLUDE (_hash, _change) FROM {ACCOUNTS.sql} SEMI JOIN _owners o USING (golden_id)",
    )


def _joined(con: duckdb.DuckDBPyConnection, frame: pl.DataFrame, source: Table, sums_sql: str) -> pl.DataFrame:
    """The frame with the sums of its golden ids; they replace columns of the same name."""
    if not source.exists(con) or frame.is_empty():
        return frame
    con.register("_owners", frame.select("golden_id").to_arrow())
    sums = con.execute(sums_sql).pl()
    con.unregister("_owners")
    kept = [name for name in frame.columns if name == "golden_id" or name not in sums.columns]
    return frame.select(kept).join(sums, on="golden_id", how="left")


ROLLUPS: dict[str, Callable[[duckdb.DuckDBPyConnection, pl.DataFrame], pl.DataFrame]] = {
    "order": order_rollup,
    "customer": customer_rollup,
}
# Where the sums change, and whose they are.
SOURCES: dict[str, tuple[Table, str]] = {"order": (SHARES, "order"), "customer": (ACCOUNTS, "golden_id")}
