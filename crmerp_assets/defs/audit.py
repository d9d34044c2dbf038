"""The audit asset: how good the data are, with one check for each system and entity."""

from collections.abc import Iterator, Sequence

import dagster as dg

from crmerp_assets.defs import metadata, names
from crmerp_assets.defs.resources import PlatformResource
from crmerp_assets.defs.stages import Source
from crmerp_assets.merge.audit_policy import AUDITED
from crmerp_assets.merge.lanes import Lane
from crmerp_assets.reports.quality import Audit
from crmerp_assets.sync import audit, audit_files

NAMED = 3


def audit_key(lane: Lane) -> dg.AssetKey:
    """The key of the audit."""
    return names.key(lane, "report", "audit")


def audit_asset(lane: Lane, sources: Sequence[Source], upstream: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """The audit, downstream of the links of every entity that it looks at."""
    key = audit_key(lane)
    held = {(entity, s.connection.name) for entity in AUDITED for s in sources if s.entity_map.entity == entity}
    pairs = [(connection, entity) for entity, connection in sorted(held)]

    @dg.asset(
        key=key,
        deps=upstream,
        group_name=lane.called("report"),
        kinds={"duckdb", "polars"},
        tags={"stage": "report"},
        pool=names.warehouse_pool(lane),
        check_specs=[_spec(key, *pair) for pair in pairs],
        description="A data-quality score for each system and entity, and every finding behind it.",
    )
    def audited(platform: PlatformResource) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
        with platform.use(lane.name) as used:
            done = audit.run_audit(used)
        audit_files.publish(done, names.settings_of(lane).reports)
        yield dg.MaterializeResult(metadata=_shown(lane, done.public()))
        yield from (_checked(key, done, *pair) for pair in pairs)

    return audited


def _spec(key: dg.AssetKey, connection: str, entity: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        f"quality_{connection}_{entity}",
        asset=key,
        description=f"the score of {entity} records in {connection} is not below `audit.warn_below`",
    )


def _shown(lane: Lane, public: Audit) -> dict[str, dg.MarkdownMetadataValue | dg.PathMetadataValue]:
    tables = ("scores", "points", "completeness", "formats")
    page = (names.settings_of(lane).reports / f"{audit_files.NAME}.html").resolve()
    return {
        **{name: metadata.table(getattr(public, name)) for name in tables},
        "page": dg.MetadataValue.path(str(page)),
    }


def _checked(key: dg.AssetKey, done: Audit, connection: str, entity: str) -> dg.AssetCheckResult:
    """Warns where the score is low, naming what takes the most points. What was not read has no score and passes."""
    here = [row for row in done.scores.to_dicts() if (row["system"], row["entity"]) == (connection, entity)]
    score = here[0]["score"] if here else None
    mine = [row for row in done.points.to_dicts() if (row["system"], row["entity"]) == (connection, entity)]
    taken = ", ".join(f"{row['kind']} {row['points']:g}" for row in mine[:NAMED] if row["points"])
    passed = score is None or score >= done.warn_below
    return dg.AssetCheckResult(
        check_name=f"quality_{connection}_{entity}",
        asset_key=key,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=None if passed else f"{score:g} is below {done.warn_below:g}; most points go to {taken}",
        metadata={"score": "no records" if score is None else score, "records": here[0]["records"] if here else 0},
    )
