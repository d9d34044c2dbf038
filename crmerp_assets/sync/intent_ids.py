"""Ids of intents: the same write from the same state has the same id, so that a plan made twice sends once.

The state of an update is the version that it was planned on, and what both sides last agreed on in its fields. The
version alone is not enough: systems stamp whole seconds, so a person who puts back what we wrote, in the second in
which we wrote it, leaves the very state that was planned on before; only the base has moved.
"""

import hashlib
import json

import polars as pl

from crmerp_assets.sync.platform import Platform

_SEED = ("connection", "entity", "golden_id", "operation", "changes")


def with_ids(platform: Platform, entity: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Add `id` to planned rows with the columns of _SEED and `expected_version`."""
    with platform.ledger.read() as tx:
        stored = tx.snapshots.get(entity, rows.filter(pl.col("operation") == "update")["golden_id"].to_list())
    bases = dict(zip(stored["golden_id"], stored["values"], strict=True))
    seeds = rows.select(pl.concat_str([*_SEED, pl.col("expected_version").fill_null("")], separator="|"))
    ids = [
        hashlib.sha256(f"{seed}{_base(bases.get(golden_id), changes)}".encode()).hexdigest()[:32]
        for seed, golden_id, changes in zip(seeds.to_series(), rows["golden_id"], rows["changes"], strict=True)
    ]
    return rows.with_columns(pl.Series("id", ids, dtype=pl.String))


def _base(values: str | None, changes: str) -> str:
    """What was agreed on in the fields that change; nothing where nothing was."""
    agreed = json.loads(values) if values else {}
    known = {name: agreed[name] for name in sorted(json.loads(changes)) if name in agreed}
    return f"|{json.dumps(known)}" if known else ""
