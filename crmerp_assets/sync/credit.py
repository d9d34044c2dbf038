"""Credit and currency before an order is made: currencies that the ERP does not take of the customer, missing rates,
holds that the ERP has put, and limits that the order would break.

What a customer owes is the open balance of its invoices and what is ordered and not yet billed, in company currency.
Orders of the same plan count one after the other, the earliest won first, so that together they stay within the limit.
"""

from datetime import date

import duckdb
import polars as pl

from crmerp_assets.canonical.ecb import ECB
from crmerp_assets.canonical.frames import decimal_text
from crmerp_assets.canonical.money import MONEY
from crmerp_assets.merge.gates import Gate, apply
from crmerp_assets.merge.policy import Policy
from crmerp_assets.reports.company import with_company
from crmerp_assets.sync import tables
from crmerp_assets.sync.platform import Platform
from crmerp_assets.sync.reference_rates import known_rates

CREDIT_HOLD, CREDIT_LIMIT, MISSING_RATE = "credit_hold", "credit_limit", "missing_rate"
CURRENCY_NOT_ALLOWED = "currency_not_allowed"
_UNBILLED = "('pending_approval', 'pending_fulfillment', 'partially_fulfilled', 'pending_billing')"
_DAY = "_day"


def with_credit(platform: Platform, con: duckdb.DuckDBPyConnection, gated: pl.DataFrame) -> pl.DataFrame:
    """Hold the new orders that no other gate holds and that credit or currency does not allow.

    `gated` has the compare columns, `operation`, `gate` and `reason`. An order that exists is the ERP's to judge.
    """
    new = gated.filter(pl.col("gate").is_null() & (pl.col("operation") == "create"))
    if new.is_empty():
        return gated
    facts = _facts(platform, con, new)
    judged = apply(facts, _gates(platform.policy)).select(
        "golden_id",
        pl.col("gate").alias("credit.gate"),
        pl.col("reason").alias("credit.reason"),
        _at_fallback().alias("credit.rate"),
    )
    joined = gated.join(judged, on="golden_id", how="left", maintain_order="left")
    return joined.with_columns(
        pl.coalesce("gate", "credit.gate").alias("gate"),
        pl.coalesce("reason", "credit.reason").alias("reason"),
        pl.concat_str(["left_out", "credit.rate"], separator="; ", ignore_nulls=True)
        .replace("", None)
        .alias("left_out"),
    ).drop("credit.gate", "credit.reason", "credit.rate")


def _at_fallback() -> pl.Expr:
    """What is said of an order that is judged at a rate that is not the ERP's."""
    said = pl.format(
        "judged at the {}'s rate of {}, 1 {} = {} {}: the ERP has none",
        "rate_source",
        "rate_date",
        "currency",
        decimal_text(pl.col("rate")),
        "company_currency",
    )
    return pl.when(pl.col("rate_source") == ECB).then(said)


def _gates(rules: Policy) -> list[Gate]:
    policy = rules.orders.credit
    over = pl.col("owed") + pl.col("so_far") - pl.col("limit")
    shown = [_shown(pl.col(name)) for name in ("limit", "owed", "earlier", "company_amount")]
    said = pl.format(
        "the credit limit of {} {} lacks {}: {} are owed or ordered, {} for earlier deals, {} for this one",
        shown[0],
        "company_currency",
        _shown(over),
        *shown[1:],
    )
    held = pl.col("credit_hold").fill_null(value=False) & policy.hold
    no_rate = pl.col("rate_note").is_not_null() & pl.col("company_currency").is_not_null()
    return [
        _currency_gate(),
        Gate(MISSING_RATE, no_rate, pl.col("rate_note") + pl.lit(f"; enter it in the ERP{_not_for_orders(rules)}")),
        Gate(CREDIT_HOLD, held, pl.lit("the customer is on credit hold in the ERP")),
        Gate(CREDIT_LIMIT, (over > 0) & policy.limit, said),
    ]


