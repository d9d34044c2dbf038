"""Which asset depends on which: the asset graph of one configuration."""

from collections.abc import Sequence

import dagster as dg

from crmerp_assets.defs import stages
from crmerp_assets.defs.audit import audit_asset
from crmerp_assets.defs.deletions import deletions_asset
from crmerp_assets.defs.identity import KEY as FULL_RUN
from crmerp_assets.defs.identity import identity_asset
from crmerp_assets.defs.inventory import inventory_asset
from crmerp_assets.defs.reports import report_assets
from crmerp_assets.defs.stages import ENTITIES, REFERENCES, Source
from crmerp_assets.settings import Configuration

Key = dg.AssetKey


def assets(configuration: Configuration) -> list[dg.AssetsDefinition]:
    """Every asset of the configuration."""
    found = stages.sources(configuration)
    pushes = [stages.push_asset(c, [Key(["plan", entity]) for entity in ENTITIES]) for c in configuration.connections]
    return [
        *_raw(configuration, found),
        *_conformed(configuration, found),
        *(_links(configuration, found, entity) for entity in (*ENTITIES, "invoice")),
        *_golden(configuration, found),
        *(_plan(configuration, entity) for entity in ENTITIES),
        *pushes,
        *report_assets([key for definition in pushes for key in definition.keys]),
        identity_asset(),
        inventory_asset([source.raw_key for source in found]),
        audit_asset(found, [*(Key(["golden", entity]) for entity in ENTITIES), FULL_RUN]),
    ]


def of(found: Sequence[Source], *entities: str) -> list[dg.AssetKey]:
    """The conformed assets that hold these entities."""
    return [source.conformed_key for source in found if source.entity_map.entity in entities]


def _raw(configuration: Configuration, found: Sequence[Source]) -> list[dg.AssetsDefinition]:
    logs = [deletions_asset(c, [s.raw_key for s in found if s.connection is c]) for c in configuration.connections]
    return [*(stages.raw_asset(source) for source in found), *logs]


def _conformed(configuration: Configuration, found: Sequence[Source]) -> list[dg.AssetsDefinition]:
    return [
        stages.conformed_asset(source, [Key(["raw", source.connection.name, "deletions"])], configuration)
        for source in found
    ]


def _links(configuration: Configuration, found: Sequence[Source], entity: str) -> dg.AssetsDefinition:
    upstream = of(found, entity)
    if entity == "contact":
        upstream.append(Key(["links", "customer"]))
    return stages.links_asset(entity, upstream, configuration)


def _golden(configuration: Configuration, found: Sequence[Source]) -> list[dg.AssetsDefinition]:
    invoices = [*of(found, "invoice", "payment", "order"), Key(["golden", "exchange_rate"])]
    invoices += [Key(["links", entity]) for entity in ("invoice", "order", "customer")]
    made = [
        stages.exchange_rate_asset(of(found, "exchange_rate")),
        stages.invoice_asset(invoices, configuration),
    ]
    for entity in ENTITIES:
        upstream = [*of(found, entity), Key(["links", entity])]
        upstream += [Key(["links", ref]) for ref in REFERENCES.get(entity, ())]
        if entity in ("order", "customer"):
            upstream.append(Key(["golden", "invoice"]))
        if entity == "order":
            upstream.append(Key(["golden", "product"]))
        made.append(stages.golden_asset(entity, upstream, configuration))
    return made


def _plan(configuration: Configuration, entity: str) -> dg.AssetsDefinition:
    """Customers are planned knowing the orders that need them; orders knowing what customers and products will be."""
    upstream = {
        "customer": [Key(["golden", "order"])],
        "contact": [Key(["golden", "customer"])],
        "order": [Key(["plan", "customer"]), Key(["plan", "product"])],
    }.get(entity, [])
    return stages.plan_asset(entity, [Key(["golden", entity]), *upstream], configuration)
