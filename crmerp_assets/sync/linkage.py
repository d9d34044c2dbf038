"""How records came to be linked: every change of the links behind a golden id or a record."""

import polars as pl

from crmerp_assets.sync.platform import Platform


def history(platform: Platform, identifier: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(changes of links, merges) for a golden id or a native id, oldest first."""
    links, merges = [], []
    with platform.ledger.read() as tx:
        for entity in platform.governance:
            past = tx.links.concerning(entity, identifier)
            here = pl.any_horizontal(
                pl.col(name).is_in([identifier, identifier.lower()])
                for name in ("loser", "survivor", "loser_golden", "survivor_golden", "golden_id")
            )
            links.append(past)
            merges.append(tx.survivors.history(entity).filter(here))
    return pl.concat(links).sort("version"), pl.concat(merges).sort("number")
