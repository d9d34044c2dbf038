"""What is to be tried again by now, for those who look for work."""

from datetime import timedelta

import polars as pl

from crmerp_assets.sync.breaker import probes_due
from crmerp_assets.sync.budget import spent
from crmerp_assets.sync.platform import Platform

LEFT_OVER_SECONDS = 60


def due(platform: Platform) -> list[str]:
    """Intents that wait for nobody: tried before and due again, left over by a run, or given up by a dead one.

    None of connections that rest: nothing would be sent.
    """
    now = platform.clock()
    with platform.ledger.read() as tx:
        at_work = ~pl.col("connection").is_in(tx.pauses.list()["connection"].to_list())
        ready = tx.intents.open(states=["planned", "approved"]).filter(at_work)
        orphans = tx.intents.orphans(now).filter(at_work)
        probes = probes_due(tx, now)
    left_over = pl.col("updated_at") < now - timedelta(seconds=LEFT_OVER_SECONDS)
    over = pl.col("next_attempt_at").is_null() | (pl.col("next_attempt_at") <= now)
    again = ready.filter(over & ((pl.col("attempts") > 0) | left_over))
    for connection, entity in spent(platform):
        again = again.filter((pl.col("connection") != connection) | (pl.col("entity") != entity))
    return [*again["id"].to_list(), *orphans["id"].to_list(), *probes]
