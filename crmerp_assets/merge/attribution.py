"""Which part of an invoice belongs to which order, so that sums over orders tie to the invoice to the last cent.

An invoice's money is split in proportion to its lines that bill each order; lines that bill no order, tax and header
discounts follow them. Each part is rounded to whole minor units, and what that leaves over goes to the order with the
largest part, the first of several: the rule of `canonical.money.allocated`. Where the lines that bill orders come to
nothing, the first order takes all. Every order's own parts add up too: open = invoiced - paid - credited - written off
+ reversed; what rounding them apart leaves over goes to the largest of what was paid, credited and written off.

NetSuite's own calls make an invoice of one order. Scripts and SuiteApps bill several on one, whose links name the order
of every line.
"""

import polars as pl

from crmerp_assets.canonical.money import MONEY, round_to_minor

AMOUNTS = ("invoiced", "tax", "paid", "credited", "written_off", "reversed", "open_balance")
_SETTLED = ("paid", "credited", "written_off")


def shares(invoices: pl.DataFrame, billed: pl.DataFrame) -> pl.DataFrame:
    """One row an invoice and order: the invoice's columns, with its part of each of AMOUNTS.

    `invoices`: golden_id, currency and AMOUNTS. `billed`: golden_id (of the invoice), native_order, order, amount; rows
    of one order are added up.
    """
    weights = billed.group_by("golden_id", "native_order").agg(pl.col("order").first(), pl.col("amount").sum())
    rows = invoices.join(weights.rename({"amount": "_weight"}), on="golden_id", how="inner")
    rows = rows.sort("golden_id", pl.col("native_order").str.len_bytes(), "native_order")
    first = pl.int_range(pl.len()).over("golden_id") == 0
    weight, whole = pl.col("_weight").fill_null(0).cast(pl.Float64), pl.col("_weight").sum().over("golden_id")
    share = pl.when(whole > 0).then(weight / whole.cast(pl.Float64)).otherwise(first.cast(pl.Float64))
    rows = rows.with_columns(share.alias("_share"))
    rows = rows.with_columns(_part(name).alias(f"_{name}") for name in AMOUNTS)
    rows = rows.with_columns(_balanced()).drop("_weight", "_share", *AMOUNTS)
    return rows.rename({f"_{name}": name for name in AMOUNTS})


def _part(name: str) -> pl.Expr:
    amount = pl.col(name).cast(MONEY)
    each = round_to_minor((amount.cast(pl.Float64) * pl.col("_share")).round(6), pl.col("currency"))
    residue = (amount - each.sum().over("golden_id")).cast(MONEY)
    place = pl.int_range(pl.len()).over("golden_id")
    largest = place == pl.col("_share").arg_max().over("golden_id")
    return pl.when(largest).then(each + residue).otherwise(each).cast(MONEY)


def _balanced() -> list[pl.Expr]:
    """Per order, what is open is what the parts come to; the invoice's largest settlement takes the cents."""
    kept = pl.col("_invoiced") - pl.col("_paid") - pl.col("_credited") - pl.col("_written_off") + pl.col("_reversed")
    whole = pl.col("invoiced") - pl.col("paid") - pl.col("credited") - pl.col("written_off") + pl.col("reversed")
    cents = pl.when(whole == pl.col("open_balance")).then(kept - pl.col("_open_balance")).otherwise(pl.lit(0))
    most = pl.max_horizontal(*_SETTLED)
    found, taken = [], pl.lit(value=False)
    for name in _SETTLED:
        takes = (pl.col(name) == most) & ~taken
        found.append(
            (pl.col(f"_{name}") + pl.when(takes).then(cents).otherwise(pl.lit(0))).cast(MONEY).alias(f"_{name}")
        )
        taken = taken | (pl.col(name) == most)
    return found
