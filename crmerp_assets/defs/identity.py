"""The asset of the nightly full run of matching: who is who, looked at as a whole."""

from collections.abc import Iterator

import dagster as dg

from crmerp_assets.defs import metadata, names
from crmerp_assets.defs.resources import PlatformResource
from crmerp_assets.matching import SPECS
from crmerp_assets.matching.fit import MOST_WRONG
from crmerp_assets.merge.lanes import Lane
from crmerp_assets.sync.refit import Refitted, refit, summary


def identity_key(lane: Lane) -> dg.AssetKey:
    """The key of the full run."""
    return names.key(lane, "identity", "full_run")


def identity_asset(lane: Lane) -> dg.AssetsDefinition:
    """Downstream of all links; part of the nightly run and of the audit, not of every sync."""
    carried: list[str] = [entity for entity in SPECS if entity in lane.entities]
    precise = dg.AssetCheckSpec(
        "links_are_precise",
        asset=identity_key(lane),
        description="by an id that was held out, few of the automatic links can be wrong",
    )

    @dg.asset(
        key=identity_key(lane),
        deps=[names.key(lane, "links", entity) for entity in carried],
        group_name=lane.called("identity"),
        kinds={"duckdb"},
        tags={"stage": "identity"},
        pool=names.warehouse_pool(lane),
        check_specs=[precise],
        description="Doubles, relations, learned weights and what they would change; every night, nothing is relinked.",
    )
    def full_run(platform: PlatformResource) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
        with platform.use(lane.name) as used:
            done = {entity: refit(used, entity) for entity in carried}
        yield dg.MaterializeResult(metadata=_shown(done))
        yield _precise(precise, done)

    return full_run


def _shown(done: dict[str, Refitted]) -> dict[str, dg.MarkdownMetadataValue]:
    shown = {"summary": metadata.table(summary(done))}
    for entity, found in done.items():
        shown[f"left_out_{entity}"] = metadata.table(found.left_out)
        shown[f"disagreements_{entity}"] = metadata.table(found.changes)
    return shown


def _precise(spec: dg.AssetCheckSpec, done: dict[str, Refitted]) -> dg.AssetCheckResult:
    """Only what an id could check; a population without ids says nothing."""
    wrong = {
        entity: found.wrong
        for entity, found in done.items()
        if found.wrong is not None and found.guard in SPECS[entity].settles
    }
    return dg.AssetCheckResult(
        check_name=spec.name,
        asset_key=spec.asset_key,
        passed=all(share <= MOST_WRONG for share in wrong.values()),
        severity=dg.AssetCheckSeverity.WARN,
        description=", ".join(f"{entity}: {share:.2%} differ" for entity, share in wrong.items())
        or "nothing checked it",
    )
