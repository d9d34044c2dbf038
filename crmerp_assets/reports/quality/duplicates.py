"""Clusters of doubles as the identity engine published them, with a survivor for each that still has two members."""

import polars as pl

from crmerp_assets.reports.quality.source import DUPLICATES

_LABEL = r'"says"\s*:\s*"([^"\\]*)"'
_REASONS = 3


def proposed(rows: pl.DataFrame, living: pl.Series) -> pl.DataFrame:
    """Rows of DUPLICATES from (cluster, native_id, probability, survivor, why) of one system.

    Members that are gone do not count. Where the engine's survivor is gone, or it named none or several, the one with
    the smallest id is proposed. Of `why` the first labels are told; its values may be personal.
    """
    members = rows.filter(pl.col("native_id").is_in(living.implode())).unique("native_id", keep="first")
    several = members.filter(pl.len().over("cluster") > 1)
    ordered = several.sort("cluster", ~pl.col("survivor").fill_null(value=False), "native_id")
    labels = pl.col("why").str.extract_all(_LABEL).list.eval(pl.element().str.extract(_LABEL, 1))
    told = labels.list.head(_REASONS).list.join(", ")
    return ordered.select(
        "native_id",
        "cluster",
        "probability",
        pl.col("native_id").first().over("cluster").alias("survivor"),
        pl.when(told != "").then(told).alias("why"),
    ).cast(DUPLICATES)  # type: ignore[arg-type]
