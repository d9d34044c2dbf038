"""Code lists of ISO 3166 and ISO 4217, loaded on first use because pycountry reads large tables."""

from functools import cache

# ISO 4217 list one, published 2024: currencies whose minor unit is not two digits. CLDR's digits are a display
# habit (it gives the Lao kip none where the standard has two), so babel is no source for this.
MINOR_UNITS: dict[int, tuple[str, ...]] = {
    0: (
        *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
        *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
    ),
    3: ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"),
    4: ("CLF", "UYW"),
}


@cache
def country_codes() -> frozenset[str]:
    """ISO 3166-1 alpha-2 codes, and XK, which ISO leaves to users and both vendors use for Kosovo."""
    import pycountry

    return frozenset(country.alpha_2 for country in pycountry.countries) | {"XK"}


@cache
def subdivision_codes() -> frozenset[str]:
    """ISO 3166-2 codes."""
    import pycountry

    return frozenset(subdivision.code for subdivision in pycountry.subdivisions)


@cache
def currency_codes() -> frozenset[str]:
    """ISO 4217 alphabetic codes in use."""
    import pycountry

    return frozenset(currency.alpha_3 for currency in pycountry.currencies)
