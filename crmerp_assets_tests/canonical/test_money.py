"""Money keeps to the minor units of ISO 4217 and agrees within a stated tolerance."""

from decimal import Decimal

import polars as pl
import pytest

from crmerp_assets.canonical import money
from crmerp_assets.canonical.iso import MINOR_UNITS, currency_codes


@pytest.mark.parametrize(("currency", "digits"), [("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("LAK", 2)])
def test_minor_units_follow_iso_4217(currency: str, digits: int) -> None:
    assert money.minor_units(currency) == digits


def test_every_listed_currency_is_one_of_iso_4217() -> None:
    assert {code for codes in MINOR_UNITS.values() for code in codes} <= currency_codes()


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [("1.005", "USD", "1.01"), ("-1.005", "USD", "-1.01"), ("2.5", "JPY", "3"), ("1.0005", "KWD", "1.001")],
)
def test_halves_round_away_from_zero(amount: str, currency: str, rounded: str) -> None:
    assert _one(money.round_to_minor(_money("a"), pl.col("c")), a=amount, c=currency) == Decimal(rounded)


def test_a_small_rate_loses_nothing() -> None:
    value = money.converted(_money("a"), pl.lit("0.000061").cast(money.RATE), pl.lit("USD"))
    assert _one(value, a="1000000", c="IDR") == Decimal("61")


@pytest.mark.parametrize(
    ("one", "other", "currency", "agree"),
    [
        ("10", "10.01", "USD", True),
        ("10", "10.02", "USD", False),
        ("10", "11", "JPY", True),
        ("10", None, "USD", False),
        (None, None, "USD", True),
        ("10", "10.01", None, True),
    ],
)
def test_amounts_agree_within_the_tolerance_of_their_currency(one, other, currency, agree) -> None:
    expression = money.agree(_money("a"), _money("b"), pl.col("c"), {"JPY": "1", "default": "0.01"})
    assert _one(expression, a=one, b=other, c=currency) is agree


def test_without_a_tolerance_amounts_must_be_equal() -> None:
    assert _one(money.agree(_money("a"), _money("b"), pl.col("c"), {}), a="1", b="1.000001", c="USD") is False


def _money(name: str) -> pl.Expr:
    return pl.col(name).cast(money.MONEY)


def _one(expression: pl.Expr, **columns: str | None):
    frame = pl.DataFrame({k: [v] for k, v in columns.items()}, schema=dict.fromkeys(columns, pl.String))
    return frame.select(x=expression).item()
