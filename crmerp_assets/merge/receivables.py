"""What is owed: the balance of every invoice, what is left of every payment, and what each account owes.

Frames in, frames out; nothing here knows a system. The rules, in the words of the books:

    open = invoiced - paid - credited - written off + reversed

`invoiced` is the total, and nothing for a draft or a void invoice. `paid` counts payments and applied deposits,
`credited` credit memos, `written_off` what was given up; each counts what was reversed later too, and `reversed` takes
that back. What is left of a payment is its amount less what it settles, less what was refunded or applied of it.
Company amounts are at the document's own rate, which it carries; without a rate they are unknown, and not one to one.
"""

from datetime import date

import polars as pl

from crmerp_assets.canonical.money import MONEY, RATE, converted
from crmerp_assets.canonical.status import invoice_status

PAID = ("payment", "deposit_application")
HELD = ("payment", "credit", "write_off", "deposit")  # what may be left of, to be applied or refunded
RECEIVED = ("payment", "deposit")
_SUMS = ("paid", "credited", "written_off", "reversed", "_paid", "_credited")


def balanced(invoices: pl.DataFrame, applied: pl.DataFrame, today: date, company: str | None) -> pl.DataFrame:
    """The invoices with what was paid, credited, written off and reversed, their balance in both currencies and status.

    `invoices`: native_id, currency, exchange_rate, due_date, total, and native_status (only void and draft count).
    `applied`: invoice (a native_id), kind, amount, date, reversed; one row a settlement. `company`: its currency.
    What was applied beyond the total is `overpaid`; an invoice never owes less than nothing.
    """
    rows = invoices.join(_sums(applied), left_on="native_id", right_on="invoice", how="left", maintain_order="left")
    rows = rows.with_columns(_money(pl.col(name)).alias(name) for name in _SUMS)
    off = pl.col("native_status").is_in(["void", "draft"]).fill_null(value=False)
    rows = rows.with_columns(pl.when(off).then(pl.lit(0)).otherwise("total").cast(MONEY).alias("invoiced"))
    left = _money(pl.col("invoiced") - pl.col("_paid") - pl.col("_credited"))
    rows = rows.with_columns(
        pl.max_horizontal(left, _zero()).alias("open_balance"), pl.max_horizontal(-left, _zero()).alias("overpaid")
    ).with_columns(_status(today).alias("status"))
    settled = (pl.col("open_balance") == 0) & ~off
    late = pl.when(pl.col("status") == "overdue").then((pl.lit(today) - pl.col("due_date")).dt.total_days())
    return rows.with_columns(
        pl.when(settled).then("_settled").alias("paid_date"),
        late.fill_null(0).cast(RATE).alias("days_overdue"),
        *in_company("open_balance", company),
    ).drop("native_status", "_paid", "_credited", "_settled")


def _sums(applied: pl.DataFrame) -> pl.DataFrame:
    """Per invoice: everything that was applied, and in `_paid` and `_credited` what of it still stands."""
    amount, stands = pl.col("amount").cast(MONEY), ~pl.col("reversed")
    kinds = {"paid": pl.col("kind").is_in(PAID), "credited": pl.col("kind") == "credit"}
    kinds["written_off"] = pl.col("kind") == "write_off"
    return applied.group_by("invoice").agg(
        *(amount.filter(kind).sum().alias(name) for name, kind in kinds.items()),
        amount.filter(~stands).sum().alias("reversed"),
        amount.filter(kinds["paid"] & stands).sum().alias("_paid"),
        amount.filter(~kinds["paid"] & stands).sum().alias("_credited"),
        pl.col("date").filter(stands).max().alias("_settled"),
    )


def _status(today: date) -> pl.Expr:
    return invoice_status(
        total=pl.col("total"),
        paid=pl.col("_paid"),
        credited=pl.col("_credited"),
        voided=pl.col("native_status") == "void",
        due_date=pl.col("due_date"),
        today=pl.lit(today),
        draft=pl.col("native_status") == "draft",
    )


