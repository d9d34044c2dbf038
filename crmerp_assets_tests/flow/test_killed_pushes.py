"""A process that is killed at any moment leaves nothing doubled, nothing lost, and nobody waiting for it.

`make kills` kills more often; CRMERP_KILLS says how often.
"""

import os
import random
import time
from collections.abc import Callable
from decimal import Decimal

import dagster as dg
from world import GO_LIVE, World

from crmerp_assets.cli.home import dagster_home
from crmerp_assets.settings import Settings

DEALS, ACCOUNTS, PRICE = 150, 12, Decimal("10.25")
WORTH = sum((n % 7 + 1) * 2 * PRICE for n in range(DEALS))
READS = ("GET", "/query", "/suiteql", "/serverTime", "/governanceLimits")


def test_a_sync_killed_at_random_moments_ends_with_one_order_per_deal(world: World) -> None:
    world.policy(GO_LIVE)
    world.deals(world.accounts(ACCOUNTS), world.catalogue(), DEALS)
    moments = random.Random(20260615)
    rounds = int(os.environ.get("CRMERP_KILLS", "4"))
    killed = 0
    for counted, most in [(_calls, 25), (_writes, 4), *[(_writes, 3)] * (rounds - 2)]:
        goal = counted(world) + moments.randint(1, most)
        killed += _killed(world, lambda counted=counted, goal=goal: counted(world) >= goal, moments.uniform(0, 0.3))

    assert killed >= 3
    _finish(world, killed, DEALS, WORTH)
    assert len(world.suiteql("SELECT id FROM customer")) == ACCOUNTS
    assert len(world.suiteql("SELECT id FROM item")) == 3


def test_a_batch_that_is_applied_after_its_sender_died_is_found_and_not_sent_twice(
    world: World, ledger_url: str | None
) -> None:
    world.policy(GO_LIVE)
    world.deals(world.accounts(2), world.catalogue(), 8)
    slow = {"kind": "slow", "match": r"PUT /services/rest/record/v1/salesOrder", "times": 1, "seconds": 4.0}
    world.admin("erp", "faults", slow)

    assert _killed(world, lambda: any(fault["hits"] for fault in world.erp.faults.list()), 0.2) == 1

    assert world.open_intents("sent").height == 8
    _finish(world, 1, 8, sum((n % 7 + 1) * 2 * PRICE for n in range(8)))


def _killed(world: World, ready: Callable[[], bool], delay: float) -> int:
    """Start a sync and kill it `delay` seconds after the moment is there; whether it still ran."""
    with world.crmerp("sync", "--json") as process:
        while not ready() and process.poll() is None:
            time.sleep(0.005)
        time.sleep(delay)
        still_running = process.poll() is None
        process.kill()
    return int(still_running)


def _finish(world: World, killed: int, deals: int, worth: Decimal) -> None:
    """The next command takes over what the dead ones had claimed, and after a sync nothing is left to do."""
    process = world.crmerp("apply")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, out + err
    assert world.open_intents("claimed", "sent", "unknown").is_empty()
    world.settle()
    assert world.orders() == (deals, deals, worth)
    assert world.open_intents().is_empty()
    told = world.soql("SELECT ERP_Order_Number__c FROM Opportunity WHERE ERP_Order_Number__c != null")
    assert len({row["ERP_Order_Number__c"] for row in told}) == deals
    with dg.DagsterInstance.from_config(str(dagster_home(Settings()))) as instance:
        statuses = [run.status for run in instance.get_runs()]
    assert statuses.count(dg.DagsterRunStatus.FAILURE) == killed
    assert set(statuses) == {dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS}


def _calls(world: World) -> int:
    return sum(box.meter.report()["total"] for box in (world.crm, world.erp))


def _writes(world: World) -> int:
    names = [
        name for box in (world.crm, world.erp) for name, n in box.meter.report()["by_call"].items() for _ in range(n)
    ]
    return sum(not any(read in name for read in READS) for name in names)
