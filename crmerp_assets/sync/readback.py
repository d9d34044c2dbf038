"""Read written records back and take them up as if they had been pulled.

It makes the next plan start from what the system really holds now: its own numbers, totals and versions.
"""

from collections.abc import Sequence

from crmerp_assets.connectors.protocol import Page
from crmerp_assets.mapping import EntityMap, native_fields
from crmerp_assets.sync import tables
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets.sync.pull import store


def read_back(platform: Platform, side: Connection, entity_map: EntityMap, native_ids: Sequence[str]) -> None:
    """Fetch the records by native id and store them raw; the next conform takes them up."""
    rows = side.connector.fetch(entity_map.object, native_fields(entity_map), list(dict.fromkeys(native_ids)))
    store(platform, tables.raw(side.name, entity_map.object), Page(rows, ""), entity_map)
