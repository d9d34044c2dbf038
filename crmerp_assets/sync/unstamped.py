"""Read again what changed without its system stamping it in time.

A reference may be a record of its own there: HubSpot dates no deal anew when its company is exchanged, or when a line
item of it is deleted. Tryton dates a change with the start of its transaction, which may have run for hours. So after
the nightly comparison of ids, the rows as they were last read are held against what is there now.
"""

from collections.abc import Iterator

import polars as pl

from crmerp_assets.connectors.protocol import Page, Unstamped
from crmerp_assets.mapping import EntityMap, native_fields, raw_columns
from crmerp_assets.sync import tables
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets.sync.pull import store

_AT_ONCE = 10_000


def reread_unstamped(platform: Platform, side: Connection, entity_map: EntityMap, live: pl.DataFrame) -> int:
    """Fetch and store the records of `live` (`_id`) that are not as they were last read; how many that were."""
    connector = side.connector
    if not isinstance(connector, Unstamped):
        return 0
    count = 0
    for known in _known(platform, side, entity_map, live):
        changed = connector.unstamped(entity_map.object, known.to_dicts())
        if changed:
            rows = side.connector.fetch(entity_map.object, native_fields(entity_map), changed)
            store(platform, tables.raw(side.name, entity_map.object), Page(rows, ""), entity_map)
        count += len(changed)
    return count


def _known(platform: Platform, side: Connection, entity_map: EntityMap, live: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The raw rows of live records, some at a time."""
    table = tables.raw(side.name, entity_map.object)
    with platform.warehouse.open() as con:
        there = set(table.columns(con)) if table.exists(con) else set()
        names = ", ".join(f'"{name}"' for name in ["_id", "_modified", *raw_columns(entity_map)] if name in there)
        rows = con.execute(f"SELECT {names} FROM {table.sql} WHERE NOT _deleted").pl() if there else live.clear()
    yield from rows.join(live, on="_id", how="semi").iter_slices(_AT_ONCE)
