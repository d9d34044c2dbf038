"""E-mail addresses and websites."""

import polars as pl

from crmerp_assets.standardise.text import filled, lower, text

# Schemes, slashes and www in front of a host, repeated as people paste them; stray dots and spaces go too.
_BEFORE_HOST = r"(?i)^(?:(?:https?:)?/+|www\.|[.\s\u200c\u200d]+)+"
_HOST = r"^[^/?#]*"
_HOST_NAME = r"^[^/?#:@]*"
_MAILTO = r"^(?:mailto:\s*)+"
_NAMED_ADDRESS = r"^[^<>]*<\s*([^<>\s]+@[^<>\s]+)\s*>$"


def email(value: pl.Expr) -> pl.Expr:
    """Lower case, without `mailto:` or a display name around it."""
    bare = lower(value).str.replace(_MAILTO, "")
    return filled(bare.str.replace(_NAMED_ADDRESS, "$1").str.replace(_MAILTO, ""))


def website(value: pl.Expr) -> pl.Expr:
    """Lower-case host without scheme and www, with port and path if any, without a slash at the end."""
    bare = text(value).str.replace(_BEFORE_HOST, "").str.replace(r"[/\s\u200c\u200d]+$", "")
    return filled(_host(bare, _HOST) + bare.str.replace(_HOST, ""))


def url(value: pl.Expr) -> pl.Expr:
    """A website with https in front, as URL fields demand."""
    return value.str.replace("^", "https://")


def domain(value: pl.Expr) -> pl.Expr:
    """The host of a website, or the part of an e-mail address after the at sign, without a port."""
    bare = text(value).str.replace(r"^[^/?#]*@", "").str.replace(_BEFORE_HOST, "")
    return filled(_host(bare, _HOST_NAME))


def _host(bare: pl.Expr, host: str) -> pl.Expr:
    lowered = bare.str.extract(f"({host})", 1).str.to_lowercase()
    return lowered.str.replace(r"[.\s\u200c\u200d]+$", "").str.normalize("NFC")
