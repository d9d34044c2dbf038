"""Columns of text made in one go: picked from lists, filled from patterns, changed in some of their rows only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from crmerp_assets.sandbox.population.draw import Draw, Mask, Rows, Shares

Chars = NDArray[np.uint8]
_LETTERS = np.frombuffer(b"ABEHLNPRSTX", dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Pool:
    """A list of words for each of several owners (countries, mostly), end to end in one column."""

    words: pl.Series
    start: Rows
    size: Rows

    @classmethod
    def of(cls, lists: Sequence[Sequence[str]]) -> "Pool":
        """One owner a list, none empty."""
        size = np.array([len(words) for words in lists], dtype=np.int64)
        start = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(size)[:-1]])
        return cls(pl.Series([word for words in lists for word in words], dtype=pl.String), start, size)

    def at(self, owner: Rows, share: Shares) -> Rows:
        """Where the word is that each row's owner has at `share` of its list; even shares make even use."""
        return self.start[owner] + np.minimum((share * self.size[owner]).astype(np.int64), self.size[owner] - 1)

    def pick(self, owner: Rows, share: Shares) -> pl.Series:
        """The words themselves."""
        return self.words.gather(self.at(owner, share))


def overlaid(values: pl.Series, where: Mask | Rows, change: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """`values`, and what `change` makes of those in the rows `where`: only they are computed."""
    rows = np.flatnonzero(where) if where.dtype == np.bool_ else where
    if not len(rows):
        return values
    index = np.arange(len(values))
    index[rows] = len(values) + np.arange(len(rows))
    return pl.concat([values, change(values.gather(rows)).cast(values.dtype)]).gather(index)


def put(values: pl.Series, where: Mask, others: pl.Series) -> pl.Series:
    """`values`, with those of `others` in the rows `where`."""
    return others.zip_with(pl.Series(where), values)


def blanked(values: pl.Series, where: Mask) -> pl.Series:
    """`values` without those in the rows `where`."""
    return put(values, where, pl.repeat(None, len(values), dtype=values.dtype, eager=True))


def computed(expression: pl.Expr, **columns: pl.Series) -> pl.Series:
    """An expression over columns of these names."""
    return pl.DataFrame(list(columns.values()), schema=list(columns)).select(expression.alias("_")).to_series()


def chosen(which: str, ways: Sequence[pl.Expr]) -> pl.Expr:
    """In each row, the way whose number the column `which` holds."""
    return pl.coalesce([pl.when(pl.col(which) == number).then(way) for number, way in enumerate(ways)])


def joined(*parts: pl.Series | str, separator: str = "") -> pl.Series:
    """Parts end to end; rows in which any is null are null."""
    columns = {f"_{i}": part for i, part in enumerate(parts) if isinstance(part, pl.Series)}
    return computed(
        pl.concat_str(
            [pl.lit(p) if isinstance(p, str) else pl.col(f"_{i}") for i, p in enumerate(parts)], separator=separator
        ),
        **columns,
    )


def chars(patterns: Sequence[str]) -> Chars:
    """Patterns as a matrix of ASCII codes, one a row, padded with spaces."""
    width = max(len(pattern) for pattern in patterns)
    flat = "".join(pattern.ljust(width) for pattern in patterns)
    return np.frombuffer(flat.encode("ascii"), dtype=np.uint8).reshape(len(patterns), width).copy()


def text(matrix: Chars) -> pl.Series:
    """The rows of a matrix of ASCII codes as text, without the spaces at their ends."""
    size, width = matrix.shape
    buffer = pa.py_buffer(np.ascontiguousarray(matrix))
    rows = pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), size, [None, buffer])
    return pl.Series("_", pl.from_arrow(rows.cast(pa.binary()))).cast(pl.String).str.strip_chars_end(" ")


def filled(patterns: Sequence[str], which: Rows, draw: Draw, rows: Rows) -> pl.Series:
    """Each row's pattern with a digit for every `#` and a letter for every `@`."""
    matrix = chars(patterns)[which]
    for place in range(matrix.shape[1]):
        column = matrix[:, place]
        digits = draw.below(f"digit {place}", rows, 10).astype(np.uint8) + np.uint8(48)
        letters = _LETTERS[draw.below(f"letter {place}", rows, len(_LETTERS))]
        matrix[:, place] = np.where(column == ord("#"), digits, np.where(column == ord("@"), letters, column))
    return text(matrix)


def spread(patterns: Sequence[str], which: Rows, characters: Chars) -> pl.Series:
    """Each row's pattern with the row's own characters, one after the other, for its `#`."""
    matrix = chars(patterns)[which]
    for index, pattern in enumerate(patterns):
        rows = np.flatnonzero(which == index)
        for nth, place in enumerate(place for place, char in enumerate(pattern) if char == "#"):
            matrix[rows, place] = characters[rows, nth]
    return text(matrix)
