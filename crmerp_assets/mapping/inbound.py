"""Native rows as canonical text: the way in, one polars expression a field.

Two passes, because a phone number or a state is read within the country of its row, which is a field itself.
"""

import polars as pl

from crmerp_assets.canonical.frames import decimal_text
from crmerp_assets.canonical.lines import parse_lines
from crmerp_assets.canonical.money import MONEY, round_to_minor
from crmerp_assets.mapping.compile import raw_columns
from crmerp_assets.mapping.lines import lines_inbound, net
from crmerp_assets.mapping.matrix import EntityMap, FieldMap
from crmerp_assets.mapping.values import context, doubt, inward
from crmerp_assets.standardise.text import text

ROW = "__row"
RECORD = ("native_id", "modified", "modified_by", "external_key")


class MissingColumnsError(ValueError):
    """Raw rows lack native fields that the map reads; reading on would take them for blank."""


def inbound(entity_map: EntityMap, raw: pl.DataFrame) -> pl.DataFrame:
    """`native_id`, `modified`, `modified_by`, `external_key`, the canonical fields of the map as text, and `flags`.

    References hold native ids of the same system. Lines are one canonical JSON text; `flags` is a list of remarks
    about values that were kept without being understood. Other columns of `raw` do not come along.
    """
    _complete(entity_map, raw)
    frame = raw.select(pl.all().name.prefix("raw:")).with_row_index(ROW)
    frame = frame.with_columns(_record(entity_map))
    for name, field_map in entity_map.fields.items():
        if field_map.child:
            frame = _with_child_value(frame, name, field_map)
    first = {name: f for name, f in entity_map.fields.items() if not f.region}
    second = {name: f for name, f in entity_map.fields.items() if f.region}
    frame = frame.with_columns(_fields(entity_map, first)).with_columns(_fields(entity_map, second))
    frame = frame.with_columns(
        _whole(entity_map, net(pl.col(name), pl.col(f.net_of))).alias(name)
        for name, f in entity_map.fields.items()
        if f.net_of
    )
    frame = frame.with_columns(pl.lit(value).alias(name) for name, value in entity_map.constants.items())
    if entity_map.lines:
        frame = lines_inbound(entity_map, frame)
    lines = [entity_map.lines_field] if entity_map.lines_field else []
    return frame.select(*RECORD, *entity_map.fields, *entity_map.constants, *lines, _flags(entity_map).alias("flags"))


def _complete(entity_map: EntityMap, raw: pl.DataFrame) -> None:
    missing = set(raw_columns(entity_map)) - set(raw.columns)
    if missing:
        names = ", ".join(sorted(missing))
        raise MissingColumnsError(
            f"raw rows of {entity_map.system} {entity_map.object} lack {names}; pull the object again"
        )


def _record(entity_map: EntityMap) -> list[pl.Expr]:
    key = text(_raw(entity_map.key)) if entity_map.key else pl.lit(None, dtype=pl.String)
    columns = {"native_id": "_id", "modified": "_modified", "modified_by": "_modified_by"}
    return [key.alias("external_key"), *(_raw(native).alias(name) for name, native in columns.items())]


def _raw(native: str) -> pl.Expr:
    return pl.col(f"raw:{native}").cast(pl.String)


def _whole(entity_map: EntityMap, amount: pl.Expr) -> pl.Expr:
    """An amount in whole minor units of the record's currency, where it has one."""
    if "currency" not in entity_map.fields:
        return amount
    return pl.coalesce(decimal_text(round_to_minor(amount.cast(MONEY, strict=False), pl.col("currency"))), amount)


def _fields(entity_map: EntityMap, fields: dict[str, FieldMap]) -> list[pl.Expr]:
    region = entity_map.surroundings.default_region
    return [
        inward(entity_map.model.field(name), field_map, _native(name, field_map), context(field_map, region)).alias(
            name
        )
        for name, field_map in fields.items()
    ]


def _native(name: str, field_map: FieldMap) -> pl.Expr:
    if field_map.child:
        return pl.col(f"child:{name}")
    if field_map.less:
        whole, part = (_raw(name).cast(MONEY, strict=False) for name in (field_map.native[0], field_map.less))
        return pl.coalesce(decimal_text((whole - part.fill_null(0)).cast(MONEY)), _raw(field_map.native[0]))
    if len(field_map.native) == 1:
        return _raw(field_map.native[0])
    return pl.concat_str([_raw(native) for native in field_map.native], separator="\n", ignore_nulls=True)


def _flags(entity_map: EntityMap) -> pl.Expr:
    region = entity_map.surroundings.default_region
    doubts = [
        doubt(entity_map.model.field(name), field_map, pl.col(name), context(field_map, region))
        for name, field_map in entity_map.fields.items()
    ]
    found = [expr for expr in doubts if expr is not None]
    return pl.concat_list(found).list.drop_nulls() if found else pl.lit([], dtype=pl.List(pl.String))


def _with_child_value(frame: pl.DataFrame, name: str, field_map: FieldMap) -> pl.DataFrame:
    """Add `child:<name>`: the value of the first fitting row of the child list."""
    child = field_map.child
    assert child is not None
    paths = list(dict.fromkeys([child.native, *child.where, *child.same]))
    keep = [ROW, *(f"raw:{path}" for path in child.same)]
    rows = parse_lines(frame, f"raw:{child.list}", fields=paths, keep=list(dict.fromkeys(keep)))
    fits = [pl.col(path) == value for path, value in child.where.items()]
    fits += [pl.col(path).eq_missing(pl.col(f"raw:{path}")) for path in child.same]
    chosen = rows.filter(*fits) if fits else rows
    value = chosen.unique(ROW, keep="first", maintain_order=True).select(
        ROW, pl.col(child.native).alias(f"child:{name}")
    )
    return frame.join(value, on=ROW, how="left", maintain_order="left")
