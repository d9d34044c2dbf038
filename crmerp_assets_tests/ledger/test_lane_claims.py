"""Lanes that plan the orders of the same deals in the same moment: each deal is one lane's, whatever database holds the
claims.

Removed once: the lock before claims are read (on PostgreSQL both lanes took the same deals).
"""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import polars as pl

from crmerp_assets.ledger import Ledger
from crmerp_assets.merge.lanes import Lane
from crmerp_assets.merge.policy import Policy
from crmerp_assets.sync import claims
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets_tests.ledger.plans import Clock

ROUNDS, DEALS = 10, 20


def lane(name: str, common: Ledger) -> Platform:
    """What claiming asks of a platform: its lane, the names of its sides, and the ledger that all lanes share."""
    sides = {
        side: Connection(side, role, system, None)  # type: ignore[arg-type]
        for side, role, system in (("sf", "crm", "salesforce"), (f"ns_{name}", "erp", "netsuite"))
    }
    one = Lane(name, shared=frozenset({"crm"}))
    return Platform(sides, None, common, None, {}, Policy(), Clock(), one, common)  # type: ignore[arg-type]


def test_two_lanes_that_plan_the_same_deals_at_once_never_make_two_orders_of_one(url: str) -> None:
    both = [Ledger.open(url, Clock()) for _ in range(2)]
    start = Barrier(2)

    def won(name: str, common: Ledger) -> list[str]:
        used, taken = lane(name, common), []
        for number in range(ROUNDS):
            deals = [f"006-{number}-{n}" for n in range(DEALS)]
            keys = [f"so-{name}-{deal}" for deal in deals]
            frame = pl.DataFrame({"golden_id": keys, "crm.id": deals})
            plan = frame.select("golden_id", connection=pl.lit(f"ns_{name}"), operation=pl.lit("create"))
            start.wait(30)
            taken += claims.take(used, "order", frame, plan).join(frame, on="golden_id")["crm.id"].to_list()
        return taken

    with ThreadPoolExecutor(2) as pool:
        us, eu = pool.map(won, ("us", "eu"), both)
    for ledger in both:
        ledger.close()
    assert set(us).isdisjoint(eu)
    assert len(us) + len(eu) == ROUNDS * DEALS
