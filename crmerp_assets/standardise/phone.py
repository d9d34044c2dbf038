"""Phone numbers as E.164, with ` x12` after it where the number has an extension.

A number is accepted when its length is possible in its country: ranges are opened faster than metadata follows.
"""

import re
from functools import lru_cache

import polars as pl

from crmerp_assets.canonical.distinct import distinct
from crmerp_assets.canonical.shapes import PHONE, is_phone
from crmerp_assets.standardise.context import Context, region, unless
from crmerp_assets.standardise.text import text

_LONGEST = 250  # what phonenumbers reads


def phone(value: pl.Expr, context: Context) -> pl.Expr:
    """E.164, read in the row's country; what is no phone number stays as it is."""
    tidy = text(value)
    return unless(is_phone(tidy), tidy, lambda rest: distinct(_e164, rest, region(context)))


@lru_cache(maxsize=200_000)
def _e164(value: str, country: str | None) -> str | None:
    import phonenumbers

    if len(value) > _LONGEST:
        return None
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None  # among them numbers that lack their area code
    shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    shown = f"{shown} x{number.extension}" if number.extension else shown
    return shown if re.fullmatch(PHONE, shown, re.ASCII) else None
