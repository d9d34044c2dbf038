"""Jobs: which assets run together for which occasion.

They use the in-process executor: a step process of its own costs two to three seconds a step, and a chain that reacts
to a won deal has about twenty steps of a few milliseconds each.
"""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from crmerp_assets.defs.stages import Source
from crmerp_assets.settings import Configuration

WON_DEALS, CASH, SYNC, PLAN, APPLY, CUSTOMERS, NIGHTLY, RECONCILE = (
    "won_deals",
    "order_to_cash",
    "sync",
    "plan",
    "apply",
    "customers",
    "nightly",
    "reconcile",
)


def jobs(configuration: Configuration, sources: list[Source]) -> list[UnresolvedAssetJobDefinition]:
    """Every job of the configuration."""
    everything = dg.AssetSelection.all()
    crm = next(c.name for c in configuration.connections if c.role == "crm")
    erp = next(c.name for c in configuration.connections if c.role == "erp")
    reports, pushes = dg.AssetSelection.groups("report"), dg.AssetSelection.groups("push")
    logs = dg.AssetSelection.assets(*(["raw", c.name, "deletions"] for c in configuration.connections))
    return [
        _job(SYNC, everything, "Everything: pull both sides, plan, push both ways, report."),
        _job(NIGHTLY, everything, "The same, after comparing the id sets of both systems.", compare="true"),
        _job(PLAN, everything - pushes - reports, "Pull both sides and plan; nothing is written to any system."),
        _job(RECONCILE, reports, "Compare both sides in counts and money, from what was last pulled."),
        _job(APPLY, pushes | reports, "Push what is planned and approved."),
        _job(
            WON_DEALS,
            _chain(
                sources, crm, ("customer", "product", "order"), f"push/{erp}", links=("customer", "product", "order")
            ),
            "A won deal becomes an ERP customer and a sales order.",
        ),
        _job(
            CASH,
            _chain(
                sources,
                erp,
                ("customer", "order", "invoice", "payment"),
                f"push/{crm}",
                links=("customer", "order", "invoice"),
            )
            - dg.AssetSelection.assets(["golden", "product"], ["plan", "product"]),
            "Order numbers, invoices, payments and balances reach the CRM.",
        ),
        _job(
            CUSTOMERS,
            everything - reports - logs,
            "Master data of both sides, hourly.",
        ),
    ]


def _chain(
    sources: list[Source], connection: str, entities: tuple[str, ...], push: str, links: tuple[str, ...]
) -> dg.AssetSelection:
    """One connection's records of some entities, all the way to the push of the other."""
    used = [s for s in sources if s.connection.name == connection and s.entity_map.entity in entities]
    keys = [key for s in used for key in (s.raw_key, s.conformed_key)]
    keys += [dg.AssetKey([stage, entity]) for stage in ("links", "golden") for entity in links]
    keys += [dg.AssetKey(["plan", entity]) for entity in links if entity != "invoice"]
    return dg.AssetSelection.assets(*keys, dg.AssetKey(push.split("/")))


def _job(name: str, selection: dg.AssetSelection, description: str, **tags: str) -> UnresolvedAssetJobDefinition:
    return dg.define_asset_job(
        name,
        selection=selection,
        description=description,
        executor_def=dg.in_process_executor,
        tags={f"crmerp/{key}": value for key, value in tags.items()},
    )
