"""Does what was won equal what was ordered, invoiced and paid? Deal by deal, per currency and month, with every gap.

The rows are the report: every sum is made from them when it is asked for (see `totals`), so that a part of the report,
say one month, ties in the same way as the whole. A deal belongs to the month in which it was won.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property

import polars as pl

from crmerp_assets.canonical.money import MONEY
from crmerp_assets.reports import totals
from crmerp_assets.reports.breaks import breaks
from crmerp_assets.reports.company import CARRIED
from crmerp_assets.reports.drift import DRIFT, DRIFT_TOTALS
from crmerp_assets.reports.owners import owned
from crmerp_assets.reports.places import ORDER_AMOUNTS, placed

AMOUNTS = ("amount", *ORDER_AMOUNTS)
DEALS: dict[str, pl.DataType] = {
    "golden_id": pl.String(),
    "crm_id": pl.String(),
    "name": pl.String(),
    "order_number": pl.String(),
    "order_status": pl.String(),
    "close_date": pl.Date(),
    "period": pl.String(),
    "currency": pl.String(),
    **dict.fromkeys(AMOUNTS, MONEY),
    "place": pl.String(),
    "gate": pl.String(),
    "reason": pl.String(),
    "explained": pl.Boolean(),
    "owner": pl.String(),
    "next_step": pl.String(),
    "lines": pl.String(),
    **CARRIED,
    **dict.fromkeys((f"company_{name}" for name in AMOUNTS), MONEY),
}
TABLES = ("money", "periods", "company", "rates", "gaps", "breaks", "deals", "lines", "counts", "drift", "drift_totals")


@dataclass(frozen=True)
class Reconciliation:
    """`deals`: one row a won deal (DEALS). `strays`: documents without one (STRAYS). `lines`: what differs in
    an order, line by line.

    `counts`: per entity the records of each side, linked ones and those of one side only. `drift` and `drift_totals`:
    what moved since the run at `compared_with`, which is None for the first one.
    """

    deals: pl.DataFrame
    strays: pl.DataFrame
    lines: pl.DataFrame
    counts: pl.DataFrame
    tolerance: Mapping[str, Decimal]
    made_at: datetime
    compared_with: datetime | None = None
    drift: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DRIFT))
    drift_totals: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=DRIFT_TOTALS))

    @cached_property
    def money(self) -> pl.DataFrame:
        """Sums per currency."""
        return totals.money(self.deals)

    @cached_property
    def periods(self) -> pl.DataFrame:
        """Sums per currency and period."""
        return totals.money(self.deals, ["currency", "period"])

    @cached_property
    def company(self) -> pl.DataFrame:
        """Sums per period in the company's currency."""
        return totals.company(self.deals)

    @cached_property
    def rates(self) -> pl.DataFrame:
        """The rates behind `company`."""
        return totals.rates(self.deals)

    @cached_property
    def gaps(self) -> pl.DataFrame:
        """What is not ordered, by reason."""
        return totals.gaps(self.deals)

    @cached_property
    def breaks(self) -> pl.DataFrame:
        """Everything that breaks the chain, each with its reason and owner."""
        return breaks(self.deals, self.strays, self.tolerance)

    @property
    def unexplained(self) -> pl.DataFrame:
        """The breaks that nobody and nothing is acting on."""
        return self.breaks.filter(~pl.col("explained"))

    @property
    def explained(self) -> bool:
        """Whether somebody or something is acting on every break."""
        return self.unexplained.is_empty()

    @property
    def agrees(self) -> bool:
        """Whether everything won is ordered, with equal totals."""
        return self.deals.filter(pl.col("place") != "ordered").is_empty()

    def selected(self, period: str | None = None, since: str | None = None) -> "Reconciliation":
        """The part of one period, or of those from one on, such as 2026-11; the counts are of everything."""
        if not (period or since):
            return self
        here = pl.col("period") == period if period else pl.col("period") >= since
        deals, strays = (frame.filter(here) for frame in (self.deals, self.strays))
        lines = self.lines.join(deals.select("golden_id"), on="golden_id", how="semi")
        moved, shifted = (frame.filter(here) for frame in (self.drift, self.drift_totals))
        return replace(self, deals=deals, strays=strays, lines=lines, drift=moved, drift_totals=shifted)


def place_deals(
    deals: pl.DataFrame, intents: pl.DataFrame, invalid: pl.DataFrame, tolerance: Mapping[str, Decimal]
) -> pl.DataFrame:
    """Give every won deal its place, reason and owner.

    `deals`: golden orders that are won and in scope (typed columns of DEALS as far as they are known, and erp_id,
    erp_deleted, erp_currency). `intents`: see `places.placed`. `invalid`: parked CRM deals (crm_id, reason, and what
    could be read of them); one that is among `deals` too, in an earlier and usable version, is counted once.
    `tolerance`: largest allowed difference of totals per currency, with a `default`.
    """
    reasons = invalid.select("crm_id", pl.col("reason").alias("invalid"))
    known = placed(deals.join(reasons, on="crm_id", how="left"), intents, tolerance)
    unknown = invalid.join(deals, on="crm_id", how="anti").with_columns(
        pl.lit("invalid").alias("place"), pl.lit("validation").alias("gate"), pl.lit(value=True).alias("explained")
    )
    rows = pl.concat([owned(shaped(known)), owned(shaped(unknown))])
    return rows.sort("place", "currency", "golden_id", "crm_id")


def shaped(rows: pl.DataFrame) -> pl.DataFrame:
    """Exactly the columns of DEALS; the period is the month of the close date."""
    month = pl.col("close_date").dt.to_string("%Y-%m").alias("period")
    missing = [pl.lit(None, dtype=kind).alias(name) for name, kind in DEALS.items() if name not in rows.columns]
    return rows.with_columns(missing).with_columns(month).select(*DEALS).cast(DEALS)  # type: ignore[arg-type]
