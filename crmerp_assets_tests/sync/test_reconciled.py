"""The stored reconciliation: totals tie to rows whatever the rows are, and runs are compared with the one before.

Tried by taking the protection away: a history that starts anew with each run (what_moved_is_kept...).
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.reports.places import ORDER_AMOUNTS
from crmerp_assets.reports.totals import COMPANY_AMOUNTS
from crmerp_assets.sync.reconciled import HISTORY_DAYS, store, ties
from crmerp_assets_tests.reports.rows import NOW, Row, deal, ordered, report

AMOUNTS = st.integers(-(10**12), 10**18).map(lambda n: Decimal(n) / 10**6) | st.none()
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "currency": st.sampled_from(["USD", "EUR", "JPY", None]),
            "close_date": st.dates(date(2026, 9, 1), date(2026, 11, 30)) | st.none(),
            "erp_id": st.sampled_from([None, "7"]),
            "order_status": st.sampled_from([None, "billed", "closed", "cancelled"]),
            **dict.fromkeys(["amount", *ORDER_AMOUNTS], AMOUNTS),
        }
    ),
    max_size=8,
)
RATE = {
    "base_currency": "USD",
    "currency": "EUR",
    "rate_date": date(2026, 10, 1),
    "source": "erp",
    "rate": Decimal("1.1"),
}


def warehouse() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("CREATE SCHEMA report")
    return con


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse() as made:
        yield made


def kept(con: duckdb.DuckDBPyConnection, name: str = "drift") -> list[Row]:
    return con.execute(f"FROM report.reconciliation_{name}").pl().to_dicts()


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_totals_are_the_sum_of_the_rows_to_the_last_digit_in_both_currencies_and_each_month(rows: list[Row]) -> None:
    found = report([{"golden_id": f"g{n}", "crm_id": f"c{n}", **row} for n, row in enumerate(rows)], rates=[RATE])
    with warehouse() as con:
        store(con, found)
        assert ties(con) == []
    months = [found.selected(period) for period in set(found.deals["period"].drop_nulls())]
    undated = replace(found, deals=found.deals.filter(found.deals["period"].is_null()))
    for name in COMPANY_AMOUNTS:
        total = sum(found.deals[name].drop_nulls(), Decimal(0))
        assert (
            sum((sum(part.company[name].drop_nulls(), Decimal(0)) for part in [*months, undated]), Decimal(0)) == total
        )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("deals SET amount = amount + 0.000001", "the totals differ from the rows in USD"),
        ("periods SET paid = paid + 0.000001", "the months do not add up to the totals in USD"),
        ("money SET parked_amount = 1", "the places do not add up to what was won in USD"),
    ],
)
def test_a_total_that_was_changed_is_found(con: duckdb.DuckDBPyConnection, change: str, said: str) -> None:
    store(con, report([ordered()]))
    con.execute(f"UPDATE report.reconciliation_{change}")
    assert ties(con) == [said]


def test_the_first_run_has_nothing_to_compare_with_and_the_second_has_the_first(con: duckdb.DuckDBPyConnection) -> None:
    first = store(con, report([deal("a"), ordered("b")]))
    assert (first.compared_with, first.drift.height, kept(con)) == (None, 0, [])
    later = replace(report([ordered("a"), ordered("b", amount=Decimal(150))]), made_at=NOW + timedelta(hours=1))
    second = store(con, later)
    assert second.compared_with == NOW
    changes = {(row["change"], row["record"], row["before"], row["after"]) for row in kept(con)}
    assert changes == {("mended", "crm-a", "unplanned", "ordered"), ("broken", "crm-b", "ordered", "differs")}
    assert {row["made_at"] for row in kept(con)} == {later.made_at}


def test_what_moved_is_kept_for_a_year_and_runs_without_a_move_add_nothing(con: duckdb.DuckDBPyConnection) -> None:
    store(con, report([deal("a")]))
    store(con, replace(report([ordered("a")]), made_at=NOW + timedelta(days=1)))
    for day in (2, 3):
        assert store(con, replace(report([ordered("a")]), made_at=NOW + timedelta(days=day))).drift.is_empty()
    assert [row["change"] for row in kept(con)] == ["mended"]
    assert {row["measure"] for row in kept(con, "drift_totals")} == {"ordered_amount", "erp_total"}
    store(con, replace(report([ordered("a")]), made_at=NOW + timedelta(days=HISTORY_DAYS + 2)))
    assert kept(con) == []


def test_tables_of_an_earlier_release_count_as_no_run(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE report.reconciliation_deals AS SELECT 'x' AS golden_id")
    assert store(con, report([deal("a")])).compared_with is None
    assert store(con, report([deal("a")])).compared_with == NOW
