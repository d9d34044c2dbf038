"""Does what was won equal what was ordered? Deal by deal, summed per currency, with a reason for every gap.

Every won deal since the go-live date is in exactly one of these places, so that the sums tie by construction:

| place     | meaning                                                        | who acts            |
|-----------|----------------------------------------------------------------|---------------------|
| ordered   | the ERP holds its order and the totals agree                   | nobody              |
| differs   | the ERP holds its order with another total, or one is missing  | finance             |
| pending   | its order is planned or on its way                             | the platform        |
| parked    | a gate holds it, a system refused it, or a person skipped it   | named by the reason |
| invalid   | no order yet, and the CRM record fails validation              | sales operations    |
| deleted   | its order was deleted in the ERP                               | finance             |
| unplanned | nobody knows why it has no order: a fault of the platform      | the platform        |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

PLACES = ("ordered", "differs", "pending", "parked", "invalid", "deleted", "unplanned")
IN_FLIGHT = ("planned", "approved", "claimed", "sent", "unknown")
# What is said of a deal where neither a gate nor a system has given a reason.
REASONS = {
    "differs": "the ERP's total differs from the deal's amount",
    "pending": "its order is planned or on its way",
    "parked": "a gate holds it, or a system refused it",
    "deleted": "its order was deleted in the ERP",
    "unplanned": "no intent was planned; run `crmerp sync`",
}
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
    (crm_id, reason); one that is among `deals` too, in an earlier and usable version, is counted once. `tolerance`:
    largest allowed difference of totals per currency, with a `default`.
    """
    reasons = invalid.select("crm_id", pl.col("reason").alias("invalid"))
    known = deals.join(intents, on="golden_id", how="left").join(reasons, on="crm_id", how="left")
    unknown = invalid.join(deals, on="crm_id", how="anti").with_columns(
        pl.lit("invalid").alias("place"), pl.lit("validation").alias("gate")
    )
    placed = [_shaped(_placed(known, tolerance)), _shaped(unknown)]
    rows = pl.concat(placed).sort("place", "currency", "golden_id", "crm_id")
    return Reconciliation(rows, _money(rows), _gaps(rows), counts)


def _placed(rows: pl.DataFrame, tolerance: Mapping[str, Decimal]) -> pl.DataFrame:
    deleted = pl.col("erp_deleted").fill_null(value=False)
    ordered = pl.col("erp_id").is_not_null() & ~deleted
    place = (
        pl.when(ordered & _agrees(tolerance))
        .then(pl.lit("ordered"))
        .when(ordered)
        .then(pl.lit("differs"))
        .when(deleted)
        .then(pl.lit("deleted"))
        .when(pl.col("state").is_in(["waiting", "rejected", "cancelled"]))
        .then(pl.lit("parked"))
        .when(pl.col("state").is_in(IN_FLIGHT))
        .then(pl.lit("pending"))
        .when(pl.col("invalid").is_not_null())
        .then(pl.lit("invalid"))
        .otherwise(pl.lit("unplanned"))
    )
    return rows.with_columns(place.alias("place")).with_columns(_reason().alias("reason"), _gate().alias("gate"))


def _agrees(tolerance: Mapping[str, Decimal]) -> pl.Expr:
    """Whether both totals are known and differ by no more than their currency allows."""
    default = tolerance.get("default", Decimal("0.01"))
    allowed = pl.col("currency").replace_strict(dict(tolerance), default=default, return_dtype=pl.Decimal(20, 6))
    return ((pl.col("amount") - pl.col("erp_total")).abs() <= allowed).fill_null(value=False)


def _reason() -> pl.Expr:
    usual = pl.col("place").replace_strict(REASONS, default=None, return_dtype=pl.String)
    missing = pl.any_horizontal(pl.col("amount", "erp_total").is_null())
    return (
        pl.when(pl.col("place").is_in(["pending", "parked", "deleted"]))
        .then(pl.coalesce("reason", "error", usual))
        .when(pl.col("place") == "invalid")
        .then("invalid")
        .when((pl.col("place") == "differs") & missing)
        .then(pl.lit("the ERP's total or the deal's amount is missing"))
        .otherwise(usual)
    )


def _gate() -> pl.Expr:
    return (
        pl.when(pl.col("place") == "invalid")
        .then(pl.lit("validation"))
        .when(~pl.col("place").is_in(["ordered", "differs"]))
        .then(pl.coalesce(pl.when(pl.col("state") == "cancelled").then(pl.lit("skipped")), "gate", _rejected()))
    )


def _rejected() -> pl.Expr:
    return pl.when(pl.col("state") == "rejected").then(pl.lit("rejected"))


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
