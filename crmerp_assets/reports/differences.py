"""Which lines make an order's total differ from its deal's amount: product by product, with quantity, price and amount.

The parts of one order sum up to its whole difference: the lines, what the deal's amount adds to its own lines, and what
the order's total has beyond its lines (tax, shipping, a discount on the whole order).
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

import polars as pl

from crmerp_assets.canonical.frames import decimal_text
from crmerp_assets.canonical.lines import parse_lines
from crmerp_assets.canonical.money import MONEY, RATE, tolerance_of

LINES: dict[str, pl.DataType] = {
    "golden_id": pl.String(),
    "currency": pl.String(),
    "part": pl.String(),
    "product": pl.String(),
    "unit": pl.String(),
    "deal_quantity": RATE,
    "order_quantity": RATE,
    "deal_price": MONEY,
    "order_price": MONEY,
    "deal_amount": MONEY,
    "order_amount": MONEY,
    "difference": MONEY,
}
LINE = "line"
NONE: Mapping[str, str] = MappingProxyType({})
_FIELDS = ("product", "product_text", "quantity", "unit_price", "amount")


def line_differences(
    orders: pl.DataFrame, products: Mapping[str, str], tolerance: Mapping[str, Decimal], units: Mapping[str, str] = NONE
) -> pl.DataFrame:
    """Rows of LINES for orders (golden_id, currency, amount, erp_total, crm_lines, erp_lines: canonical JSON).

    `products`: what to call a product, by golden id; `units`: what one of it is, where that is known. Only parts that
    differ are told, and only of orders that differ by more than the `tolerance` of their currency, in total or in a
    line; they sum up to amount - erp_total.
    """
    deal, order = _summed(orders, "crm_lines"), _summed(orders, "erp_lines")
    parts = [
        _lines(deal, order, products, units),
        _rest(orders, deal, "amount", "beyond the deal's lines"),
        _rest(orders, order, "erp_total", "beyond the order's lines"),
    ]
    known = orders.select("golden_id", "currency", (pl.col("amount") - pl.col("erp_total")).alias("_total"))
    found = pl.concat(parts, how="diagonal").join(known, on="golden_id")
    allowed = tolerance_of(pl.col("currency"), tolerance)
    other = pl.col("deal_quantity").ne_missing(pl.col("order_quantity")) | (pl.col("difference").abs() > allowed)
    differs = ((pl.col("part") == LINE) & other).any().over("golden_id") | (pl.col("_total").abs() > allowed)
    kept = found.filter(differs.fill_null(value=True)).select(*LINES).cast(LINES)  # type: ignore[arg-type]
    return kept.sort("golden_id", "part", "product", nulls_last=True)


def _lines(
    deal: pl.DataFrame, order: pl.DataFrame, products: Mapping[str, str], units: Mapping[str, str]
) -> pl.DataFrame:
    both = deal.join(order, on=["golden_id", "key"], how="full", coalesce=True, suffix="_order")
    nothing = Decimal(0)
    lines = both.select(
        "golden_id",
        pl.lit(LINE).alias("part"),
        pl.col("key").replace(dict(products)).alias("product"),
        pl.col("key").replace_strict(dict(units), default=None, return_dtype=pl.String).alias("unit"),
        pl.col("quantity").alias("deal_quantity"),
        pl.col("quantity_order").alias("order_quantity"),
        pl.col("price").alias("deal_price"),
        pl.col("price_order").alias("order_price"),
        pl.col("amount").alias("deal_amount"),
        pl.col("amount_order").alias("order_amount"),
        (pl.col("amount").fill_null(nothing) - pl.col("amount_order").fill_null(nothing)).alias("difference"),
    )
    return lines.filter((pl.col("difference") != 0) | pl.col("deal_quantity").ne_missing(pl.col("order_quantity")))


def _summed(orders: pl.DataFrame, column: str) -> pl.DataFrame:
    """(golden_id, key, quantity, price, amount) by product; the price only where all its lines have the same."""
    lines = parse_lines(orders, column, fields=_FIELDS, keep=["golden_id"]).with_columns(
        pl.coalesce("product", "product_text", pl.lit("(no product)")).alias("key"),
        pl.col("quantity").cast(RATE, strict=False),
        *(pl.col(name).cast(MONEY, strict=False) for name in ("unit_price", "amount")),
    )
    price = pl.when(pl.col("unit_price").n_unique() == 1).then(pl.col("unit_price").first())
    return lines.group_by("golden_id", "key").agg(
        pl.col("quantity").sum().cast(RATE), price.alias("price"), pl.col("amount").sum().cast(MONEY)
    )


def _rest(orders: pl.DataFrame, lines: pl.DataFrame, total: str, part: str) -> pl.DataFrame:
    """What a total has beyond the sum of its lines: on the deal's side it adds, on the order's side it takes."""
    sums = lines.group_by("golden_id").agg(pl.col("amount").sum().alias("_lines"))
    rest = (pl.col(total) - pl.col("_lines").fill_null(Decimal(0))).cast(MONEY)
    side, sign = ("deal_amount", 1) if total == "amount" else ("order_amount", -1)
    return (
        orders.join(sums, on="golden_id", how="left")
        .select(
            "golden_id", pl.lit(part).alias("part"), rest.alias(side), (rest * sign).cast(MONEY).alias("difference")
        )
        .filter(pl.col("difference") != 0)
    )


def told(lines: pl.DataFrame, most: int = 3) -> pl.DataFrame:
    """(golden_id, lines): the largest differences of each order in words."""
    line = pl.format("{}: deal {}, order {}", pl.col("product").fill_null("?"), _side("deal"), _side("order"))
    rest = pl.format("{} {}", decimal_text(pl.coalesce("deal_amount", "order_amount")), "part")
    largest = lines.with_columns(pl.col("difference").abs().alias("_size")).sort(
        "golden_id", "_size", "product", "part", descending=[False, True, False, False]
    )
    place = pl.int_range(pl.len()).over("golden_id")
    named = largest.with_columns(place.alias("_place"), pl.len().over("golden_id").alias("_parts"))
    texts = named.filter(pl.col("_place") < most).with_columns(
        pl.when(pl.col("part") == LINE).then(line).otherwise(rest).alias("text")
    )
    joined = texts.group_by("golden_id", "_parts", maintain_order=True).agg("text")
    more = (
        pl.when(pl.col("_parts") > most).then(pl.format("; and {} more", pl.col("_parts") - most)).otherwise(pl.lit(""))
    )
    return joined.select("golden_id", pl.concat_str(pl.col("text").list.join("; "), more).alias("lines"))


def _side(side: str) -> pl.Expr:
    price = decimal_text(pl.col(f"{side}_price")).fill_null("several prices")
    counted = pl.concat_str(decimal_text(pl.col(f"{side}_quantity")), "unit", separator=" ", ignore_nulls=True)
    amount = pl.format("{} at {} = {}", counted, price, decimal_text(pl.col(f"{side}_amount")))
    return pl.when(pl.col(f"{side}_amount").is_null()).then(pl.lit("none")).otherwise(amount)
