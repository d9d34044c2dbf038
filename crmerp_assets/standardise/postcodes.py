"""Postal codes in the way their country prints them."""

import re

import polars as pl

from crmerp_assets.canonical.distinct import distinct
from crmerp_assets.standardise.context import Context, region
from crmerp_assets.standardise.text import upper_ascii

# Country -> what the code without spaces and dashes looks like, and how it is printed.
_PRINTED = {
    "US": (r"(\d{5})(\d{4})", r"\1-\2"),
    "CA": (r"([A-Z]\d[A-Z])(\d[A-Z]\d)", r"\1 \2"),
    "GB": (r"([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})", r"\1 \2"),
    "NL": (r"(\d{4})([A-Z]{2})", r"\1 \2"),
    "SE": (r"(\d{3})(\d{2})", r"\1 \2"),
    "CZ": (r"(\d{3})(\d{2})", r"\1 \2"),
    "SK": (r"(\d{3})(\d{2})", r"\1 \2"),
    "GR": (r"(\d{3})(\d{2})", r"\1 \2"),
    "PL": (r"(\d{2})(\d{3})", r"\1-\2"),
    "PT": (r"(\d{4})(\d{3})", r"\1-\2"),
    "BR": (r"(\d{5})(\d{3})", r"\1-\2"),
    "JP": (r"(\d{3})(\d{4})", r"\1-\2"),
}


def postcode(value: pl.Expr, context: Context) -> pl.Expr:
    """Upper case, spaced as the row's country prints it; a code of another shape stays as it is."""
    tidy = upper_ascii(value)
    return pl.coalesce([distinct(_printed, tidy, region(context)), tidy])


def _printed(value: str, country: str | None) -> str | None:
    shape, form = _PRINTED.get(country or "", (None, ""))
    found = re.fullmatch(shape, re.sub("[ -]", "", value), re.ASCII) if shape else None
    return found.expand(form) if found else None
