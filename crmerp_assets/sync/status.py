"""Where everything stands: synced, pending and parked records per entity and direction."""

import polars as pl

from crmerp_assets.sync.platform import Platform

_WORD = {
    "planned": "pending",
    "approved": "pending",
    "claimed": "pending",
    "sent": "pending",
    "unknown": "pending",
    "waiting": "parked",
    "rejected": "parked",
    "applied": "synced",
    "settled": "synced",
}


def sync_status(platform: Platform) -> pl.DataFrame:
    """entity, direction (towards which connection), operation, what (synced, pending, parked), reason, records."""
    with platform.ledger.read() as tx:
        summary = tx.intents.summary()
        unusable = tx.parked.list()
    writes = summary.filter(pl.col("state").is_in(list(_WORD))).select(
        "entity",
        (pl.lit("to ") + pl.col("connection")).alias("direction"),
        "operation",
        pl.col("state").replace_strict(_WORD, return_dtype=pl.String).alias("what"),
        pl.when(pl.col("state").is_in(["waiting", "rejected"]))
        .then(pl.coalesce("reason", pl.col("gate")))
        .alias("reason"),
        pl.col("count").cast(pl.Int64).alias("records"),
    )
    reads = (
        unusable.group_by("entity", "connection", "reason")
        .agg(pl.len().alias("records"))
        .select(
            "entity",
            (pl.lit("from ") + pl.col("connection")).alias("direction"),
            pl.lit("read").alias("operation"),
            pl.lit("parked").alias("what"),
            "reason",
            pl.col("records").cast(pl.Int64),
        )
    )
    keys = ["entity", "direction", "operation", "what", "reason"]
    return pl.concat([writes, reads]).group_by(keys).agg(pl.col("records").sum()).sort(keys, nulls_last=True)
