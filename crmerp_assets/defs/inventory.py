"""The inventory asset: a data dictionary of every connection, with a check that no field changed under the mapping."""

from collections.abc import Iterator, Sequence

import dagster as dg

from crmerp_assets.defs import metadata, names
from crmerp_assets.defs.resources import PlatformResource
from crmerp_assets.merge.lanes import Lane
from crmerp_assets.reports.inventory import Inventory
from crmerp_assets.sync import inventory

CHECK = "schema_unchanged"
NAMED = 5


def inventory_key(lane: Lane) -> dg.AssetKey:
    """The key of the inventory."""
    return names.key(lane, "report", "inventory")


def inventory_asset(lane: Lane, upstream: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """Downstream of what was pulled, which it counts."""
    key = inventory_key(lane)

    @dg.asset(
        key=key,
        deps=upstream,
        group_name=lane.called("report"),
        kinds={"duckdb", "polars"},
        tags={"stage": "report"},
        pool=names.warehouse_pool(lane),
        check_specs=[dg.AssetCheckSpec(CHECK, asset=key, description="no field changed since the last inventory")],
        description="What every system's objects hold, what of it the mapping uses, and how full it is.",
    )
    def taken(platform: PlatformResource) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
        with platform.use(lane.name) as used:
            found = inventory.take(used)
        page = inventory.publish(found, names.settings_of(lane).reports)
        tables = {name: metadata.table(getattr(found, name)) for name in ("objects", "drift", "limits", "problems")}
        yield dg.MaterializeResult(metadata={**tables, "page": dg.MetadataValue.path(str(page.resolve()))})
        yield _checked(key, found)

    return taken


def _checked(key: dg.AssetKey, found: Inventory) -> dg.AssetCheckResult:
    """An error where a field that the mapping uses went or changed, a warning for any other change."""
    breaking = found.breaking
    shown = (breaking if breaking.height else found.drift).head(NAMED).iter_rows(named=True)
    said = "; ".join(f"{row['connection']} {row['object']}.{row['field']} {_change(row)}" for row in shown)
    more = (breaking.height or found.drift.height) - NAMED
    return dg.AssetCheckResult(
        check_name=CHECK,
        asset_key=key,
        passed=found.drift.is_empty(),
        severity=dg.AssetCheckSeverity.ERROR if breaking.height else dg.AssetCheckSeverity.WARN,
        description=(said + (f"; and {more} more" if more > 0 else "")) or None,
        metadata={"changed": found.drift.height, "used by the mapping": breaking.height},
    )


def _change(row: dict[str, str | None]) -> str:
    if row["what"] != "changed":
        return str(row["what"])
    return f"{row['property']} was {row['before']}, is {row['after']}"
