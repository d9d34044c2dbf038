"""Times as extracts write them: ISO 8601 with a zone, or without one in the zone of the layout."""

from __future__ import annotations

import polars as pl

_FORMATS = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d", "%Y%m%d%H%M%S", "%Y%m%d")


_DAY = len("2026-03-01")


def exact(text: pl.Expr, zone: str) -> pl.Expr:
    """`instants`, but null for a day without a time: it is not before or after anything within that day."""
    return pl.when(text.str.strip_chars().str.len_chars() > _DAY).then(instants(text, zone))


def instants(text: pl.Expr, zone: str) -> pl.Expr:
    """UTC microseconds; null for what is no time. An hour that autumn repeats is taken as its first."""
    text = text.str.strip_chars()
    zoned = text.str.replace(r"[zZ]$", "+00:00").str.replace(" ", "T", literal=True)
    with_zone = zoned.str.strptime(pl.Datetime("us", "UTC"), "%Y-%m-%dT%H:%M:%S%.f%:z", strict=False)
    local = pl.coalesce(text.str.strptime(pl.Datetime("us"), form, strict=False) for form in _FORMATS)
    placed = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return pl.coalesce(with_zone, placed.dt.convert_time_zone("UTC"))
