"""Follow deletions and merges: mark raw rows, never remove them.

Two ways, because neither is enough alone: the systems' own deletion logs (cheap, but they forget after days and
miss hard deletes), and a nightly comparison of id sets (sees everything, costs a read of all ids).
"""

from dataclasses import dataclass

import polars as pl

from crmerp_assets.connectors.protocol import Page
from crmerp_assets.mapping import EntityMap, native_fields
from crmerp_assets.sync import tables
from crmerp_assets.sync.pauses import paused, resting_on_failure
from crmerp_assets.sync.platform import Platform
from crmerp_assets.sync.pull import store
from crmerp_assets.warehouse import Table

PURPOSE = "deletions"


class SuspiciousPull(RuntimeError):
    """Far fewer records than known came back; refusing to take that for a mass deletion."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Of one object: live ids in the system, ids that were gone, ids that had been missed."""

    native_object: str
    live: int
    gone: int
    missed: int


def follow(platform: Platform, connection: str) -> int:
    """Mark the records that the system's deletion log names since the last time; returns how many changed."""
    if paused(platform, connection):
        return 0
    with resting_on_failure(platform, connection):
        return _follow(platform, connection)


def _follow(platform: Platform, connection: str) -> int:
    marked = 0
    for entity_map in platform.matrix.maps(platform.connections[connection].system):
        with platform.ledger.begin() as tx:
            since = tx.cursors.get(connection, entity_map.object, PURPOSE)
        found, cursor = platform.connections[connection].connector.deletions(entity_map.object, since)
        gone = pl.DataFrame(
            [(d.native_id, d.merged_into) for d in found],
            schema={"_id": pl.String, "into": pl.String},
            orient="row",
        )
        marked += mark(platform, tables.raw(connection, entity_map.object), gone)
        with platform.ledger.begin() as tx:
            tx.cursors.put(connection, entity_map.object, PURPOSE, cursor)
    return marked


def compare_ids(platform: Platform, connection: str) -> list[Compared]:
    """Compare every object's ids with the raw table: mark what is gone, fetch what was missed.

    Raises SuspiciousPull, with nothing marked, where fewer than the policy's `short_pull_share` of the known
    records came back.
    """
    if paused(platform, connection):
        return []
    maps = platform.matrix.maps(platform.connections[connection].system)
    with resting_on_failure(platform, connection):
        return [_compare(platform, connection, entity_map) for entity_map in maps]


def _compare(platform: Platform, connection: str, entity_map: EntityMap) -> Compared:
    connector = platform.connections[connection].connector
    table = tables.raw(connection, entity_map.object)
    live = pl.DataFrame({"_id": connector.ids(entity_map.object)}, schema={"_id": pl.String})
    known = _known(platform, table)
    if live.height < known.height * platform.policy.short_pull_share:
        raise SuspiciousPull(
            f"{connection} returned {live.height} ids of {entity_map.object}, but {known.height} are known. "
            "Nothing was marked as deleted. Check the integration user's permissions in that system; "
            "if the records really are gone, lower short_pull_share in policy.yaml for one run."
        )
    gone = known.join(live, on="_id", how="anti").with_columns(pl.lit(None, dtype=pl.String).alias("into"))
    mark(platform, table, gone)
    missed = live.join(known, on="_id", how="anti")["_id"].to_list()
    if missed:
        rows = connector.fetch(entity_map.object, native_fields(entity_map), missed)
        store(platform, table, Page(rows, ""), entity_map)
    return Compared(entity_map.object, live.height, gone.height, len(missed))


def _known(platform: Platform, table: Table) -> pl.DataFrame:
    with platform.warehouse.open() as con:
        if not table.exists(con):
            return pl.DataFrame(schema={"_id": pl.String})
        return con.execute(f"SELECT _id FROM {table.sql} WHERE NOT _deleted").pl()


def mark(platform: Platform, table: Table, gone: pl.DataFrame) -> int:
    """Set `_deleted` and `_merged_into` (column `into`) on the rows named by `_id`; returns how many changed."""
    if gone.is_empty():
        return 0
    with platform.warehouse.open() as con:
        if not table.exists(con):
            return 0
        con.register("_gone", gone.select("_id", "into").to_arrow())
        rows = con.execute(
            f"SELECT t.* EXCLUDE (_hash, _change, _deleted, _merged_into), true AS _deleted, "
            f"g.into AS _merged_into FROM {table.sql} t JOIN _gone g USING (_id)"
        ).pl()
        con.unregister("_gone")
        return table.upsert(con, rows).changed
