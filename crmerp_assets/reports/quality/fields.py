"""How well each field is filled, against what the mapping needs, and in how many ways its values are written."""

from collections.abc import Sequence

import polars as pl

from crmerp_assets.mapping import EntityMap
from crmerp_assets.mapping.matrix import transform_name
from crmerp_assets.reports.quality.source import RAW, Source
from crmerp_assets.standardise import TRANSFORMS

COMPLETENESS: dict[str, pl.DataType] = {
    "system": pl.String(),
    "entity": pl.String(),
    "field": pl.String(),
    "records": pl.Int64(),
    "filled": pl.Int64(),
    "missing": pl.Int64(),
    "filled_percent": pl.Float64(),
    "needed_by": pl.String(),
    "refused": pl.Int64(),
}
FORMATS: dict[str, pl.DataType] = {
    "system": pl.String(),
    "entity": pl.String(),
    "field": pl.String(),
    "filled": pl.Int64(),
    "standard": pl.Int64(),
    "other": pl.Int64(),
    "not_understood": pl.Int64(),
    "patterns": pl.Int64(),
    "commonest": pl.String(),
    "commonest_percent": pl.Float64(),
}
_KEYS = ["system", "entity", "field"]
_WRITTEN_MANY_WAYS = frozenset(
    {"phone", "email", "website", "url", "domain", "tax_id", "country", "country_name", "subdivision", "postcode"}
    | {"currency"}
)
_LONGEST_PATTERN = 40
_COUNTS = ["filled", "standard", "not_understood"]


def completeness(sources: Sequence[Source], findings: pl.DataFrame) -> pl.DataFrame:
    """Rows of COMPLETENESS: every field that a system should fill itself, the emptiest needed ones first.

    `needed_by` names who asks for the field: a system on create, or `policy`. `refused` is how many records without
    a partner the other system would refuse for the lack of it.
    """
    counted = [_filled(source) for source in sources if not source.records.is_empty()]
    if not counted:
        return pl.DataFrame(schema=COMPLETENESS)
    whole = pl.concat(counted).group_by(_KEYS).agg(pl.col("records", "filled").sum(), pl.col("needed_by", "at").first())
    lacking = findings.filter(pl.col("kind") == "refused").group_by(_KEYS).agg(pl.len().alias("refused"))
    told = whole.join(lacking, on=_KEYS, how="left").with_columns(
        (pl.col("records") - pl.col("filled")).alias("missing"),
        (pl.col("filled") * 100 / pl.col("records")).round(1).alias("filled_percent"),
        pl.col("refused").fill_null(0),
    )
    return told.sort("system", "entity", "at").select(*COMPLETENESS).cast(COMPLETENESS)  # type: ignore[arg-type]


def _filled(source: Source) -> pl.DataFrame:
    names = source.fields()
    counts = source.records.select(pl.col(name).is_not_null().sum() for name in names).row(0)
    rows = [
        (source.system, source.entity, name, source.records.height, count, _needed_by(source, name), at)
        for at, (name, count) in enumerate(zip(names, counts, strict=True))
    ]
    return pl.DataFrame(rows, schema=[*_KEYS, "records", "filled", "needed_by", "at"], orient="row")


def _needed_by(source: Source, name: str) -> str:
    needs = [source.system] if _required(source.entity_map, name) else []
    needs += [source.other_system] if source.other and _required(source.other, name) else []
    return ", ".join([*needs, *(["policy"] if name in source.expected else [])])


def _required(entity_map: EntityMap, name: str) -> bool:
    """Whether a create needs a value that no default gives."""
    field = entity_map.fields.get(name)
    return field is not None and field.required and not any(native in entity_map.defaults for native in field.native)


def formats(sources: Sequence[Source]) -> pl.DataFrame:
    """Rows of FORMATS: of fields that people write in many ways, how many values are in the standard form.

    A pattern is a value with A, a and 9 for runs of upper case, lower case and digits, so it tells no value.
    """
    parts = [part for source in sources for part in _written(source)]
    if not parts:
        return pl.DataFrame(schema=FORMATS)
    patterns = pl.concat(parts).group_by(*_KEYS, "pattern").agg(pl.col(_COUNTS).sum())
    ordered = patterns.sort("filled", "pattern", descending=[True, False])
    whole = ordered.group_by(_KEYS).agg(
        pl.col(_COUNTS).sum(),
        pl.len().alias("patterns"),
        pl.col("pattern").first().alias("commonest"),
        (pl.col("filled").first() * 100 / pl.col("filled").sum()).round(1).alias("commonest_percent"),
    )
    other = (pl.col("filled") - pl.col("standard") - pl.col("not_understood")).alias("other")
    return whole.with_columns(other).sort(_KEYS).select(*FORMATS).cast(FORMATS)  # type: ignore[arg-type]


def _written(source: Source) -> list[pl.DataFrame]:
    """(keys, pattern, filled, standard, not_understood) of each field that is written in many ways, by pattern."""
    found = []
    for name, mapped in source.entity_map.fields.items():
        kind = transform_name(mapped, source.entity_map.model.field(name).kind)
        if RAW + name not in source.records.columns or kind not in _WRITTEN_MANY_WAYS or len(mapped.native) != 1:
            continue
        region = {"region": pl.col(mapped.region)} if mapped.region in source.records.columns else {}
        raw = pl.col(RAW + name).str.strip_chars()
        standard = TRANSFORMS[kind].outbound(pl.col(name), region)
        doubted = pl.col("flags").list.eval(pl.element().str.starts_with(f"{name}: ")).list.any()
        rows = source.records.filter(pl.col(name).is_not_null()).select(
            _pattern(raw).alias("pattern"),
            ((raw == standard).fill_null(value=False) & ~doubted).alias("standard"),
            doubted.alias("not_understood"),
        )
        counted = rows.group_by("pattern").agg(pl.len().alias("filled"), pl.col("standard", "not_understood").sum())
        where = [
            pl.lit(value).alias(key) for key, value in zip(_KEYS, (source.system, source.entity, name), strict=True)
        ]
        found.append(counted.select(*where, "pattern", pl.col(_COUNTS).cast(pl.Int64)))
    return found


def _pattern(raw: pl.Expr) -> pl.Expr:
    short = raw.str.slice(0, 4 * _LONGEST_PATTERN)
    letters = short.str.replace_all(r"[\p{Lu}\p{Lt}]+", "A").str.replace_all(r"[\p{L}&&[^A]]+", "a")
    return letters.str.replace_all(r"\p{N}+", "9").str.slice(0, _LONGEST_PATTERN)
