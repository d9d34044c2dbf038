"""Make intents that stopped ready again, because a person says so."""

from datetime import timedelta

import polars as pl

from crmerp_assets.sync.breaker import probes_due
from crmerp_assets.sync.budget import spent
from crmerp_assets.sync.platform import Platform

LEFT_OVER_SECONDS = 60


def retry(
    platform: Platform, ids: list[str] | None = None, entity: str | None = None, connection: str | None = None
) -> int:
    """Make rejected intents ready again: those named, or all of an entity or connection; returns how many."""
    with platform.ledger.begin() as tx:
        stopped = tx.intents.open(connection, entity, states=["rejected"])
        chosen = [i for i in stopped["id"].to_list() if ids is None or i in ids]
        tx.breakers.probe_now(connection, entity)
        return int(tx.intents.retry(chosen))


def due(platform: Platform) -> list[str]:
    """Intents that wait for nobody: tried before and due again, left over by a run, or given up by a dead one."""
    now = platform.clock()
    with platform.ledger.read() as tx:
        ready = tx.intents.open(states=["planned", "approved"])
        orphans = tx.intents.orphans(now)
        probes = probes_due(tx, now)
    left_over = pl.col("updated_at") < now - timedelta(seconds=LEFT_OVER_SECONDS)
    over = pl.col("next_attempt_at").is_null() | (pl.col("next_attempt_at") <= now)
    again = ready.filter(over & ((pl.col("attempts") > 0) | left_over))
    for connection, entity in spent(platform):
        again = again.filter((pl.col("connection") != connection) | (pl.col("entity") != entity))
    return [*again["id"].to_list(), *orphans["id"].to_list(), *probes]
