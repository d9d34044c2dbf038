"""From findings to a score: what each record costs, what that sums up to, and what it was on earlier days."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from crmerp_assets.reports.quality.kinds import KINDS, ORDER
from crmerp_assets.reports.quality.source import Source

KEYS = ["system", "entity"]
SCORES: dict[str, pl.DataType] = {
    "system": pl.String(),
    "entity": pl.String(),
    "steward": pl.String(),
    "score": pl.Float64(),
    "records": pl.Int64(),
    "faultless": pl.Int64(),
    "cost": pl.Int64(),
    "not_assessed": pl.String(),
    "day": pl.Date(),
    "before": pl.Float64(),
    "before_day": pl.Date(),
    "change": pl.Float64(),
}
POINTS: dict[str, pl.DataType] = {
    "system": pl.String(),
    "entity": pl.String(),
    "kind": pl.String(),
    "findings": pl.Int64(),
    "records": pl.Int64(),
    "worst": pl.Int64(),
    "costs_each": pl.Int64(),
    "points": pl.Float64(),
}
TREND: dict[str, pl.DataType] = {
    name: SCORES[name] for name in ("day", "system", "entity", "score", "records", "faultless", "cost")
}
_COSTS = {name: kind.cost for name, kind in KINDS.items()}


def costed(findings: pl.DataFrame) -> pl.DataFrame:
    """The findings with `cost`, of each record at its worst one only; most expensive first, then by money.

    So the costs in any part of the list sum up to what its records cost.
    """
    cost = pl.col("kind").replace_strict(_COSTS, default=0, return_dtype=pl.Int64)
    rank = pl.col("kind").cast(pl.Enum(ORDER))
    by: list[pl.Expr | str] = [-cost, rank, pl.col("amount").abs(), *KEYS, "native_id", "field"]
    down = [False, False, True, False, False, False, False]
    ordered = findings.sort(*by, descending=down, nulls_last=True, maintain_order=True)
    worst = pl.struct(*KEYS, "native_id").is_first_distinct()
    return ordered.with_columns(pl.when(worst).then(cost).otherwise(0).alias("cost"))


def scores(sources: Sequence[Source], list_: pl.DataFrame, day: date) -> pl.DataFrame:
    """Rows of SCORES of what `costed` gave; without records there is no score. `before` is not known yet."""
    counted = pl.DataFrame(
        [(s.system, s.entity, s.rules.steward, s.records.height, ", ".join(s.not_assessed)) for s in sources],
        schema=["system", "entity", "steward", "records", "not_assessed"],
        orient="row",
    ).cast({"records": pl.Int64, **dict.fromkeys(["system", "entity", "steward", "not_assessed"], pl.String)})
    whole = counted.group_by(KEYS, maintain_order=True).agg(
        pl.col("steward").first(), pl.col("records").sum(), pl.col("not_assessed").sort_by("not_assessed").last()
    )
    costs = list_.group_by(KEYS).agg(pl.col("cost").sum(), (pl.col("cost") > 0).sum().cast(pl.Int64).alias("faulty"))
    known = whole.join(costs, on=KEYS, how="left", maintain_order="left").with_columns(
        pl.col("cost", "faulty").fill_null(0)
    )
    score = pl.when(pl.col("records") > 0).then((100 - pl.col("cost") / pl.col("records")).round(2))
    return known.select(
        *KEYS,
        "steward",
        score.alias("score"),
        "records",
        (pl.col("records") - pl.col("faulty")).alias("faultless"),
        "cost",
        "not_assessed",
        pl.lit(day).alias("day"),
        *(pl.lit(None, dtype=SCORES[name]).alias(name) for name in ("before", "before_day", "change")),
    ).cast(SCORES)  # type: ignore[arg-type]


def points(list_: pl.DataFrame, scored: pl.DataFrame) -> pl.DataFrame:
    """Rows of POINTS: by system, entity and kind, how many findings and records, and the points that they take.

    A record takes points under its worst kind only (`worst`), so the points of an entity sum up to 100 less its score.
    """
    counted = list_.group_by(*KEYS, "kind").agg(
        pl.len().cast(pl.Int64).alias("findings"),
        pl.col("native_id").n_unique().cast(pl.Int64).alias("records"),
        (pl.col("cost") > 0).sum().cast(pl.Int64).alias("worst"),
    )
    of = scored.select(*KEYS, pl.col("records").alias("_all"))
    each = pl.col("kind").replace_strict(_COSTS, default=0, return_dtype=pl.Int64)
    shown = counted.join(of, on=KEYS).with_columns(each.alias("costs_each"))
    taken = (pl.col("worst") * pl.col("costs_each") / pl.col("_all")).round(2).alias("points")
    rank = pl.col("kind").cast(pl.Enum(ORDER))
    return (
        shown.with_columns(taken)
        .sort("points", "records", *KEYS, rank, descending=[True, True, False, False, False])
        .select(*POINTS)
        .cast(POINTS)  # type: ignore[arg-type]
    )


def with_trend(scored: pl.DataFrame, history: pl.DataFrame) -> pl.DataFrame:
    """The scores with the last one of an earlier day in `history` (TREND), and how much it has changed since."""
    earlier = history.join(scored.select(*KEYS, pl.col("day").alias("_today")), on=KEYS)
    last = (
        earlier.filter((pl.col("day") < pl.col("_today")) & pl.col("score").is_not_null())
        .sort("day")
        .unique(KEYS, keep="last", maintain_order=True)
        .select(*KEYS, pl.col("score").alias("before"), pl.col("day").alias("before_day"))
    )
    joined = scored.drop("before", "before_day", "change").join(last, on=KEYS, how="left", maintain_order="left")
    return (
        joined.with_columns((pl.col("score") - pl.col("before")).round(2).alias("change")).select(*SCORES).cast(SCORES)  # type: ignore[arg-type]
    )
