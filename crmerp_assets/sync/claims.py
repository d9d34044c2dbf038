"""Which lane makes the order of a deal: said in the ledger that all lanes share, before the order is planned.

Two lanes of one CRM may both take a deal for theirs, for a moment: its account has just moved from one to the other.
A claim is a link of the deal to the golden id that it has in one lane; its method is that lane's name. It is given back
when the lane plans nothing for the deal any more and has made nothing of it.
"""

from collections.abc import Iterable

import polars as pl

from crmerp_assets.sync.platform import Platform

ENTITY = "order"


def _asked(platform: Platform, entity: str) -> bool:
    return entity == ENTITY and "crm" in platform.lane.shared


def of_others(platform: Platform, deals: pl.Series) -> pl.Series:
    """Those of the deals (native ids) that other lanes have claimed."""
    if not _asked(platform, ENTITY) or deals.is_empty():
        return deals.clear()
    with platform.shared.read() as tx:
        held = tx.links.by_native(ENTITY, platform.side("crm").name, deals)
    return held.filter(pl.col("method") != platform.lane.name)["native_id"]


def take(platform: Platform, entity: str, frame: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Claim the deals whose orders are to be made (`found`, intents); the intents without those that others have."""
    if not _asked(platform, entity):
        return found
    erp, crm = platform.side("erp").name, platform.side("crm").name
    made = found.filter((pl.col("connection") == erp) & (pl.col("operation") == "create"))
    deals = made.join(frame, on="golden_id").select("golden_id", pl.col("crm.id").alias("native_id")).drop_nulls()
    if deals.is_empty():
        return found
    said = {"entity": ENTITY, "connection": crm, "method": platform.lane.name, "evidence": "its order is made here"}
    with platform.shared.begin() as tx:
        tx.links.lock()
        held = tx.links.by_native(ENTITY, crm, deals["native_id"])
        lost = held.filter(pl.col("method") != platform.lane.name)["native_id"].to_list()
        tx.links.add(
            deals.filter(~pl.col("native_id").is_in(lost)).with_columns(
                pl.lit(value).alias(name) for name, value in said.items()
            ),
            by="claim",
        )
    theirs = deals.filter(pl.col("native_id").is_in(lost))
    return found.join(theirs, on="golden_id", how="anti", maintain_order="left")


def give_back(platform: Platform, entity: str, considered: Iterable[str]) -> None:
    """Give back the claims of considered orders that are neither planned nor under way nor made."""
    if not _asked(platform, entity):
        return
    ids, erp = list(considered), platform.side("erp").name
    with platform.shared.read() as tx:
        claimed = tx.links.of(ENTITY, ids)
    if claimed.is_empty():
        return
    with platform.ledger.read() as tx:
        made = tx.links.of(ENTITY, claimed["golden_id"]).filter(pl.col("connection") == erp)["golden_id"]
        open_ = tx.intents.open(erp, ENTITY)["golden_id"]
    idle = claimed.filter(~pl.col("golden_id").is_in([*made, *open_]))
    with platform.shared.begin() as tx:
        for connection, native_id in idle.select("connection", "native_id").iter_rows():
            tx.links.remove(ENTITY, connection, native_id, "the lane plans no order for it", "claim")
