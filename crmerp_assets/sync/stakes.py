"""What hangs on a question about who is who: the won and open deals of the CRM record, and which of them wait for it.

Cost follows the questions: only the orders of the records that are asked about are summed. Amounts are added whatever
their currency, as a weight to sort by.
"""

import duckdb
import polars as pl

from crmerp_assets.sync import tables
from crmerp_assets.sync.platform import Platform
from crmerp_assets.warehouse.tables import listed

_STAKES = pl.Schema({"a_id": pl.String(), "value": pl.Float64(), "deals": pl.Int64(), "waiting": pl.Float64()})


def with_stakes(
    platform: Platform, con: duckdb.DuckDBPyConnection, entity: str, questions: pl.DataFrame
) -> pl.DataFrame:
    """Questions (a_id, and `side` where both records are of one system) with value, deals and waiting.

    `value` is the money of won and open deals, `deals` how many won ones wait for the answer, `waiting` their money;
    null for records of the ERP, and for entities that no deal names.
    """
    asked = questions.filter(pl.col("side") == "crm") if "side" in questions.columns else questions
    deals = deals_of(platform, con, entity, asked["a_id"].unique().to_list())
    won = pl.col("waits")
    sums = deals.group_by("a_id").agg(
        pl.col("amount").sum().alias("value"),
        won.sum().cast(pl.Int64).alias("deals"),
        pl.col("amount").filter(won).sum().alias("waiting"),
    )
    known = sums.select(pl.col(name).cast(kind) for name, kind in _STAKES.items())
    own = known.with_columns(side=pl.lit("crm")) if "side" in questions.columns else known
    return questions.join(own, on=[name for name in ("a_id", "side") if name in own.columns], how="left")


def deals_of(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str, ids: list[str]) -> pl.DataFrame:
    """Won and open deals of CRM customers or products: a_id, deal, name, close_date, amount, currency, won, waits.

    A deal waits when it is won, not before the go-live date, and has no order yet.
    """
    crm = platform.side("crm")
    entity_map = platform.entity_map(crm, "order")
    orders = tables.conformed(crm.name, entity_map.name if entity_map else "order")
    lines = tables.conformed_lines(crm.name, entity_map.name if entity_map else "order")
    names = {
        "customer": f"SELECT customer AS a_id, native_id FROM {orders.sql} SEMI JOIN _asked_about q ON q.id = customer"
    }
    if lines.exists(con):
        names["product"] = (
            f"SELECT DISTINCT product AS a_id, parent_id AS native_id FROM {lines.sql} "
            "SEMI JOIN _asked_about q ON q.id = product WHERE NOT deleted"
        )
    if not ids or entity not in names or not orders.exists(con):
        return pl.DataFrame(schema={**dict.fromkeys(_DEAL, pl.String), "amount": pl.Float64, "waits": pl.Boolean})
    with listed(con, "_asked_about", ids):
        return con.execute(_deals_sql(platform, con, names[entity], orders.sql)).pl()


_DEAL = ("a_id", "deal", "name", "close_date", "amount", "currency", "won", "waits")


def _deals_sql(platform: Platform, con: duckdb.DuckDBPyConnection, named: str, orders: str) -> str:
    links, go_live = tables.links("order"), platform.policy.go_live
    ordered = "false"
    if links.exists(con):
        ordered = (
            f"EXISTS (SELECT 1 FROM {links.sql} l JOIN {links.sql} e ON e.golden_id = l.golden_id "
            f"AND e.connection = '{platform.side('erp').name}' "
            f"WHERE l.connection = '{platform.side('crm').name}' AND l.native_id = o.native_id)"
        )
    due = f"o.close_date >= DATE '{go_live}'" if go_live else "false"
    return f"""
        SELECT n.a_id, o.native_id AS deal, o.name, o.close_date::VARCHAR AS close_date,
               coalesce(o.amount, 0)::DOUBLE AS amount, o.currency, o.won::VARCHAR AS won,
               coalesce(o.won AND {due} AND NOT {ordered}, false) AS waits
        FROM ({named}) n JOIN {orders} o ON o.native_id = n.native_id
        WHERE NOT o.deleted AND (o.won OR NOT contains(lower(coalesce(o.stage, '')), 'lost'))
        ORDER BY waits DESC, amount DESC, deal
    """
