"""What each account sees of its money in the ERP: `golden.account`, one row a golden customer.

It is summed up anew from golden invoices, payments and the ERP's orders whenever they are merged, and only rows that
differ are stored as changed: so an account hears of a document that has left it, too. The ERP's own customer balance
is not used: it changes without the customer record changing, so a pull by modification time would miss it.
"""

import duckdb
import polars as pl

from crmerp_assets.canonical.money import MONEY, RATE
from crmerp_assets.merge.receivables import accounts, in_company
from crmerp_assets.sync import tables
from crmerp_assets.sync.platform import Connection
from crmerp_assets.warehouse import Table

ACCOUNTS = Table("golden", "account", ("golden_id",))
_INVOICES: dict[str, pl.DataType] = {
    "customer": pl.String(),
    "status": pl.String(),
    "currency": pl.String(),
    "exchange_rate": RATE,
    "overpaid": MONEY,
    "company_open_balance": MONEY,
    "days_overdue": RATE,
}
_PAYMENTS: dict[str, pl.DataType] = {
    "customer": pl.String(),
    "kind": pl.String(),
    "date": pl.Date(),
    "company_unapplied": MONEY,
    "company_amount": MONEY,
    "received": pl.Boolean(),
}
_ORDERS: dict[str, pl.DataType] = {
    "golden_id": pl.String(),
    "order_count": RATE,
    "last_order_number": pl.String(),
    "last_order_date": pl.Date(),
}


def merge_accounts(con: duckdb.DuckDBPyConnection, erp: Connection, company: str | None) -> None:
    """Bring `golden.account` up to date; amounts are in company currency, each document at its own rate."""
    invoices = _live(con, "invoice", _INVOICES).with_columns(in_company("overpaid", company))
    payments = _live(con, "payment", _PAYMENTS)
    owed = accounts(invoices, payments)
    rows = owed.join(_orders(con, erp), on="golden_id", how="full", coalesce=True)
    money = [name for name in owed.columns if owed.schema[name] in (MONEY, RATE) and name != "last_payment_amount"]
    alone = ~pl.col("golden_id").is_in(owed["golden_id"].implode())
    filled = [pl.when(alone).then(pl.lit(0).cast(owed.schema[n])).otherwise(n).alias(n) for n in money]
    rows = rows.with_columns(*filled, pl.col("order_count").fill_null(0))
    if ACCOUNTS.exists(con):
        known = con.execute(f"SELECT golden_id FROM {ACCOUNTS.sql}").pl().cast({"golden_id": pl.String})
        rows = pl.concat([rows, known.join(rows, on="golden_id", how="anti")], how="diagonal")
    ACCOUNTS.upsert(con, rows)


def _live(con: duckdb.DuckDBPyConnection, entity: str, shape: dict[str, pl.DataType]) -> pl.DataFrame:
    table = tables.golden(entity)
    if not table.exists(con):
        return pl.DataFrame(schema=shape)
    names = ["NOT voided AS received" if name == "received" else f'"{name}"' for name in shape]
    return con.execute(f"SELECT {', '.join(names)} FROM {table.sql} WHERE NOT deleted").pl().cast(shape)  # type: ignore[arg-type]


def _orders(con: duckdb.DuckDBPyConnection, erp: Connection) -> pl.DataFrame:
    """How many orders each customer has in the ERP, wherever they were born, and the last one; cancelled ones apart."""
    orders, links = tables.conformed(erp.name, "order"), tables.links("customer")
    if not (orders.exists(con) and links.exists(con)):
        return pl.DataFrame(schema=_ORDERS)
    latest = "{'day': c.close_date, 'long': length(c.native_id), 'id': c.native_id}"
    found = con.execute(
        f"""
        SELECT {tables.lives("l")} AS golden_id, count(*) AS order_count,
               arg_max(c.order_number, {latest}) AS last_order_number, max(c.close_date) AS last_order_date
        FROM {orders.sql} c JOIN {links.sql} l ON l.connection = '{erp.name}' AND l.native_id = c.customer
        WHERE NOT c.deleted AND c.order_status IS DISTINCT FROM 'cancelled' AND {tables.lives("l")} IS NOT NULL
        GROUP BY ALL
        """
    ).pl()
    return found.cast(_ORDERS)  # type: ignore[arg-type]
