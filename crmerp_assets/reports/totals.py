"""Sums over the reconciliation's rows. Nothing else adds up money, so totals tie to the rows by construction."""

from collections.abc import Sequence

import polars as pl

from crmerp_assets.reports.places import ORDER_AMOUNTS, PLACES

COMPANY_AMOUNTS = tuple(f"company_{name}" for name in ("amount", *ORDER_AMOUNTS))


def money(deals: pl.DataFrame, by: Sequence[str] = ("currency",)) -> pl.DataFrame:
    """Per currency: won = ordered + differs + pending + parked + ..., in deals and money, and the way to cash.

    `by` may say `period` as well. `not_invoiced` is what the orders come to beyond their invoices, both without tax.
    """
    at = {place: pl.col("place") == place for place in PLACES}
    sums = [
        expr
        for place, here in at.items()
        for expr in (
            here.sum().alias(f"{place}_deals"),
            pl.col("amount").filter(here).sum().alias(f"{place}_amount"),
        )
    ]
    chain = [pl.col(name).sum() for name in ORDER_AMOUNTS]
    summed = deals.group_by(by).agg(
        pl.len().alias("won_deals"), pl.col("amount").sum().alias("won_amount"), *sums, *chain
    )
    rest = (pl.col("erp_total") - (pl.col("invoiced") - pl.col("invoiced_tax"))).alias("not_invoiced")
    return summed.with_columns(rest).sort(by, nulls_last=True)


def company(deals: pl.DataFrame, by: Sequence[str] = ("period",)) -> pl.DataFrame:
    """Per period, over all currencies: the same way in the company's currency, and how many deals have no rate.

    A sum of which nothing could be converted is null, not nothing.
    """
    ordered = pl.when(pl.col("place") == "ordered").then("company_amount").alias("company_ordered")
    sums = [_converted(name) for name in (*COMPANY_AMOUNTS, "company_ordered")]
    lacking = pl.col("rate").is_null().sum().alias("without_rate")
    keys = [*by, "company_currency"]
    rows = deals.with_columns(ordered)
    return rows.group_by(keys).agg(pl.len().alias("won_deals"), *sums, lacking).sort(keys, nulls_last=True)


def rates(deals: pl.DataFrame) -> pl.DataFrame:
    """Every rate that went into the company's totals, with its date and source, and how much was converted with it."""
    keys = ["currency", "company_currency", "rate_date", "rate", "rate_source", "rate_note"]
    sums = [pl.col("amount").sum(), _converted("company_amount")]
    return deals.group_by(keys).agg(pl.len().alias("deals"), *sums).sort(keys, nulls_last=True)


def _converted(name: str) -> pl.Expr:
    return pl.when(pl.col("rate").is_not_null().any()).then(pl.col(name).sum()).alias(name)


def gaps(deals: pl.DataFrame) -> pl.DataFrame:
    """What is not ordered, per currency, place, gate and reason, largest first."""
    return (
        deals.filter(pl.col("place") != "ordered")
        .group_by("currency", "place", "gate", "reason", "owner", "next_step")
        .agg(pl.len().alias("deals"), pl.col("amount").sum())
        .sort("amount", "reason", descending=[True, False], nulls_last=True)
    )
