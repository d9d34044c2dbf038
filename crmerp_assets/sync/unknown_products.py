"""Products that deals name and no catalogue knows: asked about, or by policy made in the ERP under their own text."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from crmerp_assets.canonical.lines import parse_lines
from crmerp_assets.canonical.money import MONEY
from crmerp_assets.sync import tables
from crmerp_assets.sync.needs import Need
from crmerp_assets.sync.order_gates import UNKNOWN_PRODUCT
from crmerp_assets.sync.platform import Platform

REVIEW = "unknown_product"
_NEAR = 0.92
_WHY = "policy: unknown products are created"


def ask(platform: Platform, found: pl.DataFrame) -> None:
    """One review for each product text that waiting orders name and no catalogue knows."""
    asked = _with_likely(platform, _unknown(found.filter(pl.col("gate") == UNKNOWN_PRODUCT)))
    rows = [
        {
            "kind": REVIEW,
            "entity": "product",
            "subject": row["key"],
            "title": _title(row),
            "detail": json.dumps(
                {"text": row["text"], "orders": row["orders"], "amount": str(row["amount"] or 0)}
                | ({"likely": row["likely"]} if row["likely"] else {})
            ),
            "value": float(row["amount"] or 0),
        }
        for row in asked.iter_rows(named=True)
    ]
    with platform.ledger.begin() as tx:
        tx.reviews.open(rows)
        tx.reviews.close(REVIEW, "product", keep=[row["subject"] for row in rows])


def _title(row: Mapping[str, Any]) -> str:
    guess = f" Probably {row['likely']}." if row["likely"] else ""
    return f"Which product is '{row['text']}'?{guess} {row['orders']} orders wait for the answer"


def _with_likely(platform: Platform, asked: pl.DataFrame) -> pl.DataFrame:
    """With the product of the catalogue whose name or code is nearest to the text, where one is near."""
    table = tables.golden("product")
    with platform.warehouse.open() as con:
        if asked.is_empty() or not table.exists(con):
            return asked.with_columns(likely=pl.lit(None, pl.String))
        con.register("_asked_texts", asked.select("key").to_arrow())
        squashed = "regexp_replace(lower({0}), '[^a-z0-9]+', '', 'g')"
        near = f"jaro_winkler_similarity({squashed.format('a.key')}, {squashed.format('p.called')}, {_NEAR})"
        found = con.execute(
            f"""
            SELECT a.key, arg_max(p.shown, {near}) AS likely FROM _asked_texts a JOIN (
                SELECT unnest([name, sku]) AS called, coalesce(name, sku) AS shown FROM {table.sql}
            ) p ON {near} >= {_NEAR} GROUP BY 1
            """
        ).pl()
        con.unregister("_asked_texts")
    return asked.join(found, on="key", how="left", maintain_order="left")


def _unknown(waiting: pl.DataFrame) -> pl.DataFrame:
    """(key, text, orders, amount) of the products that the waiting orders name and no catalogue knows."""
    shape = pl.Struct({"lines": pl.Struct({"after": pl.String})})
    lines = pl.col("changes").str.json_decode(shape).struct.field("lines").struct.field("after").alias("lines")
    rows = parse_lines(waiting.select("id", "amount", lines), fields=["product", "product_text"], keep=["id", "amount"])
    key = pl.col("product_text").str.strip_chars().str.to_lowercase().str.replace_all(r"\s+", " ")
    return (
        rows.filter(pl.col("product").is_null())
        .with_columns(key.alias("key"), pl.col("amount").cast(MONEY, strict=False))
        .unique(["id", "key"])
        .group_by("key")
        .agg(pl.col("product_text").min().alias("text"), pl.len().alias("orders"), pl.col("amount").sum())
        .sort("key")
    )


def with_new(platform: Platform, frame: pl.DataFrame, need: Need) -> tuple[pl.DataFrame, Need]:
    """The compare rows and needs of products, with those that policy makes out of texts that orders wait for.

    A product made like this is named by the text, in both systems once it is there, so that the orders find it.
    """
    if platform.policy.orders.unknown_product.rule != "create":
        return frame, need
    with platform.ledger.read() as tx:
        waiting = tx.intents.open(entity="order", states=["waiting"]).filter(pl.col("gate") == UNKNOWN_PRODUCT)
        asked = _unknown(waiting)
        made = [_row(platform.prefix("product"), row["key"], row["text"]) for row in asked.iter_rows(named=True)]
        there = set(tx.links.of("product", [row["golden_id"] for row in made])["golden_id"])
    missing = [row for row in made if row["golden_id"] not in there]
    if not missing:
        return frame, need
    rows = pl.DataFrame(missing, schema={name: frame.schema[name] for name in missing[0]})
    wanted = rows.select("golden_id", pl.lit(0, dtype=pl.Int64).alias("depth"))
    more = {**need.wanted, "erp": pl.concat([need.wanted["erp"], wanted])}
    return pl.concat([frame, rows], how="diagonal"), Need(more, need.late)


def _row(prefix: str, key: str, text: str) -> dict[str, Any]:
    """A compare row that neither side holds."""
    golden_id = f"{prefix}-{hashlib.sha256(f'product|{key}'.encode()).hexdigest()[:20]}"
    values = {"sku": text, "name": text, "active": "true"}
    sides = {f"{role}.{flag}": False for role in ("crm", "erp") for flag in ("present", "deleted")}
    golden = {f"golden.{name}": value for name, value in values.items()}
    return {"golden_id": golden_id, **sides, **golden, **{f"why.{name}": _WHY for name in values}}
