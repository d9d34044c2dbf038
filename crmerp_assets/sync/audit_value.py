"""What is at stake with a record: what its orders come to, in the company's currency where there is a rate."""

import duckdb
import polars as pl

from crmerp_assets.canonical.money import MONEY
from crmerp_assets.reports.company import base_of, with_company
from crmerp_assets.sync import tables
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets.sync.reference_rates import known_rates

_ORDERS: dict[str, pl.DataType] = {
    "native_id": pl.String(),
    "customer": pl.String(),
    "amount": MONEY,
    "currency": pl.String(),
    "close_date": pl.Date(),
}


def with_value(
    con: duckdb.DuckDBPyConnection, platform: Platform, side: Connection, entity: str, records: pl.DataFrame
) -> pl.DataFrame:
    """Fill `worth`, `worth_currency` of customers and orders, and `orders` of customers, from the system's own
    orders: won deals, or sales orders that were not cancelled."""
    found = _orders(con, platform, side) if entity in ("customer", "order") else None
    if found is None:
        return records
    valued = _valued(con, platform, found)
    if entity == "order":
        return _put(records, valued.select("native_id", "worth", "worth_currency"))
    of = valued.group_by(pl.col("customer").alias("native_id")).agg(
        pl.col("worth").sum().cast(MONEY), pl.col("worth_currency").drop_nulls().first()
    )
    counted = _counts(con, platform, side)
    filled = _put(records, of).drop("orders").join(counted, on="native_id", how="left", maintain_order="left")
    return filled.with_columns(pl.col("orders").fill_null(0))


def _put(records: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    bare = records.drop("worth", "worth_currency")
    joined = bare.join(values, on="native_id", how="left", maintain_order="left")
    return joined.with_columns(pl.when(pl.col("worth_currency").is_not_null()).then("worth").alias("worth"))


def _orders(con: duckdb.DuckDBPyConnection, platform: Platform, side: Connection) -> pl.DataFrame | None:
    """Rows of _ORDERS; None where the system's orders were not read."""
    entity_map = platform.entity_map(side, "order")
    table = tables.conformed(side.name, entity_map.name) if entity_map else None
    if table is None or not table.exists(con):
        return None
    held = set(table.columns(con))
    amount = "erp_total" if side.role == "erp" else "amount"
    names = {"native_id": "native_id", "customer": "customer", "amount": amount}
    names |= {"currency": "currency", "close_date": "close_date"}
    taken = ", ".join(f"{n if n in held else 'NULL'} AS {as_}" for as_, n in names.items())
    counts = "won" if side.role == "crm" and "won" in held else "true"
    if side.role == "erp" and "order_status" in held:
        counts = "order_status IS DISTINCT FROM 'cancelled'"
    rows = con.execute(f"SELECT {taken} FROM {table.sql} WHERE NOT deleted AND {counts}").pl()
    return rows.cast(_ORDERS)  # type: ignore[arg-type]


def _counts(con: duckdb.DuckDBPyConnection, platform: Platform, side: Connection) -> pl.DataFrame:
    """(native_id, orders) of customers: all their orders or deals, won or not."""
    entity_map = platform.entity_map(side, "order")
    assert entity_map is not None
    table = tables.conformed(side.name, entity_map.name)
    sql = (
        f"SELECT customer AS native_id, count(*) AS orders FROM {table.sql} WHERE NOT deleted AND customer IS NOT NULL"
    )
    return con.execute(f"{sql} GROUP BY 1").pl().cast({"native_id": pl.String, "orders": pl.Int64})


def _valued(con: duckdb.DuckDBPyConnection, platform: Platform, orders: pl.DataFrame) -> pl.DataFrame:
    """The orders with their amount in one currency, null where there is no rate into it.

    Where the company's currency is not known, amounts count only if all of them are in one.
    """
    rates, policy = known_rates(con), platform.policy
    if base_of(rates, policy.company_currency) is None:
        one = orders["currency"].drop_nulls().n_unique() == 1
        own = pl.col("currency") if one else pl.lit(None, dtype=pl.String)
        return orders.with_columns(pl.col("amount").alias("worth"), own.alias("worth_currency"))
    oldest = policy.currencies.max_rate_age_days
    converted = with_company(orders, rates, policy.company_currency, "close_date", ["amount"], oldest)
    stated = pl.when(pl.col("company_amount").is_not_null()).then("company_currency").alias("worth_currency")
    return converted.with_columns(stated, pl.col("company_amount").alias("worth"))
