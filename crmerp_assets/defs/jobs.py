"""Jobs: which assets run together for which occasion.

They use the in-process executor: a step process of its own costs two to three seconds a step, and a chain that reacts
to a won deal has about twenty steps of a few milliseconds each.
"""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from crmerp_assets.defs.audit import AUDIT
from crmerp_assets.defs.identity import KEY as FULL_RUN
from crmerp_assets.defs.inventory import INVENTORY
from crmerp_assets.defs.stages import ENTITIES as PLANNED
from crmerp_assets.defs.stages import Source
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


def jobs(configuration: Configuration, sources: list[Source]) -> list[UnresolvedAssetJobDefinition]:
    """Every job of the configuration."""
    everything = dg.AssetSelection.all()
    crm = next(c.name for c in configuration.connections if c.role == "crm")
    erp = next(c.name for c in configuration.connections if c.role == "erp")
    audit, pushes = dg.AssetSelection.assets(AUDIT, FULL_RUN), dg.AssetSelection.groups("push")
    inventory = dg.AssetSelection.assets(INVENTORY)
    apart = audit | inventory
    reports = dg.AssetSelection.groups("report") - apart
    return [
        _job(SYNC, everything - apart, "Everything: pull both sides, plan, push both ways, report."),
        _job(
            NIGHTLY,
            everything,
            "The same, the audit and the inventory, after comparing the id sets of both systems.",
            compare="true",
        ),
        _job(
            PLAN, everything - pushes - reports - apart, "Pull both sides and plan; nothing is written to any system."
        ),
        _job(RECONCILE, reports, "Compare both sides in counts and money, from what was last pulled."),
        _job(AUDIT_JOB, audit, "Score the quality of the data of both systems, as they were last pulled."),
        _job(INVENTORY_JOB, inventory, "What every system's objects hold, and what changed since the last time."),
        _job(
            DECISIONS,
            dg.AssetSelection.groups("links", "golden", "plan", "push"),
            "What people decided becomes links, plans and writes, from what was last pulled.",
        ),
        _job(APPLY, pushes | reports, "Push what is planned and approved."),
        _job(
            WON_DEALS,
            _chain(sources, [crm], ["customer", "product", "order"], pushes=[erp]),
            "A won deal becomes an ERP customer and a sales order.",
            serves="order",
        ),
        _job(
            CASH,
            _chain(sources, [erp], ["customer", "order", "invoice", "payment"], pushes=[crm]),
            "Order numbers, invoices, payments and balances reach the CRM.",
        ),
        _job(
            CUSTOMERS,
            _chain(sources, [crm, erp], ["customer", "contact"], pushes=[crm, erp]),
            "Customers and contacts of both sides.",
        ),
    ]


def _chain(sources: list[Source], connections: list[str], entities: list[str], pushes: list[str]) -> dg.AssetSelection:
    """The records of some entities on some connections, all the way to the pushes."""
    used = [s for s in sources if s.connection.name in connections and s.entity_map.entity in entities]
    keys = [key for source in used for key in (source.raw_key, source.conformed_key)]
    keys += [dg.AssetKey([stage, e]) for stage in ("links", "golden") for e in entities if e != "payment"]
    keys += [dg.AssetKey(["plan", entity]) for entity in entities if entity in PLANNED]
    keys += [dg.AssetKey(["push", connection]) for connection in pushes]
    return dg.AssetSelection.assets(*keys)


def _job(name: str, selection: dg.AssetSelection, description: str, **tags: str) -> UnresolvedAssetJobDefinition:
    return dg.define_asset_job(
        name,
        selection=selection,
        description=description,
        executor_def=dg.in_process_executor,
        tags={f"crmerp/{key}": value for key, value in tags.items()},
    )
