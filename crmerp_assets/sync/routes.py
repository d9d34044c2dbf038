"""Which records this lane carries, and which it leaves to others: nothing of theirs is written here, on either side.

The values of the system that the lanes share decide, so that all of them come to the same answer; where it has no
record, the golden values do. A deal stays with the lane that made its order: it holds that lane's key, and a claim that
all lanes see (claims.py). A document that the CRM shows stays with its lane too: no other knows the ERP that it is of.
"""

import duckdb
import polars as pl

from crmerp_assets.canonical import MIRRORS
from crmerp_assets.merge.lanes import Lane
from crmerp_assets.merge.three_way import Role
from crmerp_assets.sync import claims, tables
from crmerp_assets.sync.platform import Platform
from crmerp_assets.warehouse import Table
from crmerp_assets.warehouse.tables import advance, listed, newest, unseen

_OF_CUSTOMERS = ("contact", *MIRRORS)
_ROUTED = ("customer", "order", *_OF_CUSTOMERS)


def rules(platform: Platform) -> str | None:
    """What decides, as text: it changes when the lanes do. None where all is carried."""
    return repr(platform.lane) if platform.lane.name else None


def customers(platform: Platform, con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """(golden_id) of the customers that this lane does not carry."""
    source, lane = tables.compare("customer"), platform.lane
    if not lane.route.fields or not source.exists(con):
        return pl.DataFrame(schema={"golden_id": pl.String})
    values = ", ".join(f'{_value(source, con, lane, name)} AS "{name}"' for name in lane.route.fields)
    found = con.execute(f"SELECT golden_id, {values} FROM {source.sql}").pl()
    return found.filter(lane.route.outside().is_not_null()).select("golden_id")


def _value(source: Table, con: duckdb.DuckDBPyConnection, lane: Lane, name: str) -> str:
    known, side = set(source.columns(con)), lane.decides
    own, golden = (f'"{one}"' if one in known else "NULL::VARCHAR" for one in (f"{side}.{name}", f"golden.{name}"))
    return f'CASE WHEN "{side}.present" THEN {own} ELSE {golden} END' if side else golden


def within(
    platform: Platform, con: duckdb.DuckDBPyConnection, entity: str, role: Role, frame: pl.DataFrame
) -> pl.DataFrame:
    """The rows (by `golden_id`) that this lane may write on this side.

    Products have no route: into a shared system the first of its lanes writes them, and the others only read them.
    """
    if not platform.lane.name or frame.is_empty():
        return frame
    if entity == "product":
        return frame.clear() if role in platform.lane.guest else frame
    return frame.join(elsewhere(platform, con, entity), on="golden_id", how="anti", maintain_order="left")


def elsewhere(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str) -> pl.DataFrame:
    """(golden_id) of the records of an entity that this lane leaves to others."""
    nobody = pl.DataFrame(schema={"golden_id": pl.String})
    if not platform.lane.name or entity not in _ROUTED or not tables.compare(entity).exists(con):
        return nobody
    off = customers(platform, con)
    if entity == "customer":
        return off
    with listed(con, "_off", off["golden_id"]):
        if entity in _OF_CUSTOMERS:
            free = '"crm.id" IS NULL' if entity in MIRRORS else "true"
            sql = f'FROM {tables.compare(entity).sql} WHERE "golden.customer" IN (SELECT id FROM _off) AND {free}'
            return con.execute(f"SELECT golden_id {sql}").pl().cast({"golden_id": pl.String})
        return _orders(platform, con)


def _orders(platform: Platform, con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Orders without one in this lane's ERP whose customer is not carried (`_off`), or that another lane has made."""
    unresolved = _unresolved(platform, con)
    found = con.execute(
        f"""
        SELECT golden_id, "crm.id" AS deal, "crm.key" AS key, "golden.customer" IN (SELECT id FROM _off) AS off
        FROM {tables.compare("order").sql} WHERE "erp.id" IS NULL
        """
    ).pl()
    strange = pl.col("key").str.to_lowercase()
    made = strange.str.starts_with(f"{platform.lane.prefix('so')}-")
    return found.filter(
        pl.col("off").fill_null(value=False)
        | (strange.str.starts_with("so-") & ~made).fill_null(value=False)
        | pl.col("deal").is_in(unresolved.to_list())
        | pl.col("deal").is_in(claims.of_others(platform, found["deal"].drop_nulls()).to_list())
    ).select("golden_id")


def _unresolved(platform: Platform, con: duckdb.DuckDBPyConnection) -> pl.Series:
    """Native ids of deals of accounts without a golden record yet, where those are not of this lane.

    An account that says nothing (it is missing, or unusable) is left to the first lane of its CRM, so that somebody has
    it and nobody twice.
    """
    nobody = pl.Series("native_id", [], dtype=pl.String)
    if "crm" not in platform.lane.shared:
        return nobody
    crm = platform.side("crm")
    deals, accounts = (platform.entity_map(crm, entity) for entity in ("order", "customer"))
    if deals is None or accounts is None:
        return nobody
    sources = tables.conformed(crm.name, deals.name), tables.conformed(crm.name, accounts.name)
    if not all(source.exists(con) for source in sources):
        return nobody
    off = native(platform, con)
    with listed(con, "_elsewhere", off):
        silent = "OR a.native_id IS NULL" if "crm" in platform.lane.guest else ""
        return con.execute(
            f"""
            SELECT d.native_id FROM {sources[0].sql} d JOIN {tables.compare("order").sql} o ON o."crm.id" = d.native_id
            LEFT JOIN {sources[1].sql} a ON a.native_id = d.customer
            WHERE o."golden.customer" IS NULL AND (a.native_id IN (SELECT id FROM _elsewhere) {silent})
            """
        ).pl()["native_id"]


def native(platform: Platform, con: duckdb.DuckDBPyConnection) -> pl.Series:
    """Native ids of the CRM's accounts that this lane does not carry, by the values of the CRM alone."""
    crm, route = platform.side("crm"), platform.lane.route
    accounts = platform.entity_map(crm, "customer")
    table = tables.conformed(crm.name, accounts.name if accounts else "customer")
    if not route.fields or not table.exists(con):
        return pl.Series("native_id", [], dtype=pl.String)
    known = set(table.columns(con))
    values = ", ".join(f'"{n}"::VARCHAR AS "{n}"' if n in known else f'NULL::VARCHAR AS "{n}"' for n in route.fields)
    found = con.execute(f"SELECT native_id, {values} FROM {table.sql}").pl()
    return found.filter(route.outside().is_not_null())["native_id"]


def strangers(platform: Platform, con: duckdb.DuckDBPyConnection) -> str:
    """SQL for which deals `c` of a shared CRM are another lane's: two ERPs may give out the same order numbers."""
    con.register("_strangers", native(platform, con).to_frame("id").to_arrow())
    con.execute("CREATE OR REPLACE TEMP TABLE _strange AS SELECT id FROM _strangers")
    con.unregister("_strangers")
    key, ours = "lower(c.external_key)", platform.prefix("order")
    return (
        f"((starts_with({key}, 'so-') AND NOT starts_with({key}, '{ours}-')) IS TRUE "
        "OR c.customer IN (SELECT id FROM _strange) IS TRUE)"
    )


def carried(platform: Platform, con: duckdb.DuckDBPyConnection, deals: pl.DataFrame) -> pl.DataFrame:
    """The deals (`customer`: the native id of the account) that this lane carries, by what the CRM alone says."""
    if "crm" not in platform.lane.shared:
        return deals
    off = native(platform, con)
    crm = platform.side("crm")
    accounts = platform.entity_map(crm, "customer")
    table = tables.conformed(crm.name, accounts.name if accounts else "customer")
    known = con.execute(f"SELECT native_id FROM {table.sql}").pl()["native_id"] if table.exists(con) else off.clear()
    silent = ~pl.col("customer").is_in(known.to_list()).fill_null(value=False)
    left = silent if "crm" in platform.lane.guest else pl.lit(value=False)
    return deals.filter(~(left | pl.col("customer").is_in(off.to_list()).fill_null(value=False)))


def touched(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str) -> list[str]:
    """What is to be planned again because its customer changed, and may have come or gone with that."""
    source, lane = tables.compare("customer"), platform.lane
    if entity not in ("order", *_OF_CUSTOMERS) or not lane.route.fields or not source.exists(con):
        return []
    consumer, mark = platform.consumer(f"routes:{entity}", repr(lane)), newest(con, source)
    con.register("_changed", unseen(con, source, consumer).select("golden_id").to_arrow())
    rows = con.execute(
        f"SELECT c.golden_id FROM {tables.compare(entity).sql} c "
        'SEMI JOIN _changed k ON c."golden.customer" = k.golden_id'
    ).fetchall()
    con.unregister("_changed")
    advance(con, source, consumer, mark)
    return [row[0] for row in rows]
