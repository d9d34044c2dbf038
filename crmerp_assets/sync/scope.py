"""Customers outside the scope of policy.yaml: nothing of theirs is created in the ERP or written to it.

They are looked up anew for every plan, so one that enters or leaves the scope counts from the next plan on. Their
deals wait at a gate; customers and contacts are left out of the plan without one, as thousands may be outside.
What the ERP holds of them still flows to the CRM.
"""

import duckdb
import polars as pl

from crmerp_assets.merge.gates import Gate
from crmerp_assets.merge.scope import CustomerScope
from crmerp_assets.merge.three_way import Role
from crmerp_assets.sync import tables
from crmerp_assets.sync.platform import Platform
from crmerp_assets.warehouse.tables import advance, newest, unseen

OUTSIDE = Gate(
    "outside_scope",
    pl.col("fact.outside").is_not_null(),
    pl.lit("account ") + pl.col("fact.outside") + pl.lit(" (policy.yaml, scope)"),
)
_NOBODY = {"id": pl.String, "fact.outside": pl.String}


def rules(platform: Platform) -> CustomerScope | None:
    """The scope of customers, or None where all are in it."""
    scope = platform.policy.scope.customer
    return scope if scope.fields else None


def outside(platform: Platform, con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """(id, fact.outside) of the customers outside the scope, the latter their name and the condition that fails."""
    scope, source = rules(platform), tables.compare("customer")
    if scope is None or not source.exists(con):
        return pl.DataFrame(schema=_NOBODY)
    known = set(source.columns(con))
    columns = [f"golden.{name}" for name in scope.fields]
    values = ", ".join(f'"{name}"' if name in known else f'NULL::VARCHAR AS "{name}"' for name in columns)
    found = con.execute(f'SELECT golden_id AS id, "golden.name" AS _name, {values} FROM {source.sql}').pl()
    told = pl.format("{}: {}", pl.coalesce("_name", "id"), scope.outside("golden.{}"))
    return found.select("id", told.alias("fact.outside")).drop_nulls()


def within(
    platform: Platform, con: duckdb.DuckDBPyConnection, entity: str, role: Role, frame: pl.DataFrame
) -> pl.DataFrame:
    """The rows (by `golden_id`) that may be written on this side: none of customers, or of contacts of customers, that
    the ERP shall not know."""
    if role != "erp" or entity not in ("customer", "contact") or frame.is_empty():
        return frame
    kept_out = outside(platform, con).select(pl.col("id").alias("golden_id"))
    if entity == "contact" and kept_out.height:
        con.register("_kept_out", kept_out.to_arrow())
        kept_out = con.execute(
            f"SELECT c.golden_id FROM {tables.compare(entity).sql} c SEMI JOIN _kept_out k "
            'ON c."golden.customer" = k.golden_id'
        ).pl()
        con.unregister("_kept_out")
    return frame.join(kept_out.cast({"golden_id": pl.String}), on="golden_id", how="anti", maintain_order="left")


def touched(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str) -> list[str]:
    """Contacts to plan again because their customer changed, and may have entered or left the scope with that."""
    scope, source = rules(platform), tables.compare("customer")
    if entity != "contact" or scope is None or not source.exists(con):
        return []
    consumer, mark = platform.consumer("scope:contact", scope), newest(con, source)
    con.register("_changed", unseen(con, source, consumer).select("golden_id").to_arrow())
    rows = con.execute(
        f"SELECT c.golden_id FROM {tables.compare(entity).sql} c "
        'SEMI JOIN _changed k ON c."golden.customer" = k.golden_id'
    ).fetchall()
    con.unregister("_changed")
    advance(con, source, consumer, mark)
    return [row[0] for row in rows]
