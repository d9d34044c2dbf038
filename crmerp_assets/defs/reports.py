"""Report assets: does what was won equal what was ordered, and what is on its way."""

from collections.abc import Iterator, Sequence

import dagster as dg

from crmerp_assets.defs import metadata
from crmerp_assets.defs.resources import PlatformResource
from crmerp_assets.defs.stages import WAREHOUSE_POOL
from crmerp_assets.settings import Settings
from crmerp_assets.sync import reconcile, status

RECONCILIATION = dg.AssetKey(["report", "reconciliation"])
STATUS = dg.AssetKey(["report", "sync_status"])
EXPLAINED = dg.AssetCheckSpec(
    "money_is_explained",
    asset=RECONCILIATION,
    description="every won deal is ordered, on its way, or held for a stated reason",
)


def report_assets(upstream: Sequence[dg.AssetKey]) -> list[dg.AssetsDefinition]:
    """The report assets, downstream of every push."""
    return [_reconciliation(upstream), _status(upstream)]


def _reconciliation(upstream: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    @dg.asset(
        key=RECONCILIATION,
        deps=upstream,
        group_name="report",
        kinds={"duckdb"},
        owners=["team:finance-operations"],
        tags={"stage": "report"},
        pool=WAREHOUSE_POOL,
        check_specs=[EXPLAINED],
        description="Won, ordered, invoiced, paid and open per currency, with the reason of every gap.",
    )
    def reconciliation(platform: PlatformResource) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
        with platform.use() as used:
            done = reconcile.run_reconciliation(used)
        reconcile.publish(done, Settings().reports)
        yield dg.MaterializeResult(
            metadata={
                "money": metadata.table(done.money),
                "gaps": metadata.table(done.gaps),
                "counts": metadata.table(done.counts),
            }
        )
        yield dg.AssetCheckResult(
            check_name=EXPLAINED.name, asset_key=RECONCILIATION, passed=done.explained, metadata={"agrees": done.agrees}
        )

    return reconciliation


def _status(upstream: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    @dg.asset(
        key=STATUS,
        deps=upstream,
        group_name="report",
        kinds={"sqlite"},
        tags={"stage": "report"},
        pool=WAREHOUSE_POOL,
        description="Synced, pending and parked records per entity and direction.",
    )
    def sync_status(platform: PlatformResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with platform.use() as used:
            shown = status.sync_status(used)
        return dg.MaterializeResult(metadata={"status": metadata.table(shown)})

    return sync_status
