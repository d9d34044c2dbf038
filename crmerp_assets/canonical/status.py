"""The status of an invoice, derived from its amounts and dates alone, so that every system gives the same answer.

The first rule that holds decides. Open is the total less what was paid, credited and written off and still stands:
what was reversed is as if it had never been applied. Written off counts as credited.

| # | rule                                                        | status         |
|---|-------------------------------------------------------------|----------------|
| 1 | it was voided                                               | void           |
| 2 | it is a draft, not yet approved for sending                 | draft          |
| 3 | nothing is open and credits or write-offs cover the total    | credited       |
| 4 | nothing is open                                             | paid           |
| 5 | something is open and its due date lies before today        | overdue        |
| 6 | something is open, and something was paid or credited       | partially_paid |
| 7 | otherwise                                                   | open           |

An invoice over nothing is paid (rule 4) unless something was credited. An invoice due today is not overdue. Without
a due date it is never overdue. Without a total there is no status.
"""

import polars as pl

from crmerp_assets.canonical.money import MONEY


def open_amount(total: pl.Expr, paid: pl.Expr, credited: pl.Expr) -> pl.Expr:
    """What is still owed; negative when more was paid than billed. Missing payments count as none."""
    return (total.cast(MONEY) - _or_zero(paid) - _or_zero(credited)).cast(MONEY)


def invoice_status(
    total: pl.Expr,
    paid: pl.Expr,
    credited: pl.Expr,
    voided: pl.Expr,
    due_date: pl.Expr,
    today: pl.Expr,
    draft: pl.Expr,
) -> pl.Expr:
    """The status by the table above. Amounts are decimals, dates are dates, voided and draft booleans (null: no).

    `paid` and `credited` are what still stands, `credited` with what was written off.
    """
    still_open = open_amount(total, paid, credited)
    settled = still_open <= 0
    by_credit = (_or_zero(credited) > 0) & (_or_zero(credited) >= total.cast(MONEY))
    touched = (_or_zero(paid) + _or_zero(credited)) > 0
    return (
        pl.when(voided.fill_null(False))
        .then(pl.lit("void"))
        .when(total.is_null())
        .then(pl.lit(None, dtype=pl.String))
        .when(draft.fill_null(False))
        .then(pl.lit("draft"))
        .when(settled & by_credit)
        .then(pl.lit("credited"))
        .when(settled)
        .then(pl.lit("paid"))
        .when((due_date < today).fill_null(False))
        .then(pl.lit("overdue"))
        .when(touched)
        .then(pl.lit("partially_paid"))
        .otherwise(pl.lit("open"))
    )


def _or_zero(amount: pl.Expr) -> pl.Expr:
    return amount.cast(MONEY).fill_null(pl.lit(0).cast(MONEY))
