"""Tax and VAT numbers by country: which python-stdnum module knows them, offline checks only.

A failed checksum is a mark of quality and never a reason to refuse a record: about one real number in a hundred is
mistyped, and a customer is billed all the same.
"""

from functools import cache
from typing import Any

# VAT numbers start with the country's prefix in every EU document, so the canonical form carries it.
EU_PREFIX = {
    **{c: c for c in ("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "HR", "HU", "IE", "IT")},
    **{c: c for c in ("LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK")},
    "GR": "EL",
    "GB": "GB",
}

_NATIONAL = {
    "US": "ein",
    "CA": "bn",
    "AU": "abn",
    "NZ": "ird",
    "BR": "cnpj",
    "MX": "rfc",
    "AR": "cuit",
    "CL": "rut",
    "CO": "nit",
    "PE": "ruc",
    "UY": "rut",
    "JP": "cn",
    "KR": "brn",
    "CN": "uscc",
    "TW": "ubn",
    "SG": "uen",
    "IN": "gstin",
    "IL": "hp",
    "CH": "uid",
    "NO": "orgnr",
    "TR": "vkn",
    "UA": "edrpou",
    "RU": "inn",
    "RS": "pib",
    "ZA": "tin",
}


@cache
def tax_module(country: str | None) -> Any:
    """python-stdnum's module for a country's business tax number; None where it has none."""
    from stdnum import get_cc_module

    if country in EU_PREFIX:
        return get_cc_module(country, "vat")
    if country in _NATIONAL:
        return get_cc_module(country, _NATIONAL[country])
    return None


def is_tax_id(value: str, country: str | None) -> bool:
    """Whether the number passes the checks of its country, or of its EU prefix when the country is unknown.

    Countries without a known check pass.
    """
    if country is None:
        country = {prefix: code for code, prefix in EU_PREFIX.items()}.get(value[:2])
    module = tax_module(country)
    if module is None:
        return any(c.isdigit() for c in value)
    try:
        return bool(module.is_valid(value))
    except (ValueError, LookupError, TypeError):
        return False
