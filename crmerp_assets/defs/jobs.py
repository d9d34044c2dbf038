"""Jobs: which assets run together for which occasion.

They use the in-process executor: a step process of its own costs two to three seconds a step, and a chain that reacts
to a won deal has about twenty steps of a few milliseconds each.
"""

from collections.abc import Sequence
from functools import partial, reduce
from operator import or_

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from crmerp_assets.defs import names
from crmerp_assets.defs.audit import audit_key
from crmerp_assets.defs.identity import identity_key
from crmerp_assets.defs.inventory import inventory_key
from crmerp_assets.defs.routing import SUMMARY
from crmerp_assets.defs.stages import Source
from crmerp_assets.merge.lanes import Lane
from crmerp_assets.settings import Configuration

WON_DEALS, CASH, SYNC, PLAN, APPLY, CUSTOMERS, NIGHTLY, RECONCILE, AUDIT_JOB, DECISIONS, INVENTORY_JOB = (
    "won_deals",
    "order_to_cash",
    "sync",
    "plan",
    "apply",
    "customers",
    "nightly",
    "reconcile",
    "audit",
    "decisions",
    "inventory",
)

GROUPS = ("raw", "conformed", "links", "golden", "plan", "push", "report", "identity")


def jobs(configuration: Configuration, sources: list[Source]) -> list[UnresolvedAssetJobDefinition]:
    """Every job of one lane."""
    lane = configuration.lane
    crm, erp = configuration.side("crm"), configuration.side("erp")
    summary = [dg.AssetSelection.assets(SUMMARY)] if lane.name else []
    everything = reduce(or_, summary, _groups(lane, *GROUPS))
    audit = dg.AssetSelection.assets(audit_key(lane), identity_key(lane))
    inventory, pushes = dg.AssetSelection.assets(inventory_key(lane)), _groups(lane, "push")
    apart = audit | inventory
    reports = reduce(or_, summary, _groups(lane, "report") - apart)
    job = partial(_job, lane)
    made = [
        job(SYNC, everything - apart, "Everything: pull both sides, plan, push both ways, report."),
        job(
            NIGHTLY,
            everything,
            "The same, the audit and the inventory, after comparing the id sets of both systems.",
            compare="true",
        ),
        job(PLAN, everything - pushes - reports - apart, "Pull both sides and plan; nothing is written to any system."),
        job(RECONCILE, reports, "Compare both sides in counts and money, from what was last pulled."),
        job(AUDIT_JOB, audit, "Score the quality of the data of both systems, as they were last pulled."),
        job(INVENTORY_JOB, inventory, "What every system's objects hold, and what changed since the last time."),
        job(
            DECISIONS,
            _groups(lane, "links", "golden", "plan", "push"),
            "What people decided becomes links, plans and writes, from what was last pulled.",
        ),
        job(APPLY, pushes | reports, "Push what is planned and approved."),
        job(
            CUSTOMERS,
            _chain(configuration, sources, [crm, erp], ["customer", "contact"], pushes=[crm, erp]),
            "Customers and contacts of both sides.",
        ),
    ]
    return [*made, *(_of_orders(configuration, sources, crm, erp) if "order" in lane.entities else ())]


def _of_orders(
    configuration: Configuration, sources: list[Source], crm: str, erp: str
) -> list[UnresolvedAssetJobDefinition]:
    chain, lane = partial(_chain, configuration, sources), configuration.lane
    documents = ["customer", "order", "invoice", "payment", *configuration.mirrors]
    return [
        _job(
            lane,
            WON_DEALS,
            chain([crm], ["customer", "product", "order"], pushes=[erp]),
            "A won deal becomes an ERP customer and a sales order.",
            serves="order",
        ),
        _job(
            lane,
            CASH,
            chain([erp], documents, pushes=[crm], taken_up=[crm]),
            "Order numbers, invoices, payments and balances reach the CRM.",
        ),
    ]


def _groups(lane: Lane, *stages: str) -> dg.AssetSelection:
    return dg.AssetSelection.groups(*(lane.called(stage) for stage in stages))


def _chain(
    configuration: Configuration,
    sources: list[Source],
    connections: list[str],
    entities: list[str],
    pushes: list[str],
    taken_up: Sequence[str] = (),
) -> dg.AssetSelection:
    """The records of some entities on some connections, all the way to the pushes.

    Connections that are `taken_up` are not asked, but what the last push read back there counts: a step of an order
    follows another within seconds, and each is planned from what the one before has written.
    """
    lane = configuration.lane
    entities = [entity for entity in entities if entity in lane.canonical]
    known = [source for source in sources if source.entity_map.entity in entities]
    keys = [source.raw_key for source in known if source.connection.name in connections]
    keys += [source.conformed_key for source in known if source.connection.name in (*connections, *taken_up)]
    laid_out = [entity for entity in entities if entity in configuration.mirrors]
    keys += [names.key(lane, "conformed", configuration.side("erp"), entity) for entity in laid_out]
    keys += [names.key(lane, stage, e) for stage in ("links", "golden") for e in entities if e != "payment"]
    keys += [names.key(lane, "plan", entity) for entity in entities if entity in configuration.planned]
    keys += [names.key(lane, "push", connection) for connection in pushes]
    return dg.AssetSelection.assets(*keys)


def _job(
    lane: Lane, name: str, selection: dg.AssetSelection, description: str, **tags: str
) -> UnresolvedAssetJobDefinition:
    tagged = tags | ({"lane": lane.name} if lane.name else {})
    return dg.define_asset_job(
        lane.called(name),
        selection=selection,
        description=description,
        executor_def=dg.in_process_executor,
        tags={f"crmerp/{key}": value for key, value in tagged.items()},
    )
