"""Every fault in every form of writing to NetSuite, beside any CRM: one record for each intent in the end.

In the suite only the forms that test_faults_netsuite_headers.py and test_faults_netsuite_lines.py do not try, beside
one CRM; with CRMERP_FAULTS=all every form beside every CRM. Jobs of many records are in those two.

Removed once, and caught here: sending a create again that is not there when it is settled (`cut_before-always` in
contact-create and order-create), and with every form comparing an update with what was sent (`cut_before-always` in
customer-phone and order-lines). Found while a page passed for an answer, and mended: a create whose id neither its
answer nor the look-up after it told passed for applied.
"""

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
