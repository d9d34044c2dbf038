"""A file as a table of text, and the rows of it that cannot be used, each with its line, column and reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from crmerp_assets.connectors.protocol import Misread

ROW = "#row"
"""The position of a row among those that could be read, from 0."""
REPLACED = "�"
"""What stands for bytes that are no text in the file's encoding."""

Lines = Callable[[Sequence[int]], list[str]]


@dataclass(frozen=True, slots=True)
class Table:
    """`frame` has the file's columns as text, `ROW` beside them. `lines` says where rows stand: `line 17`.

    `count` is the number of rows that the file holds, readable or not; `replaced`, whether `REPLACED` may be in them.
    """

    shown: str
    frame: pl.DataFrame
    count: int
    lines: Lines
    misread: tuple[Misread, ...] = ()
    replaced: bool = True

    @property
    def columns(self) -> list[str]:
        return [name for name in self.frame.columns if name != ROW]

    def without(self, bad: pl.DataFrame, column: str | pl.Expr, reason: str, id_column: str | None) -> Table:
        """The table without the rows of `bad`, which are told as misread."""
        if bad.is_empty():
            return self
        ids = [_known(native) for native in bad[id_column].to_list()] if id_column else [None] * bad.height
        names = bad.select(pl.lit(column) if isinstance(column, str) else column).to_series().to_list()
        names = names * bad.height if len(names) == 1 else names
        found = [
            Misread(native, f"{self.shown}, {line}", name, reason)
            for native, line, name in zip(ids, self.lines(bad[ROW].to_list()), names, strict=True)
        ]
        good = self.frame.join(bad.select(ROW), on=ROW, how="anti", maintain_order="left")
        return replace(self, frame=good, misread=(*self.misread, *found))


@dataclass(slots=True)
class Checks:
    """What makes a row unusable whatever the file's format; each check takes its rows out."""

    id_column: str
    table: Table = field(repr=False)

    def ids(self) -> Checks:
        """A row without an id belongs to no record."""
        missing = pl.col(self.id_column).is_null() | (pl.col(self.id_column).str.strip_chars() == "")
        bad = self.table.frame.filter(missing)
        self.table = self.table.without(bad, self.id_column, "has no value, and it is the id", None)
        return self

    def encoding(self, name: str) -> Checks:
        """Bytes that are no text in the file's encoding: the value would be another one."""
        texts = [pl.col(column).str.contains(REPLACED, literal=True).fill_null(value=False) for column in self._texts]
        if texts and self.table.replaced:
            bad = self.table.frame.filter(pl.any_horizontal(texts))
            first = pl.coalesce(
                pl.when(test).then(pl.lit(column)) for test, column in zip(texts, self._texts, strict=True)
            )
            reason = f"holds bytes that are no {name} text; correct the file or the encoding of the layout"
            self.table = self.table.without(bad, first, reason, self.id_column)
        return self

    def once(self) -> Checks:
        """A repeated row counts once; rows of one id that differ are all unusable: nobody knows which is right."""
        if self.table.frame[self.id_column].n_unique() == self.table.frame.height:
            return self
        frame = self.table.frame.unique(self._texts, keep="first", maintain_order=True)
        self.table = replace(self.table, frame=frame)
        bad = frame.filter(pl.len().over(self.id_column) > 1) if frame.height else frame
        reason = "stands in the file more than once, with other values beside it"
        self.table = self.table.without(bad, self.id_column, reason, self.id_column)
        return self

    def times(self, column: str | None, parsed: pl.Expr) -> Checks:
        """A time of change that is none would never be the newest."""
        if column is not None:
            bad = self.table.frame.filter(pl.col(column).is_not_null() & parsed.is_null())
            self.table = self.table.without(bad, column, "is not a time", self.id_column)
        return self

    @property
    def _texts(self) -> list[str]:
        return self.table.columns


def _known(native: str | None) -> str | None:
    """None for an id that could not be read whole: it would be another record's, or nobody's."""
    return None if native is None or REPLACED in native else native


def numbered(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with empty text as null and `ROW`."""
    return frame.with_columns(pl.col(pl.String).replace("", None)).with_row_index(ROW)
