"""The data-quality audit of both systems: a score for each system and entity, and every finding behind it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import polars as pl

from crmerp_assets.mapping import MASK
from crmerp_assets.reports.quality.fields import completeness, formats
from crmerp_assets.reports.quality.findings import FINDINGS, findings, labels
from crmerp_assets.reports.quality.scores import TREND, costed, points, scores, with_trend
from crmerp_assets.reports.quality.source import Source

CLUSTERS: dict[str, pl.DataType] = {
    "system": pl.String(),
    "entity": pl.String(),
    "cluster": pl.String(),
    "native_id": pl.String(),
    "name": pl.String(),
    "role": pl.String(),
    "probability": pl.Float64(),
    "why": pl.String(),
    "steward": pl.String(),
}
TABLES = ("scores", "points", "completeness", "formats", "clusters", "findings", "trend")
"""The tables of an audit, which are also its attributes."""


@dataclass(frozen=True, slots=True)
class Audit:
    """The tables of one run. `findings` are FINDINGS with `cost`; `trend` is one row a day, system and entity.

    `named_in_person`: (system, entity) whose names are people's.
    """

    made_at: datetime
    warn_below: float
    scores: pl.DataFrame
    points: pl.DataFrame
    completeness: pl.DataFrame
    formats: pl.DataFrame
    clusters: pl.DataFrame
    findings: pl.DataFrame
    trend: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=TREND))
    named_in_person: frozenset[tuple[str, str]] = frozenset()

    @property
    def low(self) -> pl.DataFrame:
        """The scores below the threshold."""
        return self.scores.filter(pl.col("score") < self.warn_below)

    def since(self, history: pl.DataFrame) -> "Audit":
        """The same with its trend over the days in `history` (TREND)."""
        return replace(self, trend=history, scores=with_trend(self.scores, history))

    def public(self) -> "Audit":
        """The same without the names of people, for everything but the stewards' own lists."""
        hidden = pl.DataFrame(sorted(self.named_in_person), schema=["system", "entity"], orient="row")
        return replace(self, findings=_masked(self.findings, hidden), clusters=_masked(self.clusters, hidden))


def assess(sources: Sequence[Source], made_at: datetime, day: date, warn_below: float) -> Audit:
    """The audit of the sources. Several of one system and entity, as maps or as batches of records, count as one."""
    found = costed(pl.concat([pl.DataFrame(schema=FINDINGS), *(findings(source) for source in sources)]))
    scored = scores(sources, found, day)
    return Audit(
        made_at=made_at,
        warn_below=warn_below,
        scores=scored,
        points=points(found, scored),
        completeness=completeness(sources, found),
        formats=formats(sources),
        clusters=_clusters(sources),
        findings=found,
        named_in_person=frozenset((s.system, s.entity) for s in sources if s.named_in_person),
    )


def _clusters(sources: Sequence[Source]) -> pl.DataFrame:
    """Rows of CLUSTERS: the members of each cluster, its proposed survivor first."""
    parts = [_members(source) for source in sources if source.duplicates is not None and source.duplicates.height]
    members = pl.concat([pl.DataFrame(schema=CLUSTERS), *parts])
    first = pl.col("role") == "survivor"
    return members.sort("system", "entity", "cluster", ~first, "native_id")


def _members(source: Source) -> pl.DataFrame:
    assert source.duplicates is not None
    named = source.duplicates.join(labels(source), on="native_id", how="inner")
    survives = pl.col("native_id") == pl.col("survivor")
    return named.select(
        pl.lit(source.system).alias("system"),
        pl.lit(source.entity).alias("entity"),
        "cluster",
        "native_id",
        "name",
        pl.when(survives).then(pl.lit("survivor")).otherwise(pl.lit("merge into it")).alias("role"),
        "probability",
        "why",
        pl.lit(source.rules.steward).alias("steward"),
    ).cast(CLUSTERS)  # type: ignore[arg-type]


def _masked(frame: pl.DataFrame, hidden: pl.DataFrame) -> pl.DataFrame:
    marked = frame.join(
        hidden.cast({"system": pl.String, "entity": pl.String}).with_columns(pl.lit(value=True).alias("_hide")),
        on=["system", "entity"],
        how="left",
        maintain_order="left",
    )
    shown = pl.when(pl.col("_hide") & pl.col("name").is_not_null()).then(pl.lit(MASK)).otherwise("name")
    return marked.with_columns(shown.alias("name")).drop("_hide")
