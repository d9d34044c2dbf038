"""Laws of receivables: whatever happens in which order, the frames say what double-entry books say.

Tried by taking the protection away: reversed settlements counted as standing, deposits not as paid, write-offs as
credits, the balance of a void invoice kept, a foreign balance at one to one, voided payments as the last payment and as
unapplied (all: books_and_frames_agree); the residue of an attribution dropped, cents left on settled orders
(parts_of_an_invoice...); the floor under balances removed (what_is_applied_beyond...); a sum without the part that has
no rate (a_foreign_balance...).
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.canonical.money import MONEY, RATE, round_to_minor
from crmerp_assets.merge.attribution import AMOUNTS, shares
from crmerp_assets.merge.receivables import accounts, balanced, in_company, unspent
from crmerp_assets_tests.laws.books import Books, Document

TODAY = date(2026, 11, 26)
RATES = {"USD": Decimal(1), "EUR": Decimal("1.0731"), "JPY": Decimal("0.006512345678")}
INVOICE = {"native_id": pl.String, "customer": pl.String, "currency": pl.String, "exchange_rate": RATE}
INVOICE |= {"due_date": pl.Date, "total": MONEY, "native_status": pl.String}
APPLIED = {"invoice": pl.String, "kind": pl.String, "amount": MONEY, "date": pl.Date, "reversed": pl.Boolean}
PAYMENT = {"native_id": pl.String, "kind": pl.String, "customer": pl.String, "date": pl.Date, "currency": pl.String}
PAYMENT |= {"exchange_rate": RATE, "amount": MONEY, "voided": pl.Boolean, "deleted": pl.Boolean}
USED = {"payment": pl.String, "amount": MONEY}

ACTS = st.sampled_from(
    ["invoice", "invoice", "payment", "credit", "write_off", "deposit", "apply", "apply", "refund", "void"]
)
STEPS = st.lists(
    st.tuples(ACTS, st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 10**6)), min_size=6, max_size=30
)


def play(steps: list[tuple[str, int, int, int]]) -> Books:
    """Books after these steps; a step that no company could take is left out."""
    books = Books()
    for number, (act, one, other, size) in enumerate(steps):
        customer, currency = f"cust-{one % 2}", list(RATES)[one % 3]
        amount = Decimal(size) / (1 if currency == "JPY" else 100)
        new = Document(str(number), act, customer, amount, TODAY - timedelta(other % 90), currency=currency)
        new.rate = RATES[currency]
        if act in ("payment", "credit", "write_off", "deposit"):
            _enter(books, new, one, other)
        elif act == "invoice":
            new.due = TODAY + timedelta(other % 61 - 30)
            books.enter(new)
        elif act == "void":
            _void(books, one)
        else:
            _use(books, act, new, one, other)
    return books


def _enter(books: Books, new: Document, pick: int, other: int) -> None:
    """Two of three settle a part of an invoice at once, the others stay on account."""
    owing = [one for one in books.of("invoice") if books.owed(one.id) > 0]
    if not owing or other % 3 == 0:
        books.enter(new)
        return
    invoice = owing[pick % len(owing)]
    new.customer, new.currency, new.rate = invoice.customer, invoice.currency, invoice.rate
    books.apply(books.enter(new), invoice, min(new.amount, books.owed(invoice.id)))


def _void(books: Books, pick: int) -> None:
    """Nothing is voided twice, nor an invoice that is settled, nor a credit that was refunded."""
    free = [
        one
        for one in books.documents.values()
        if not one.void
        and (one.kind != "invoice" or books.owed(one.id) == one.amount)
        and (one.kind in ("invoice", "refund") or not _refunded(books, one))
    ]
    if free:
        books.void(free[pick % len(free)])


def _refunded(books: Books, one: Document) -> bool:
    refunds = {other.id for other in books.of("refund") if not other.void}
    return any(by in refunds and debit == f"left {one.id}" for by, debit, _, _ in books.journal)


def _use(books: Books, act: str, new: Document, pick: int, other: int) -> None:
    holding = [one for one in books.of("payment", "credit", "write_off", "deposit") if books.left(one.id) > 0]
    if not holding:
        return
    by = holding[pick % len(holding)]
    if act == "refund":
        new.customer, new.currency, new.rate = by.customer, by.currency, by.rate
        new.amount = min(new.amount, books.left(by.id))
        books.refund(new, by)
        return
    fitting = [
        one
        for one in books.of("invoice")
        if books.owed(one.id) > 0 and (one.customer, one.currency) == (by.customer, by.currency)
    ]
    if fitting:
        invoice = fitting[other % len(fitting)]
        books.apply(by, invoice, min(new.amount, books.left(by.id), books.owed(invoice.id)))


def frames(books: Books) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Invoices, what is applied to them, payments, and what is used of those, as the warehouse holds them."""
    invoices = [
        {"native_id": one.id, "customer": one.customer, "currency": one.currency, "exchange_rate": one.rate}
        | {"due_date": one.due, "total": one.amount, "native_status": "void" if one.void else "open"}
        for one in books.of("invoice")
    ]
    documents = books.of("payment", "credit", "write_off", "deposit", "refund")
    applied, used = [], []
    for one in documents:
        kind = "deposit_application" if one.kind == "deposit" else one.kind
        for invoice, amount in one.applied:
            applied.append({"invoice": invoice, "kind": kind, "amount": amount, "date": one.day, "reversed": one.void})
            used += [] if one.void else [{"payment": one.id, "amount": amount}]
    voided = {one.id for one in books.documents.values() if one.void}
    for by, debit, _, amount in books.journal:
        if books.documents[by].kind == "refund" and by not in voided:
            used.append({"payment": debit.removeprefix("left "), "amount": amount})
    payments = [
        {"native_id": one.id, "kind": one.kind, "customer": one.customer, "date": one.day, "currency": one.currency}
        | {"exchange_rate": one.rate, "amount": one.amount, "voided": one.void, "deleted": False}
        for one in documents
    ]
    shapes: list[tuple[list[dict[str, Any]], dict[str, Any]]] = [(invoices, INVOICE), (applied, APPLIED)]
    shapes += [(payments, PAYMENT), (used, USED)]
    made = [pl.DataFrame(rows, schema=shape) for rows, shape in shapes]
    return made[0], made[1], made[2], made[3]


