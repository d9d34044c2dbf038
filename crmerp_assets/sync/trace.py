"""Everything known of one record: values on both sides, golden, links, intents, attempts, reviews, parked errors."""

from dataclasses import dataclass, field
from typing import Any

import duckdb
import polars as pl

from crmerp_assets.canonical import ENTITIES, MIRRORS
from crmerp_assets.sync import tables, units
from crmerp_assets.sync.platform import Platform

_NUMBERS = {"order": "order_number", "customer": "erp_number", "product": "sku"}
_NUMBERS |= dict.fromkeys(("invoice", *MIRRORS), "number")


@dataclass(slots=True)
class Trace:
    """One record. `fields`: field, crm, erp, golden, why. Frames are empty where nothing is known."""

    entity: str
    golden_id: str | None
    fields: pl.DataFrame = field(default_factory=pl.DataFrame)
    links: pl.DataFrame = field(default_factory=pl.DataFrame)
    intents: pl.DataFrame = field(default_factory=pl.DataFrame)
    attempts: pl.DataFrame = field(default_factory=pl.DataFrame)
    parked: pl.DataFrame = field(default_factory=pl.DataFrame)


def trace(platform: Platform, identifier: str) -> list[Trace]:
    """Traces of every record that the identifier names: a golden id, a native id, an order or invoice number."""
    with platform.warehouse.open() as con:
        found = [hit for entity in ENTITIES for hit in _find(con, entity, identifier)]
        traces = [Trace(entity, golden_id, _fields(con, entity, golden_id)) for entity, golden_id in found]
    with platform.ledger.read() as tx:
        parked = tx.parked.list(skipped=True).filter(pl.col("native_id") == identifier)
        for one in traces:
            golden_id = one.golden_id or ""
            one.links = tx.links.of(one.entity, [golden_id])
            one.intents = tx.intents.of(one.entity, golden_id)
            histories = [tx.intents.attempts(i) for i in one.intents["id"].to_list()]
            one.attempts = pl.concat(histories) if histories else pl.DataFrame()
            natives = one.links["native_id"].to_list()
            one.parked = tx.parked.list(skipped=True).filter(
                (pl.col("entity") == one.entity) & pl.col("native_id").is_in([*natives, golden_id])
            )
    loose = [row["entity"] for row in parked.iter_rows(named=True) if row["entity"] not in {t.entity for t in traces}]
    return traces + [Trace(entity, None, parked=parked.filter(pl.col("entity") == entity)) for entity in loose]


def _find(con: duckdb.DuckDBPyConnection, entity: str, identifier: str) -> list[tuple[str, str]]:
    links, golden = tables.links(entity), tables.golden(entity)
    queries: list[tuple[str, list[Any]]] = []
    if links.exists(con):
        queries.append(
            (
                f"SELECT golden_id FROM {links.sql} WHERE native_id = ? OR golden_id = lower(?) "
                "OR (length(?) = 15 AND native_id[:15] = ?)",
                [identifier] * 4,
            )
        )
    number = _NUMBERS.get(entity)
    if number and golden.exists(con):
        queries.append((f"SELECT golden_id FROM {golden.sql} WHERE upper({number}) = upper(?)", [identifier]))
    ids = {row[0] for sql, values in queries for row in con.execute(sql, values).fetchall() if row[0]}
    return [(entity, golden_id) for golden_id in sorted(ids)]


def _fields(con: duckdb.DuckDBPyConnection, entity: str, golden_id: str) -> pl.DataFrame:
    source = tables.compare(entity)
    if not source.exists(con):
        return pl.DataFrame()
    rows = con.execute(f"SELECT * FROM {source.sql} WHERE golden_id = ?", [golden_id]).pl().to_dicts()
    if not rows:
        return pl.DataFrame()
    row = rows[0]
    if entity == "order":
        row |= {f"{s}.lines": units.with_units(con, s, row.get(f"{s}.lines")) for s in ("crm", "erp", "golden")}
    return pl.DataFrame(
        [
            {side: row.get(f"{side}.{item.name}") for side in ("crm", "erp", "golden", "why")} | {"field": item.name}
            for item in ENTITIES[entity].fields
        ],
        schema=dict.fromkeys(["field", "crm", "erp", "golden", "why"], pl.String),
    )
