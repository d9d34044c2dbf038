"""Whole frames from canonical text to types and back.

Text is what crosses module borders, so that nothing is rounded or reformatted on the way; types are for arithmetic
and validation. A value that does not fit its type becomes null and its field is listed in `issues`: one bad value
never stops a frame.
"""

from collections.abc import Iterable

import polars as pl

from crmerp_assets.canonical import shapes
from crmerp_assets.canonical.entities import ENTITIES, Field
from crmerp_assets.canonical.money import MONEY, RATE

ISSUES = "issues"


def typed(entity: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Text columns as Decimal(20,6) (money), Decimal(28,12) (decimal), Date and Boolean; adds `issues`, a list.

    Columns that are no fields of the entity stay as they are; fields the frame lacks stay away.
    """
    fields = _present(ENTITIES[entity].fields, frame)
    values = {field.name: _typed(field) for field in fields}
    unread = [
        pl.when(pl.col(field.name).is_not_null() & values[field.name].is_null()).then(pl.lit(field.name))
        for field in fields
        if field.kind in {"money", "decimal", "date", "bool", "lines"}
    ]
    issues = pl.concat_list(unread).list.drop_nulls() if unread else pl.lit([], dtype=pl.List(pl.String))
    return frame.with_columns(issues.alias(ISSUES), **values)


def text(entity: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The reverse of `typed`: canonical text, without `issues`."""
    fields = _present(ENTITIES[entity].fields, frame)
    return frame.drop(ISSUES, strict=False).with_columns(_text(field) for field in fields)


def decimal_text(value: pl.Expr) -> pl.Expr:
    """A decimal without trailing zeros and without a sign on zero."""
    bare = value.cast(pl.String).str.replace(r"(\.\d*?)0+$", "$1").str.replace(r"\.$", "")
    return bare.str.replace("^-0$", "0")


def _present(fields: Iterable[Field], frame: pl.DataFrame) -> list[Field]:
    return [field for field in fields if field.name in frame.columns]


def _typed(field: Field) -> pl.Expr:
    value = pl.col(field.name).cast(pl.String)
    match field.kind:
        case "money" | "decimal":
            number = value.cast(MONEY if field.kind == "money" else RATE, strict=False)
            return pl.when(shapes.is_number(value)).then(number)
        case "date":
            return pl.when(shapes.is_date(value)).then(value.str.to_date("%Y-%m-%d", strict=False))
        case "bool":
            return pl.when(shapes.is_boolean(value)).then(value == "true")
        case "lines":
            return pl.when(value.str.contains(r"^\[(?s:.*)\]$")).then(value)
        case _:
            return value


def _text(field: Field) -> pl.Expr:
    value = pl.col(field.name)
    match field.kind:
        case "money" | "decimal":
            return decimal_text(value)
        case "date":
            return value.dt.to_string("%Y-%m-%d")
        case _:
            return value.cast(pl.String)
