"""Everything that breaks the chain from won to paid, one row each: with its money, its reason and who acts."""

from collections.abc import Mapping
from decimal import Decimal

import polars as pl

from crmerp_assets.canonical.money import MONEY, round_to_minor, tolerance_of
from crmerp_assets.reports.company import CARRIED
from crmerp_assets.reports.owners import owned

STRAYS: dict[str, pl.DataType] = {
    "record": pl.String(),
    "golden_id": pl.String(),
    "name": pl.String(),
    "number": pl.String(),
    "day": pl.Date(),
    "period": pl.String(),
    "currency": pl.String(),
    "amount": MONEY,
    "place": pl.String(),
    "gate": pl.String(),
    "reason": pl.String(),
    "explained": pl.Boolean(),
    "owner": pl.String(),
    "next_step": pl.String(),
    **CARRIED,
    "company_amount": MONEY,
}
BREAKS: dict[str, pl.DataType] = {
    **{name: kind for name, kind in STRAYS.items() if name not in ("day", *CARRIED, "company_amount")},
    "difference": MONEY,
    **CARRIED,
    "company_amount": MONEY,
    "lines": pl.String(),
}


def breaks(deals: pl.DataFrame, strays: pl.DataFrame, tolerance: Mapping[str, Decimal]) -> pl.DataFrame:
    """Rows of BREAKS: deals that are not ordered, orders that agree in total alone, documents without a deal.

    `amount` is the deal's or the document's; `difference` is how much of it is missing in the next step of the chain.
    Unexplained ones come first, then the largest.
    """
    named = deals.rename({"crm_id": "record", "order_number": "number"})
    order = pl.when(pl.col("place") != "deleted").then("erp_total").fill_null(Decimal(0))
    broken = named.filter(pl.col("place") != "ordered").with_columns((pl.col("amount") - order).alias("difference"))
    parts = [broken, *_later(named.filter(pl.col("place") == "ordered"), tolerance)]
    parts.append(strays.with_columns(pl.col("amount").alias("difference")))
    shaped = pl.concat([_shaped(part) for part in parts])
    return shaped.sort("explained", "amount", "record", descending=[False, True, False], nulls_last=True)


def _later(ordered: pl.DataFrame, tolerance: Mapping[str, Decimal]) -> list[pl.DataFrame]:
    """What breaks after the order: other lines for the same total, more billed than ordered, closed before all was.

    Without tax on either side: an order's total has none. A credit takes its share of the invoices' tax with it.
    """
    allowed = tolerance_of(pl.col("currency"), tolerance)
    invoiced, tax, credited = (pl.col(name).fill_null(Decimal(0)) for name in ("invoiced", "invoiced_tax", "credited"))
    missing = pl.col("erp_total") - (invoiced - tax)
    kept = missing + _without_tax(credited, tax, invoiced)  # what was credited may be billed anew
    found = {
        "lines_differ": (
            pl.col("lines").is_not_null(),
            pl.lit(Decimal(0)),
            pl.format("the totals agree, the lines do not: {}", "lines"),
        ),
        "overbilled": (kept < -allowed, kept, pl.lit("its invoices come to more than the order")),
        "closed_short": (
            (pl.col("order_status") == "closed") & (missing > allowed),
            missing,
            pl.lit("the order was closed before all of it was invoiced"),
        ),
    }
    return [
        owned(
            ordered.filter(here).with_columns(
                pl.lit(kind).alias("place"),
                pl.lit(None, dtype=pl.String).alias("gate"),
                reason.alias("reason"),
                amount.cast(MONEY).alias("difference"),
                pl.lit(value=True).alias("explained"),
            )
        )
        for kind, (here, amount, reason) in found.items()
    ]


def _without_tax(credited: pl.Expr, tax: pl.Expr, invoiced: pl.Expr) -> pl.Expr:
    """The exact amount where there is no tax; else in double precision, to whole minor units."""
    whole = pl.when(invoiced == 0).then(pl.lit(1.0)).otherwise(invoiced.cast(pl.Float64))
    taken = (credited.cast(pl.Float64) * tax.cast(pl.Float64) / whole).round(6)
    return credited - round_to_minor(taken, pl.col("currency"))


def _shaped(frame: pl.DataFrame) -> pl.DataFrame:
    missing = [pl.lit(None, dtype=kind).alias(name) for name, kind in BREAKS.items() if name not in frame.columns]
    return frame.with_columns(missing).select(*BREAKS).cast(BREAKS)  # type: ignore[arg-type]
