"""Read again what named a record that is gone: a system may move documents without dating them anew.

NetSuite does so in a merge, and its list of deleted records does not name the survivor. The documents do: a customer
that has orders or invoices cannot be deleted, so when all of them name one other customer now, it was merged into that.
"""

from collections import defaultdict
from collections.abc import Iterator

import polars as pl

from crmerp_assets.canonical import ENTITIES
from crmerp_assets.connectors.protocol import Page
from crmerp_assets.mapping import EntityMap, inbound, native_fields
from crmerp_assets.sync import tables
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets.sync.pull import raw_frame, store
from crmerp_assets.warehouse.tables import listed

DOCUMENTS = ("order", "invoice")


def reread(platform: Platform, side: Connection, entity_map: EntityMap, gone: list[str]) -> dict[str, str]:
    """Fetch and store the records that named the `gone` ones; gone id -> its survivor, where all documents agree."""
    named: defaultdict[str, set[str | None]] = defaultdict(set)
    for referring, field in _referring(platform, side, entity_map.entity):
        before = _naming(platform, side, referring, field, gone)
        if before.is_empty():
            continue
        rows = side.connector.fetch(referring.object, native_fields(referring), before["native_id"].to_list())
        store(platform, tables.raw(side.name, referring.object), Page(rows, ""), referring)
        if referring.entity in DOCUMENTS:
            now = inbound(referring, raw_frame(rows, referring)).select("native_id", pl.col(field).alias("now"))
            for old, new in before.join(now, on="native_id").select("old", "now").iter_rows():
                named[old].add(new)
    agreed = {old: next(iter(new)) for old, new in named.items() if len(new) == 1}
    return {old: new for old, new in agreed.items() if new and new != old}


def _referring(platform: Platform, side: Connection, entity: str) -> Iterator[tuple[EntityMap, str]]:
    """The maps of a system, and their fields, that refer to records of an entity."""
    for entity_map in platform.matrix.maps(side.system):
        for field in ENTITIES[entity_map.entity].fields:
            if field.ref == entity and field.name in entity_map.fields:
                yield entity_map, field.name


def _naming(platform: Platform, side: Connection, referring: EntityMap, field: str, gone: list[str]) -> pl.DataFrame:
    """(native_id, old) of the records that named one of the `gone` ones when they were last conformed."""
    table = tables.conformed(side.name, referring.name)
    with platform.warehouse.open() as con:
        if not table.exists(con):
            return pl.DataFrame(schema={"native_id": pl.String, "old": pl.String})
        with listed(con, "_lost", gone):
            sql = f'SELECT c.native_id, c."{field}" AS old FROM {table.sql} c JOIN _lost g ON g.id = c."{field}"'
            return con.execute(f"{sql} WHERE NOT c.deleted").pl()
