"""Report assets: does what was won equal what was ordered, and what is on its way."""

from collections.abc import Iterator, Sequence

import dagster as dg

from crmerp_assets.defs import metadata
from crmerp_assets.defs.resources import PlatformResource
from crmerp_assets.defs.stages import WAREHOUSE_POOL
from crmerp_assets.reports import TABLES, Reconciliation
from crmerp_assets.settings import Settings
from crmerp_assets.sync import published, reconcile, reconciled, status

RECONCILIATION = dg.AssetKey(["report", "reconciliation"])
STATUS = dg.AssetKey(["report", "sync_status"])
EXPLAINED = dg.AssetCheckSpec(
    "money_is_explained",
    asset=RECONCILIATION,
    description="every won deal is ordered or held for a stated reason, and every document belongs to somebody",
)
TIES = dg.AssetCheckSpec(
    "totals_tie",
    asset=RECONCILIATION,
    description="the totals are the sum of the rows, the months and the places, to the last digit",
)
NAMED = 5


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
        check_specs=[EXPLAINED, TIES],
        description="Won, ordered, invoiced, paid and open per currency and month, with the reason of every break.",
    )
    def reconciliation(platform: PlatformResource) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
        with platform.use() as used:
            done = reconcile.run_reconciliation(used)
            with used.warehouse.open() as con:
                apart = reconciled.ties(con)
        published.publish(done, Settings().reports)
        yield dg.MaterializeResult(metadata=_shown(done))
        yield _explained(done)
        yield dg.AssetCheckResult(
            check_name=TIES.name, asset_key=RECONCILIATION, passed=not apart, description="; ".join(apart) or None
        )

    return reconciliation


def _shown(done: Reconciliation) -> dict[str, dg.MarkdownMetadataValue | str]:
    """The report's tables, the long ones with their first rows; files hold the rest."""
    tables = {name: metadata.table(getattr(done, name)) for name in TABLES if name not in ("deals", "lines")}
    compared = f"{done.compared_with:%Y-%m-%d %H:%M} UTC" if done.compared_with else "nothing: this was the first run"
    return {**tables, "compared_with": compared, "files": str(Settings().reports.resolve())}


def _explained(done: Reconciliation) -> dg.AssetCheckResult:
    """Failed where money is not explained, naming the first records."""
    missing = done.unexplained
    first = [
        f"{row['record']} ({row['number'] or row['name'] or 'no number'}): {row['currency'] or 'no currency'} "
        f"{row['amount']}, {row['reason']}"
        for row in missing.head(NAMED).iter_rows(named=True)
    ]
    more = f"; and {missing.height - NAMED} more" if missing.height > NAMED else ""
    return dg.AssetCheckResult(
        check_name=EXPLAINED.name,
        asset_key=RECONCILIATION,
        passed=done.explained,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{missing.height} not explained: {'; '.join(first)}{more}" if first else None,
        metadata={"agrees": done.agrees, "unexplained": metadata.table(missing)},
    )


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
