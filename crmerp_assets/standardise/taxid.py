"""Tax and VAT numbers in compact form; EU and British numbers carry their country prefix when they check out.

Numbers typed only to get past a required field become no value: they would link strangers to one another.
"""

import re
import unicodedata
from functools import lru_cache

import polars as pl

from crmerp_assets.canonical.distinct import distinct
from crmerp_assets.canonical.tax import EU_PREFIX, is_tax_id, tax_module
from crmerp_assets.standardise.context import Context, region
from crmerp_assets.standardise.text import text

_PLACEHOLDER_WORDS = {"NA", "NONE", "NULL", "TBD", "TBA", "UNKNOWN", "PENDING", "NIL", "TEST", "NOTAVAILABLE", "EXEMPT"}
_PLACEHOLDER_NUMBERS = {"123456789", "1234567890", "12345678", "1234567", "123456", "987654321", "0123456789"}


def tax_id(value: pl.Expr, context: Context) -> pl.Expr:
    """Compact tax number of the row's country; null for placeholders; what fails its checksum is kept."""
    return distinct(_compact, text(value), region(context))


def is_placeholder(compact: str) -> bool:
    """Whether a compact number is one people type instead of a number."""
    digits = re.sub(r"^[A-Z]{2}(?=\d)", "", compact)
    return compact in _PLACEHOLDER_WORDS or digits in _PLACEHOLDER_NUMBERS or (len(set(digits)) == 1)


@lru_cache(maxsize=200_000)
def _compact(value: str, country: str | None) -> str | None:
    bare = re.sub(r"[\s.\-/_,:;'’()#*·–—]", "", unicodedata.normalize("NFKC", value).upper())
    if not re.fullmatch(r"[0-9A-ZÑ&]+", bare):
        return value if any(c.isalnum() for c in value) else None
    if is_placeholder(bare):
        return None
    return _prefixed(bare, country) or bare


def _prefixed(bare: str, country: str | None) -> str | None:
    """The number as its country writes it, when it passes the country's checks."""
    module = tax_module(country)
    if module is None or not is_tax_id(bare, country):
        return None
    compact = str(module.compact(bare))
    prefix = EU_PREFIX.get(country or "", "")
    with_prefix = compact if compact.startswith(prefix) else prefix + compact
    return with_prefix if is_tax_id(with_prefix, country) else bare
