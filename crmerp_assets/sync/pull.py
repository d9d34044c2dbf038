"""Pull changed records of one native object into its raw table, in the system's own words.

The cursor advances only after the page's rows are stored, so a process that dies in between reads them again. The
cursor is in the ledger and the rows are in the warehouse, so it counts only for the warehouse that it was made with:
one that was deleted, or put back from an older copy, is filled from the beginning (see positions.py). No warehouse
connection is open while the API is called.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from crmerp_assets.connectors.errors import ConfigError, ConnectorError, ShareSpent
from crmerp_assets.connectors.protocol import Page, Row
from crmerp_assets.mapping import EntityMap, native_fields, raw_columns
from crmerp_assets.merge.guards import CallClass
from crmerp_assets.sync import misread, positions, tables
from crmerp_assets.sync.budget import pulling, spending
from crmerp_assets.sync.pauses import beside, paused, resting_on_failure
from crmerp_assets.sync.platform import Platform
from crmerp_assets.warehouse import Changes, Table
from crmerp_assets.warehouse.tables import NO_CHANGES

STORED_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Pulled:
    """Rows read from the API, what they changed, and the API calls that it took; nothing where the connection rests.

    `stopped`: why it ended early, where the share of the day's calls did not reach, or a mirror's object is missing;
    the next pull goes on there.
    """

    rows: int
    changes: Changes
    calls: int
    full: bool
    stopped: str | None = None
    resting: bool = False


def pull(platform: Platform, connection: str, map_name: str, serves: CallClass | None = None) -> Pulled:
    """Pull what changed since the last pull of this map's object; everything the first time, nothing while it rests.

    `serves`: the kind of work that it is done for, where that is more urgent than the map's own.
    Raises the connector's errors (AuthFailed, QuotaSpent, ConfigError, Transient); rows of pages stored before
    the error stay stored and are not read again. After a ConfigError everything is read: a field that was missing
    and is back holds other values, and no record says that it changed.
    """
    if paused(platform, connection):
        return Pulled(0, NO_CHANGES, 0, full=False, resting=True)
    entity_map = platform.map(connection, map_name)
    with resting_on_failure(platform, connection), beside(entity_map.entity) as stopped:
        return _pull(platform, connection, entity_map, serves)
    return Pulled(0, NO_CHANGES, 0, full=False, stopped=stopped[0])


def _pull(platform: Platform, connection: str, entity_map: EntityMap, serves: CallClass | None) -> Pulled:
    connector = platform.connections[connection].connector
    fields = native_fields(entity_map)
    table = tables.raw(connection, entity_map.object)
    with platform.ledger.read() as tx:
        known = positions.known(tx, connection, entity_map.object)
        everything = misread.asked_again(tx, connection, entity_map)
    since = None if everything else positions.since(platform, known, fields, table)
    calls, rows, changes, stopped = connector.calls(), 0, NO_CHANGES, None
    mark: Mapping[str, Any]
    try:
        with spending(serves or pulling(entity_map.entity, platform.connections[connection].role)):
            for page in _together(connector.pull(entity_map.object, fields, since.cursor if since else None)):
                mark = since.mark if since else {}
                if page.rows or since is None:
                    with platform.warehouse.open() as con:
                        changes += store(platform, table, page, entity_map)
                        mark = positions.mark(con, table)
                misread.note(platform, connection, entity_map, page)
                rows += len(page.rows)
                positions.remember(platform, connection, entity_map.object, fields, page.cursor, mark)
    except ShareSpent as stop:
        stopped = str(stop)
    except ConfigError:
        positions.distrust(platform, connection, entity_map.object)
        raise
    return Pulled(rows, changes, connector.calls() - calls, since is None, stopped)


def _together(pages: Iterator[Page]) -> Iterator[Page]:
    """Pages joined to large ones, as opening the warehouse costs as much as storing a page.

    What was read before an error is given out before it is raised, so that it gets stored.
    """
    gathered: Page | None = None
    failure: ConnectorError | None = None
    try:
        for page in pages:
            gathered = page if gathered is None else _joined(gathered, page)
            if len(gathered.rows) >= STORED_AT_ONCE:
                yield gathered
                gathered = None
    except ConnectorError as error:
        failure = error
    if gathered is not None:
        yield gathered
    if failure is not None:
        raise failure


def _joined(first: Page, second: Page) -> Page:
    told = [page.misread for page in (first, second) if page.misread is not None]
    unusable = tuple(one for some in told for one in some) if told else None
    return Page([*first.rows, *second.rows], second.cursor, unusable, first.reread or second.reread)


def store(platform: Platform, table: Table, page: Page, entity_map: EntityMap) -> Changes:
    """Store native rows as text columns; a row that was deleted and is back is alive again."""
    frame = raw_frame(page.rows, entity_map)
    with platform.warehouse.open() as con:
        return table.upsert(con, frame)


def raw_frame(rows: list[Row], entity_map: EntityMap) -> pl.DataFrame:
    """Native rows as a frame of text columns with the bookkeeping columns of raw tables."""
    columns = ["_id", "_modified", "_modified_by", *raw_columns(entity_map)]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String))
    return frame.with_columns(
        pl.lit(value=False).alias("_deleted"), pl.lit(None, dtype=pl.String).alias("_merged_into")
    )
