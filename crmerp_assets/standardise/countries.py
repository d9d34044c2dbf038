"""Countries as ISO 3166-1 alpha-2, from codes, names in the languages of trade, and what people really type."""

from collections.abc import Iterator
from functools import cache

import polars as pl

from crmerp_assets.canonical.distinct import distinct
from crmerp_assets.canonical.iso import country_codes
from crmerp_assets.standardise.names import lookup_key
from crmerp_assets.standardise.text import text

# English first: where two languages use one word for two countries, the earlier language wins.
LANGUAGES = (
    *("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "hu", "ro", "el"),
    *("tr", "ru", "uk", "ja", "zh", "ko", "ar", "he"),
)

ALIASES = {
    "US": "USA|U.S.|United States of America|America|US of A|The United States|Vereinigte Staaten von Amerika",
    "GB": "UK|U.K.|Great Britain|Britain|England|Scotland|Wales|Northern Ireland|Grossbritannien",
    "DE": "GER|D|BRD|Bundesrepublik Deutschland|Federal Republic of Germany|Allemagne",
    "NL": "Holland|The Netherlands|Niederlande|NED",
    "CH": "Suisse|Svizzera|SUI|Swiss Confederation",
    "GR": "EL|Hellas",
    "CI": "Ivory Coast|Cote d Ivoire",
    "CZ": "Czech Republic|Czechia",
    "KR": "South Korea|Korea|Republic of Korea|Korea South|ROK",
    "KP": "North Korea|DPRK",
    "RU": "Russia|Russian Federation",
    "CN": "PRC|P.R. China|Mainland China|Peoples Republic of China",
    "TW": "Taiwan|ROC|Chinese Taipei|Taiwan ROC",
    "HK": "Hong Kong|Hongkong|Hong Kong SAR",
    "MO": "Macao|Macau",
    "VN": "Vietnam|Viet Nam",
    "IR": "Iran",
    "SY": "Syria",
    "LA": "Laos",
    "MD": "Moldova",
    "BO": "Bolivia",
    "VE": "Venezuela",
    "TZ": "Tanzania",
    "BN": "Brunei",
    "MK": "Macedonia|North Macedonia|FYROM",
    "SZ": "Swaziland|Eswatini",
    "CV": "Cape Verde",
    "MM": "Burma|Myanmar",
    "TR": "Turkey|Turkiye",
    "VA": "Vatican|Holy See",
    "PS": "Palestine",
    "FM": "Micronesia",
    "CD": "DR Congo|DRC|Democratic Republic of the Congo|Congo Kinshasa",
    "CG": "Congo|Republic of the Congo|Congo Brazzaville",
    "IE": "Republic of Ireland|Eire|Irish Republic",
    "AE": "UAE|U.A.E.|Emirates",
    "SA": "KSA|Saudi",
    "ZA": "RSA|South Africa",
    "NZ": "Aotearoa",
    "BS": "Bahamas",
    "GM": "Gambia",
    "XK": "Kosovo|XKX",
    "BR": "Brasil",
    "JP": "Nippon|Nihon",
    "ES": "Espana",
    "IT": "Italia",
    "AT": "Osterreich",
    "BE": "Belgique|Belgie",
    "MX": "Mejico|Estados Unidos Mexicanos",
    "PH": "Philippines|The Philippines",
}


def country(value: pl.Expr) -> pl.Expr:
    """ISO alpha-2; a country nobody knows stays as it is."""
    tidy = text(value)
    return pl.coalesce([distinct(_code, tidy), tidy])


def country_name(value: pl.Expr) -> pl.Expr:
    """The English short name of an ISO alpha-2 code, for systems that store names."""
    return pl.coalesce([value.replace_strict(english_names(), default=None, return_dtype=pl.String), value])


@cache
def english_names() -> dict[str, str]:
    """ISO alpha-2 code -> English name, as far as the name reads back as its code."""
    names = dict(_babel_names("en"))
    return {code: names[code] for code in sorted(country_codes()) if _code(names.get(code, "")) == code}


def _code(value: str) -> str | None:
    return _table().get(lookup_key(value))


@cache
def _table() -> dict[str, str]:
    table: dict[str, str] = {}
    for name, code in (*_codes_and_aliases(), *_pycountry_names()):
        table.setdefault(lookup_key(name), code)
    for language in LANGUAGES:
        for code, name in _babel_names(language):
            table.setdefault(lookup_key(name), code)
    table.pop("", None)
    return table


def _codes_and_aliases() -> Iterator[tuple[str, str]]:
    yield from ((code, code) for code in sorted(country_codes()))
    for code, names in ALIASES.items():
        yield from ((name, code) for name in names.split("|"))


def _pycountry_names() -> Iterator[tuple[str, str]]:
    import pycountry

    for entry in pycountry.countries:
        for attribute in ("alpha_3", "common_name", "name", "official_name"):
            name = getattr(entry, attribute, None)
            if name:
                yield name, entry.alpha_2


def _babel_names(language: str) -> Iterator[tuple[str, str]]:
    from babel import Locale

    known = country_codes()
    for code, name in Locale(language).territories.items():
        if code in known:
            yield code, str(name)
