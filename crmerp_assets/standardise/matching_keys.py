"""Keys that meet when two records may be the same company: the bare name and the registrable domain.

A key is evidence only where it belongs to one company, so domains of mail providers and platforms give none.
"""

from functools import cache, lru_cache
from typing import Any

import polars as pl

from crmerp_assets.canonical.distinct import distinct
from crmerp_assets.standardise.company import core_name
from crmerp_assets.standardise.shared_domains import shared_domains
from crmerp_assets.standardise.text import filled, lower, text
from crmerp_assets.standardise.web import domain


def name_key(value: pl.Expr) -> pl.Expr:
    """The company name without legal form as lower-case ASCII letters and digits; null when nothing is left."""
    core = core_name(value)
    ascii_only = core.str.contains(r"^[\x00-\x7f]*$")
    folded = distinct(_ascii, pl.when(ascii_only).then(pl.lit(None, dtype=pl.String)).otherwise(core))
    key = pl.when(ascii_only).then(core).otherwise(folded).str.to_lowercase().str.replace_all(r"[^a-z0-9]+", "")
    return filled(key)


def domain_key(value: pl.Expr) -> pl.Expr:
    """The registrable domain of a website or e-mail address; null for mail providers, platforms and bare words."""
    return distinct(_registrable, domain(lower(value)))


def postcode_key(value: pl.Expr) -> pl.Expr:
    """A postal code as upper-case letters and digits."""
    key = text(value).str.to_uppercase().str.replace_all(r"[^A-Z0-9]+", "")
    return filled(key)


def _ascii(value: str) -> str:
    from anyascii import anyascii

    return str(anyascii(value))


@lru_cache(maxsize=200_000)
def _registrable(host: str) -> str | None:
    parts = _extractor()(host)
    found = f"{parts.domain}.{parts.suffix}" if parts.domain and parts.suffix else _last_two(host)
    return None if found in shared_domains() else found


def _last_two(host: str) -> str | None:
    """The last two labels, for hosts under names that are on no public list, such as those of an intranet."""
    labels = [label for label in host.split(".") if label]
    return ".".join(labels[-2:]) if len(labels) >= 2 and not labels[-1].isdigit() else None


@cache
def _extractor() -> Any:
    """The packaged public suffix list; the plain constructor would fetch one from the network."""
    from tldextract import TLDExtract

    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
