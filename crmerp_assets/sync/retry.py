"""Make intents that stopped ready again, because a person says so."""

import polars as pl

from crmerp_assets.sync.platform import Platform


def retry(
    platform: Platform, ids: list[str] | None = None, entity: str | None = None, connection: str | None = None
) -> int:
    """Make rejected intents ready again: those named, or all of an entity or connection; returns how many."""
    with platform.ledger.begin() as tx:
        stopped = tx.intents.open(connection, entity, states=["rejected"])
        chosen = [i for i in stopped["id"].to_list() if ids is None or i in ids]
        return int(tx.intents.retry(chosen))


def due(platform: Platform) -> list[str]:
    """Intents that were tried before and may be tried again now, and those whose outcome is unknown."""
    now = platform.clock()
    with platform.ledger.read() as tx:
        open_now = tx.intents.open(states=["planned", "approved", "unknown"]).filter(pl.col("attempts") > 0)
    return open_now.filter(pl.col("next_attempt_at").is_null() | (pl.col("next_attempt_at") <= now))["id"].to_list()
