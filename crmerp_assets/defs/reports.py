"""Report assets: does what was won equal what was ordered, and what is on its way."""

from collections.abc import Iterator, Sequence

import dagster as dg

from crmerp_assets.defs import metadata, names
from crmerp_assets.defs.resources import PlatformResource
from crmerp_assets.defs.routing import routing_asset
from crmerp_assets.merge.lanes import Lane
from crmerp_assets.reports import TABLES, Reconciliation
from crmerp_assets.sync import published, reconcile, reconciled, status

EXPLAINED, TIES = "money_is_explained", "totals_tie"
_CHECKS = {
    EXPLAINED: "every won deal is ordered or held for a stated reason, and every document belongs to somebody",
    TIES: "the totals are the sum of the rows, the months and the places, to the last digit",
}
NAMED = 5


def reconciliation_key(lane: Lane) -> dg.AssetKey:
    """The key of the reconciliation."""
    return names.key(lane, "report", "reconciliation")


def report_assets(lane: Lane, upstream: Sequence[dg.AssetKey]) -> list[dg.AssetsDefinition]:
    """The report assets, downstream of every push; without orders there is no money to compare."""
    money = [_reconciliation(lane, upstream)] if "order" in lane.entities else []
    return [*money, _status(lane, upstream), *([routing_asset(lane, upstream)] if lane.name else [])]


def _reconciliation(lane: Lane, upstream: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    key = reconciliation_key(lane)

    @dg.asset(
        key=key,
        deps=upstream,
        group_name=lane.called("report"),
        kinds={"duckdb"},
        owners=["team:finance-operations"],
        tags={"stage": "report"},
        pool=names.warehouse_pool(lane),
        check_specs=[dg.AssetCheckSpec(name, asset=key, description=what) for name, what in _CHECKS.items()],
        description="Won, ordered, invoiced, paid and open per currency and month, with the reason of every break.",
    )
    def reconciliation(platform: PlatformResource) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
        with platform.use(lane.name) as used:
            done = reconcile.run_reconciliation(used)
            with used.warehouse.open() as con:
                apart = reconciled.ties(con)
        published.publish(done, names.settings_of(lane).reports)
        yield dg.MaterializeResult(metadata=_shown(lane, done))
        yield _explained(key, done)
        yield dg.AssetCheckResult(
            check_name=TIES, asset_key=key, passed=not apart, description="; ".join(apart) or None
        )

    return reconciliation


def _shown(lane: Lane, done: Reconciliation) -> dict[str, dg.MarkdownMetadataValue | str]:
    """The report's tables, the long ones with their first rows; files hold the rest."""
    tables = {name: metadata.table(getattr(done, name)) for name in TABLES if name not in ("deals", "lines")}
    compared = f"{done.compared_with:%Y-%m-%d %H:%M} UTC" if done.compared_with else "nothing: this was the first run"
    return {**tables, "compared_with": compared, "files": str(names.settings_of(lane).reports.resolve())}


def _explained(key: dg.AssetKey, done: Reconciliation) -> dg.AssetCheckResult:
    """Failed where money is not explained, naming the first records."""
    missing = done.unexplained
    first = [
        f"{row['record']} ({row['number'] or row['name'] or 'no number'}): {row['currency'] or 'no currency'} "
        f"{row['amount']}, {row['reason']}"
        for row in missing.head(NAMED).iter_rows(named=True)
    ]
    more = f"; and {missing.height - NAMED} more" if missing.height > NAMED else ""
    return dg.AssetCheckResult(
        check_name=EXPLAINED,
        asset_key=key,
        passed=done.explained,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{missing.height} not explained: {'; '.join(first)}{more}" if first else None,
        metadata={"agrees": done.agrees, "unexplained": metadata.table(missing)},
    )


def _status(lane: Lane, upstream: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    @dg.asset(
        key=names.key(lane, "report", "sync_status"),
        deps=upstream,
        group_name=lane.called("report"),
        kinds={"sqlite"},
        tags={"stage": "report"},
        pool=names.warehouse_pool(lane),
        description="Synced, pending and parked records per entity and direction.",
    )
    def sync_status(platform: PlatformResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with platform.use(lane.name) as used:
            shown = status.sync_status(used)
        return dg.MaterializeResult(metadata={"status": metadata.table(shown)})

    return sync_status
