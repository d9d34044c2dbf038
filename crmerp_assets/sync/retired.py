"""Golden ids that no record has any more: their rows leave the warehouse, or they would be planned for ever.

A rebuild from nothing would not make them either; who they were stays in the ledger's history of links.
"""

import duckdb
import polars as pl

from crmerp_assets.sync import tables
from crmerp_assets.warehouse.tables import listed


def leaving(con: duckdb.DuckDBPyConnection, entity: str, rows: pl.DataFrame) -> list[str]:
    """The golden ids that the mirrored links of `rows` (connection, native_id, golden_id) are about to lose."""
    table = tables.links(entity)
    if rows.is_empty() or not table.exists(con):
        return []
    con.register("_relinked", rows.select("connection", "native_id", "golden_id").to_arrow())
    found = con.execute(
        f"SELECT DISTINCT l.golden_id FROM {table.sql} l JOIN _relinked r USING (connection, native_id) "
        "WHERE l.golden_id IS NOT NULL AND l.golden_id IS DISTINCT FROM r.golden_id"
    ).fetchall()
    con.unregister("_relinked")
    return [row[0] for row in found]


def forget(con: duckdb.DuckDBPyConnection, entity: str, golden_ids: list[str]) -> None:
    """Drop the rows of those golden ids that no link holds."""
    if not golden_ids:
        return
    with listed(con, "_left", golden_ids):
        unheld = con.execute(
            f"SELECT id FROM _left WHERE id NOT IN (SELECT golden_id FROM {tables.links(entity).sql} "
            "WHERE golden_id IS NOT NULL)"
        ).fetchall()
    with listed(con, "_unheld", [row[0] for row in unheld]):
        for table in (tables.golden(entity), tables.compare(entity), tables.plan(entity)):
            if table.exists(con):
                con.execute(f"DELETE FROM {table.sql} WHERE golden_id IN (SELECT id FROM _unheld)")
