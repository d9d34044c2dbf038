"""Dates as ISO text, from the forms vendors send.

A date with slashes is read only where it can mean one day: by its numbers, or by the row's country.
"""

import polars as pl

from crmerp_assets.canonical.shapes import is_date
from crmerp_assets.standardise.context import Context, region, stepwise
from crmerp_assets.standardise.text import text

_TIME = r"[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp][Mm])?(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?$"
_CLEAR = (
    (r"^\d{4}-\d{1,2}-\d{1,2}$", "%Y-%m-%d"),
    (r"^\d{4}/\d{1,2}/\d{1,2}$", "%Y/%m/%d"),
    (r"^\d{4}\d{2}\d{2}$", "%Y%m%d"),
    (r"^\d{1,2}\.\d{1,2}\.\d{4}$", "%d.%m.%Y"),
    (r"^\d{1,2}[- ][A-Za-z]+[- ]\d{4}$", "%d %B %Y"),
    (r"^[A-Za-z]+ \d{1,2} \d{4}$", "%B %d %Y"),
)
_SLASHED = r"^(\d{1,2})[/-](\d{1,2})[/-](\d{4})$"
_PARTS = ("first", "second", "year")
_MONTH_FIRST = ("US", "PH", "PR", "FM", "MH", "PW", "GU", "AS", "VI", "MP")


def date(value: pl.Expr, context: Context) -> pl.Expr:
    """An ISO date; a date with time loses its time; what is no date stays as it is."""
    return stepwise(_steps, text(value), region(context))


def _steps(frame: pl.DataFrame) -> pl.Series:
    known = frame.with_columns(is_date(pl.col("value")).alias("known"))
    if known["known"].all():
        return known["value"]
    rest = known.with_columns(pl.when(~pl.col("known")).then("value").str.replace(_TIME, "").alias("rest"))
    named = pl.col("rest").str.replace_all(",", "").str.replace(r"^(\d{1,2})-([A-Za-z]+)-", "$1 $2 ")
    parts = [
        pl.col("rest").str.extract(_SLASHED, n + 1).cast(pl.Int32, strict=False).alias(_PARTS[n]) for n in range(3)
    ]
    read = rest.with_columns(named.alias("named"), *parts).with_columns(_month_first().alias("month_first"))
    return read.select(pl.when("known").then("value").otherwise(pl.coalesce(_read(), "value"))).to_series()


def _read() -> pl.Expr:
    named = pl.col("named")
    forms = [pl.when(named.str.contains(shape)).then(named).str.to_date(form, strict=False) for shape, form in _CLEAR]
    return pl.coalesce([*forms, _slashed()]).dt.to_string("%Y-%m-%d")


def _month_first() -> pl.Expr:
    """Whether a slashed date names the month first; null where nobody can tell."""
    first, second = pl.col("first"), pl.col("second")
    by_numbers = pl.when(second > 12).then(True).when(first > 12).then(False)
    by_country = pl.col("other0").is_in(_MONTH_FIRST)
    return pl.coalesce([by_numbers, pl.when(first == second).then(True), by_country])


def _slashed() -> pl.Expr:
    settled = pl.col("month_first")
    month, day = pl.when(settled).then("first").otherwise("second"), pl.when(settled).then("second").otherwise("first")
    shown = pl.format("{}-{}-{}", "year", month, day)
    return pl.when(settled.is_not_null()).then(shown).str.to_date("%Y-%m-%d", strict=False)
