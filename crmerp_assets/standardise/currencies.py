"""Currencies as ISO 4217 codes, from codes, English names and the signs that mean one currency only."""

from functools import cache

import polars as pl

from crmerp_assets.canonical.distinct import distinct
from crmerp_assets.canonical.iso import currency_codes
from crmerp_assets.standardise.names import lookup_key
from crmerp_assets.standardise.text import text

# "$" and "¥" are absent on purpose: each is the sign of several currencies.
_SIGNS = {
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "₩": "KRW",
    "₽": "RUB",
    "₺": "TRY",
    "₪": "ILS",
    "฿": "THB",
    "₫": "VND",
    "US$": "USD",
    "CA$": "CAD",
    "C$": "CAD",
    "A$": "AUD",
    "AU$": "AUD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "S$": "SGD",
    "R$": "BRL",
    "MX$": "MXN",
    "JP¥": "JPY",
    "CN¥": "CNY",
    "zł": "PLN",
    "Kč": "CZK",
    "Ft": "HUF",
}
_ALIASES = {
    "EUR": "euro|euros",
    "GBP": "british pound|pound sterling|pounds sterling|british pounds|uk pound|stg",
    "USD": "us dollar|us dollars|usa dollar|united states dollar|american dollar|usdollar",
    "CAD": "canadian dollar|canadian dollars",
    "AUD": "australian dollar|australian dollars",
    "CNY": "rmb|renminbi|yuan|cnh",
    "JPY": "yen|japanese yen",
    "CHF": "swiss franc|swiss francs|sfr",
    "INR": "rupee|indian rupee|rs",
}


def currency(value: pl.Expr) -> pl.Expr:
    """ISO 4217 code; a currency nobody knows stays as it is."""
    tidy = text(value)
    return pl.coalesce([distinct(_code, tidy), tidy])


def _code(value: str) -> str | None:
    return _SIGNS.get(value) or _table().get(lookup_key(value))


@cache
def _table() -> dict[str, str]:
    from babel import Locale

    table = {lookup_key(code): code for code in currency_codes()}
    table |= {name: code for code, names in _ALIASES.items() for name in names.split("|")}
    for code, name in Locale("en").currencies.items():
        if code in currency_codes():
            table.setdefault(lookup_key(str(name)), code)
    return table