def in_company(amount: str, company: str | None) -> list[pl.Expr]:
    """`company_currency` and `company_<amount>`, at the row's own exchange_rate; null without one."""
    own = pl.lit(company, dtype=pl.String)
    same = (pl.col("currency") == own).fill_null(value=False)
    rate = pl.when(same).then(pl.lit(1).cast(RATE)).otherwise(pl.col("exchange_rate").cast(RATE))
    nothing = pl.when(pl.col(amount) == 0).then(pl.lit(0).cast(MONEY))
    worth = pl.coalesce(nothing, converted(pl.col(amount), rate, own.fill_null("")))
    return [own.alias("company_currency"), worth.cast(MONEY).alias(f"company_{amount}")]


def unspent(payments: pl.DataFrame, used: pl.DataFrame, company: str | None) -> pl.DataFrame:
    """The payments with `used`, what settles or was refunded of them, and what is left in both currencies.

    `payments`: native_id, kind, currency, exchange_rate, amount, voided, deleted. `used`: payment (a native_id) and
    amount. Of a refund, a deposit's application and what was voided or deleted, nothing is left.
    """
    sums = used.group_by("payment").agg(pl.col("amount").cast(MONEY).sum().alias("used"))
    rows = payments.join(sums, left_on="native_id", right_on="payment", how="left", maintain_order="left")
    stands = pl.col("kind").is_in(HELD) & ~pl.any_horizontal(pl.col("voided", "deleted").fill_null(value=False))
    rows = rows.with_columns(_money(pl.col("used")).alias("used"))
    left = pl.max_horizontal(_money(pl.col("amount") - pl.col("used")), _zero())
    rows = rows.with_columns(pl.when(stands).then(left).otherwise(_zero()).alias("unapplied"))
    return rows.with_columns(in_company("unapplied", company)).with_columns(
        pl.when(pl.col("kind").is_in(RECEIVED) & stands).then(in_company("amount", company)[1]).alias("company_amount")
    )


def accounts(invoices: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    """Per customer, in company currency: what is owed, overdue and unapplied, the oldest debt, the last payment.

    `invoices`: customer, status, company_open_balance, company_overpaid, days_overdue. `payments`: customer, kind,
    date, company_unapplied, company_amount (null unless money was received). Live records only; a sum of which one part
    cannot be converted is null.
    """
    owed = invoices.group_by("customer").agg(
        _whole("company_open_balance").alias("balance"),
        _whole("company_open_balance", pl.col("status") == "overdue").alias("overdue_balance"),
        pl.col("days_overdue").max(),
        _whole("company_overpaid").alias("_overpaid"),
    )
    received = pl.col("kind").is_in(RECEIVED) & pl.col("received")
    last = received & (pl.col("date") == pl.col("date").filter(received).max())
    spare = payments.group_by("customer").agg(
        _whole("company_unapplied").alias("_unapplied"),
        pl.col("date").filter(received).max().alias("last_payment_date"),
        pl.when(received.any()).then(_whole("company_amount", last)).alias("last_payment_amount"),
    )
    both = owed.join(spare, on="customer", how="full", coalesce=True).filter(pl.col("customer").is_not_null())
    has_debts, has_money = (pl.col("customer").is_in(one["customer"].drop_nulls().implode()) for one in (owed, spare))
    zero = {
        name: pl.when(~has_debts).then(_zero()).otherwise(name) for name in ("balance", "overdue_balance", "_overpaid")
    }
    zero["_unapplied"] = pl.when(~has_money).then(_zero()).otherwise("_unapplied")
    rows = both.with_columns(value.alias(name) for name, value in zero.items())
    return rows.select(
        pl.col("customer").alias("golden_id"),
        "balance",
        "overdue_balance",
        pl.col("days_overdue").fill_null(0).cast(RATE),
        _sum("_unapplied", "_overpaid").alias("unapplied_credit"),
        "last_payment_date",
        "last_payment_amount",
    )


def _whole(name: str, where: pl.Expr | None = None) -> pl.Expr:
    amount = pl.col(name) if where is None else pl.col(name).filter(where)
    return pl.when(amount.null_count() == 0).then(amount.sum()).cast(MONEY)


def _sum(*names: str) -> pl.Expr:
    """Null where one of them is."""
    return sum((pl.col(name) for name in names[1:]), pl.col(names[0])).cast(MONEY)


def _money(amount: pl.Expr) -> pl.Expr:
    return amount.cast(MONEY).fill_null(pl.lit(0).cast(MONEY))


def _zero() -> pl.Expr:
    return pl.lit(0).cast(MONEY)
