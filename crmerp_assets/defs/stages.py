"""One factory per stage makes the assets of every configured connection and entity.

The graph reads like the diagram of the pipeline: raw > conformed > links > golden > plan > push > report. Asset keys
start with the stage, then name the connection or the entity.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import dagster as dg

from crmerp_assets.canonical import ENTITIES
from crmerp_assets.canonical.validate import CheckSummary
from crmerp_assets.defs import metadata, names
from crmerp_assets.defs.resources import PlatformResource
from crmerp_assets.mapping import EntityMap
from crmerp_assets.merge.lanes import Lane
from crmerp_assets.settings import Configuration
from crmerp_assets.sync import conform, forecasts, invoices, link, merge, mirrors, plan, pull, push
from crmerp_assets.sync.budget import call_class
from crmerp_assets.systems import ConnectionConfig

_SHOWN = 10
SERVES_TAG = "crmerp/serves"
REFERENCES = {
    "contact": ("customer",),
    "order": ("customer", "product"),
    "order_mirror": ("customer", "order"),
    "invoice_mirror": ("customer", "order"),
}


@dataclass(frozen=True, slots=True)
class Source:
    """One map of one connection: the unit of pulling and conforming."""

    connection: ConnectionConfig
    entity_map: EntityMap
    lane: Lane

    @property
    def raw_key(self) -> dg.AssetKey:
        """Key of the raw asset."""
        return names.key(self.lane, "raw", self.connection.name, self.entity_map.object)

    @property
    def conformed_key(self) -> dg.AssetKey:
        """Key of the conformed asset."""
        return names.key(self.lane, "conformed", self.connection.name, self.entity_map.name)


def sources(configuration: Configuration) -> list[Source]:
    """Every map of every connection."""
    return [
        Source(connection, entity_map, configuration.lane)
        for connection in configuration.connections
        for entity_map in configuration.matrix.maps(connection.type)
    ]


def system_pool(connection: str) -> str:
    """The pool that keeps two runs from using one system at once."""
    return f"system_{connection}"


def raw_asset(source: Source) -> dg.AssetsDefinition:
    """Changed records of one native object, in the system's own words."""
    connection, entity_map, lane = source.connection, source.entity_map, source.lane

    @dg.asset(
        key=source.raw_key,
        group_name=lane.called("raw"),
        kinds={connection.type, "duckdb"},
        tags={"stage": "raw", "connection": connection.name, "entity": entity_map.entity},
        pool=system_pool(connection.name),
        description=f"{entity_map.object} records of {connection.name}, as text in their native fields.",
    )
    def raw(context: dg.AssetExecutionContext, platform: PlatformResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        serves = call_class(context.run.tags.get(SERVES_TAG))
        with platform.use(lane.name) as used:
            pulled = pull.pull(used, connection.name, entity_map.name, serves)
            today = metadata.budget(used, connection.name, pulled.stopped)
        more = {
            "rows_read": pulled.rows,
            "api_calls": pulled.calls,
            "full": int(pulled.full),
            "resting": int(pulled.resting),
        }
        return dg.MaterializeResult(metadata=metadata.counts(pulled.changes, **more) | today)

    return raw


def conformed_asset(source: Source, upstream: list[dg.AssetKey], configuration: Configuration) -> dg.AssetsDefinition:
    """Canonical records of one map, standardised and validated."""
    connection, entity_map, lane = source.connection, source.entity_map, source.lane
    check = dg.AssetCheckSpec(
        "schema", asset=source.conformed_key, description="pandera checks; rows that fail are parked, not dropped"
    )

    @dg.asset(
        key=source.conformed_key,
        deps=[source.raw_key, *upstream],
        group_name=lane.called("conformed"),
        kinds={"polars", "pandera"},
        owners=_owners(configuration, entity_map.entity),
        tags={"stage": "conformed", "connection": connection.name, "entity": entity_map.entity},
        pool=names.warehouse_pool(lane),
        check_specs=[check],
        metadata={
            "dagster/column_schema": metadata.columns(entity_map.entity),
            "dagster/column_lineage": metadata.conformed_lineage(
                configuration.matrix, lane, connection.name, connection.type, entity_map.entity
            ),
        },
        description=f"{entity_map.entity} records of {connection.name} in canonical fields.",
    )
    def conformed(platform: PlatformResource) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
        with platform.use(lane.name) as used:
            done = conform.conform(used, connection.name, entity_map.name)
        yield dg.MaterializeResult(
            metadata=metadata.counts(done.changes, rows_read=done.read, parked=done.parked, flagged=done.flagged)
        )
        yield _checked(check, done.checks, done.still_parked)

    return conformed


def mirror_asset(entity: str, upstream: list[dg.AssetKey], configuration: Configuration) -> dg.AssetsDefinition:
    """Documents of the ERP laid out for the CRM's own records of them."""
    lane, erp = configuration.lane, configuration.side("erp")

    @dg.asset(
        key=names.key(lane, "conformed", erp, entity),
        deps=upstream,
        group_name=lane.called("conformed"),
        kinds={"duckdb", "sql"},
        owners=_owners(configuration, entity),
        tags={"stage": "conformed", "connection": erp, "entity": entity},
        pool=names.warehouse_pool(lane),
        metadata={"dagster/column_schema": metadata.columns(entity)},
        description=f"Golden {ENTITIES[entity].mirrors} records of {erp}, as the CRM's own records are to show them.",
    )
    def laid_out(platform: PlatformResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with platform.use(lane.name) as used:
            return dg.MaterializeResult(metadata=metadata.counts(mirrors.lay_out(used, entity)))

    return laid_out


def links_asset(entity: str, upstream: list[dg.AssetKey], configuration: Configuration) -> dg.AssetsDefinition:
    """Which records are the same thing."""
    lane = configuration.lane

    @dg.asset(
        key=names.key(lane, "links", entity),
        deps=upstream,
        group_name=lane.called("links"),
        kinds={"duckdb", "sql"},
        owners=_owners(configuration, entity),
        tags={"stage": "links", "entity": entity},
        pool=names.warehouse_pool(lane),
        description=f"Which {entity} records are the same thing, and why; what is unclear waits for a person.",
    )
    def links(platform: PlatformResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with platform.use(lane.name) as used:
            done = link.link(used, entity)
        return dg.MaterializeResult(metadata={"linked": done.matched, "new": done.born, "questions": done.questions})

    return links


def golden_asset(entity: str, upstream: list[dg.AssetKey], configuration: Configuration) -> dg.AssetsDefinition:
    """Golden records, merged field by field."""
    lane = configuration.lane
    key = names.key(lane, "golden", entity)
    check = dg.AssetCheckSpec("schema", asset=key, description="pandera checks of the merged records")
    conformed = [up for up in upstream if "conformed" in up.path[:2]]

    @dg.asset(
        key=key,
        deps=upstream,
        group_name=lane.called("golden"),
        kinds={"polars", "pandera"},
        owners=_owners(configuration, entity),
        tags={"stage": "golden", "entity": entity},
        pool=names.warehouse_pool(lane),
        check_specs=[check],
        metadata={
            "dagster/column_schema": metadata.columns(entity),
            "dagster/column_lineage": metadata.golden_lineage(entity, conformed),
        },
        description=f"Golden {entity} records: field by field from its owner, after a three-way compare.",
    )
    def golden(platform: PlatformResource) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
        with platform.use(lane.name) as used:
            done = merge.merge(used, entity)
        yield dg.MaterializeResult(
            metadata=metadata.counts(
                done.changes,
                considered=done.considered,
                conflicts_resolved=done.resolved,
                conflicts_held=done.held,
                parked=done.parked,
            )
        )
        yield _checked(check, done.checks, done.parked)

    return golden


def invoice_asset(upstream: list[dg.AssetKey], configuration: Configuration) -> dg.AssetsDefinition:
    """Golden invoices with what was paid and credited."""
    lane = configuration.lane
    key = names.key(lane, "golden", "invoice")
    check = dg.AssetCheckSpec("schema", asset=key, description="pandera checks of the merged invoices")
    agree = dg.AssetCheckSpec("balances_agree", asset=key, description="every balance is what the ERP says is owed")

    @dg.asset(
        key=key,
        deps=upstream,
        group_name=lane.called("golden"),
        kinds={"duckdb", "pandera"},
        owners=_owners(configuration, "invoice"),
        tags={"stage": "golden", "entity": "invoice"},
        pool=names.warehouse_pool(lane),
        check_specs=[check, agree],
        metadata={"dagster/column_schema": metadata.columns("invoice")},
        description="Golden invoices and payments, balances from what was applied, and what each account owes.",
    )
    def golden_invoice(platform: PlatformResource) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
        with platform.use(lane.name) as used:
            done = invoices.merge_invoices(used)
        yield dg.MaterializeResult(
            metadata=metadata.counts(done.changes, considered=done.considered, parked=done.parked)
        )
        yield _checked(check, done.checks, done.parked)
        yield dg.AssetCheckResult(
            check_name=agree.name,
            asset_key=key,
            passed=not done.differing,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"differing": len(done.differing)},
            description="; ".join(done.differing[:_SHOWN]) or None,
        )

    return golden_invoice


def exchange_rate_asset(lane: Lane, upstream: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """Golden exchange rates."""

    @dg.asset(
        key=names.key(lane, "golden", "exchange_rate"),
        deps=upstream,
        group_name=lane.called("golden"),
        kinds={"duckdb"},
        tags={"stage": "golden", "entity": "exchange_rate"},
        pool=names.warehouse_pool(lane),
        metadata={"dagster/column_schema": metadata.columns("exchange_rate")},
        description="The ERP's exchange rates, with their dates and source.",
    )
    def golden_exchange_rate(platform: PlatformResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with platform.use(lane.name) as used:
            return dg.MaterializeResult(metadata=metadata.counts(invoices.merge_exchange_rates(used)))

    return golden_exchange_rate


def plan_asset(entity: str, upstream: list[dg.AssetKey], configuration: Configuration) -> dg.AssetsDefinition:
    """The writes that would make both sides agree."""
    lane = configuration.lane

    @dg.asset(
        key=names.key(lane, "plan", entity),
        deps=upstream,
        group_name=lane.called("plan"),
        kinds={"polars"},
        owners=_owners(configuration, entity),
        tags={"stage": "plan", "entity": entity},
        pool=names.warehouse_pool(lane),
        description=f"The exact writes that would make both sides agree on each {entity}, field by field.",
    )
    def planned(platform: PlatformResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with platform.use(lane.name) as used:
            done = plan.plan(used, entity)
        return dg.MaterializeResult(
            metadata={
                "considered": done.considered,
                "creates": done.creates,
                "updates": done.updates,
                "waiting": done.waiting,
            }
        )

    return planned


def push_asset(lane: Lane, connection: ConnectionConfig, upstream: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """Ready intents, applied exactly once."""

    @dg.asset(
        key=names.key(lane, "push", connection.name),
        deps=upstream,
        group_name=lane.called("push"),
        kinds={connection.type},
        tags={"stage": "push", "connection": connection.name},
        pool=system_pool(connection.name),
        description=f"Sends ready intents to {connection.name}, each exactly once; unknown outcomes are settled first.",
    )
    def pushed(context: dg.AssetExecutionContext, platform: PlatformResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        with platform.use(lane.name) as used:
            forecast = forecasts.cost(used, connection.name)
            done = push.push(used, connection.name, worker=context.run.run_id)
            today = metadata.budget(used, connection.name, " ".join(done.stopped.values()) or None)
        outcomes = {f"{entity}_{what}": count for (entity, what), count in sorted(done.outcomes.items())}
        calls = {"api_calls": done.calls, "api_calls_forecast": forecast}
        return dg.MaterializeResult(metadata={"settled": done.settled, **calls, **outcomes, **today})

    return pushed


def _owners(configuration: Configuration, entity: str) -> list[str]:
    rules = configuration.governance.get(entity)
    return [f"team:{rules.steward.lower().replace(' ', '-')}"] if rules and rules.steward else []


def _checked(spec: dg.AssetCheckSpec, checks: Iterable[CheckSummary], parked: int) -> dg.AssetCheckResult:
    """Rows that are parked fail the check as a warning: the rest went on."""
    return dg.AssetCheckResult(
        check_name=spec.name,
        asset_key=spec.asset_key,
        passed=parked == 0,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"parked": parked} | {c.name: f"{c.failed} of {c.total}" for c in checks if c.failed},
    )
