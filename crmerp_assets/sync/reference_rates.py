"""Exchange rates as the golden table holds them: the ERP's, and beside them a fallback that the policy names.

A rate of the fallback is a row of its own, with its source, so that nothing that was converted with it can be taken for
converted at the ERP's. Rows that the policy or the file no longer says are marked deleted.
"""

from datetime import timedelta

import duckdb
import polars as pl

from crmerp_assets.canonical import ecb
from crmerp_assets.canonical.ecb import ECB
from crmerp_assets.merge.policy import Policy
from crmerp_assets.reports.company import RATES, base_of
from crmerp_assets.sync import tables
from crmerp_assets.warehouse import Changes

_STORED: dict[str, pl.DataType] = {"golden_id": pl.String(), **RATES, "deleted": pl.Boolean()}


def known_rates(con: duckdb.DuckDBPyConnection, *, fallback: bool = True) -> pl.DataFrame:
    """Every living rate as rows of RATES; without `fallback` the ERP's only."""
    table = tables.golden("exchange_rate")
    if not table.exists(con):
        return pl.DataFrame(schema=RATES)
    where = "NOT deleted" if fallback else f"NOT deleted AND source <> '{ECB}'"
    found = con.execute(f"SELECT {', '.join(RATES)} FROM {table.sql} WHERE {where} ORDER BY golden_id").pl()
    return found.cast(RATES)  # type: ignore[arg-type]


def merge_fallback(policy: Policy, con: duckdb.DuckDBPyConnection) -> Changes:
    """Make the fallback's rows what policy and file say now; rates of days long before the go-live are left out.

    Raises OSError, or polars' errors, for a file that was replaced by another kind of file since it was configured.
    """
    table = tables.golden("exchange_rate")
    held = con.execute(f"SELECT {', '.join(_STORED)} FROM {table.sql} WHERE source = '{ECB}' AND NOT deleted").pl()
    wanted = _wanted(policy, base_of(known_rates(con, fallback=False), policy.company_currency))
    gone = held.cast(_STORED).join(wanted, on="golden_id", how="anti")  # type: ignore[arg-type]
    return table.upsert(con, pl.concat([wanted, gone.with_columns(pl.lit(value=True).alias("deleted"))]))


def _wanted(policy: Policy, base: str | None) -> pl.DataFrame:
    """Rows of _STORED: the fallback's rates into the company's currency. Without one, nothing can be crossed."""
    rules = policy.currencies
    if rules.fallback == "none" or base is None:
        return pl.DataFrame(schema=_STORED)
    since = policy.go_live and policy.go_live - timedelta(days=rules.max_rate_age_days or 0)
    rates = ecb.crossed(ecb.published(rules.file).filter(pl.lit(since is None) | (pl.col("rate_date") >= since)), base)
    return rates.select(
        pl.format("ecb-{}-{}-{}", "currency", pl.lit(base), "rate_date").str.to_lowercase().alias("golden_id"),
        pl.lit(base).alias("base_currency"),
        "currency",
        "rate_date",
        "rate",
        pl.lit(ECB).alias("source"),
        pl.lit(value=False).alias("deleted"),
    ).cast(_STORED)  # type: ignore[arg-type]
