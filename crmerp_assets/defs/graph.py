"""Which asset depends on which: the asset graph of one configuration."""

from collections.abc import Sequence
from functools import partial

import dagster as dg

from crmerp_assets.canonical import ENTITIES
from crmerp_assets.defs import names, stages
from crmerp_assets.defs.audit import audit_asset
from crmerp_assets.defs.deletions import deletions_asset
from crmerp_assets.defs.identity import identity_asset, identity_key
from crmerp_assets.defs.inventory import inventory_asset
from crmerp_assets.defs.reports import report_assets
from crmerp_assets.defs.routing import summary_asset
from crmerp_assets.defs.stages import REFERENCES, Source
from crmerp_assets.settings import Configuration


def all_assets(configuration: Configuration) -> list[dg.AssetsDefinition]:
    """Every asset of every lane, and where there are several what is said of all of them together."""
    made = [asset for lane in configuration.each for asset in assets(lane)]
    if not configuration.lanes:
        return made
    told = [
        key
        for asset in made
        for key in asset.keys
        if key.path[1:] in (["report", "routing"], ["report", "reconciliation"])
    ]
    return [*made, summary_asset(configuration, told)]


def assets(configuration: Configuration) -> list[dg.AssetsDefinition]:
    """Every asset of the configuration of one lane."""
    found, lane = stages.sources(configuration), configuration.lane
    plans = [names.key(lane, "plan", entity) for entity in configuration.planned]
    pushes = [stages.push_asset(lane, connection, plans) for connection in configuration.connections]
    linked = (*configuration.planned, *(("invoice",) if "order" in lane.entities else ()))
    golden = [names.key(lane, "golden", entity) for entity in lane.entities]
    return [
        *_raw(configuration, found),
        *_conformed(configuration, found),
        *(_mirror(configuration, found, entity) for entity in configuration.mirrors),
        *(_links(configuration, found, entity) for entity in linked),
        *_golden(configuration, found),
        *(_plan(configuration, entity) for entity in configuration.planned),
        *pushes,
        *report_assets(lane, [key for definition in pushes for key in definition.keys]),
        identity_asset(lane),
        inventory_asset(lane, [source.raw_key for source in found]),
        audit_asset(lane, found, [*golden, identity_key(lane)]),
    ]


def of(found: Sequence[Source], *entities: str) -> list[dg.AssetKey]:
    """The conformed assets that hold these entities."""
    return [source.conformed_key for source in found if source.entity_map.entity in entities]


def _raw(configuration: Configuration, found: Sequence[Source]) -> list[dg.AssetsDefinition]:
    logs = [
        deletions_asset(configuration.lane, c, [s.raw_key for s in found if s.connection is c])
        for c in configuration.connections
    ]
    return [*(stages.raw_asset(source) for source in found), *logs]


def _conformed(configuration: Configuration, found: Sequence[Source]) -> list[dg.AssetsDefinition]:
    return [
        stages.conformed_asset(
            source, [names.key(configuration.lane, "raw", source.connection.name, "deletions")], configuration
        )
        for source in found
    ]


def _mirror(configuration: Configuration, found: Sequence[Source], entity: str) -> dg.AssetsDefinition:
    told = dict.fromkeys((ENTITIES[entity].mirrors or "", "order", "customer"))
    golden = [names.key(configuration.lane, "golden", one) for one in told]
    return stages.mirror_asset(entity, [*golden, *of(found, entity)], configuration)


def _conformed_of(configuration: Configuration, found: Sequence[Source], entity: str) -> list[dg.AssetKey]:
    """The conformed assets of an entity, what is laid out of the ERP's documents among them."""
    laid_out = [names.key(configuration.lane, "conformed", configuration.side("erp"), entity)]
    return [*of(found, entity), *(laid_out if entity in configuration.mirrors else ())]


def _links(configuration: Configuration, found: Sequence[Source], entity: str) -> dg.AssetsDefinition:
    upstream = _conformed_of(configuration, found, entity)
    if entity == "contact":
        upstream.append(names.key(configuration.lane, "links", "customer"))
    return stages.links_asset(entity, upstream, configuration)


def _golden(configuration: Configuration, found: Sequence[Source]) -> list[dg.AssetsDefinition]:
    lane = configuration.lane
    key = partial(names.key, lane)
    made = _cash(configuration, found) if "order" in lane.entities else []
    for entity in configuration.planned:
        upstream = [*_conformed_of(configuration, found, entity), key("links", entity)]
        upstream += [key("links", ref) for ref in REFERENCES.get(entity, ())]
        if entity in ("order", "customer") and "order" in lane.entities:
            upstream.append(key("golden", "invoice"))
        if entity == "order":
            upstream.append(key("golden", "product"))
        made.append(stages.golden_asset(entity, upstream, configuration))
    return made


def _cash(configuration: Configuration, found: Sequence[Source]) -> list[dg.AssetsDefinition]:
    """What comes along with orders: exchange rates, invoices and their payments."""
    key = partial(names.key, configuration.lane)
    upstream = [*of(found, "invoice", "payment", "order"), key("golden", "exchange_rate")]
    upstream += [key("links", entity) for entity in ("invoice", "order", "customer")]
    return [
        stages.exchange_rate_asset(configuration.lane, of(found, "exchange_rate")),
        stages.invoice_asset(upstream, configuration),
    ]


def _plan(configuration: Configuration, entity: str) -> dg.AssetsDefinition:
    """Customers are planned knowing the orders that need them; orders knowing what customers and products will be."""
    key, entities = partial(names.key, configuration.lane), configuration.lane.entities
    upstream = {
        "customer": [key("golden", "order")] if "order" in entities else [],
        "contact": [key("golden", "customer")],
        "order": [key("plan", "customer"), key("plan", "product")],
        "order_mirror": [key("golden", "customer")],
        "invoice_mirror": [key("golden", "customer")],
    }.get(entity, [])
    return stages.plan_asset(entity, [key("golden", entity), *upstream], configuration)
