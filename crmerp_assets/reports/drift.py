"""What has moved since the run before: deals from place to place, breaks that are new or mended, totals.

A deal that was amended stays where it is with another amount. Of documents without a deal, all are breaks.
"""

import polars as pl

from crmerp_assets.canonical.money import MONEY
from crmerp_assets.reports.places import ORDER_AMOUNTS
from crmerp_assets.reports.totals import money

DRIFT: dict[str, pl.DataType] = {
    "change": pl.String(),
    "record": pl.String(),
    "name": pl.String(),
    "number": pl.String(),
    "period": pl.String(),
    "currency": pl.String(),
    "before": pl.String(),
    "after": pl.String(),
    "amount_before": MONEY,
    "amount": MONEY,
}
DRIFT_TOTALS: dict[str, pl.DataType] = {
    "period": pl.String(),
    "currency": pl.String(),
    "measure": pl.String(),
    "before": MONEY,
    "after": MONEY,
    "difference": MONEY,
}
CHANGES = ("broken", "moved", "amended", "mended", "new", "gone")
MEASURES = ("won_amount", "ordered_amount", *ORDER_AMOUNTS)
_KEPT = ("name", "number", "period", "currency", "at", "amount")


def drift(deals: pl.DataFrame, strays: pl.DataFrame, before: pl.DataFrame, strays_before: pl.DataFrame) -> pl.DataFrame:
    """Rows of DRIFT, by CHANGES: what of the deals and stray documents is not where it was before."""
    old, new = _state(before, strays_before), _state(deals, strays)
    both = old.join(new, on="record", how="full", coalesce=True, suffix="_new")
    was, now = pl.col("at").is_not_null(), pl.col("at_new").is_not_null()
    broke, breaks = pl.col("at") != "ordered", pl.col("at_new") != "ordered"
    change = (
        pl.when(was & ~now)
        .then(pl.lit("gone"))
        .when(now & breaks & ~(was & broke).fill_null(value=False))
        .then(pl.lit("broken"))
        .when(now & ~was)
        .then(pl.lit("new"))
        .when(broke & ~breaks)
        .then(pl.lit("mended"))
        .when(pl.col("at") != pl.col("at_new"))
        .then(pl.lit("moved"))
        .when(pl.col("amount").ne_missing(pl.col("amount_new")) | pl.col("currency").ne_missing(pl.col("currency_new")))
        .then(pl.lit("amended"))
    )
    latest = [pl.coalesce(f"{name}_new", name).alias(name) for name in ("name", "number", "period", "currency")]
    rows = both.select(
        change.alias("change"),
        "record",
        *latest,
        pl.col("at").alias("before"),
        pl.col("at_new").alias("after"),
        pl.col("amount").alias("amount_before"),
        pl.col("amount_new").alias("amount"),
    )
    order = pl.col("change").cast(pl.Enum(CHANGES))
    found = rows.filter(pl.col("change").is_not_null())
    return found.sort(order, "amount", "record", descending=[False, True, False], nulls_last=True).cast(DRIFT)  # type: ignore[arg-type]


def drift_totals(deals: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Rows of DRIFT_TOTALS: per period and currency, the sums that are not what they were."""
    keys = ["period", "currency", "measure"]
    old, new = (_measures(frame) for frame in (before, deals))
    both = old.join(new, on=keys, how="full", coalesce=True, nulls_equal=True, suffix="_new")
    amounts = both.select(
        *keys, pl.col("value").fill_null(0).alias("before"), pl.col("value_new").fill_null(0).alias("after")
    )
    apart = amounts.with_columns((pl.col("after") - pl.col("before")).alias("difference"))
    return apart.filter(pl.col("difference") != 0).sort(keys, nulls_last=True).cast(DRIFT_TOTALS)  # type: ignore[arg-type]


def _state(deals: pl.DataFrame, strays: pl.DataFrame) -> pl.DataFrame:
    at = pl.when(pl.col("gate").is_null()).then("place").otherwise(pl.format("{}: {}", "place", "gate")).alias("at")
    named = deals.rename({"crm_id": "record", "order_number": "number"})
    states = [frame.with_columns(at).select("record", *_KEPT) for frame in (named, strays)]
    return pl.concat(states).unique("record", keep="first", maintain_order=True)


def _measures(deals: pl.DataFrame) -> pl.DataFrame:
    sums = money(deals, ["period", "currency"]).select(
        "period", "currency", *(pl.col(name).cast(MONEY) for name in MEASURES)
    )
    return sums.unpivot(MEASURES, index=["period", "currency"], variable_name="measure", value_name="value")
