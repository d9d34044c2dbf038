"""The asset of the nightly full run of matching: who is who, looked at as a whole."""

from collections.abc import Iterator

import dagster as dg

from crmerp_assets.defs import metadata
from crmerp_assets.defs.resources import PlatformResource
from crmerp_assets.defs.stages import WAREHOUSE_POOL
from crmerp_assets.matching import SPECS
from crmerp_assets.matching.fit import MOST_WRONG
from crmerp_assets.sync.refit import Refitted, refit, summary

KEY = dg.AssetKey(["identity", "full_run"])
PRECISE = dg.AssetCheckSpec(
    "links_are_precise", asset=KEY, description="by an id that was held out, few of the automatic links can be wrong"
)


def identity_asset() -> dg.AssetsDefinition:
    """Downstream of all links; part of the nightly run and of the audit, not of every sync."""

    @dg.asset(
        key=KEY,
        deps=[dg.AssetKey(["links", entity]) for entity in SPECS],
        group_name="identity",
        kinds={"duckdb"},
        tags={"stage": "identity"},
        pool=WAREHOUSE_POOL,
        check_specs=[PRECISE],
        description="Doubles, relations, learned weights and what they would change; every night, nothing is relinked.",
    )
    def full_run(platform: PlatformResource) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
        with platform.use() as used:
            done = {entity: refit(used, entity) for entity in SPECS}
        yield dg.MaterializeResult(metadata=_shown(done))
        yield _precise(done)

    return full_run


def _shown(done: dict[str, Refitted]) -> dict[str, dg.MarkdownMetadataValue]:
    shown = {"summary": metadata.table(summary(done))}
    for entity, found in done.items():
        shown[f"left_out_{entity}"] = metadata.table(found.left_out)
        shown[f"disagreements_{entity}"] = metadata.table(found.changes)
    return shown


def _precise(done: dict[str, Refitted]) -> dg.AssetCheckResult:
    """Only what an id could check; a population without ids says nothing."""
    wrong = {
        entity: found.wrong
        for entity, found in done.items()
        if found.wrong is not None and found.guard in SPECS[entity].settles
    }
    return dg.AssetCheckResult(
        check_name=PRECISE.name,
        asset_key=KEY,
        passed=all(share <= MOST_WRONG for share in wrong.values()),
        severity=dg.AssetCheckSeverity.WARN,
        description=", ".join(f"{entity}: {share:.2%} differ" for entity, share in wrong.items())
        or "nothing checked it",
    )
