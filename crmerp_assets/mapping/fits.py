"""What does not fit the target, said before it is sent: too long, missing, unknown, or more digits than it holds.

A system that cuts a name short without a word makes both sides differ for ever, and one that refuses it costs a call
and tells it in its own words.
"""

from collections.abc import Iterator, Sequence

import polars as pl

from crmerp_assets.canonical import Field
from crmerp_assets.canonical.lines import parse_lines
from crmerp_assets.mapping.matrix import EntityMap, FieldMap
from crmerp_assets.mapping.values import context, outward
from crmerp_assets.standardise import TRANSFORMS, subdivisions

_ROW = "__row"
_NUMBER_TRANSFORMS = {"money": "money", "decimal": "decimal", "date": "date", "bool": "boolean"}


def fits(entity_map: EntityMap, intents: pl.DataFrame) -> pl.Series:
    """For each intent what does not fit, as one text, or null where everything does; see `misfits`."""
    found = misfits(entity_map, intents)
    if not found.width:
        return pl.Series("misfit", [None] * intents.height, dtype=pl.String)
    return found.select(_joined(found.columns).alias("misfit")).to_series()


def misfits(entity_map: EntityMap, intents: pl.DataFrame) -> pl.DataFrame:
    """For each intent what does not fit, or null: a column for each field that one of them changes or must have.

    `intents` has `operation` (create or update) and `changes`, JSON text of field -> {"after": text or null, ...};
    keys that are no fields of the map are ignored. The sentences hold lengths and codes, never personal values.
    """
    if intents.is_empty():
        return pl.DataFrame()
    changes = _changes(entity_map, intents)
    asked = _asked(entity_map, changes)
    fields = {name: field_map for name, field_map in entity_map.fields.items() if name in asked}
    constants = {name: value for name, value in entity_map.constants.items() if name in asked}
    reasons = {name: list(_reasons(entity_map, name, field_map)) for name, field_map in fields.items()}
    reasons |= {name: [_other_constant(entity_map, name, value)] for name, value in constants.items()}
    if entity_map.lines and entity_map.lines_field in asked:
        changes = changes.join(_line_reasons(entity_map, changes), on=_ROW, how="left", maintain_order="left")
        reasons[entity_map.lines_field] = [pl.col("__lines")]
    return changes.select(_joined(found).alias(name) for name, found in reasons.items() if found)


def _asked(entity_map: EntityMap, changes: pl.DataFrame) -> set[str]:
    """The fields that some intent changes, or lacks where it creates: of the others there is nothing to say."""
    changed = changes.select(pl.col("^has:.*$").any()).row(0, named=True)
    named = {name.removeprefix("has:") for name, some in changed.items() if some}
    creates = changes.select((pl.col("operation") == "create").any()).item()
    return named | {name for name, field_map in entity_map.fields.items() if field_map.required and creates}


def _joined(reasons: Sequence[str | pl.Expr]) -> pl.Expr:
    """The reasons as one text, null where there is none."""
    joined = pl.concat_list(reasons).list.drop_nulls().list.join("; ")
    return pl.when(joined != "").then(joined)


def _changes(entity_map: EntityMap, intents: pl.DataFrame) -> pl.DataFrame:
    """One column a canonical field with its new value, and `has:<field>` for whether it changes."""
    lines = [entity_map.lines_field] if entity_map.lines_field else []
    names = [*entity_map.fields, *entity_map.constants, *lines]
    shape = pl.Struct({name: pl.Struct({"after": pl.String}) for name in names})
    decoded = intents.select("operation", pl.col("changes").str.json_decode(shape).alias("__all"))
    fields = [pl.col("__all").struct.field(name) for name in names]
    return decoded.select(
        "operation",
        *(field.struct.field("after").alias(name) for name, field in zip(names, fields, strict=True)),
        *(field.is_not_null().alias(f"has:{name}") for name, field in zip(names, fields, strict=True)),
    ).with_row_index(_ROW)


def _reasons(entity_map: EntityMap, name: str, field_map: FieldMap) -> Iterator[pl.Expr]:
    """Reasons about one header field, each text or null."""
    field, value = entity_map.model.field(name), pl.col(name)
    if field_map.required:
        given = any(native in entity_map.defaults for native in field_map.native)
        made = (pl.col("operation") == "create") & (not given)
        lacking = (made | pl.col(f"has:{name}")) & value.is_null()
        yield pl.when(lacking).then(pl.lit(f"{name} has no value, {_target(entity_map, field_map)} needs one"))
    if field_map.write == "never" or field.kind == "ref":
        return
    yield from _value_reasons(entity_map, field, field_map, value)


