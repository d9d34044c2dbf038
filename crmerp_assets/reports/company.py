"""The company's currency beside every amount: with the rate, its date and where it comes from, or the reason why not.

A row is converted as a whole at the rate of one day, the day its deal was won. So the way from won to paid ties in both
currencies; the ERP's own books convert each document at its own day.
"""

from collections.abc import Sequence

import polars as pl

from crmerp_assets.canonical.ecb import ECB
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
_TOO_OLD, _ECB = "_too_old", "_ecb"
_LARGEST = 9.9e13  # what Decimal(20, 6) holds


def with_company(
    rows: pl.DataFrame,
    rates: pl.DataFrame,
    chosen: str | None,
    day: str,
    amounts: Sequence[str],
    max_age: int | None = None,
) -> pl.DataFrame:
    """Add CARRIED and `company_<amount>` for each of `amounts`, of rows with `currency` and the date column `day`.

    `rates`: columns of RATES. `chosen`: the company's currency; without one it is the base of the rates, if they have
    one base only. The rate is the last one on or before the day, the ERP's before the ECB's, that is at most `max_age`
    days old; without one the amounts are null, and `rate_note` says why.
    """
    bases, company = _bases(rates), base_of(rates, chosen)
    usable = rates.filter((pl.col("base_currency") == pl.lit(company, dtype=pl.String)) & (pl.col("rate") > 0))
    rated = _rated(rows, usable, company, day, max_age)
    noted = rated.with_columns(_note(bases, company, day, max_age).alias("rate_note")).drop(_TOO_OLD)
    return noted.with_columns(_amount(name).alias(f"company_{name}") for name in amounts)


def base_of(rates: pl.DataFrame, chosen: str | None) -> str | None:
    """The company's currency: the chosen one, or what the rates are stated in, if that is one."""
    bases = _bases(rates)
    return chosen or (bases[0] if len(bases) == 1 else None)


def _bases(rates: pl.DataFrame) -> list[str]:
    return rates["base_currency"].drop_nulls().unique().sort().to_list()


def _rated(rows: pl.DataFrame, rates: pl.DataFrame, company: str | None, day: str, max_age: int | None) -> pl.DataFrame:
    """The rows with their rate, its date and source, and the date of a rate that is too old to count."""
    asked = rows.select("currency", day).unique().drop_nulls().sort(day)
    fallback = pl.col("source") == ECB
    found = _last(asked, rates.filter(~fallback), day).join(
        _last(asked, rates.filter(fallback), day), on=["currency", day], suffix=_ECB, validate="1:1"
    )
    counts = [_young(day, name, max_age) for name in ("rate_date", f"rate_date{_ECB}")]
    same = (pl.col("currency") == pl.lit(company, dtype=pl.String)).fill_null(value=False)
    of_company = {"rate": pl.lit(1).cast(RATE), "rate_date": pl.col(day), "rate_source": pl.lit(SAME)}
    stated = found.select(
        "currency",
        day,
        *(
            pl.when(same).then(own).when(counts[0]).then(name).when(counts[1]).then(f"{name}{_ECB}").alias(name)
            for name, own in of_company.items()
        ),
        pl.max_horizontal("rate_date", f"rate_date{_ECB}").alias(_TOO_OLD),
    )
    bare = rows.drop(CARRIED, strict=False)
    joined = bare.join(stated, on=["currency", day], how="left", maintain_order="left")
    return joined.with_columns(pl.lit(company, dtype=pl.String).alias("company_currency"))


def _last(asked: pl.DataFrame, rates: pl.DataFrame, day: str) -> pl.DataFrame:
    """The last rate on or before each day that is asked for."""
    known = (
        rates.select("currency", "rate_date", "rate", pl.col("source").alias("rate_source"))
        .with_columns(pl.col("rate_date").alias(day))
        .sort(day, "rate")
        .unique(["currency", day], keep="last", maintain_order=True)
    )
    return asked.join_asof(known, on=day, by="currency", check_sortedness=False)


def _young(day: str, dated: str, max_age: int | None) -> pl.Expr:
    known = pl.col(dated).is_not_null()
    return known if max_age is None else known & ((pl.col(day) - pl.col(dated)).dt.total_days() <= max_age)


def _note(bases: list[str], company: str | None, day: str, max_age: int | None) -> pl.Expr:
    if company is None:
        why = f"the ERP has several base currencies ({', '.join(bases)}): say `company_currency` in policy.yaml"
        return pl.lit(why if bases else "the ERP holds no exchange rates, so its base currency is not known")
    too_old = pl.format(
        "the last rate from {} to {} is of {}, on {} older than the {} days that count",
        "currency",
        pl.lit(company),
        _TOO_OLD,
        day,
        pl.lit(str(max_age)),
    )
    return (
        pl.when(pl.col("currency").is_null())
        .then(pl.lit("there is no currency to convert from"))
        .when(pl.col(day).is_null())
        .then(pl.lit("there is no date to convert at"))
        .when(pl.col("rate").is_null() & pl.col(_TOO_OLD).is_not_null())
        .then(too_old)
        .when(pl.col("rate").is_null())
        .then(pl.format("the ERP has no rate from {} to {} on or before {}", "currency", pl.lit(company), day))
    )


def _amount(name: str) -> pl.Expr:
    """Null where it would not fit, rather than a report that fails."""
    fits = (pl.col(name).cast(pl.Float64) * pl.col("rate").cast(pl.Float64)).abs() < _LARGEST
    return converted(pl.when(fits).then(name), pl.col("rate"), pl.col("company_currency")).cast(MONEY)
