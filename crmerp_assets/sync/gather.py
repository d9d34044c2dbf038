"""Gather both sides of the golden records that something touched, as canonical text, ready to compare.

Which records: those whose own rows, links, lines, references or invoice roll-ups changed since the last merge.
References are resolved to golden ids here, so that a customer that was linked late reaches its orders.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
import polars as pl

from crmerp_assets import canonical
from crmerp_assets.canonical import ENTITIES
from crmerp_assets.mapping import EntityMap
from crmerp_assets.sync import tables
from crmerp_assets.sync.lines import golden_lines
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets.sync.rollups import ROLLUPS, SOURCES
from crmerp_assets.warehouse import Table
from crmerp_assets.warehouse import tables as changes

_RECORD: dict[str, type[pl.DataType]] = {
    "id": pl.String,
    "key": pl.String,
    "modified": pl.String,
    "modified_by": pl.String,
    "present": pl.Boolean,
    "deleted": pl.Boolean,
}


@dataclass(frozen=True, slots=True)
class Side:
    """One connection's part in an entity, where it has one."""

    connection: Connection
    entity_map: EntityMap

    @property
    def table(self) -> Table:
        """Its conformed table."""
        return tables.conformed(self.connection.name, self.entity_map.name)

    @property
    def line_table(self) -> Table:
        """Its conformed lines."""
        return tables.conformed_lines(self.connection.name, self.entity_map.name)


@dataclass(frozen=True, slots=True)
class Gathered:
    """`frame`: one row a golden id with `<role>.<field>` and `<role>.<part>` for every part of _RECORD.

    `marks` are the change numbers of every source that moved, as they were read: what to advance to once all is stored.
    """

    frame: pl.DataFrame
    marks: dict[Table, int]


def sides(platform: Platform, con: duckdb.DuckDBPyConnection, entity: str) -> list[Side]:
    """The sides that hold the entity and have conformed something of it."""
    found = [
        Side(connection, entity_map)
        for connection in platform.connections.values()
        if (entity_map := platform.entity_map(connection, entity)) is not None
    ]
    return [side for side in found if side.table.exists(con)]


def gather(
    platform: Platform, con: duckdb.DuckDBPyConnection, entity: str, consumer: str, extra: Iterable[str]
) -> Gathered:
    """Both sides of the touched golden records, and of the ids in `extra`."""
    holding, again = sides(platform, con, entity), list(extra)
    marks = changes.marks(con, _sources(entity, holding))
    since = changes.progress(con, marks, consumer)
    if not again and all(mark <= since[source] for source, mark in marks.items()):
        return Gathered(_nothing(entity), {})
    _affected(con, entity, holding, since, again)
    frame = con.execute("SELECT DISTINCT golden_id FROM _affected WHERE golden_id IS NOT NULL").pl()
    for role in ("crm", "erp"):
        side = next((s for s in holding if s.connection.role == role), None)
        frame = frame.join(_side_frame(platform, con, entity, side, role), on="golden_id", how="left")
    present = [
        pl.col(f"{role}.{flag}").fill_null(value=False) for role in ("crm", "erp") for flag in ("present", "deleted")
    ]
    known = pl.col("crm.id").is_not_null() | pl.col("erp.id").is_not_null()
    moved = {source: mark for source, mark in marks.items() if mark > since[source]}
    return Gathered(frame.filter(known).with_columns(present), moved)


def _nothing(entity: str) -> pl.DataFrame:
    names = [*_RECORD, *(field.name for field in ENTITIES[entity].fields)]
    columns = {f"{role}.{name}": _RECORD.get(name, pl.String) for role in ("crm", "erp") for name in names}
    return pl.DataFrame(schema={"golden_id": pl.String, **columns})


def _sources(entity: str, holding: list[Side]) -> list[Table]:
    sources = [tables.links(entity), *(side.table for side in holding)]
    refs = {field.ref for field in ENTITIES[entity].fields if field.ref}
    if entity == "order":
        sources += [side.line_table for side in holding]
        refs.add("product")
    sources += [tables.links(ref) for ref in sorted(refs - {entity})]
    if entity in SOURCES:
        sources.append(SOURCES[entity][0])
    return sources


