"""Take inventory: ask every system about its objects, count what is staged of them, and compare with the last time."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from crmerp_assets.connectors.errors import ConnectorError
from crmerp_assets.connectors.protocol import FieldInfo
from crmerp_assets.mapping.matrix import EntityMap
from crmerp_assets.reports import inventory as report
from crmerp_assets.reports.inventory import FIELDS, KEY, LIMITS, PROBLEMS, PROPERTIES, Inventory
from crmerp_assets.sync import tables
from crmerp_assets.sync.files import put
from crmerp_assets.sync.platform import Connection, Platform

NAME = "inventory"
_LAST = tables.report(NAME)
_SHOWN = ("objects", "drift", "breaking", "limits", "problems")


def take(platform: Platform) -> Inventory:
    """Describe every object that the mapping names, in every connection, and store it in the place of the last one.

    An object that a system does not describe is a row of `problems`, and keeps what was known of it.
    """
    described, problems = _described(platform)
    used = _used(platform)
    with platform.warehouse.open() as con:
        staged = pl.concat([pl.DataFrame(schema=_STAGED), *_staged(con, platform)])
        fields = report.dictionary(described, used, staged)
        before = con.execute(f"SELECT * FROM {_LAST.sql}").pl() if _LAST.exists(con) else fields.clear()
        fields = _kept(fields, before, problems)
        changed = report.drift(before.select(*FIELDS), fields)
        _LAST.replace(con, fields)
        tables.report(f"{NAME}_drift").replace(con, changed)
    return Inventory(platform.clock(), fields, changed, _limits(platform), problems)


def _described(platform: Platform) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows: list[dict[str, Any]] = []
    problems: list[dict[str, str]] = []
    for connection in platform.connections.values():
        for object_ in _objects(platform, connection):
            at = {"connection": connection.name, "object": object_}
            try:
                found = connection.connector.describe(object_)
            except ConnectorError as error:
                problems.append(at | {"problem": str(error)})
                continue
            rows += [at | _row(info) for info in found.values()]
    schema = dict.fromkeys(KEY, pl.String()) | dict(PROPERTIES)
    return pl.DataFrame(rows, schema=schema), pl.DataFrame(problems, schema=PROBLEMS)


def _objects(platform: Platform, connection: Connection) -> list[str]:
    """The native objects that the maps of the connection's system name."""
    return list(dict.fromkeys(entity_map.object for entity_map in platform.matrix.maps(connection.system)))


def _row(info: FieldInfo) -> dict[str, Any]:
    told = {name: getattr(info, name) for name in PROPERTIES if name not in ("values", "references")}
    return {
        "field": info.name,
        **told,
        "values": ", ".join(info.values) or None,
        "references": ", ".join(info.reference_to) or None,
    }


def _used(platform: Platform) -> pl.DataFrame:
    """Which canonical fields read and write each native field, in `read_by` and `written_by`."""
    rows = [
        {"connection": connection.name, "object": entity_map.object, "field": native, "use": use, "by": by}
        for connection in platform.connections.values()
        for entity_map in platform.matrix.maps(connection.system)
        for native, use, by in _uses(entity_map)
    ]
    schema = dict.fromkeys((*KEY, "use", "by"), pl.String())
    found = pl.DataFrame(rows, schema=schema).group_by(*KEY, maintain_order=True)
    return found.agg(
        pl.col("by")
        .filter(pl.col("use") == use)
        .unique(maintain_order=True)
        .str.join(", ")
        .replace("", None)
        .alias(name)
        for use, name in (("read", "read_by"), ("write", "written_by"))
    )


def _uses(entity_map: EntityMap) -> Iterator[tuple[str, str, str]]:
    if entity_map.key:
        yield from ((entity_map.key, use, f"{entity_map.entity} key") for use in ("read", "write"))
    for name, field in entity_map.fields.items():
        for native in field.native:
            yield native, "read", f"{entity_map.entity}.{name}"
            if entity_map.operations and field.write != "never":
                yield native, "write", f"{entity_map.entity}.{name}"
    for native in entity_map.defaults:
        yield native, "write", f"{entity_map.entity} default"


_STAGED: Mapping[str, pl.DataType] = {name: FIELDS[name] for name in (*KEY, "rows", "filled", "distinct")}


def _staged(con: duckdb.DuckDBPyConnection, platform: Platform) -> Iterator[pl.DataFrame]:
    for connection in platform.connections.values():
        for object_ in _objects(platform, connection):
            yield from _counted(con, connection, object_)


def _counted(con: duckdb.DuckDBPyConnection, connection: Connection, object_: str) -> Iterator[pl.DataFrame]:
    """How full the native columns of an object are, in one pass over its live rows."""
    table = tables.raw(connection.name, object_)
    columns = [name for name in table.columns(con) if not name.startswith("_")]
    if not columns:
        return
    counts = ", ".join(
        f'struct_pack(filled := count(nullif("{name}", \'\')), distinct_ := approx_count_distinct("{name}"))'
        for name in columns
    )
    row = con.execute(f"SELECT count(*), {counts} FROM {table.sql} WHERE NOT coalesce(_deleted, false)").fetchall()[0]
    yield pl.DataFrame(
        {
            "connection": connection.name,
            "object": object_,
            "field": columns,
            "rows": row[0],
            "filled": [one["filled"] for one in row[1:]],
            "distinct": [one["distinct_"] for one in row[1:]],
        },
        schema=_STAGED,
    )


def _kept(fields: pl.DataFrame, before: pl.DataFrame, problems: pl.DataFrame) -> pl.DataFrame:
    """With what was known of objects that could not be described now: a network that is down changes no system."""
    lost = problems.select("connection", "object")
    there = fields.join(lost, on=["connection", "object"], how="anti")
    return pl.concat([there, before.select(*FIELDS).join(lost, on=["connection", "object"], how="semi")]).sort(*KEY)


def _limits(platform: Platform) -> pl.DataFrame:
    """Today's calls by each system's own count; one that does not tell has none."""
    rows = []
    for connection in platform.connections.values():
        try:
            found = connection.connector.limits()
        except ConnectorError:
            continue
        rows.append((connection.name, found.used, found.allowed, found.concurrent))
    return pl.DataFrame(rows, schema=LIMITS, orient="row")


def publish(found: Inventory, folder: Path) -> Path:
    """Write the page, the workbook, JSON and the tables that the command line shows; returns the page."""
    parts = folder / NAME
    parts.mkdir(parents=True, exist_ok=True)
    for name in _SHOWN:
        getattr(found, name).write_parquet(parts / f"{name}.parquet")
    put(folder / f"{NAME}.xlsx", report.workbook(found))
    put(folder / f"{NAME}.json", report.document(found).encode())
    return put(folder / f"{NAME}.html", report.page(found).encode())


def published(folder: Path) -> dict[str, pl.DataFrame]:
    """Objects, drift, breaking drift, limits and problems of the last inventory that was published."""
    return {name: pl.read_parquet(folder / NAME / f"{name}.parquet") for name in _SHOWN}
