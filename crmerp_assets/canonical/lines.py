"""Order lines and payment applications as one canonical JSON text per parent, and back.

One text makes a list of lines a value like any other: compared, stored in a snapshot and merged as a whole. It is
the same for the same lines, whatever order they were read in.
"""

import json
from collections.abc import Sequence

import polars as pl

from crmerp_assets.canonical.entities import LINE_FIELDS
from crmerp_assets.canonical.money import MONEY

LINE_NAMES = tuple(field.name for field in LINE_FIELDS)


def lines_json(lines: pl.DataFrame, parent: str = "parent_id") -> pl.DataFrame:
    """(parent, lines) from one row per line; every column but the parent goes in as text.

    Lines are sorted by `position` as a number, then by their text; keys are sorted and nulls left out.
    """
    names = sorted(set(lines.columns) - {parent})
    members = [pl.when(pl.col(name).is_not_null()).then(_member(name)) for name in names]
    body = pl.concat_str(members, separator=",", ignore_nulls=True) if members else pl.lit("")
    position = pl.col("position") if "position" in names else pl.lit(None)
    shown = lines.select(
        pl.col(parent),
        position.cast(MONEY, strict=False).alias("_at"),
        (pl.lit("{") + body + pl.lit("}")).alias("lines"),
    )
    ordered = shown.sort(parent, "_at", "lines", nulls_last=True)
    joined = pl.lit("[") + pl.col("lines").str.join(",") + pl.lit("]")
    return ordered.group_by(parent, maintain_order=True).agg(joined.alias("lines"))


def parse_lines(
    frame: pl.DataFrame, column: str = "lines", fields: Sequence[str] = LINE_NAMES, keep: Sequence[str] = ()
) -> pl.DataFrame:
    """One row per line: the columns named in `keep`, then the fields as text. A parent without lines gives no row.

    Text that is no JSON list of objects counts as no lines.
    """
    shape = pl.List(pl.Struct(dict.fromkeys(fields, pl.String)))
    texts = frame.select(*keep, pl.col(column).cast(pl.String)).filter(pl.col(column).is_not_null())
    decoded = texts.with_columns(_decoded(texts[column], shape))
    return decoded.explode(column).drop_nulls(column).unnest(column)


def _member(name: str) -> pl.Expr:
    value = pl.col(name).cast(pl.String)
    return pl.struct(value.alias(name)).struct.json_encode().str.strip_prefix("{").str.strip_suffix("}")


def _decoded(texts: pl.Series, shape: pl.DataType) -> pl.Series:
    try:
        return texts.str.json_decode(shape)
    except pl.exceptions.ComputeError:
        readable = [value if _is_list_of_objects(value) else None for value in texts]
        return pl.Series(texts.name, readable, dtype=pl.String).str.json_decode(shape)


def _is_list_of_objects(value: str) -> bool:
    try:
        parsed = json.loads(value)
    except ValueError:
        return False
    return isinstance(parsed, list) and all(isinstance(line, dict) for line in parsed)
