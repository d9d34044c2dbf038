"""What a canonical value looks like, as polars expressions that answer true, false, or null for no value.

Standardising flags what does not fit, and validation parks or flags it, so both ask the same questions here.
"""

from collections.abc import Mapping

import polars as pl

from crmerp_assets.canonical import iso, tax
from crmerp_assets.canonical.distinct import distinct_test

NUMBER = r"^(?:0|-?(?:[1-9]\d*(?:\.\d*[1-9])?|0\.\d*[1-9]))$"
PHONE = r"^\+[1-9]\d{6,14}(?: x\d{1,8})?$"
_LABEL = r"[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}_-]*[\p{L}\p{M}\p{N}])?"
EMAIL = rf"^[^\s@<>,;:\x22()\[\]\\.]+(?:\.[^\s@<>,;:\x22()\[\]\\.]+)*@(?:{_LABEL}\.)+{_LABEL}$"
WEBSITE = rf"^(?:{_LABEL}\.)+{_LABEL}(?::\d+)?(?:[/?#]\S*)?$"
DATE = r"^\d{4}-\d{2}-\d{2}$"
FIRST_DAY = "1900-01-01"  # 0001-01-01 and 1899-12-30 are how systems write "no date"


def is_number(value: pl.Expr) -> pl.Expr:
    """A decimal without exponent, without trailing zeros, without a sign on zero."""
    return value.str.contains(NUMBER)


def is_phone(value: pl.Expr) -> pl.Expr:
    """E.164, with ` x12` after it for an extension."""
    return value.str.contains(PHONE)


def is_email(value: pl.Expr) -> pl.Expr:
    """local@domain.tld by shape, 254 characters at most (RFC 5321)."""
    return value.str.contains(EMAIL) & (value.str.len_chars() <= 254)


def is_website(value: pl.Expr) -> pl.Expr:
    """A host with a dot in it, then perhaps a port and a path."""
    return value.str.contains(WEBSITE)


def is_date(value: pl.Expr) -> pl.Expr:
    """An ISO date that exists."""
    return value.str.contains(DATE) & value.str.to_date("%Y-%m-%d", strict=False).is_not_null()


def is_plausible_date(value: pl.Expr) -> pl.Expr:
    """An ISO date of 1900 or later."""
    return is_date(value) & (value >= FIRST_DAY)


def is_boolean(value: pl.Expr) -> pl.Expr:
    """true or false."""
    return value.is_in(["true", "false"])


def is_country(value: pl.Expr) -> pl.Expr:
    """An ISO 3166-1 alpha-2 code."""
    return value.is_in(sorted(iso.country_codes()))


def is_subdivision(value: pl.Expr) -> pl.Expr:
    """An ISO 3166-2 code."""
    return value.is_in(sorted(iso.subdivision_codes()))


def is_currency(value: pl.Expr) -> pl.Expr:
    """An ISO 4217 code."""
    return value.is_in(sorted(iso.currency_codes()))


def is_tax_id(value: pl.Expr, context: Mapping[str, pl.Expr] | None = None) -> pl.Expr:
    """A number that passes its country's checks; the country is `context["region"]` when given."""
    region = (context or {}).get("region", pl.lit(None, dtype=pl.String))
    return distinct_test(tax.is_tax_id, value, region)
