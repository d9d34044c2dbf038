"""From a won deal to its sales order: the job in a warm process, next to a run of Dagster that does nothing."""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from time import perf_counter
from typing import Any

import dagster as dg

from crmerp_assets.cli.runs import instance
from crmerp_assets.defs.jobs import WON_DEALS
from crmerp_assets.sandbox.company.people import Seller

from .company import World

RUNS = 5
_QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}


@dataclass(frozen=True)
class Reaction:
    """Seconds of each run that made one sales order, and of runs with as many assets that do nothing."""

    assets: int
    runs: list[float]
    empty: list[float]

    @property
    def median(self) -> float:
        """The median run."""
        return statistics.median(self.runs)

    @property
    def median_empty(self) -> float:
        """The median empty run."""
        return statistics.median(self.empty)


def reaction(world: World) -> Reaction:
    """Win deals one by one and run the job after each."""
    from crmerp_assets.definitions import defs

    repository = defs().get_repository_def()
    job = repository.get_job(WON_DEALS)
    world.platform.close()
    with instance(world.settings) as dagster, Seller(world.urls["salesforce"]) as seller:
        runs = _orders(world, seller, job, dagster)
        keys = job.asset_layer.selected_asset_keys
        nothing = _empty(repository, set(keys))
        empty = [_timed(nothing, dagster) for _ in range(RUNS + 1)][1:]
    return Reaction(len(keys), runs, empty)


def _orders(world: World, seller: Seller, job: Any, dagster: dg.DagsterInstance) -> list[float]:
    """The runs after the first, which warms up; a deal that waits for a person is no run that counts."""
    found: list[float] = []
    for deal in seller.open_deals():
        before = _count(world)
        seller.win(deal["Id"], date.today())
        seconds = _timed(job, dagster)
        if _count(world) == before + 1:
            found.append(seconds)
        if len(found) > RUNS:
            return found[1:]
    raise AssertionError(f"only {len(found)} won deals became orders")


def _count(world: World) -> int:
    return int(world.admin("netsuite", "GET", "count?object=salesOrder")["count"])


def _timed(job: Any, dagster: dg.DagsterInstance) -> float:
    started = perf_counter()
    job.execute_in_process(instance=dagster, run_config=_QUIET)
    return perf_counter() - started


def _empty(repository: dg.RepositoryDefinition, keys: set[dg.AssetKey]) -> Any:
    """A job with the same assets, dependencies and pools whose assets do nothing."""
    assets = list(_hollow(repository, keys))
    job = dg.define_asset_job("empty", selection=[asset.key for asset in assets], executor_def=dg.in_process_executor)
    return dg.Definitions(assets=assets, jobs=[job]).resolve_job_def("empty")


def _hollow(repository: dg.RepositoryDefinition, keys: set[dg.AssetKey]) -> Iterator[dg.AssetsDefinition]:
    for key in keys:
        real = repository.assets_defs_by_key[key]

        @dg.asset(key=key, deps=[up for up in real.asset_deps[key] if up in keys], pool=real.op.pool)
        def nothing() -> None: ...

        yield nothing
