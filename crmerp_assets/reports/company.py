"""The company's currency beside every amount: with the rate, its date and where it comes from, or the reason why not.

A row is converted as a whole at the rate of one day, the day its deal was won. So the way from won to paid ties in both
currencies; the ERP's own books convert each document at its own day.
"""

from collections.abc import Sequence

import polars as pl

from crmerp_assets.canonical.money import MONEY, RATE, converted

SAME = "same currency"
RATES: dict[str, pl.DataType] = {
    "base_currency": pl.String(),
    "currency": pl.String(),
    "rate_date": pl.Date(),
    "rate": RATE,
    "source": pl.String(),
}
CARRIED: dict[str, pl.DataType] = {
    "company_currency": pl.String(),
    "rate": RATE,
    "rate_date": pl.Date(),
    "rate_source": pl.String(),
    "rate_note": pl.String(),
}
_LARGEST = 9.9e13  # what Decimal(20, 6) holds


def with_company(
    rows: pl.DataFrame, rates: pl.DataFrame, chosen: str | None, day: str, amounts: Sequence[str]
) -> pl.DataFrame:
    """Add CARRIED and `company_<amount>` for each of `amounts`, of rows with `currency` and the date column `day`.

    `rates`: columns of RATES. `chosen`: the company's currency; without one it is the base of the rates, if they have
    one base only. The rate is the last one on or before the day; without one the amounts are null, and `rate_note` says
    why.
    """
    bases = rates["base_currency"].drop_nulls().unique().sort().to_list()
    company = chosen or (bases[0] if len(bases) == 1 else None)
    usable = rates.filter((pl.col("base_currency") == pl.lit(company, dtype=pl.String)) & (pl.col("rate") > 0))
    rated = _rated(rows, usable, company, day).with_columns(_note(bases, company, day).alias("rate_note"))
    return rated.with_columns(_amount(name).alias(f"company_{name}") for name in amounts)


def _rated(rows: pl.DataFrame, rates: pl.DataFrame, company: str | None, day: str) -> pl.DataFrame:
    asked = rows.select("currency", day).unique().drop_nulls().sort(day)
    found = asked.join_asof(
        rates.select("currency", "rate_date", "rate", pl.col("source").alias("rate_source"))
        .with_columns(pl.col("rate_date").alias(day))
        .sort(day, "rate")
        .unique(["currency", day], keep="last", maintain_order=True),
        on=day,
        by="currency",
        check_sortedness=False,
    )
    same = (pl.col("currency") == pl.lit(company, dtype=pl.String)).fill_null(value=False)
    stated = found.with_columns(
        pl.when(same).then(pl.lit(1).cast(RATE)).otherwise("rate").alias("rate"),
        pl.when(same).then(day).otherwise("rate_date").alias("rate_date"),
        pl.when(same).then(pl.lit(SAME)).otherwise("rate_source").alias("rate_source"),
    )
    bare = rows.drop(CARRIED, strict=False)
    joined = bare.join(stated, on=["currency", day], how="left", maintain_order="left")
    return joined.with_columns(pl.lit(company, dtype=pl.String).alias("company_currency"))


def _note(bases: list[str], company: str | None, day: str) -> pl.Expr:
    if company is None:
        why = f"the ERP has several base currencies ({', '.join(bases)}): say `company_currency` in policy.yaml"
        return pl.lit(why if bases else "the ERP holds no exchange rates, so its base currency is not known")
    return (
        pl.when(pl.col("currency").is_null())
        .then(pl.lit("there is no currency to convert from"))
        .when(pl.col(day).is_null())
        .then(pl.lit("there is no date to convert at"))
        .when(pl.col("rate").is_null())
        .then(pl.format("the ERP has no rate from {} to {} on or before {}", "currency", pl.lit(company), day))
    )


def _amount(name: str) -> pl.Expr:
    """Null where it would not fit, rather than a report that fails."""
    fits = (pl.col(name).cast(pl.Float64) * pl.col("rate").cast(pl.Float64)).abs() < _LARGEST
    return converted(pl.when(fits).then(name), pl.col("rate"), pl.col("company_currency")).cast(MONEY)
