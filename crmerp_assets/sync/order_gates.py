"""The gates of sales orders: what must be true before a won deal is written into the ERP.

The facts that gates look at are gathered for the candidate orders only: the account of the deal, what the plan says
of the customer and the products, and how far the ERP order has come.
"""

import duckdb
import polars as pl

from crmerp_assets.canonical.lines import parse_lines
from crmerp_assets.merge.gates import Gate
from crmerp_assets.merge.order_changes import AMENDED, ORDER_CLOSED, refusals
from crmerp_assets.sync import scope, tables, units
from crmerp_assets.sync.platform import Connection, Platform

UNKNOWN_PRODUCT, ACCOUNT_MERGED = "unknown_product", "account_merged"

ORDER_GATES = (
    Gate(
        "not_won",
        ~pl.col("golden.won").eq("true"),
        pl.lit("the deal is no longer won; decide what happens with the order"),
    ),
    Gate("no_account", pl.col("fact.account").is_null(), pl.lit("the deal has no account; choose one in the CRM")),
    Gate(ACCOUNT_MERGED, pl.col("fact.merged").is_not_null(), pl.col("fact.merged")),
    Gate(
        "identity_in_review",
        pl.col("golden.customer").is_null(),
        pl.lit("it is not clear which customer the deal's account is; see `crmerp review list`"),
    ),
    scope.OUTSIDE,
    Gate(
        "no_customer",
        pl.col("fact.customer").is_not_null(),
        pl.lit("the customer is not in the ERP: ") + pl.col("fact.customer"),
    ),
    Gate(
        "no_lines", pl.col("golden.lines").is_null(), pl.lit("the deal has no products; add what was sold in the CRM")
    ),
    Gate(
        UNKNOWN_PRODUCT,
        pl.col("fact.unknown").is_not_null(),
        pl.lit("product ") + pl.col("fact.unknown") + pl.lit(" is not in the catalogue; see `crmerp review list`"),
    ),
    Gate(
        "no_product",
        pl.col("fact.product").is_not_null(),
        pl.lit("a product is not in the ERP: ") + pl.col("fact.product"),
    ),
    units.DIFFER,
    Gate(AMENDED, pl.col("refusal.gate") == AMENDED, pl.col("refusal.reason")),
    Gate(ORDER_CLOSED, pl.col("refusal.gate") == ORDER_CLOSED, pl.col("refusal.reason")),
)


def with_order_facts(
    platform: Platform, con: duckdb.DuckDBPyConnection, erp: Connection, candidates: pl.DataFrame
) -> pl.DataFrame:
    """Add `fact.account`, `fact.merged`, `fact.outside`, `fact.customer`, `fact.unknown`, `fact.product`, `fact.units`
    and what `refusals` says; null means that nothing is wrong there, but for the account, which a deal should have."""
    lines = parse_lines(candidates, "golden.lines", keep=["golden_id"])
    unknown = (
        lines.filter(pl.col("product").is_null())
        .group_by("golden_id")
        .agg(
            (pl.lit("'") + pl.col("product_text").unique().sort().str.join("', '") + pl.lit("'")).alias("fact.unknown")
        )
    )
    products = _missing(platform, con, erp, "product", lines["product"].drop_nulls().unique())
    missing = (
        lines.join(products, left_on="product", right_on="id")
        .group_by("golden_id")
        .agg(pl.col("why").first().alias("fact.product"))
    )
    customers = _missing(platform, con, erp, "customer", candidates["golden.customer"].drop_nulls().unique())
    return (
        candidates.join(_accounts(platform, con, candidates), on="golden_id", how="left")
        .join(unknown, on="golden_id", how="left")
        .join(missing, on="golden_id", how="left")
        .join(units.differing(con, candidates, lines), on="golden_id", how="left")
        .join(scope.outside(platform, con), left_on="golden.customer", right_on="id", how="left")
        .join(customers.rename({"why": "fact.customer"}), left_on="golden.customer", right_on="id", how="left")
        .join(refusals(candidates), on="golden_id", how="left")
    )


def _accounts(platform: Platform, con: duckdb.DuckDBPyConnection, candidates: pl.DataFrame) -> pl.DataFrame:
    """(golden_id, fact.account, fact.merged): the CRM account that the deal names, linked or not, and why it cannot
    be sold to where it was merged and no survivor has its place."""
    crm = platform.side("crm")
    deals, accounts = (platform.entity_map(crm, entity) for entity in ("order", "customer"))
    assert deals is not None
    assert accounts is not None
    columns = ("golden_id", pl.col("crm.id").alias("native_id"), pl.col("golden.customer").alias("customer"))
    con.register("_deals", candidates.select(*columns).to_arrow())
    found = con.execute(
        f"""
        SELECT d.golden_id, d.customer, c.customer AS "fact.account", a.merged_into AS gone
        FROM _deals d JOIN {tables.conformed(crm.name, deals.name).sql} c USING (native_id)
        LEFT JOIN {tables.golden("customer").sql} g ON g.golden_id = d.customer AND NOT g.crm_deleted
        LEFT JOIN {tables.conformed(crm.name, accounts.name).sql} a
               ON a.native_id = c.customer AND a.deleted AND g.golden_id IS NULL
        """
    ).pl()
    con.unregister("_deals")
    with platform.ledger.read() as tx:
        waiting = tx.survivors.waiting("customer")
    return found.select("golden_id", "fact.account", _merged(waiting).alias("fact.merged"))


def _merged(waiting: set[str]) -> pl.Expr:
    under_way = "the deal's account was merged while a write to it was under way; it goes on once that is settled"
    lost = "the deal's account {} was merged into {}, which has not taken its place; choose an account in the CRM"
    return (
        pl.when(pl.col("customer").is_in(list(waiting)))
        .then(pl.lit(under_way))
        .when(pl.col("gone").is_not_null())
        .then(pl.format(lost, "fact.account", "gone"))
    )


def _missing(
    platform: Platform, con: duckdb.DuckDBPyConnection, erp: Connection, entity: str, ids: pl.Series
) -> pl.DataFrame:
    """(id, why) of the records that the ERP lacks and that no ready intent creates in the same plan.

    One that an earlier run created is linked before it is read back, and is there.
    """
    con.register("_wanted", pl.DataFrame({"id": ids}, schema={"id": pl.String}).to_arrow())
    lacking = con.execute(
        "SELECT w.id, g.erp_id IS NULL AS unseen "
        f"FROM _wanted w LEFT JOIN {tables.golden(entity).sql} g ON g.golden_id = w.id "
        "WHERE g.erp_id IS NULL OR g.erp_deleted"
    ).pl()
    con.unregister("_wanted")
    if lacking.is_empty():
        return pl.DataFrame(schema={"id": pl.String, "why": pl.String})
    with platform.ledger.read() as tx:
        made = tx.links.of(entity, lacking.filter("unseen")["id"]).filter(pl.col("connection") == erp.name)
        intents = tx.intents.open(erp.name, entity).filter(pl.col("operation") == "create")
    lacking = lacking.filter(~(pl.col("unseen") & pl.col("id").is_in(made["golden_id"].to_list())))
    state = lacking.join(
        intents.select(pl.col("golden_id").alias("id"), "state", "reason", "error"), on="id", how="left"
    )
    why = pl.coalesce("error", "reason", pl.lit("no plan creates it (policy, or it was deleted there)"))
    return state.filter(pl.col("state").is_null() | pl.col("state").is_in(["waiting", "rejected"])).select(
        "id", why.alias("why")
    )
