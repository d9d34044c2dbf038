"""Orders that an update of ours may have left half way, and that nothing else is to be written to.

A system that changes a record in steps (Tryton takes a sale back to draft and confirms it again) may have met an end
between two of them: the process died, the answers stayed out, or it refused the last step. The next change of the
record brings it to its end. Where none is planned, because the record holds all of it by now or the deal was put back
meanwhile, its key is written once more: that changes nothing, and is sent, recorded, refused and tried again like any
other write. The system knows whether there is an end to be come to.
"""

import polars as pl

from crmerp_assets.connectors.protocol import Stepwise
from crmerp_assets.merge.writes import CHANGES
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets.sync.translate import KEY

RULE = "unfinished"
_IDLE = "pending_approval"
"""Only an order that nobody works on can have been left half way."""


def halfway(
    platform: Platform, side: Connection, entity: str, held: pl.DataFrame, others: pl.DataFrame
) -> pl.DataFrame:
    """Rows of CHANGES for those of the held records that `others`, the changes of this plan, say nothing of."""
    if entity != "order" or not isinstance(side.connector, Stepwise):
        return pl.DataFrame(schema=CHANGES)
    key = pl.col(f"{side.role}.key")
    idle = held.filter((pl.col(f"{side.role}.order_status") == _IDLE) & key.is_not_null())
    idle = idle.join(others, on="golden_id", how="anti", maintain_order="left")
    with platform.ledger.read() as tx:
        begun = tx.intents.begun(side.name, entity, idle["golden_id"].to_list())
    return idle.filter(pl.col("golden_id").is_in(begun)).select(
        "golden_id",
        pl.lit(KEY).alias("field"),
        key.alias("before"),
        key.alias("after"),
        pl.lit(RULE).alias("rule"),
    )
