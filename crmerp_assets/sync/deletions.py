"""Follow deletions and merges: mark raw rows, never remove them.

Two ways, because neither is enough alone: the systems' own deletion logs (cheap, but they forget after days and
miss hard deletes), and a nightly comparison of id sets (sees everything, costs a read of all ids). Both stop and ask
before they take a large share of the known records for deleted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import polars as pl

from crmerp_assets.connectors.protocol import Deletion, OneLog, Page
from crmerp_assets.mapping import EntityMap, native_fields
from crmerp_assets.sync import tables
from crmerp_assets.sync.mass_deletion import Loss, allowed, was_asked
from crmerp_assets.sync.pauses import beside, paused, resting_on_failure
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets.sync.pull import store
from crmerp_assets.sync.rereading import reread
from crmerp_assets.sync.unstamped import reread_unstamped
from crmerp_assets.warehouse import Table
from crmerp_assets.warehouse.tables import listed

PURPOSE = "deletions"
FEW = 20
"""So many deletions in a log are somebody's work and not asked about, however small the table is."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Of one object: ids known before, live ids in the system, known ids that were gone, missed ids and changes.

    `refused`: too many were gone to believe it; nothing was marked, and a review asks a person.
    """

    native_object: str
    known: int
    live: int
    gone: int
    missed: int
    refused: bool


@dataclass(frozen=True, slots=True)
class Followed:
    """Records that the deletion logs named and that were marked; objects whose log named too many."""

    marked: int
    refused: list[str]


NOTHING = Followed(0, [])


def follow(platform: Platform, connection: str) -> Followed:
    """Mark the records that the system's deletion log names since the last time.

    A log that names most of an object's records marks nothing until a person has accepted it.
    """
    if paused(platform, connection):
        return NOTHING
    with resting_on_failure(platform, connection):
        side = platform.connections[connection]
        return _follow(platform, side, platform.matrix.maps(side.system))


def _follow(platform: Platform, side: Connection, maps: Sequence[EntityMap]) -> Followed:
    """The cursors of what was marked are stored together, also where a later log cannot be read."""
    marked, refused, cursors = 0, list[str](), dict[str, str]()
    asked = was_asked(platform)
    try:
        for entity_map, found, cursor in _told(platform, side, maps):
            done = _believe(platform, side, entity_map, found) if found or asked else 0
            if done is None:
                refused.append(entity_map.object)
                continue
            marked, cursors[entity_map.object] = marked + done, cursor
    finally:
        if cursors:
            _remember(platform, side, cursors)
    return Followed(marked, refused)


def _told(
    platform: Platform, side: Connection, maps: Sequence[EntityMap]
) -> Iterator[tuple[EntityMap, list[Deletion], str]]:
    """Of each map what the log names since the last time, and its cursor. One log of all objects is read once."""
    with platform.ledger.read() as tx:
        since = {one.object: tx.cursors.get(side.name, one.object, PURPOSE) for one in maps}
    connector = side.connector
    if isinstance(connector, OneLog):
        logged = connector.logged(since)
        yield from ((one, *logged[one.object]) for one in maps)
        return
    for one in maps:
        with beside(one.entity) as missing:
            told = connector.deletions(one.object, since[one.object])
        if not missing:
            yield one, *told


def _remember(platform: Platform, side: Connection, cursors: Mapping[str, str]) -> None:
    with platform.ledger.begin() as tx:
        for native_object, cursor in cursors.items():
            tx.cursors.put(side.name, native_object, PURPOSE, cursor)


def _believe(platform: Platform, side: Connection, entity_map: EntityMap, found: list[Deletion]) -> int | None:
    """How many were marked; None where a person must look first."""
    gone = _gone({deletion.native_id: deletion.merged_into for deletion in found})
    table = tables.raw(side.name, entity_map.object)
    known = _known(platform, table) if found else gone
    lost = known.join(gone, on="_id", how="semi")["_id"].to_list() if found else []
    loss = Loss(f"{side.name}/{entity_map.object} deletion log", known.height, lost)
    if not allowed(platform, entity_map.entity, loss, at_least=FEW):
        return None
    return take_out(platform, side, entity_map, gone)


def compare_ids(platform: Platform, connection: str) -> list[Compared]:
    """Compare every object's ids with the raw table: mark what is gone, fetch what was missed.

    Missed are also changes that the system does not stamp (see unstamped.py).

    Where fewer than the policy's `short_pull_share` of an object's known records came back, nothing of it is marked:
    a person is asked, and the next comparison that finds exactly this acts on the answer.
    """
    if paused(platform, connection):
        return []
    side = platform.connections[connection]
    compared: list[Compared] = []
    with resting_on_failure(platform, connection):
        for entity_map in platform.matrix.maps(side.system):
            with beside(entity_map.entity):
                compared.append(_compare(platform, side, entity_map))
    return compared


def _compare(platform: Platform, side: Connection, entity_map: EntityMap) -> Compared:
    table = tables.raw(side.name, entity_map.object)
    live = pl.DataFrame({"_id": side.connector.ids(entity_map.object)}, schema={"_id": pl.String})
    known = _known(platform, table)
    gone = known.join(live, on="_id", how="anti")
    loss = Loss(f"{side.name}/{entity_map.object}", known.height, gone["_id"].to_list())
    believed = allowed(platform, entity_map.entity, loss)
    if believed:
        take_out(platform, side, entity_map, gone.with_columns(pl.lit(None, dtype=pl.String).alias("into")))
    missed = live.join(known, on="_id", how="anti")["_id"].to_list()
    if missed:
        rows = side.connector.fetch(entity_map.object, native_fields(entity_map), missed)
        store(platform, table, Page(rows, ""), entity_map)
    restated = reread_unstamped(platform, side, entity_map, live)
    read = len(missed) + restated
    return Compared(entity_map.object, known.height, live.height, gone.height, read, refused=not believed)


def confirm(platform: Platform, side: Connection, entity_map: EntityMap, gone: Mapping[str, str | None]) -> None:
    """Mark records that a push found gone (native id -> survivor, where the system said so).

    One that merely cannot be seen is left to the deletion log and to the nightly comparison: a right may be missing.
    """
    _follow(platform, side, [entity_map])
    take_out(platform, side, entity_map, _gone({native: into for native, into in gone.items() if into}))


def take_out(platform: Platform, side: Connection, entity_map: EntityMap, gone: pl.DataFrame) -> int:
    """Mark the rows named by `_id` as deleted, with their survivor in `into` or as what named them shows.

    Returns how many rows changed.
    """
    if gone.is_empty():
        return 0
    table = tables.raw(side.name, entity_map.object)
    fresh = _known(platform, table).join(gone, on="_id", how="semi")["_id"].to_list()
    shown = reread(platform, side, entity_map, fresh) if fresh else {}
    into = pl.coalesce("into", pl.col("_id").replace_strict(shown, default=None, return_dtype=pl.String))
    with platform.warehouse.open() as con:
        return _mark(con, table, gone.with_columns(into.alias("into"))) if table.exists(con) else 0


def _gone(found: Mapping[str, str | None]) -> pl.DataFrame:
    return pl.DataFrame(list(found.items()), schema={"_id": pl.String, "into": pl.String}, orient="row")


def _known(platform: Platform, table: Table) -> pl.DataFrame:
    with platform.warehouse.open() as con:
        if not table.exists(con):
            return pl.DataFrame(schema={"_id": pl.String})
        return con.execute(f"SELECT _id FROM {table.sql} WHERE NOT _deleted").pl()


def _mark(con: duckdb.DuckDBPyConnection, table: Table, gone: pl.DataFrame) -> int:
    """A log that is read again, and does not name a survivor, takes none away that is known."""
    con.register("_gone", gone.select("_id", "into").to_arrow())
    rows = con.execute(
        f"SELECT t.* EXCLUDE (_hash, _change, _deleted, _merged_into), true AS _deleted, "
        f"coalesce(g.into, CASE WHEN t._deleted THEN t._merged_into END) AS _merged_into "
        f"FROM {table.sql} t JOIN _gone g USING (_id)"
    ).pl()
    con.unregister("_gone")
    return table.upsert(con, rows).changed


def name_survivor(platform: Platform, side: Connection, entity_map: EntityMap, loser: str, survivor: str) -> None:
    """Note what a person knows: that a deleted record was merged into another. LookupError for an unknown one."""
    table = tables.raw(side.name, entity_map.object)
    with platform.warehouse.open() as con:
        with listed(con, "_asked", [survivor]):
            found = con.execute(f"SELECT 1 FROM {table.sql} t JOIN _asked a ON a.id = t._id").fetchone()
        if found is None:
            raise LookupError(f"{side.name} has no {entity_map.object} {survivor} that was ever read")
        _mark(con, table, _gone({loser: survivor}))
