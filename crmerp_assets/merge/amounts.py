"""Amounts that differ by no more than their field's tolerance agree, and are rounded to what a field can hold."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

import polars as pl

from crmerp_assets.canonical.frames import decimal_text
from crmerp_assets.canonical.money import MONEY


class Tolerant(Protocol):
    """A field's rule, as far as it says which difference counts as none."""

    @property
    def tolerance(self) -> Decimal | None:
        """The largest difference that counts as none; None where every one counts."""


def near(one: pl.Expr, other: pl.Expr, rule: Tolerant) -> pl.Expr:
    """Whether two canonical texts are the same, or amounts within the rule's tolerance; never null.

    A blank is only near a blank. What is no amount is compared as text.
    """
    same = one.eq_missing(other)
    if rule.tolerance is None:
        return same
    apart = (one.cast(MONEY, strict=False) - other.cast(MONEY, strict=False)).abs()
    return same | (apart <= pl.lit(rule.tolerance).cast(MONEY)).fill_null(value=False)


def rounded(changes: pl.DataFrame, places: Mapping[str, int], rules: Mapping[str, Tolerant]) -> pl.DataFrame:
    """Changes (field, after) with amounts rounded, halves away from zero, to the `places` that the target holds.

    Only where that moves the amount by no more than its tolerance; else it stays, and is told as not fitting.
    """
    after = pl.col("after")
    amount = pl.col("after").cast(MONEY, strict=False)
    for field, digits in places.items():
        allowed = rules[field].tolerance if field in rules else None
        if allowed is None or changes.is_empty():
            continue
        short = amount.round(digits, mode="half_away_from_zero").cast(MONEY)
        moved = (amount != short) & ((amount - short).abs() <= pl.lit(allowed).cast(MONEY))
        after = pl.when((pl.col("field") == field) & moved).then(decimal_text(short)).otherwise(after)
    return changes.with_columns(after.alias("after"))
