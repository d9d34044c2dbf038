"""The place of every won deal on its way to an order, with the gate and the reason that keep it there.

Every won deal since the go-live date is in exactly one of these places, so that the sums tie by construction:

| place     | meaning                                                            |
|-----------|--------------------------------------------------------------------|
| ordered   | the ERP holds its order and the totals agree                       |
| differs   | the ERP holds its order with another total, or one is missing      |
| pending   | its order is planned or on its way                                 |
| parked    | a gate holds it, a system refused it, or a person skipped it       |
| invalid   | no order yet, and the CRM record fails validation                  |
| deleted   | its order was deleted or cancelled in the ERP                      |
| unplanned | nobody knows why it has no order: a fault of the platform          |

Who acts on it is in `owners`.
"""

from collections.abc import Mapping
from decimal import Decimal

import polars as pl

from crmerp_assets.canonical.frames import decimal_text
from crmerp_assets.canonical.money import tolerance_of

PLACES = ("ordered", "differs", "pending", "parked", "invalid", "deleted", "unplanned")
IN_FLIGHT = ("planned", "approved", "claimed", "sent", "unknown")
HELD = ("waiting", "rejected", "cancelled")
# What the order's amounts are called; they are told only where the order is in the deal's currency.
# `erp_total` is without tax; what was invoiced, paid and is open is with it: `erp_tax` and `invoiced_tax` say how much.
ORDER_AMOUNTS = (
    "erp_total",
    "erp_tax",
    "invoiced",
    "invoiced_tax",
    "paid",
    "credited",
    "written_off",
    "reversed",
    "open_balance",
)
# What is said of a deal where neither a gate nor a system has given a reason.
REASONS = {
    "differs": "the ERP's total differs from the deal's amount",
    "pending": "its order is planned or on its way",
    "parked": "a gate holds it, or a system refused it",
    "deleted": "its order was deleted in the ERP",
    "unplanned": "no intent was planned; run `crmerp sync`",
}
CURRENCY_REFUSED = "the system does not take the currency"
"""How the error of a write begins that was refused for its currency."""
_CANCELLED = "its order was cancelled in the ERP"


def placed(deals: pl.DataFrame, intents: pl.DataFrame, tolerance: Mapping[str, Decimal]) -> pl.DataFrame:
    """The deals with `place`, `gate`, `reason` and `explained`.

    `deals` may say `invalid`, the reason why the CRM's record is unusable, and `lines`, what differs in words.
    `intents`: golden_id, operation, state, gate, reason, error; a create counts for a deal without an order, an update
    for one with an order. Amounts of an order in another currency than the deal's become null.
    """
    apart = pl.col("erp_currency").is_not_null() & pl.col("currency").is_not_null()
    rows = deals.with_columns(
        (apart & (pl.col("erp_currency") != pl.col("currency"))).alias("_foreign"),
        (pl.col("erp_id").is_not_null() & ~pl.col("erp_deleted").fill_null(value=False)).alias("_alive"),
        pl.col("erp_total").alias("_foreign_total"),
    )
    rows = rows.with_columns(
        pl.when(~pl.col("_foreign")).then(name).alias(name) for name in ORDER_AMOUNTS
    ).with_columns(pl.when(pl.col("_alive")).then(pl.lit("update")).otherwise(pl.lit("create")).alias("operation"))
    rows = rows.join(intents, on=["golden_id", "operation"], how="left", maintain_order="left")
    rows = rows.with_columns(_place(tolerance).alias("place"))
    rows = rows.with_columns(_gate().alias("_gate"), _reason().alias("reason")).rename(
        {"gate": "_given", "_gate": "gate"}
    )
    return rows.with_columns(_explained().alias("explained"))


def _place(tolerance: Mapping[str, Decimal]) -> pl.Expr:
    near = (pl.col("amount") - pl.col("erp_total")).abs() <= tolerance_of(pl.col("currency"), tolerance)
    agrees = near.fill_null(value=False)
    cancelled = pl.col("_alive") & (pl.col("order_status") == "cancelled")
    return (
        pl.when(cancelled.fill_null(value=False) | pl.col("erp_deleted").fill_null(value=False))
        .then(pl.lit("deleted"))
        .when(pl.col("_alive") & agrees)
        .then(pl.lit("ordered"))
        .when(pl.col("_alive"))
        .then(pl.lit("differs"))
        .when(pl.col("state").is_in(HELD))
        .then(pl.lit("parked"))
        .when(pl.col("state").is_in(IN_FLIGHT))
        .then(pl.lit("pending"))
        .when(pl.col("invalid").is_not_null())
        .then(pl.lit("invalid"))
        .otherwise(pl.lit("unplanned"))
    )


def _gate() -> pl.Expr:
    """What holds the deal's order back, or the change that would make it agree."""
    held = pl.coalesce(
        pl.when(pl.col("state") == "cancelled").then(pl.lit("skipped")),
        "gate",
        pl.when((pl.col("state") == "rejected") & pl.col("error").str.starts_with(CURRENCY_REFUSED)).then(
            pl.lit("currency_disabled")
        ),
        pl.when(pl.col("state") == "rejected").then(pl.lit("rejected")),
    )
    here = pl.col("place")
    return (
        pl.when(here == "invalid")
        .then(pl.lit("validation"))
        .when((here == "deleted") & pl.col("_alive"))
        .then(pl.lit("order_cancelled"))
        .when((here == "differs") & pl.col("_foreign"))
        .then(pl.lit("currency_differs"))
        .when((here == "differs") & pl.col("state").is_in(IN_FLIGHT))
        .then(pl.lit("pending"))
        .when(here != "ordered")
        .then(held)
    )


def _reason() -> pl.Expr:
    here, usual = pl.col("place"), pl.col("place").replace_strict(REASONS, default=None, return_dtype=pl.String)
    given = pl.coalesce("reason", "error")
    foreign = pl.format(
        "the order is {} {}, the deal is in {}",
        "erp_currency",
        decimal_text(pl.col("_foreign_total")).fill_null("?"),
        "currency",
    )
    differs = pl.coalesce(
        pl.when(pl.col("_foreign")).then(foreign),
        pl.when(pl.col("state").is_in(HELD)).then(given),
        pl.when(pl.col("state").is_in(IN_FLIGHT)).then(pl.lit("its change is planned or on its way")),
        pl.when(pl.any_horizontal(pl.col("amount", "erp_total").is_null())).then(
            pl.lit("the ERP's total or the deal's amount is missing")
        ),
        usual,
    )
    return (
        pl.when((here == "deleted") & pl.col("_alive"))
        .then(pl.lit(_CANCELLED))
        .when(here.is_in(["pending", "parked", "deleted"]))
        .then(pl.coalesce(given, usual))
        .when(here == "invalid")
        .then("invalid")
        .when(here == "differs")
        .then(differs)
        .otherwise(usual)
    )


def _explained() -> pl.Expr:
    """A difference is explained by what is being done about it, or by what holds that back."""
    nobody_acts = (pl.col("place") == "differs") & pl.col("gate").is_null()
    return ~((pl.col("place") == "unplanned") | nobody_acts)
