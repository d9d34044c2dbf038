"""Every fault in every form of writing to NetSuite, beside any system: one record for each intent in the end."""

import pytest
from bench import Case
from pair_matrix import Held, each, held, matrix

pytestmark = pytest.mark.timeout(1200)
ELSEWHERE = ("customer-create", "customer-phone", "order-create", "order-lines")
CASES = matrix("netsuite", elsewhere=ELSEWHERE)


@pytest.fixture(scope="module")
def end(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Held:
    """What NetSuite holds after every case was tried and recovered, and planning plans nothing."""
    return held("netsuite", request.param, CASES[request.param], tmp_path_factory.mktemp("netsuite"))


@pytest.mark.parametrize(("end", "case"), each(CASES), indirect=["end"], scope="module")
def test_each_intent_has_one_record_after_recovery(case: Case, end: Held) -> None:
    case.holds(end.of(case))


@pytest.mark.parametrize("end", CASES, indirect=True, ids="-".join, scope="module")
def test_nothing_was_made_that_nobody_asked_for(end: Held) -> None:
    assert end.strangers() == set()
