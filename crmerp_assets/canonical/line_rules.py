"""Rules about order lines, which live inside one JSON text: they are read out once, then asked as booleans."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from crmerp_assets.canonical import shapes
from crmerp_assets.canonical.entities import LINE_FIELDS
from crmerp_assets.canonical.lines import parse_lines
from crmerp_assets.canonical.money import MONEY

_ROW = "__row"


@dataclass(frozen=True, slots=True)
class LineRule:
    """A rule every line of an order keeps; `column` holds, per order, whether one line breaks it."""

    column: str
    problem: str
    broken: pl.Expr

    @property
    def ok(self) -> Callable[[], pl.Expr]:
        """An expression over the orders, true where no line breaks the rule."""
        return lambda: ~pl.col(self.column)


def _unread(name: str) -> pl.Expr:
    return pl.col(name).is_not_null() & ~shapes.is_number(pl.col(name))


_NUMBERS = [field.name for field in LINE_FIELDS if field.kind in {"money", "decimal"}]

LINE_RULES = (
    LineRule("__no_quantity", "have a line without a quantity", pl.col("quantity").is_null()),
    LineRule(
        "__unread_number",
        "have a line with an amount or quantity that is not a number",
        pl.any_horizontal([_unread(name) for name in _NUMBERS]),
    ),
    LineRule(
        "__negative",
        "have a line with a negative quantity",
        pl.col("quantity").cast(MONEY, strict=False).fill_null(0) < 0,
    ),
)


def with_line_columns(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with one boolean column per line rule; unchanged when it has no lines."""
    if "lines" not in frame.columns:
        return frame
    numbered = frame.with_row_index(_ROW)
    lines = parse_lines(numbered, keep=(_ROW,))
    broken = lines.group_by(_ROW).agg(rule.broken.any().alias(rule.column) for rule in LINE_RULES)
    joined = numbered.join(broken, on=_ROW, how="left", maintain_order="left").drop(_ROW)
    return joined.with_columns(pl.col(rule.column).fill_null(False) for rule in LINE_RULES)


def without_line_columns(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame as it came."""
    return frame.drop([rule.column for rule in LINE_RULES], strict=False)
