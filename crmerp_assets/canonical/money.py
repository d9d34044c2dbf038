"""Money as decimals: rounding to what a currency can pay, and agreement within a stated tolerance.

Minor units come from ISO 4217, in `canonical.iso`.
"""

from collections.abc import Mapping
from decimal import Decimal

import polars as pl

from crmerp_assets.canonical.iso import MINOR_UNITS

MONEY = pl.Decimal(20, 6)
RATE = pl.Decimal(28, 12)  # one Indonesian rupiah is 0.000061 dollar: six decimals would lose half a percent
_USUAL_DIGITS = 2


def minor_units(currency: str) -> int:
    """Digits after the decimal point of a currency, by ISO 4217."""
    return next((digits for digits, codes in MINOR_UNITS.items() if currency in codes), _USUAL_DIGITS)


def round_to_minor(amount: pl.Expr, currency: pl.Expr) -> pl.Expr:
    """The amount in whole minor units of its currency, halves away from zero as invoices round them."""
    return _whole(amount.cast(MONEY), currency)


def _whole(exact: pl.Expr, currency: pl.Expr) -> pl.Expr:
    rounded = _rounded(exact, _USUAL_DIGITS)
    for digits, codes in MINOR_UNITS.items():
        rounded = pl.when(currency.is_in(codes)).then(_rounded(exact, digits)).otherwise(rounded)
    return rounded


def _rounded(amount: pl.Expr, digits: int) -> pl.Expr:
    return amount.round(digits, mode="half_away_from_zero").cast(MONEY)


def reduced(amount: pl.Expr, percent: pl.Expr) -> pl.Expr:
    """The amount less a percentage of it, to six decimals; null where either is missing or no number."""
    left = 1 - percent.cast(RATE, strict=False) / 100
    return (amount.cast(RATE, strict=False) * left).round(6, mode="half_away_from_zero").cast(MONEY)


def allocated(amount: pl.Expr, currency: pl.Expr, over: str) -> pl.Expr:
    """Amounts in whole minor units that sum, per value of the column `over`, to the rounded sum of the exact ones.

    Each is rounded on its own; what that leaves over goes to the largest of them in absolute value, to the first one
    of several (largest-remainder rules would spread it; one line keeps it explainable).
    """
    exact = amount.cast(MONEY)
    each, total = round_to_minor(exact, currency), round_to_minor(exact.sum().over(over), currency)
    residue = (total - each.sum().over(over)).cast(MONEY)
    place = pl.int_range(pl.len()).over(over)
    largest = place == exact.abs().arg_max().over(over)
    return pl.when(largest).then(each + residue).otherwise(each).cast(MONEY)


def converted(amount: pl.Expr, rate: pl.Expr, currency: pl.Expr) -> pl.Expr:
    """The amount times a rate, in whole minor units of the currency it becomes; rounded once, not twice."""
    return _whole(amount.cast(MONEY) * rate.cast(RATE), currency)


def tolerance_of(currency: pl.Expr, tolerance: Mapping[str, str | Decimal]) -> pl.Expr:
    """The allowed difference, from {"USD": "0.01", "default": "0.01"}; without a default none is allowed."""
    result = _amount(tolerance.get("default", "0"))
    for code, allowed in tolerance.items():
        if code != "default":
            result = pl.when(currency == code).then(_amount(allowed)).otherwise(result)
    return result


def agree(one: pl.Expr, other: pl.Expr, currency: pl.Expr, tolerance: Mapping[str, str | Decimal]) -> pl.Expr:
    """Whether two amounts of a currency differ by no more than its tolerance; never null.

    No amount on both sides is agreement, no amount on one side is not.
    """
    near = (one.cast(MONEY) - other.cast(MONEY)).abs() <= tolerance_of(currency, tolerance)
    return near.fill_null(False) | (one.is_null() & other.is_null())


def _amount(value: str | Decimal) -> pl.Expr:
    return pl.lit(Decimal(value)).cast(MONEY)
