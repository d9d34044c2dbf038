"""The registrable domain by which two records may be the same company.

It is evidence only where it belongs to one company, so domains of mail providers and platforms give none.
"""

from functools import cache, lru_cache
from typing import Any

import polars as pl

from crmerp_assets.canonical.distinct import distinct
from crmerp_assets.standardise.shared_domains import shared_domains
from crmerp_assets.standardise.text import lower
from crmerp_assets.standardise.web import domain


def domain_key(value: pl.Expr) -> pl.Expr:
    """The registrable domain of a website or e-mail address; null for mail providers, platforms and bare words."""
    return distinct(_registrable, domain(lower(value)))


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