def _value_reasons(entity_map: EntityMap, field: Field, field_map: FieldMap, value: pl.Expr) -> Iterator[pl.Expr]:
    target = _target(entity_map, field_map)
    if field.kind in _NUMBER_TRANSFORMS:
        transform = TRANSFORMS[_NUMBER_TRANSFORMS[field.kind]]
        assert transform.flag is not None
        yield pl.when(transform.flag(value)).then(pl.lit(f"{field.name} {transform.flag_text}"))
    if field_map.values is not None:
        unknown = value.is_not_null() & ~value.is_in(list(field_map.values))
        shown = pl.lit("") if field.personal else pl.format(" '{}'", value)
        said = [
            pl.lit(field.name),
            shown,
            pl.lit(f" is not in the value list of {target}; {_extend(entity_map, field)}"),
        ]
        yield pl.when(unknown).then(pl.concat_str(said))
    if field_map.length is not None:
        yield _too_long(entity_map, field, field_map, value)
    if field_map.places is not None:
        digits = value.str.extract(r"\.(\d+)$", 1).str.len_chars()
        yield _over(digits, field_map.places, f"{field.name} has {{}} decimals, {target} holds {field_map.places}")
    if field_map.folded_to is not None:
        lines, most = value.str.count_matches("\n") + 1, field_map.folded_to
        yield _over(lines, most, f"{field.name} has {{}} lines, {target} holds {most}")


def _extend(entity_map: EntityMap, field: Field) -> str:
    place = entity_map.surroundings.places.get(f"fields.{field.name}", f"{entity_map.name}.{entity_map.system}.yaml")
    return f"add it to the values of {field.name} in {place.rpartition('/')[2]}, or correct it"


def _too_long(entity_map: EntityMap, field: Field, field_map: FieldMap, value: pl.Expr) -> pl.Expr:
    natives = outward(field, field_map, value, _around(entity_map, field_map, value))
    longest = pl.max_horizontal([native.str.len_chars() for native in natives])
    said = f"{field.name} has {{}} characters, {_target(entity_map, field_map)} allows {field_map.length}"
    return _over(longest, field_map.length or 0, said)


def _around(entity_map: EntityMap, field_map: FieldMap, value: pl.Expr) -> dict[str, pl.Expr]:
    """The context of the row. A country that does not change is not among the changes; a subdivision's code says it."""
    around = context(field_map, entity_map.surroundings.default_region)
    if field_map.region:
        around["region"] = pl.coalesce(pl.col(field_map.region), value.str.extract(subdivisions.SHAPE, 1))
    return around


def _over(measure: pl.Expr, limit: int, said: str) -> pl.Expr:
    return pl.when(measure > limit).then(pl.format(said, measure))


def _target(entity_map: EntityMap, field_map: FieldMap) -> str:
    return f"{entity_map.label} {', '.join(field_map.native)}"


def _other_constant(entity_map: EntityMap, name: str, value: str) -> pl.Expr:
    differs = pl.col(name).is_not_null() & (pl.col(name) != value)
    said = pl.format(
        "{} is {}, " + f"{entity_map.label} {entity_map.object} is always {value}", pl.lit(name), pl.col(name)
    )
    return pl.when(differs).then(said)


def _line_reasons(entity_map: EntityMap, changes: pl.DataFrame) -> pl.DataFrame:
    """(row, __lines): what does not fit in the lines of each order, the first two reasons of it."""
    assert entity_map.lines is not None
    assert entity_map.lines_field is not None
    fields = {field.name: field for field in entity_map.line_model}
    lines = parse_lines(changes, entity_map.lines_field, fields=list(fields), keep=[_ROW])
    reasons: list[pl.Expr] = []
    for name, field_map in entity_map.lines.fields.items():
        if field_map.required:
            said = f"{name} has no value, {_target(entity_map, field_map)} needs one"
            reasons.append(pl.when(pl.col(name).is_null()).then(pl.lit(said)))
        if fields[name].kind != "ref":
            reasons += _value_reasons(entity_map, fields[name], field_map, pl.col(name))
    where = pl.format("line {}: ", pl.col("position")) if "position" in fields else pl.lit("")
    found = lines.select(_ROW, where.alias("__where"), pl.concat_list(reasons).list.drop_nulls().alias("__said"))
    each = found.explode("__said").drop_nulls("__said")
    told = each.with_columns(pl.concat_str("__where", "__said").alias("__told"))
    return told.group_by(_ROW, maintain_order=True).agg(pl.col("__told").head(2).str.join("; ").alias("__lines"))
