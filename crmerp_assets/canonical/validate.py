"""Sort a typed frame into records to use, records to park, and remarks about the ones kept.

One bad record never blocks the others, and nothing is dropped: every row is in `valid` or in `parked`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from crmerp_assets.canonical.entities import ENTITIES
from crmerp_assets.canonical.frames import ISSUES, decimal_text
from crmerp_assets.canonical.line_rules import with_line_columns, without_line_columns
from crmerp_assets.canonical.rules import Rule, Severity, Stage
from crmerp_assets.canonical.schemas import IDS, applicable, flawless, schema

_LONGEST_VALUE = 60


@dataclass(frozen=True, slots=True)
class CheckSummary:
    """How many of the records broke one rule."""

    name: str
    severity: Severity
    failed: int
    total: int


@dataclass(frozen=True, slots=True)
class Validated:
    """`valid` has the columns of the frame without `issues`; `parked` (native_id or golden_id, reason) one row per
    record; `flags` (id, field, reason) one row per remark about a valid record.
    """

    valid: pl.DataFrame
    parked: pl.DataFrame
    flags: pl.DataFrame
    checks: list[CheckSummary]


def validate(entity: str, stage: Stage, frame: pl.DataFrame) -> Validated:
    """Validate what `frames.typed` returned. ValueError when a column has not its canonical type."""
    ready = frame if ISSUES in frame.columns else frame.with_columns(pl.lit([], pl.List(pl.String)).alias(ISSUES))
    asked = with_line_columns(ready)
    columns = frozenset(frame.columns)
    broken = _broken(entity, stage, asked, columns)
    known = applicable(entity, stage, columns)
    park = [rule for rule in known if rule.severity == "park" and rule.name in broken]
    flag = [rule for rule in known if rule.severity == "flag" and rule.name in broken]
    kept = _none_of([broken[rule.name] for rule in park], frame.height)
    return Validated(
        valid=without_line_columns(asked).filter(kept).drop(ISSUES),
        parked=_parked(entity, IDS[stage], asked, park, broken),
        flags=_flags(entity, IDS[stage], asked, flag, broken, kept),
        checks=[_summary(rule, broken.get(rule.name), frame.height) for rule in known],
    )


def _broken(entity: str, stage: Stage, frame: pl.DataFrame, columns: frozenset[str]) -> dict[str, pl.Series]:
    """Rule name -> mask of the records that break it, for the rules that some record breaks.

    One expression asks first whether anything is wrong: pandera says what is, at some milliseconds a column.
    """
    if flawless(entity, stage, frame, columns):
        return {}
    from pandera.config import ValidationDepth, config_context
    from pandera.errors import SchemaErrors

    known = {rule.name for rule in applicable(entity, stage, columns)}
    try:
        with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
            schema(entity, stage, columns).validate(frame, lazy=True)
    except SchemaErrors as errors:
        masks = {}
        for error in errors.schema_errors:
            name = getattr(error.check, "name", None)
            if name not in known or error.check_output is None:
                raise ValueError(f"{stage} {entity}: {error.reason_code}, {error.check}") from None
            masks[str(name)] = ~_collected(error.check_output).to_series()
        return masks
    return {}


def _collected(output: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    return output.collect() if isinstance(output, pl.LazyFrame) else output


def _none_of(masks: Sequence[pl.Series], height: int) -> pl.Series:
    kept = pl.repeat(True, height, dtype=pl.Boolean, eager=True)
    for mask in masks:
        kept = kept & ~mask
    return kept


def _parked(
    entity: str, id_column: str, frame: pl.DataFrame, rules: Sequence[Rule], broken: dict[str, pl.Series]
) -> pl.DataFrame:
    reasons = [_reasons(entity, id_column, frame.filter(broken[rule.name]), rule) for rule in rules]
    empty = pl.DataFrame(schema={"id": pl.String, "field": pl.String, "reason": pl.String})
    joined = pl.concat([empty, *reasons]).group_by("id", maintain_order=True)
    return joined.agg(pl.col("reason").str.join("; ")).rename({"id": id_column})


def _flags(
    entity: str,
    id_column: str,
    frame: pl.DataFrame,
    rules: Sequence[Rule],
    broken: dict[str, pl.Series],
    kept: pl.Series,
) -> pl.DataFrame:
    reasons = [_reasons(entity, id_column, frame.filter(broken[rule.name] & kept), rule) for rule in rules]
    empty = pl.DataFrame(schema={"id": pl.String, "field": pl.String, "reason": pl.String})
    return pl.concat([empty, *reasons])


def _reasons(entity: str, id_column: str, frame: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    """(id, field, reason); the value is shown unless the field is personal or the value could not be read."""
    field = ENTITIES[entity].field(rule.field)
    sentence = pl.lit(f"{rule.field} {rule.problem}")
    if not field.personal and field.kind != "lines":
        value = pl.col(rule.field)
        readable = decimal_text(value) if field.kind in {"money", "decimal"} else value.cast(pl.String)
        shown = readable.str.slice(0, _LONGEST_VALUE)
        sentence = sentence + pl.when(shown.is_not_null()).then(pl.format(" ('{}')", shown)).otherwise(pl.lit(""))
    return frame.select(pl.col(id_column).alias("id"), pl.lit(rule.field).alias("field"), sentence.alias("reason"))


def _summary(rule: Rule, mask: pl.Series | None, total: int) -> CheckSummary:
    return CheckSummary(rule.name, rule.severity, 0 if mask is None else int(mask.sum()), total)