def _currency_gate() -> Gate:
    """An ERP that lists a customer's currencies refuses an order in any other; without a list nothing is known."""
    listed = pl.col("currencies").str.split(",")
    said = pl.format(
        "the ERP takes no order of customer {} in {}, only in {}; add the currency there, or correct the deal",
        pl.coalesce("name", "customer"),
        "currency",
        pl.col("currencies").str.replace_all(",", ", "),
    )
    return Gate(CURRENCY_NOT_ALLOWED, ~listed.list.contains(pl.col("currency")), said)


def _not_for_orders(rules: Policy) -> str:
    only_reports = rules.currencies.fallback != "none" and not rules.currencies.orders_at_fallback
    return " (the ECB's rates count in reports only, see `currencies.orders_at_fallback`)" if only_reports else ""


def _shown(amount: pl.Expr) -> pl.Expr:
    return amount.cast(pl.Decimal(20, 2)).cast(pl.String)


def _facts(platform: Platform, con: duckdb.DuckDBPyConnection, new: pl.DataFrame) -> pl.DataFrame:
    """The orders with what they are worth, what their customers owe, and their limits, all in company currency."""
    rates = known_rates(con, fallback=platform.policy.currencies.orders_at_fallback)
    today = platform.clock().date()
    orders = new.select(
        "golden_id",
        pl.col("golden.customer").alias("customer"),
        pl.col("golden.currency").alias("currency"),
        pl.col("golden.amount").cast(MONEY, strict=False).alias("amount"),
        pl.col("golden.close_date").alias("close_date"),
    )
    priced = _converted(platform, rates, today, orders, "amount")
    so_far = pl.col("company_amount").fill_null(0).cum_sum().over("customer", order_by=["close_date", "golden_id"])
    counted = priced.with_columns(so_far.cast(MONEY).alias("so_far"))
    counted = counted.with_columns((pl.col("so_far") - pl.col("company_amount").fill_null(0)).alias("earlier"))
    return counted.join(_customers(platform, con, rates, today, orders), on="customer", how="left")


def _customers(
    platform: Platform, con: duckdb.DuckDBPyConnection, rates: pl.DataFrame, today: date, orders: pl.DataFrame
) -> pl.DataFrame:
    """(customer, name, currencies, credit_hold, limit, owed) of the customers of the orders."""
    con.register("_buyers", orders.select(pl.col("customer").alias("id")).drop_nulls().unique().to_arrow())
    known = con.execute(
        "SELECT golden_id AS customer, name, currencies, credit_hold, currency, credit_limit AS amount, balance "
        f"FROM {tables.golden('customer').sql} g SEMI JOIN _buyers b ON b.id = g.golden_id"
    ).pl()
    open_orders = con.execute(
        "SELECT customer, currency, erp_total + coalesce(erp_tax, 0) - coalesce(invoiced, 0) AS amount "
        f"FROM {tables.golden('order').sql} g SEMI JOIN _buyers b ON b.id = g.customer "
        f"WHERE erp_id IS NOT NULL AND NOT erp_deleted AND order_status IN {_UNBILLED}"
    ).pl()
    con.unregister("_buyers")
    ordered = _converted(platform, rates, today, open_orders, "amount").filter(pl.col("company_amount") > 0)
    unbilled = ordered.group_by("customer").agg(pl.col("company_amount").sum().alias("unbilled"))
    limits = _converted(platform, rates, today, known, "amount")
    return limits.join(unbilled, on="customer", how="left").select(
        "customer",
        "name",
        "currencies",
        "credit_hold",
        pl.col("company_amount").alias("limit"),
        (pl.col("balance").fill_null(0) + pl.col("unbilled").fill_null(0)).cast(MONEY).alias("owed"),
    )


def _converted(platform: Platform, rates: pl.DataFrame, today: date, frame: pl.DataFrame, amount: str) -> pl.DataFrame:
    """`company_<amount>`, `company_currency`, `rate_note` and what else with_company adds, at today's rate."""
    dated = frame.with_columns(pl.lit(today).alias(_DAY), pl.col(amount).cast(MONEY))
    rules = platform.policy
    oldest = rules.currencies.max_rate_age_days
    return with_company(dated, rates, rules.company_currency, _DAY, [amount], oldest).drop(_DAY)
