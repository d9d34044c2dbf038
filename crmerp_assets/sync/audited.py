"""The audit's tables in the warehouse: the last run whole, and one row a day, system and entity of all runs."""

import duckdb
import polars as pl

from crmerp_assets.reports.quality import TABLES, Audit
from crmerp_assets.reports.quality.scores import TREND
from crmerp_assets.sync import tables

HISTORY_DAYS = 800  # two years and a little: the same month can be compared with last year's
_HISTORY = tables.report("audit_trend")


def store(con: duckdb.DuckDBPyConnection, done: Audit) -> Audit:
    """Put this run in the place of the last one and its scores into the history; returns it with its trend.

    Of several runs on one day the last one counts.
    """
    today = done.scores.filter(pl.col("score").is_not_null()).select(*TREND)
    history = pl.concat([_history(con), today]).unique(["day", "system", "entity"], keep="last", maintain_order=True)
    newest = done.scores["day"].max() if done.scores.height else None
    kept = history.filter((pl.lit(newest) - pl.col("day")).dt.total_days() <= HISTORY_DAYS)
    whole = done.since(kept.sort("day", "system", "entity"))
    for name in TABLES:
        tables.report(f"audit_{name}").replace(con, getattr(whole, name))
    return whole


def _history(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    if not _HISTORY.exists(con):
        return pl.DataFrame(schema=TREND)
    return con.execute(f"SELECT {', '.join(TREND)} FROM {_HISTORY.sql} ORDER BY day, system, entity").pl().cast(TREND)  # type: ignore[arg-type]
