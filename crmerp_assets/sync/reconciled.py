"""The reconciliation's tables in the warehouse: the last run whole, and what each run found moved since the one before.

Only what moved is added to the history, so it grows with what happens and not with the number of runs.
"""

from dataclasses import replace

import duckdb
import polars as pl

from crmerp_assets.reports import TABLES, Reconciliation
from crmerp_assets.reports.drift import drift, drift_totals
from crmerp_assets.reports.places import ORDER_AMOUNTS, PLACES
from crmerp_assets.sync import tables

HISTORY = ("drift", "drift_totals")
HISTORY_DAYS = 400  # a financial year and the close after it
_RUN = tables.report("reconciliation_run")


def store(con: duckdb.DuckDBPyConnection, result: Reconciliation) -> Reconciliation:
    """Compare with the last run, put this one in its place, and return it with what has moved."""
    found = _compared(con, result)
    for name in (*(name for name in TABLES if name not in HISTORY), "strays"):
        tables.report(f"reconciliation_{name}").replace(con, getattr(found, name))
    for name in HISTORY:
        _add(con, _table(name), getattr(found, name), found)
    stamp = {"made_at": [found.made_at], "compared_with": [found.compared_with], "explained": [found.explained]}
    _RUN.replace(con, pl.DataFrame(stamp, schema_overrides={"compared_with": pl.Datetime("us", "UTC")}))
    return found


def _compared(con: duckdb.DuckDBPyConnection, result: Reconciliation) -> Reconciliation:
    try:
        at = con.execute(f"SELECT made_at FROM {_RUN.sql}").pl()["made_at"][0]
        columns = "name, period, currency, amount, place, gate"
        chain = f"crm_id, order_number, {', '.join(ORDER_AMOUNTS)}"
        deals = con.execute(f"SELECT {columns}, {chain} FROM {_table('deals')}").pl()
        alone = con.execute(f"SELECT {columns}, record, number FROM {_table('strays')}").pl()
    except (duckdb.CatalogException, duckdb.BinderException):  # the first run, or the first one of a release
        return result
    moved = drift(result.deals, result.strays, deals, alone)
    return replace(result, compared_with=at, drift=moved, drift_totals=drift_totals(result.deals, deals))


def _table(name: str) -> str:
    return tables.report(f"reconciliation_{name}").sql


def _add(con: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame, run: Reconciliation) -> None:
    """Add this run's rows to a history, and forget those that are older than HISTORY_DAYS."""
    times = [pl.lit(at, dtype=pl.Datetime("us", "UTC")) for at in (run.made_at, run.compared_with)]
    stamped = frame.select(times[0].alias("made_at"), times[1].alias("compared_with"), pl.all())
    con.register("_report", stamped.to_arrow())
    con.execute(f"CREATE TABLE IF NOT EXISTS {table} AS FROM _report LIMIT 0")
    con.execute(f"INSERT INTO {table} BY NAME FROM _report")
    con.execute(
        f"DELETE FROM {table} WHERE made_at < ?::TIMESTAMPTZ - INTERVAL {HISTORY_DAYS} DAY", [run.made_at.isoformat()]
    )
    con.unregister("_report")


def ties(con: duckdb.DuckDBPyConnection) -> list[str]:
    """What does not tie in the stored tables, a sentence each: the totals against the rows, added up by DuckDB anew."""
    deals, money, periods = (_table(name) for name in ("deals", "money", "periods"))
    chain = ORDER_AMOUNTS
    rows = ", ".join(f"coalesce(sum({name}), 0)" for name in ("amount", *chain))
    sums = ", ".join(f"sum({name})" for name in ("won_amount", *chain))
    plain = ", ".join(("won_amount", *chain))
    places = " + ".join(f"{place}_amount" for place in PLACES)
    counts = " + ".join(f"{place}_deals" for place in PLACES)
    checks = {
        "the totals differ from the rows": _apart(
            f"SELECT currency, count(*), {rows} FROM {deals} GROUP BY 1",
            f"SELECT currency, won_deals, {plain} FROM {money}",
        ),
        "the months do not add up to the totals": _apart(
            f"SELECT currency, sum(won_deals), {sums} FROM {periods} GROUP BY 1",
            f"SELECT currency, won_deals, {plain} FROM {money}",
        ),
        "the places do not add up to what was won": f"SELECT currency FROM {money} WHERE won_amount <> {places} "
        f"OR won_deals <> {counts}",
    }
    found = [(what, con.execute(sql).fetchall()) for what, sql in checks.items()]
    return [f"{what} in {', '.join(sorted({str(row[0]) for row in rows}))}" for what, rows in found if rows]


def _apart(one: str, other: str) -> str:
    return f"(({one}) EXCEPT ({other})) UNION ALL (({other}) EXCEPT ({one}))"
