"""The inventory asset: a data dictionary of every connection, with a check that no field changed under the mapping."""

from collections.abc import Iterator, Sequence

import dagster as dg

from crmerp_assets.defs import metadata
from crmerp_assets.defs.resources import PlatformResource
from crmerp_assets.defs.stages import WAREHOUSE_POOL
from crmerp_assets.reports.inventory import Inventory
from crmerp_assets.settings import Settings
from crmerp_assets.sync import inventory

INVENTORY = dg.AssetKey(["report", "inventory"])
CHECK = "schema_unchanged"
NAMED = 5


def inventory_asset(upstream: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """Downstream of what was pulled, which it counts."""

    @dg.asset(
        key=INVENTORY,
        deps=upstream,
        group_name="report",
        kinds={"duckdb", "polars"},
        tags={"stage": "report"},
        pool=WAREHOUSE_POOL,
        check_specs=[
            dg.AssetCheckSpec(CHECK, asset=INVENTORY, description="no field changed since the last inventory")
        ],
        description="What every system's objects hold, what of it the mapping uses, and how full it is.",
    )
    def taken(platform: PlatformResource) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
        with platform.use() as used:
            found = inventory.take(used)
        page = inventory.publish(found, Settings().reports)
        tables = {name: metadata.table(getattr(found, name)) for name in ("objects", "drift", "limits", "problems")}
        yield dg.MaterializeResult(metadata={**tables, "page": dg.MetadataValue.path(str(page.resolve()))})
        yield _checked(found)

    return taken


def _checked(found: Inventory) -> dg.AssetCheckResult:
    """An error where a field that the mapping uses went or changed, a warning for any other change."""
    breaking = found.breaking
    shown = (breaking if breaking.height else found.drift).head(NAMED).iter_rows(named=True)
    said = "; ".join(f"{row['connection']} {row['object']}.{row['field']} {_change(row)}" for row in shown)
    more = (breaking.height or found.drift.height) - NAMED
    return dg.AssetCheckResult(
        check_name=CHECK,
        asset_key=INVENTORY,
        passed=found.drift.is_empty(),
        severity=dg.AssetCheckSeverity.ERROR if breaking.height else dg.AssetCheckSeverity.WARN,
        description=(said + (f"; and {more} more" if more > 0 else "")) or None,
        metadata={"changed": found.drift.height, "used by the mapping": breaking.height},
    )


def _change(row: dict[str, str | None]) -> str:
    if row["what"] != "changed":
        return str(row["what"])
    return f"{row['property']} was {row['before']}, is {row['after']}"
