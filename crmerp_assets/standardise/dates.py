"""Dates as ISO text, from the forms vendors send.

A date with slashes is read only where it can mean one day: by its numbers, or by the row's country.
"""

import polars as pl

from crmerp_assets.canonical.shapes import is_date
from crmerp_assets.standardise.context import Context, region, unless
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
_MONTH_FIRST = ("US", "PH", "PR", "FM", "MH", "PW", "GU", "AS", "VI", "MP")


def date(value: pl.Expr, context: Context) -> pl.Expr:
    """An ISO date; a date with time loses its time; what is no date stays as it is."""
    tidy = text(value)
    return unless(is_date(tidy), tidy, lambda rest: _read(rest.str.replace(_TIME, ""), context))


def _read(value: pl.Expr, context: Context) -> pl.Expr:
    named = value.str.replace_all(",", "").str.replace(r"^(\d{1,2})-([A-Za-z]+)-", "$1 $2 ")
    forms = [pl.when(named.str.contains(shape)).then(named).str.to_date(form, strict=False) for shape, form in _CLEAR]
    return pl.coalesce([*forms, _slashed(value, context)]).dt.to_string("%Y-%m-%d")


def _slashed(value: pl.Expr, context: Context) -> pl.Expr:
    parts = [value.str.extract(_SLASHED, group).cast(pl.Int32, strict=False) for group in (1, 2, 3)]
    first, second, year = parts
    month_first = pl.when(second > 12).then(True).when(first > 12).then(False)
    by_country = region(context).is_in(_MONTH_FIRST)
    settled = pl.coalesce([month_first, pl.when(first == second).then(True), by_country])
    month, day = pl.when(settled).then(first).otherwise(second), pl.when(settled).then(second).otherwise(first)
    shown = pl.format("{}-{}-{}", year, month, day)
    return pl.when(settled.is_not_null()).then(shown).str.to_date("%Y-%m-%d", strict=False)
