"""Does what was won equal what was ordered? Deal by deal, summed per currency, with a reason for every gap.

Every won deal since the go-live date is in exactly one of these places, so that the sums tie by construction:

| place     | meaning                                                        | who acts            |
|-----------|----------------------------------------------------------------|---------------------|
| ordered   | the ERP holds its order and the totals agree                   | nobody              |
| differs   | the ERP holds its order with another total                     | finance             |
| pending   | its order is planned or on its way                             | the platform        |
| parked    | a gate holds it, or a system refused it                        | named by the reason |
| invalid   | the CRM record fails validation                                | sales operations    |
| deleted   | its order was deleted in the ERP                               | finance             |
| unplanned | nobody knows why it has no order: a fault of the platform      | the platform        |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

PLACES = ("ordered", "differs", "pending", "parked", "invalid", "deleted", "unplanned")
IN_FLIGHT = ("planned", "approved", "claimed", "sent", "unknown")
DEALS: dict[str, pl.DataType] = {
    "golden_id": pl.String(),
    "crm_id": pl.String(),
    "order_number": pl.String(),
    "currency": pl.String(),
    "amount": pl.Decimal(20, 6),
    "erp_total": pl.Decimal(20, 6),
    "invoiced": pl.Decimal(20, 6),
    "paid": pl.Decimal(20, 6),
    "credited": pl.Decimal(20, 6),
    "open_balance": pl.Decimal(20, 6),
    "place": pl.String(),
    "gate": pl.String(),
    "reason": pl.String(),
}


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """`deals`: one row a won deal (DEALS). `money`: sums per currency. `gaps`: per currency, place, gate and reason.

    `counts`: per entity the records of each side, linked ones and those of one side only.
    """

    deals: pl.DataFrame
    money: pl.DataFrame
    gaps: pl.DataFrame
    counts: pl.DataFrame

    @property
    def explained(self) -> bool:
        """Whether every deal has a place that somebody or something is acting on, and no total differs."""
        return self.deals.filter(pl.col("place").is_in(["unplanned", "differs"])).is_empty()

    @property
    def agrees(self) -> bool:
        """Whether everything won is ordered, with equal totals."""
        return self.deals.filter(pl.col("place") != "ordered").is_empty()


def reconcile(
    deals: pl.DataFrame,
    intents: pl.DataFrame,
    invalid: pl.DataFrame,
    counts: pl.DataFrame,
    tolerance: Mapping[str, Decimal],
) -> Reconciliation:
    """Give every won deal its place.

    `deals`: golden orders that are won and in scope (typed columns of DEALS, and erp_id, erp_deleted).
    `intents`: open create intents of orders (golden_id, state, gate, reason, error). `invalid`: parked CRM deals
    (crm_id, reason). `tolerance`: largest allowed difference of totals per currency, with a `default`.
    """
    placed = _placed(deals.join(intents, on="golden_id", how="left"), tolerance)
    unusable = invalid.with_columns(pl.lit("invalid").alias("place"), pl.lit("validation").alias("gate"))
    rows = pl.concat([_shaped(placed), _shaped(unusable)]).sort("place", "currency", "golden_id", "crm_id")
    return Reconciliation(rows, _money(rows), _gaps(rows), counts)


def _placed(rows: pl.DataFrame, tolerance: Mapping[str, Decimal]) -> pl.DataFrame:
    default = tolerance.get("default", Decimal("0.01"))
    allowed = pl.col("currency").replace_strict(dict(tolerance), default=default, return_dtype=pl.Decimal(20, 6))
    differs = (pl.col("amount") - pl.col("erp_total")).abs() > allowed
    ordered = pl.col("erp_id").is_not_null() & ~pl.col("erp_deleted").fill_null(value=False)
    place = (
        pl.when(ordered & differs.fill_null(value=False))
        .then(pl.lit("differs"))
        .when(ordered)
        .then(pl.lit("ordered"))
        .when(pl.col("erp_deleted").fill_null(value=False))
        .then(pl.lit("deleted"))
        .when(pl.col("state").is_in(["waiting", "rejected"]))
        .then(pl.lit("parked"))
        .when(pl.col("state").is_in(IN_FLIGHT))
        .then(pl.lit("pending"))
        .otherwise(pl.lit("unplanned"))
    )
    reason = (
        pl.when(ordered & differs.fill_null(value=False))
        .then(pl.lit("the ERP's total differs from the deal's amount"))
        .when(~ordered)
        .then(pl.coalesce("reason", "error", pl.lit("no intent was planned; run `crmerp sync`")))
    )
    gate = pl.when(~ordered).then(pl.coalesce("gate", pl.when(pl.col("state") == "rejected").then(pl.lit("rejected"))))
    return rows.with_columns(place.alias("place"), reason.alias("reason"), gate.alias("gate"))


def _shaped(rows: pl.DataFrame) -> pl.DataFrame:
    missing = [pl.lit(None, dtype=kind).alias(name) for name, kind in DEALS.items() if name not in rows.columns]
    return rows.with_columns(missing).select(*DEALS).cast(DEALS)  # type: ignore[arg-type]


def _money(deals: pl.DataFrame) -> pl.DataFrame:
    """Per currency: won = ordered + differs + pending + parked + ..., in deals and money, and the way to cash."""
    at = {place: pl.col("place") == place for place in PLACES}
    sums = [
        expr
        for place, here in at.items()
        for expr in (
            here.sum().alias(f"{place}_deals"),
            pl.col("amount").filter(here).sum().alias(f"{place}_amount"),
        )
    ]
    chain = [pl.col(name).sum() for name in ("erp_total", "invoiced", "paid", "credited", "open_balance")]
    return (
        deals.group_by("currency")
        .agg(pl.len().alias("won_deals"), pl.col("amount").sum().alias("won_amount"), *sums, *chain)
        .sort("currency", nulls_last=True)
    )


def _gaps(deals: pl.DataFrame) -> pl.DataFrame:
    """What is not ordered, per currency, place, gate and reason, largest first."""
    return (
        deals.filter(pl.col("place") != "ordered")
        .group_by("currency", "place", "gate", "reason")
        .agg(pl.len().alias("deals"), pl.col("amount").sum().alias("amount"))
        .sort("amount", "reason", descending=[True, False], nulls_last=True)
    )