def _affected(
    con: duckdb.DuckDBPyConnection, entity: str, holding: list[Side], since: dict[Table, int], extra: list[str]
) -> None:
    links = tables.links(entity)
    parts = ["SELECT id AS golden_id FROM _extra"]
    parts.append(f"SELECT golden_id FROM {links.sql} WHERE _change > {since[links]}")
    for side in holding:
        parts += _touched(entity, side, since)
    if entity in SOURCES and SOURCES[entity][0] in since:
        source, owner = SOURCES[entity]
        parts.append(f'SELECT "{owner}" FROM {source.sql} WHERE _change > {since[source]}')
    with changes.listed(con, "_extra", extra):
        con.execute(f"CREATE OR REPLACE TEMP TABLE _affected AS {' UNION '.join(parts)}")


def _touched(entity: str, side: Side, since: dict[Table, int]) -> list[str]:
    """SQL for golden ids whose record on this side, references of it or lines of it changed."""
    own = (
        f"SELECT l.golden_id FROM {side.table.sql} c JOIN {tables.links(entity).sql} l "
        f"ON l.connection = '{side.connection.name}' AND l.native_id = c.native_id"
    )
    parts = [f"{own} WHERE c._change > {since[side.table]}"]
    for field in _references(entity, side.entity_map):
        links = tables.links(field.ref or "")
        if links in since:
            parts.append(
                f"{own} JOIN {links.sql} r ON r.connection = '{side.connection.name}' "
                f'AND r.native_id = c."{field.name}" WHERE r._change > {since[links]}'
            )
    if side.line_table in since:
        lines, products = side.line_table, tables.links("product")
        parts.append(f"{own} JOIN {lines.sql} n ON n.parent_id = c.native_id WHERE n._change > {since[lines]}")
        if products in since:
            parts.append(
                f"{own} JOIN {lines.sql} n ON n.parent_id = c.native_id JOIN {products.sql} r "
                f"ON r.connection = '{side.connection.name}' AND r.native_id = n.product "
                f"WHERE r._change > {since[products]}"
            )
    return parts


def _references(entity: str, entity_map: EntityMap) -> list[canonical.Field]:
    return [field for field in ENTITIES[entity].fields if field.ref and field.name in entity_map.fields]


def _side_frame(
    platform: Platform, con: duckdb.DuckDBPyConnection, entity: str, side: Side | None, role: str
) -> pl.DataFrame:
    """One side's values as `<role>.<field>` text, with every canonical field present (null where unmapped)."""
    names = [field.name for field in ENTITIES[entity].fields]
    if side is None:
        columns = {f"{role}.{name}": _RECORD.get(name, pl.String) for name in [*_RECORD, *names]}
        return pl.DataFrame(schema={"golden_id": pl.String, **columns})
    frame = con.execute(_side_sql(con, entity, side)).pl()
    if entity in ROLLUPS and role == "erp":
        frame = ROLLUPS[entity](con, frame)
    if entity == "order":
        frame = frame.join(golden_lines(platform, con, side.connection, side.line_table, frame), on="id", how="left")
    text = canonical.text(entity, frame)
    text = text.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in names if name not in text.columns)
    return text.select("golden_id", *(pl.col(name).alias(f"{role}.{name}") for name in [*_RECORD, *names]))


def _side_sql(con: duckdb.DuckDBPyConnection, entity: str, side: Side) -> str:
    columns = set(side.table.columns(con))
    connection, joins, select = side.connection.name, [], []
    for field in ENTITIES[entity].fields:
        if field.name not in columns:
            continue
        if field.ref and tables.links(field.ref).exists(con):
            alias = f"r_{field.name}"
            joins.append(
                f"LEFT JOIN {tables.links(field.ref).sql} {alias} ON {alias}.connection = '{connection}' "
                f'AND {alias}.native_id = c."{field.name}"'
            )
            lives = tables.lives(alias)
            own = f"nullif({lives}, l.golden_id)" if field.ref == entity else lives
            select.append(f'{own} AS "{field.name}"')
        elif not field.ref:
            select.append(f'c."{field.name}"')
    return f"""
        SELECT l.golden_id, c.native_id AS id, c.external_key AS key, c.modified::VARCHAR AS modified, c.modified_by,
               NOT c.deleted AS present, c.deleted, {", ".join(select)}
        FROM (SELECT DISTINCT golden_id FROM _affected) a
        JOIN {tables.links(entity).sql} l ON l.golden_id = a.golden_id AND l.connection = '{connection}'
        JOIN {side.table.sql} c ON c.native_id = l.native_id
        {" ".join(joins)}
    """
