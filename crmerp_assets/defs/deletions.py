"""The assets that follow deletions and merges, with the check that stops a mass deletion."""

from collections.abc import Iterator

import dagster as dg

from crmerp_assets.defs import metadata, names
from crmerp_assets.defs.resources import PlatformResource
from crmerp_assets.defs.stages import system_pool
from crmerp_assets.merge.lanes import Lane
from crmerp_assets.sync import compared, deletions
from crmerp_assets.sync.budget import spending, stopping
from crmerp_assets.systems import ConnectionConfig

COMPARE_TAG = "crmerp/compare"


def deletions_asset(lane: Lane, connection: ConnectionConfig, keys: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """What was deleted or merged in the system, marked in its raw tables."""
    key = names.key(lane, "raw", connection.name, "deletions")
    check = dg.AssetCheckSpec(
        "no_mass_deletion", asset=key, description="far fewer records than known came back: a person must look first"
    )

    @dg.asset(
        key=key,
        deps=keys,
        group_name=lane.called("raw"),
        kinds={connection.type, "duckdb"},
        tags={"stage": "raw", "connection": connection.name},
        pool=system_pool(connection.name),
        check_specs=[check],
        description=f"Deletions and merges in {connection.name}; nothing is removed from the raw tables, only marked.",
    )
    def deleted(
        context: dg.AssetExecutionContext, platform: PlatformResource
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
        followed, found = deletions.NOTHING, list[deletions.Compared]()
        with platform.use(lane.name) as used, stopping() as why:
            with spending("master"):
                followed = deletions.follow(used, connection.name)
            with spending("enrichment"):
                found = deletions.compare_ids(used, connection.name) if COMPARE_TAG in context.run.tags else []
        table = compared.frame(found)
        if found:
            compared.publish(table, connection.name, names.settings_of(lane).reports, used.clock())
        refused = [*followed.refused, *(one.native_object for one in found if one.refused)]
        shown = {"compared": metadata.table(table)} if found else {}
        stopped = {"stopped": why[0]} if why else {}
        yield dg.MaterializeResult(metadata={"marked": followed.marked, "refused": len(refused), **shown, **stopped})
        yield dg.AssetCheckResult(
            check_name=check.name,
            asset_key=key,
            passed=not refused,
            metadata={"refused": ", ".join(refused), "next": "crmerp review list --kind mass_deletion"},
        )

    return deleted
