"""The smallest writes that make one side agree with the golden record.

A value is written only where the side holds another one (beyond the field's tolerance, if it has one), only into
fields that may receive it, and never against the field's owner. A blank golden value writes nothing unless the
field's rule says that blanks clear.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from crmerp_assets.merge.amounts import near
from crmerp_assets.merge.three_way import HELD, Role, Rule

CHANGES = {
    "golden_id": pl.String,
    "field": pl.String,
    "before": pl.String,
    "after": pl.String,
    "rule": pl.String,
}


def receives(rule: Rule, role: Role) -> bool:
    """Whether a value may flow into this side: it is not the field's owner."""
    return rule.owner != role


def updates(frame: pl.DataFrame, fields: Sequence[str], rules: Mapping[str, Rule], role: Role) -> pl.DataFrame:
    """Field changes for records the side already holds, as rows of CHANGES.

    `frame` holds `golden_id`, `golden.<field>`, `why.<field>` and `<role>.<field>`.
    """
    found = []
    for field in fields:
        rule = rules[field]
        if not receives(rule, role):
            continue
        current, golden = pl.col(f"{role}.{field}"), pl.col(f"golden.{field}")
        wanted = ~near(golden, current, rule) & (pl.col(f"why.{field}") != HELD)
        if rule.blank != "clear":
            wanted &= golden.is_not_null()
        found.append(_changes(frame.filter(wanted), field, current))
    return pl.concat(found) if found else pl.DataFrame(schema=CHANGES)


def creates(frame: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    """Field values for records the side lacks: everything golden knows and the side can hold."""
    found = [
        _changes(frame.filter(pl.col(f"golden.{field}").is_not_null()), field, pl.lit(None, dtype=pl.String))
        for field in fields
    ]
    return pl.concat(found) if found else pl.DataFrame(schema=CHANGES)


def _changes(frame: pl.DataFrame, field: str, before: pl.Expr) -> pl.DataFrame:
    return frame.select(
        "golden_id",
        pl.lit(field).alias("field"),
        before.alias("before"),
        pl.col(f"golden.{field}").alias("after"),
        pl.col(f"why.{field}").alias("rule"),
    )


def as_intents(changes: pl.DataFrame) -> pl.DataFrame:
    """One row per golden id: `changes` is JSON of field -> {before, after, rule}, fields in name order."""
    member = pl.struct("before", "after", "rule").struct.json_encode()
    name = pl.lit('"') + pl.col("field") + pl.lit('":')
    return (
        changes.sort("golden_id", "field")
        .group_by("golden_id", maintain_order=True)
        .agg((name + member).str.join(",").alias("members"))
        .select("golden_id", (pl.lit("{") + pl.col("members") + pl.lit("}")).alias("changes"))
    )
