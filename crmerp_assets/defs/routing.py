"""Report assets of several lanes: what each carries, and all of them together."""

from collections.abc import Iterator, Sequence

import dagster as dg

from crmerp_assets.defs import metadata, names
from crmerp_assets.defs.resources import PlatformResource
from crmerp_assets.merge.lanes import Lane
from crmerp_assets.reports.lanes import Routing
from crmerp_assets.settings import Configuration, Settings, ends
from crmerp_assets.sync import routing

SUMMARY = dg.AssetKey(["report", "lanes"])
TAKEN, ONCE = "every_record_has_a_lane", "no_record_has_two_erps"
_CHECKS = {
    TAKEN: "some lane carries every customer and every won deal",
    ONCE: "no two lanes with different ERPs carry one record",
}
NAMED = 5


def routing_asset(lane: Lane, upstream: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """What the lane carries of what it sees."""

    @dg.asset(
        key=names.key(lane, "report", "routing"),
        deps=upstream,
        group_name=lane.called("report"),
        kinds={"duckdb"},
        tags={"stage": "report"},
        pool=names.warehouse_pool(lane),
        description="Which customers and won deals this lane carries, and which it leaves to others.",
    )
    def routed(platform: PlatformResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with platform.use(lane.name) as used:
            found = routing.told(used)
        routing.publish(found, names.settings_of(lane).reports)
        carried = int(found["carried"].sum())
        return dg.MaterializeResult(metadata={"carried": carried, "elsewhere": found.height - carried})

    return routed


def summary_asset(configuration: Configuration, upstream: Sequence[dg.AssetKey]) -> dg.AssetsDefinition:
    """All lanes together, from what each has told last."""

    @dg.asset(
        key=SUMMARY,
        deps=upstream,
        group_name="report",
        kinds={"polars"},
        owners=["team:finance-operations"],
        tags={"stage": "report"},
        check_specs=[dg.AssetCheckSpec(name, asset=SUMMARY, description=what) for name, what in _CHECKS.items()],
        description="The money of all lanes, who carries what, what no lane takes, and what two take.",
    )
    def lanes() -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
        settings = Settings()
        found = routing.of_all(ends(settings, configuration))
        routing.publish_all(found, settings.within(None).reports)
        shown = {name: metadata.table(getattr(found, name)) for name in ("money", "carried", "nobody", "twice")}
        yield dg.MaterializeResult(metadata=shown)
        yield from _checked(found)

    return lanes


def _checked(found: Routing) -> Iterator[dg.AssetCheckResult]:
    """A warning where a record has no lane; an error where two ERPs have one account or deal."""
    for name, frame, severity in (
        (TAKEN, found.nobody, dg.AssetCheckSeverity.WARN),
        (ONCE, found.twice, dg.AssetCheckSeverity.ERROR),
    ):
        first = frame.head(NAMED).iter_rows(named=True)
        said = "; ".join(f"{row['entity']} {row['native_id']} of {row['connection']} ({row['name']})" for row in first)
        more = f"; and {frame.height - NAMED} more" if frame.height > NAMED else ""
        yield dg.AssetCheckResult(
            check_name=name,
            asset_key=SUMMARY,
            passed=frame.is_empty(),
            severity=severity,
            description=(said + more) or None,
            metadata={"records": frame.height},
        )
