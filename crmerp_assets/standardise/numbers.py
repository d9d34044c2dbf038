"""Numbers as canonical decimal text, from how systems and people write them.

JSON numbers take a fast path of expressions; "1.234,50 €" and its kin are read one distinct value at a time.
"""

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext

import polars as pl

from crmerp_assets.canonical.distinct import distinct
from crmerp_assets.canonical.shapes import is_number
from crmerp_assets.standardise.context import stepwise, unless
from crmerp_assets.standardise.text import text

MONEY_PLACES = 6
DECIMAL_PLACES = 12
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?")
_GROUPED_COMMA = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_GROUPED_POINT = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+,\d*|[+-]?\d{1,3}(?:\.\d{3}){2,}")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,(?:\d{1,2}|\d{4,})")
_CURRENCY = r"(?:[A-Z]{3}|\w{0,2}\$|[€£¥₹₩₽₺₪฿₫₴₦zł]{1,2}|kr\.?|R\$|Fr\.?)"
_AROUND = re.compile(rf"^([+-]?){_CURRENCY}?\s*([+-]?[\d.,eE+\s'’-]+?)\s*(?:{_CURRENCY}|%)?$")


def number(places: int) -> Callable[[pl.Expr], pl.Expr]:
    """A cleaner to decimal text with at most that many decimals; what is no number stays as it is."""
    read = _reader(places)
    short = rf"^-?\d+(?:\.\d{{1,{places}}})?$"

    tidy = pl.col("value")
    fast = pl.when(tidy.str.contains(short)).then(_without_padding(tidy)).otherwise(tidy)
    plain = (is_number(tidy) & tidy.str.contains(short)).alias("plain")
    slow = unless(pl.col("plain"), tidy, lambda rest: distinct(read, rest))

    def steps(frame: pl.DataFrame) -> pl.Series:
        known = frame.select(fast.alias("value")).with_columns(plain)
        return known["value"] if known["plain"].all() else known.select(slow).to_series()

    return lambda value: stepwise(steps, text(value))


def _without_padding(value: pl.Expr) -> pl.Expr:
    bare = value.str.replace(r"^(-?)0+(\d)", "$1$2").str.replace(r"(\.\d*?)0+$", "$1").str.replace(r"\.$", "")
    return bare.str.replace("^-0$", "0")


def _reader(places: int) -> Callable[[str], str | None]:
    step = Decimal(1).scaleb(-places)

    def read(value: str) -> str | None:
        digits = _digits(value)
        if digits is None:
            return None
        try:
            with localcontext(prec=60):
                return canonical_number(Decimal(digits).quantize(step, ROUND_HALF_UP))
        except InvalidOperation:
            return None

    return read


def canonical_number(value: Decimal) -> str:
    """Without exponent, without trailing zeros, no negative zero."""
    shown = f"{value:f}"
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    return "0" if shown in {"-0", ""} else shown


def _digits(value: str) -> str | None:
    """The number in a text as Decimal reads it; None when the text is none or may be read in two ways."""
    negative = value.startswith("(") and value.endswith(")")
    inner = value[1:-1].strip() if negative else value.replace("\u2212", "-")
    found = _AROUND.match(inner)
    if found is None:
        return None
    digits = found[1] + re.sub(r"(?<=\d)[\s'’](?=\d{3})", "", found[2]).strip()
    digits = f"{digits[-1]}{digits[:-1]}" if digits.endswith("-") else digits
    plain = _separated(digits)
    return f"-{plain}" if negative and plain and plain[0] not in "+-" else plain


def _separated(digits: str) -> str | None:
    if _PLAIN.fullmatch(digits):
        return digits
    if _GROUPED_COMMA.fullmatch(digits):
        return digits.replace(",", "")
    if _GROUPED_POINT.fullmatch(digits):
        return digits.replace(".", "").replace(",", ".")
    if _DECIMAL_COMMA.fullmatch(digits):
        return digits.replace(",", ".")
    return None
