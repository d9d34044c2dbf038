"""Every fault in every form of writing orders with lines to NetSuite, at every point: one record for each intent."""

import pytest
from bench import Case
from netsuite_forms import Found, cases, orders
from vendor_bench import make_bench

pytestmark = pytest.mark.timeout(1200)
CASES = cases("order")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What NetSuite holds, by name, after every case was tried and recovered, and planning plans nothing."""
    with make_bench(tmp_path_factory.mktemp("lines") / "state") as bench:
        bench.run(CASES)
        return orders(bench)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_each_intent_has_one_record_after_recovery(case: Case, records: Found) -> None:
    case.holds(records)
