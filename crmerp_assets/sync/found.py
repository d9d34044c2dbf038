"""What a record that was read back holds of an intent: header, references and lines, in golden terms.

A lookup by key proves that a record exists, not that it holds what was sent: it may be older, somebody may have
edited it since, or its lines may be missing. Only what the record really holds may become the base of the next
three-way compare, or an older value would look like a newer edit and travel back.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from crmerp_assets import canonical
from crmerp_assets.canonical.frames import decimal_text
from crmerp_assets.canonical.lines import lines_json
from crmerp_assets.connectors.protocol import Row
from crmerp_assets.ledger import Transaction
from crmerp_assets.mapping import EntityMap, inbound
from crmerp_assets.sync.conform import child_rows
from crmerp_assets.sync.platform import Connection
from crmerp_assets.sync.pull import raw_frame
from crmerp_assets.sync.translate import KEY, Intent, to_send

LINE = ("position", "product", "quantity", "unit_price", "amount")
"""What golden lines consist of, see sync.lines."""


def found(tx: Transaction, side: Connection, entity_map: EntityMap, rows: Sequence[Row]) -> pl.DataFrame:
    """`native_id`, `external_key` and the canonical fields as text; references and lines name golden ids."""
    entity = entity_map.entity
    typed = canonical.typed(entity, inbound(entity_map, raw_frame(list(rows), entity_map)))
    text = canonical.text(entity, typed)
    for field in entity_map.model.fields:
        if field.ref and field.name in text.columns:
            text = _golden(tx, side, text, field.name, field.ref)
    if entity_map.lines_field is None:
        return text
    lines = _lines(tx, side, entity, typed).rename({"parent_id": "native_id", "lines": entity_map.lines_field})
    return text.drop(entity_map.lines_field).join(lines, on="native_id", how="left")


def lacking(intent: Intent, record: Mapping[str, str | None]) -> frozenset[str]:
    """The fields of the intent that the record does not hold as they were to be written."""
    wanted = to_send(intent)
    own = {"external_key" if name == KEY else name: value for name, value in wanted.items()}
    return frozenset(name for name, value in own.items() if record.get(name) != value)


def _lines(tx: Transaction, side: Connection, entity: str, typed: pl.DataFrame) -> pl.DataFrame:
    rows = child_rows(entity, typed)
    assert rows is not None
    lines = _golden(tx, side, rows, "product", "product").select(
        "parent_id", *(pl.col(name) if name == "product" else decimal_text(pl.col(name)).alias(name) for name in LINE)
    )
    return lines_json(lines)


def _golden(tx: Transaction, side: Connection, frame: pl.DataFrame, column: str, entity: str) -> pl.DataFrame:
    """The golden id in place of the native id that a reference holds; null for a record that is not linked."""
    links = tx.links.by_native(entity, side.name, frame[column].drop_nulls().unique())
    names = links.select(pl.col("native_id").alias(column), pl.col("golden_id").alias("_golden"))
    return (
        frame.join(names, on=column, how="left", maintain_order="left")
        .with_columns(pl.col("_golden").alias(column))
        .drop("_golden")
    )
