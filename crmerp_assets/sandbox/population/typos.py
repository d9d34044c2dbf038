"""Slips of the keyboard: a letter left out, doubled, swapped with the next, or another one."""

import numpy as np
import polars as pl

from crmerp_assets.sandbox.population.columns import chosen, computed, overlaid
from crmerp_assets.sandbox.population.draw import Draw, Rows

_NEIGHBOURS = "nrtsaeiolmu"


def mistyped(values: pl.Series, draw: Draw, rows: Rows, probability: float) -> pl.Series:
    """One slip in as many of the values; never in the first letter, and in none of fewer than four."""
    hit = np.flatnonzero(draw.chance("slip", rows, probability))
    return overlaid(values, hit, lambda some: _slip(some, draw, rows[hit]))


def _slip(values: pl.Series, draw: Draw, rows: Rows) -> pl.Series:
    value, length = pl.col("value"), pl.col("value").str.len_chars().cast(pl.Int64)
    at = pl.max_horizontal(pl.lit(1), 1 + (pl.col("share") * (length - 2)).cast(pl.Int64))
    before, here, after = value.str.slice(0, at), value.str.slice(at, 1), value.str.slice(at + 1)
    other = pl.Series(list(_NEIGHBOURS)).gather(draw.below("letter", rows, len(_NEIGHBOURS)))
    slips = [
        before + after,
        before + here + here + after,
        before + after.str.slice(0, 1) + here + after.str.slice(1),
        before + pl.col("other") + after,
    ]
    return computed(
        pl.when(length < 4).then(value).otherwise(chosen("kind", slips)),
        value=values,
        share=pl.Series(draw.share("place", rows)),
        kind=pl.Series(draw.below("kind", rows, 4)),
        other=other,
    )
