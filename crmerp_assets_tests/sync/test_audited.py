"""The stored audit: a row a day, system and entity, whatever the number of runs.

Tried by taking the protection away: a history that keeps every run (several_runs_of_a_day...), one that starts anew
(the_history...).
"""

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import pytest

from crmerp_assets.reports.quality import Audit, assess
from crmerp_assets.sync.audited import HISTORY_DAYS, store
from crmerp_assets_tests.reports.audited import NOW, TODAY, customer, source


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        made.execute("CREATE SCHEMA report")
        yield made


def run(day: date, faulty: int) -> Audit:
    """An audit of ten customers, of which some have a fault, and of an ERP that was not read."""
    rows = [customer(f"{n}", flags=["phone: no"] if n < faulty else []) for n in range(10)]
    return assess([source(rows), source([], system="netsuite", read=False)], NOW, day, 90)


def stored(con: duckdb.DuckDBPyConnection) -> list[tuple[date, float]]:
    return con.execute("SELECT day, score FROM report.audit_trend ORDER BY day").fetchall()


def test_the_history_has_a_row_for_each_day_that_had_a_score(con: duckdb.DuckDBPyConnection) -> None:
    first = store(con, run(TODAY, 4))
    assert first.scores["change"].to_list() == [None, None]
    later = store(con, run(TODAY + timedelta(days=7), 2))
    assert later.scores["change"].to_list() == [10.0, None]
    assert stored(con) == [(TODAY, 80.0), (TODAY + timedelta(days=7), 90.0)]
    assert con.execute("SELECT count(*) FROM report.audit_findings").fetchall() == [(2,)], "the last run only"


def test_several_runs_of_a_day_are_one_row_and_are_compared_with_the_day_before(con: duckdb.DuckDBPyConnection) -> None:
    store(con, run(TODAY - timedelta(days=1), 6))
    for faulty in (4, 2, 0):
        found = store(con, run(TODAY, faulty))
    assert stored(con) == [(TODAY - timedelta(days=1), 70.0), (TODAY, 100.0)]
    assert found.scores["before_day"][0] == TODAY - timedelta(days=1)
    assert found.scores["change"][0] == 30.0


def test_days_beyond_the_history_are_forgotten(con: duckdb.DuckDBPyConnection) -> None:
    store(con, run(TODAY, 1))
    store(con, run(TODAY + timedelta(days=HISTORY_DAYS + 1), 1))
    assert [day for day, _ in stored(con)] == [TODAY + timedelta(days=HISTORY_DAYS + 1)]


def test_the_stored_findings_sum_up_to_the_stored_scores(con: duckdb.DuckDBPyConnection) -> None:
    store(con, run(TODAY, 3))
    apart = con.execute(
        "SELECT s.system, s.entity FROM report.audit_scores s LEFT JOIN report.audit_findings f USING (system, entity) "
        "GROUP BY s.system, s.entity, s.cost HAVING s.cost <> coalesce(sum(f.cost), 0)"
    ).fetchall()
    assert apart == []
    assert con.execute("SELECT count(*) FROM report.audit_findings WHERE cost > 0").fetchall() == [(3,)]
