"""What may still be changed of an order, by how far the ERP has come with it: one table for code, tests and docs."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from crmerp_assets.canonical.entities import ORDER_STATUSES
from crmerp_assets.canonical.lines import parse_lines
from crmerp_assets.canonical.money import MONEY

CHANGES = (
    "line_added",
    "line_removed",
    "quantity_raised",
    "quantity_lowered",
    "price",
    "product",
    "customer",
    "currency",
    "header",
)
SAID = MappingProxyType(
    {
        "line_added": "a line was added",
        "line_removed": "a line was removed",
        "quantity_raised": "a quantity was raised",
        "quantity_lowered": "a quantity was lowered",
        "price": "a price was changed",
        "product": "a product was changed",
        "customer": "the customer was changed",
        "currency": "the currency was changed",
        "header": "name or date was changed",
    }
)
_AMEND = "win an amendment deal for what is new"
_CREDIT = "credit the difference in the ERP with a credit memo, or put the deal back"
_RECREATE = "cancel the order in the ERP and win a new deal, or put the deal back"
_REOPEN = "win a new deal: a cancelled order is not opened again"


@dataclass(frozen=True, slots=True)
class Cell:
    """`step` is None where the order is changed in place, and otherwise what a person can do instead."""

    step: str | None = None

    @property
    def in_place(self) -> bool:
        return self.step is None


_FREE = Cell()
_OPEN = dict.fromkeys(CHANGES, _FREE) | {"currency": Cell(_RECREATE)}
_STARTED = {
    "line_added": _FREE,
    "quantity_raised": _FREE,
    "header": _FREE,
    "line_removed": Cell("close the line in the ERP, or put the deal back"),
    "quantity_lowered": Cell("close what is left of the line in the ERP, or put the deal back"),
    "price": Cell(_CREDIT),
    "product": Cell(_AMEND),
    "customer": Cell(_RECREATE),
    "currency": Cell(_RECREATE),
}
_DONE = dict.fromkeys(CHANGES, Cell(_CREDIT)) | {
    "line_added": Cell(_AMEND),
    "quantity_raised": Cell(_AMEND),
    "product": Cell(_AMEND),
    "customer": Cell("credit the invoice and win a new deal, or put the deal back"),
    "currency": Cell("credit the invoice and win a new deal, or put the deal back"),
    "header": Cell("change it in the ERP by hand, or put the deal back"),
}
_OVER = dict.fromkeys(CHANGES, Cell(_REOPEN))
TABLE: Mapping[str, Mapping[str, Cell]] = MappingProxyType(
    {
        "pending_approval": _OPEN,
        "pending_fulfillment": _OPEN,
        "partially_fulfilled": _STARTED,
        "pending_billing": _DONE,
        "billed": _DONE,
        "closed": _DONE,
        "cancelled": _OVER,
    }
)
STARTED = tuple(status for status in ORDER_STATUSES if TABLE[status] is not _OPEN)
"""The statuses in which somebody has begun to work on the order, or has ended it."""
ORDER_CLOSED, AMENDED = "order_closed", "amended_after_billing"


def refusals(candidates: pl.DataFrame) -> pl.DataFrame:
    """(golden_id, gate, reason) of the updates that the ERP's state of the order no longer allows.

    `candidates`: golden_id, changes (JSON), golden.lines, erp.lines, erp.order_status. An unknown status allows all:
    the ERP itself refuses what it must.
    """
    found = pl.concat([_line_changes(candidates), _header_changes(candidates)]).unique(maintain_order=True)
    known = found.join(candidates.select("golden_id", pl.col("erp.order_status").alias("state")), on="golden_id")
    judged = known.join(_cells(), on=["state", "change"], how="inner", maintain_order="left")
    shown = pl.col("state").str.replace_all("_", " ")
    said = judged.with_columns(pl.col("change").replace_strict(SAID).alias("said"))
    grouped = said.group_by("golden_id", maintain_order=True).agg(
        pl.col("state").first(),
        (pl.lit("the order is already ") + shown.first() + pl.lit(" in the ERP, and ")).alias("start"),
        pl.col("said").unique(maintain_order=True).str.join(", "),
        pl.col("step").unique(maintain_order=True).str.join("; "),
    )
    billed = pl.col("state").is_in(["billed", "closed"])
    return grouped.select(
        "golden_id",
        pl.when(billed).then(pl.lit(AMENDED)).otherwise(pl.lit(ORDER_CLOSED)).alias("refusal.gate"),
        (pl.col("start") + pl.col("said") + pl.lit(": ") + pl.col("step")).alias("refusal.reason"),
    )


def _cells() -> pl.DataFrame:
    """The cells that refuse, as rows."""
    rows = [(s, c, cell.step) for s, row in TABLE.items() for c, cell in row.items() if not cell.in_place]
    return pl.DataFrame(rows, schema={"state": pl.String, "change": pl.String, "step": pl.String}, orient="row")


def _line_changes(candidates: pl.DataFrame) -> pl.DataFrame:
    """(golden_id, change) by comparing the lines at each position."""
    touched = candidates.filter(pl.col("changes").str.contains('"lines":', literal=True))
    wanted, held = (_numbered(touched, column) for column in ("golden.lines", "erp.lines"))
    both = wanted.join(held, on=["golden_id", "position"], how="full", coalesce=True, suffix="_held")
    new, old = pl.col("quantity").is_not_null(), pl.col("quantity_held").is_not_null()
    same = new & old & pl.col("item").eq_missing(pl.col("item_held"))
    change = (
        pl.when(~old)
        .then(pl.lit("line_added"))
        .when(~new)
        .then(pl.lit("line_removed"))
        .when(~same)
        .then(pl.lit("product"))
        .when(pl.col("quantity") > pl.col("quantity_held"))
        .then(pl.lit("quantity_raised"))
        .when(pl.col("quantity") < pl.col("quantity_held"))
        .then(pl.lit("quantity_lowered"))
    )
    price = same & pl.col("unit_price").ne_missing(pl.col("unit_price_held"))
    found = [
        both.select("golden_id", change.alias("change")),
        both.filter(price).select("golden_id", pl.lit("price").alias("change")),
    ]
    return pl.concat(found).drop_nulls("change")


def _numbered(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    fields = ["position", "product", "product_text", "quantity", "unit_price"]
    lines = parse_lines(frame, column, fields, keep=["golden_id"])
    return lines.select(
        "golden_id",
        "position",
        pl.coalesce("product", "product_text").alias("item"),
        pl.col("quantity").cast(MONEY, strict=False).fill_null(0),
        pl.col("unit_price").cast(MONEY, strict=False),
    )


def _header_changes(candidates: pl.DataFrame) -> pl.DataFrame:
    names = {"customer": "customer", "currency": "currency", "name": "header", "close_date": "header"}
    found = [
        candidates.filter(pl.col("changes").str.contains(f'"{name}":', literal=True)).select(
            "golden_id", pl.lit(change).alias("change")
        )
        for name, change in names.items()
    ]
    return pl.concat(found)