@settings(max_examples=250, deadline=None)
@given(STEPS)
def test_books_and_frames_agree_on_every_balance_status_and_account(steps: list[tuple[str, int, int, int]]) -> None:
    books = play(steps)
    invoices, applied, payments, used = frames(books)

    golden = balanced(invoices, applied, TODAY, "USD")
    spare = unspent(payments, used, "USD")

    for row in golden.to_dicts():
        told = books.expected(books.documents[row["native_id"]], TODAY)
        assert {name: row[name] for name in told} == told
        sums = row["invoiced"] - row["paid"] - row["credited"] - row["written_off"] + row["reversed"]
        assert row["open_balance"] == sums >= 0 == row["overpaid"]
    for row in spare.to_dicts():
        held = row["kind"] != "refund"
        assert row["unapplied"] == (books.left(row["native_id"]) if held else 0)
    summed = accounts(
        golden.with_columns(in_company("overpaid", "USD")), spare.with_columns((~pl.col("voided")).alias("received"))
    )
    assert set(summed["golden_id"]) == {one.customer for one in books.documents.values()}
    for row in summed.to_dicts():
        told = books.account(row["golden_id"], TODAY)
        assert {name: row[name] for name in told} == told


@given(st.integers(1, 10**6), st.integers(0, 10**6))
def test_what_is_applied_beyond_the_total_is_overpaid_and_never_a_debt_below_nothing(total: int, more: int) -> None:
    one = {"native_id": "1", "customer": "c", "currency": "USD", "due_date": TODAY, "total": Decimal(total)}
    settled = {"invoice": "1", "kind": "payment", "amount": Decimal(total + more), "date": TODAY, "reversed": False}
    invoices = pl.DataFrame([one], schema=INVOICE)
    (row,) = balanced(invoices, pl.DataFrame([settled], schema=APPLIED), TODAY, "USD").to_dicts()
    assert (row["open_balance"], row["overpaid"], row["status"]) == (0, more, "paid")


def test_a_foreign_balance_without_a_rate_is_unknown_and_so_is_the_sum_it_is_part_of() -> None:
    one = {"native_id": "1", "customer": "c", "currency": "EUR", "due_date": TODAY, "total": Decimal(5)}
    golden = balanced(pl.DataFrame([one], schema=INVOICE), pl.DataFrame(schema=APPLIED), TODAY, "USD")
    assert golden["company_open_balance"].to_list() == [None]
    spare = unspent(pl.DataFrame(schema=PAYMENT), pl.DataFrame(schema=USED), "USD")
    summed = accounts(golden.with_columns(in_company("overpaid", "USD")), spare.with_columns(received=pl.lit(True)))
    assert summed.select("balance", "unapplied_credit").rows() == [(None, 0)]


CENTS = st.integers(0, 10**7)
BILLED = st.lists(st.tuples(st.integers(0, 3), st.integers(-(10**4), 10**6)), min_size=1, max_size=8)


@settings(max_examples=200, deadline=None)
@given(CENTS, CENTS, CENTS, CENTS, BILLED, st.sampled_from(["USD", "JPY", "KWD"]))
def test_parts_of_an_invoice_add_up_to_it_and_each_part_adds_up_itself(
    paid: int, credited: int, given_up: int, owed: int, billed: list[tuple[int, int]], currency: str
) -> None:
    unit = {"USD": Decimal("0.01"), "JPY": Decimal(1), "KWD": Decimal("0.001")}[currency]
    whole = {"paid": paid, "credited": credited, "written_off": given_up, "open_balance": owed, "reversed": paid // 3}
    whole["invoiced"] = paid + credited + given_up + owed - paid // 3
    amounts = {name: Decimal(whole.get(name, 0)) * unit for name in AMOUNTS}
    invoice = pl.DataFrame(
        [{"golden_id": "inv-1", "currency": currency, **amounts}],
        schema={"golden_id": pl.String, "currency": pl.String, **dict.fromkeys(AMOUNTS, MONEY)},
    )
    lines = [
        {"golden_id": "inv-1", "native_order": str(n), "order": f"so-{n}", "amount": Decimal(a)} for n, a in billed
    ]
    shape = {"golden_id": pl.String, "native_order": pl.String, "order": pl.String, "amount": MONEY}

    parts = shares(invoice, pl.DataFrame(lines, schema=shape))

    assert sorted(parts["native_order"]) == sorted({str(n) for n, _ in billed})
    for name in AMOUNTS:
        assert parts[name].sum() == amounts[name], name
        assert parts[name].to_list() == parts.select(round_to_minor(pl.col(name), pl.col("currency")))[name].to_list()
    for row in parts.to_dicts():
        sums = row["invoiced"] - row["paid"] - row["credited"] - row["written_off"] + row["reversed"]
        assert row["open_balance"] == sums
