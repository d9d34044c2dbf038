"""A converted amount carries its rate, the rate's date and source; without a rate there is none, and it says why.

Tried by taking the protection away: a missing rate as 1, and the next rate instead of the last one
(without_a_rate...), amounts converted whatever their size (an_amount_too_large...), the age of a rate and the order of
its sources (the_erp_s_rate...).
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.canonical.money import minor_units
from crmerp_assets.reports.company import RATES, SAME, with_company
from crmerp_assets.reports.reconciliation import AMOUNTS
from crmerp_assets_tests.reports.rows import Row, deal, only, ordered, report

DAY = date(2026, 11, 5)


def rate(currency: str, value: str, day: date = DAY, base: str = "USD") -> Row:
    return {"base_currency": base, "currency": currency, "rate_date": day, "rate": Decimal(value), "source": "netsuite"}


def test_a_converted_amount_carries_its_rate_date_and_source() -> None:
    row = only(report([ordered(currency="EUR", invoiced=Decimal(60))], rates=[rate("EUR", "1.0731")]))
    assert (row["company_currency"], row["rate"], row["rate_date"]) == ("USD", Decimal("1.0731"), DAY)
    assert (row["rate_source"], row["rate_note"]) == ("netsuite", None)
    assert (row["company_amount"], row["company_erp_total"], row["company_invoiced"]) == (
        Decimal("107.31"),
        Decimal("107.31"),
        Decimal("64.39"),
    )


def test_without_a_rate_an_amount_stays_unconverted_and_says_so() -> None:
    found = report([deal(currency="CHF")], rates=[rate("EUR", "1.07"), rate("CHF", "1.1", DAY + timedelta(1))])
    row = only(found)
    assert [row[name] for name in row if name.startswith("company_")][1:] == [None] * len(AMOUNTS)
    assert (row["rate"], row["rate_date"], row["rate_source"]) == (None, None, None)
    assert row["rate_note"] == "the ERP has no rate from CHF to USD on or before 2026-11-05"
    assert found.company.select("company_amount", "without_rate").rows() == [(None, 1)]


def test_the_company_s_own_currency_is_not_converted_and_says_so() -> None:
    row = only(report([deal()], rates=[rate("EUR", "1.07")]))
    assert (row["company_amount"], row["rate"], row["rate_date"]) == (Decimal(100), Decimal(1), DAY)
    assert row["rate_source"] == SAME


def test_the_rate_is_the_last_one_on_or_before_the_day_the_deal_was_won() -> None:
    days = {"1.0": -30, "1.1": -1, "1.2": 1}
    row = only(report([deal(currency="EUR")], rates=[rate("EUR", r, DAY + timedelta(n)) for r, n in days.items()]))
    assert (row["rate"], row["rate_date"]) == (Decimal("1.1"), DAY - timedelta(1))


def test_no_base_currency_and_several_ones_are_told_apart_and_can_be_chosen_among() -> None:
    assert "no exchange rates" in only(report([deal()]))["rate_note"]
    rates = [rate("EUR", "1.07"), rate("EUR", "0.8", base="GBP")]
    row = only(report([deal()], rates=rates))
    assert "several base currencies (GBP, USD): say `company_currency`" in row["rate_note"]
    frame = pl.DataFrame(rates, schema=RATES)
    rows = pl.DataFrame({"currency": ["EUR"], "day": [DAY], "amount": [Decimal(10)]})
    chosen = with_company(rows, frame, "GBP", "day", ["amount"])
    assert chosen["company_amount"].to_list() == [Decimal(8)]


def test_an_amount_too_large_to_convert_does_not_stop_the_report() -> None:
    huge = Decimal(10**13)
    row = only(report([deal(currency="EUR", amount=huge)], rates=[rate("EUR", "17000", base="IDR")]))
    assert (row["amount"], row["company_amount"]) == (huge, None)


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "currency": st.sampled_from(["USD", "EUR", "JPY", None]),
            "amount": st.integers(-(10**9), 10**12).map(lambda n: Decimal(n) / 100) | st.none(),
            "close_date": st.dates(date(2026, 1, 1), date(2026, 4, 1)) | st.none(),
        }
    ),
    max_size=8,
)
KNOWN = st.lists(
    st.builds(
        rate,
        st.sampled_from(["EUR", "JPY"]),
        st.integers(1, 10**9).map(lambda n: str(Decimal(n) / 10**6)),
        st.dates(date(2026, 1, 1), date(2026, 4, 1)),
    ),
    max_size=6,
    unique_by=lambda one: (one["currency"], one["rate_date"]),
)


def plainly(row: Row, rates: list[Row]) -> tuple[Any, ...]:
    """(rate, date, converted amount) of one row, by looking at every rate."""
    if not rates or row["close_date"] is None or row["currency"] is None:
        return (None, None, None)
    if row["currency"] == "USD":
        return (Decimal(1), row["close_date"], row["amount"])
    fit = [one for one in rates if one["currency"] == row["currency"] and one["rate_date"] <= row["close_date"]]
    if not fit:
        return (None, None, None)
    found = max(fit, key=lambda one: one["rate_date"])
    value = None
    if row["amount"] is not None:
        value = (row["amount"] * found["rate"]).quantize(Decimal(1).scaleb(-minor_units("USD")), "ROUND_HALF_UP")
    return (found["rate"], found["rate_date"], value)


@settings(max_examples=80, deadline=None)
@given(ROWS, KNOWN)
def test_rows_are_converted_as_a_slow_reader_would_and_totals_tie_to_them(rows: list[Row], rates: list[Row]) -> None:
    found = report([{"golden_id": f"g{n}", "crm_id": f"c{n}", **row} for n, row in enumerate(rows)], rates=rates)
    told = {row["crm_id"]: (row["rate"], row["rate_date"], row["company_amount"]) for row in found.deals.to_dicts()}
    assert told == {f"c{n}": plainly(row, rates) for n, row in enumerate(rows)}
    for row in found.deals.to_dicts():
        assert (row["rate"] is None) == (row["rate_note"] is not None)
        assert (row["rate"] is None) == (row["rate_date"] is None) == (row["rate_source"] is None)
    total = sum((amount for _, _, amount in told.values() if amount is not None), Decimal(0))
    for sums in (found.company, found.rates):
        assert sum(sums["company_amount"].drop_nulls(), Decimal(0)) == total


AGED = st.lists(
    st.builds(
        lambda day, value, source: rate("EUR", str(value), day) | {"source": source},
        st.dates(date(2026, 1, 1), date(2026, 2, 1)),
        st.integers(1, 5),
        st.sampled_from(["netsuite", "ECB"]),
    ),
    max_size=8,
    unique_by=lambda one: (one["rate_date"], one["source"]),
)


def by_rule(day: date, rates: list[Row], max_age: int | None) -> tuple[Any, ...] | None:
    """The ERP's last rate that is young enough, else the ECB's, looked for one by one."""
    for source in ("netsuite", "ECB"):
        dated = {one["rate_date"]: one["rate"] for one in rates if one["source"] == source and one["rate_date"] <= day}
        if dated and (max_age is None or (day - max(dated)).days <= max_age):
            return (dated[max(dated)], max(dated), source)
    return None


@settings(max_examples=150, deadline=None)
@given(AGED, st.dates(date(2026, 1, 1), date(2026, 2, 10)), st.none() | st.integers(0, 20))
def test_the_erp_s_rate_comes_first_then_the_ecb_s_and_none_that_is_too_old(
    rates: list[Row], day: date, max_age: int | None
) -> None:
    rows = pl.DataFrame({"currency": ["EUR"], "day": [day], "amount": [Decimal(10)]})
    found = with_company(rows, pl.DataFrame(rates, schema=RATES), "USD", "day", ["amount"], max_age).row(0, named=True)
    expected = by_rule(day, rates, max_age)
    if expected is None:
        assert (found["rate"], found["rate_date"], found["rate_source"], found["company_amount"]) == (None,) * 4
        older = any(one["rate_date"] <= day for one in rates)
        assert (f"older than the {max_age} days that count" in found["rate_note"]) == older
        return
    assert (found["rate"], found["rate_date"], found["rate_source"], found["rate_note"]) == (*expected, None)
    assert found["company_amount"] == 10 * expected[0]
