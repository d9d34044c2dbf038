"""Every transform the mapping matrix may name.

A transform cleans on the way in and writes on the way out. Three laws hold for each, whatever text arrives: cleaning
twice is cleaning once, blank is null, and a canonical value written out reads back as itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from crmerp_assets.canonical import shapes
from crmerp_assets.standardise import (
    countries,
    currencies,
    dates,
    numbers,
    phone,
    postcodes,
    subdivisions,
    taxid,
    text,
    vocabulary,
    web,
)
from crmerp_assets.standardise.context import Clean, Context

Flag = Callable[..., pl.Expr]


@dataclass(frozen=True, slots=True)
class Transform:
    """A named way in and out. The second argument carries context, such as {"region": pl.col("billing_country")}.

    `flag(value)` or `flag(value, context)` is true where the canonical value is kept but not understood, for the
    reason `flag_text`. `loss` names what inbound cannot give back, null when nothing is lost.
    """

    name: str
    inbound: Clean
    outbound: Clean
    flag: Flag | None = None
    flag_text: str = ""
    loss: str | None = None


def _same(value: pl.Expr, _: Context) -> pl.Expr:
    return value


def _alone(clean: Callable[[pl.Expr], pl.Expr]) -> Clean:
    return lambda value, _: clean(value)


def _not(shape: Callable[..., pl.Expr]) -> Flag:
    def flag(value: pl.Expr, context: Context | None = None) -> pl.Expr:
        fits = shape(value, context) if shape is shapes.is_tax_id else shape(value)
        return value.is_not_null() & fits.not_().fill_null(False)

    return flag


_SPACES = "spaces at the ends, repeated spaces and invisible characters"
_MONEY, _EXACT = numbers.number(numbers.MONEY_PLACES), numbers.number(numbers.DECIMAL_PLACES)


def _percent(value: pl.Expr) -> pl.Expr:
    return _EXACT(text.text(value).str.replace(r"\s*%+$", ""))


_ALL = (
    Transform("text", _alone(text.text), _same, loss=_SPACES),
    Transform("name", _alone(text.text), _same, loss=_SPACES),
    Transform("company_name", _alone(text.text), _same, loss=_SPACES),
    Transform("multiline", _alone(text.multiline), _same, loss=f"{_SPACES}, empty lines"),
    Transform(
        "phone",
        phone.phone,
        _same,
        _not(shapes.is_phone),
        "is not a phone number of its country",
        "how the number was written",
    ),
    Transform(
        "email",
        _alone(web.email),
        _same,
        _not(shapes.is_email),
        "is not a valid e-mail address",
        "upper case and a display name",
    ),
    Transform(
        "website",
        _alone(web.website),
        _same,
        _not(shapes.is_website),
        "is not a web address",
        "the scheme, www, upper case of the host and a slash at the end",
    ),
    Transform(
        "url",
        _alone(web.website),
        _alone(web.url),
        _not(shapes.is_website),
        "is not a web address",
        "http becomes https; www, upper case of the host and a slash at the end",
    ),
    Transform(
        "domain",
        _alone(web.domain),
        _same,
        _not(shapes.is_website),
        "is not a domain",
        "everything of the address but its host",
    ),
    Transform(
        "tax_id",
        taxid.tax_id,
        _same,
        _not(shapes.is_tax_id),
        "does not pass the checks of its country's tax numbers",
        "punctuation; placeholders become no value",
    ),
    Transform(
        "country",
        _alone(countries.country),
        _same,
        _not(shapes.is_country),
        "is not a known country",
        "how the country was written",
    ),
    Transform(
        "country_name",
        _alone(countries.country),
        _alone(countries.country_name),
        _not(shapes.is_country),
        "is not a known country",
        "how the country was written",
    ),
    Transform(
        "subdivision",
        subdivisions.subdivision,
        subdivisions.subdivision_out,
        _not(shapes.is_subdivision),
        "is not a known state or province of its country",
        "how the state was written",
    ),
    Transform(
        "subdivision_code",
        subdivisions.subdivision,
        subdivisions.subdivision_code_out,
        _not(shapes.is_subdivision),
        "is not a known state or province of its country",
        "how the state was written",
    ),
    Transform("postcode", postcodes.postcode, _same, loss="lower case, spaces and dashes"),
    Transform(
        "currency",
        _alone(currencies.currency),
        _same,
        _not(shapes.is_currency),
        "is not a currency of ISO 4217",
        "how the currency was written",
    ),
    Transform(
        "money",
        _alone(_MONEY),
        _same,
        _not(shapes.is_number),
        "is not an amount",
        f"decimals beyond {numbers.MONEY_PLACES}, currency signs and separators",
    ),
    Transform(
        "quantity",
        _alone(_MONEY),
        _same,
        _not(shapes.is_number),
        "is not a quantity",
        f"decimals beyond {numbers.MONEY_PLACES} and separators",
    ),
    Transform(
        "decimal",
        _alone(_EXACT),
        _same,
        _not(shapes.is_number),
        "is not a number",
        f"decimals beyond {numbers.DECIMAL_PLACES} and separators",
    ),
    Transform(
        "percent",
        _alone(_percent),
        _same,
        _not(shapes.is_number),
        "is not a percentage",
        "the percent sign",
    ),
    Transform(
        "date",
        dates.date,
        _same,
        _not(shapes.is_plausible_date),
        "is not a date of 1900 or later",
        "the time of day",
    ),
    Transform(
        "boolean",
        _alone(vocabulary.boolean),
        _same,
        _not(shapes.is_boolean),
        "is neither true nor false",
        "how yes and no were written",
    ),
    Transform("unit", _alone(vocabulary.unit), _same, loss="how the unit was written"),
)

TRANSFORMS: Mapping[str, Transform] = MappingProxyType({transform.name: transform for transform in _ALL})
