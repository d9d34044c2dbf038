"""One field's way in and out as polars expressions, shared by headers and lines."""

from collections.abc import Mapping

import polars as pl

from crmerp_assets.canonical import Field
from crmerp_assets.mapping.matrix import FieldMap, transform_name
from crmerp_assets.standardise import TRANSFORMS

Context = Mapping[str, pl.Expr]


def context(field_map: FieldMap, default_region: str | None) -> dict[str, pl.Expr]:
    """What a transform may know: the canonical column of the row's region, and the region of rows without one."""
    known = {"region": pl.col(field_map.region)} if field_map.region else {}
    return known | ({"default_region": pl.lit(default_region)} if default_region else {})


def inward(field: Field, field_map: FieldMap, native: pl.Expr, around: Context) -> pl.Expr:
    """Canonical text from native text; null for blank."""
    value = TRANSFORMS[transform_name(field_map, field.kind)].inbound(native, around)
    if field.kind == "ref":
        value = value.str.extract(r"^([^,]+)", 1)
    if field_map.values is not None:
        value = value.replace(_canonical(field_map))
    return _folded(value, field_map.folded_to)


def doubt(field: Field, field_map: FieldMap, value: pl.Expr, around: Context) -> pl.Expr | None:
    """Text where the canonical value is kept but not understood, else null; None where every value is."""
    transform = TRANSFORMS[transform_name(field_map, field.kind)]
    if field_map.values is not None:
        unknown = value.is_not_null() & ~value.is_in(list(field_map.values))
        return pl.when(unknown).then(_unlisted(field, value))
    if transform.flag is None or field.kind == "ref":
        return None
    return pl.when(transform.flag(value, around)).then(pl.lit(f"{field.name}: {transform.flag_text}"))


def _unlisted(field: Field, value: pl.Expr) -> pl.Expr:
    if field.personal:
        return pl.lit(f"{field.name}: is not in the value list")
    return pl.format("{}: '{}' is not in the value list", pl.lit(field.name), value)


def outward(field: Field, field_map: FieldMap, value: pl.Expr, around: Context) -> list[pl.Expr]:
    """Native text from canonical text, one expression for each native field."""
    if field_map.values is not None:
        value = value.replace({known: natives[0] for known, natives in field_map.values.items()})
    value = TRANSFORMS[transform_name(field_map, field.kind)].outbound(value, around)
    count = len(field_map.native)
    if count <= 1:
        return [value]
    parts = _folded(value, count).str.split("\n")
    return [parts.list.get(number, null_on_oob=True) for number in range(count)]


def _canonical(field_map: FieldMap) -> dict[str, str]:
    values = field_map.values or {}
    return {native: known for known, natives in values.items() for native in natives}


def _folded(value: pl.Expr, lines: int | None) -> pl.Expr:
    """At most that many lines; what is beyond joins the last one, after commas."""
    if lines is None:
        return value
    kept = value.str.split("\n")
    last = kept.list.slice(lines - 1).list.join(", ")
    few = kept.list.len() <= lines
    return pl.when(few).then(value).otherwise(pl.concat_list(kept.list.head(lines - 1), last).list.join("\n"))
