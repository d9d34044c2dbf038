"""Every fault in every form of writing to Odoo's CRM, at every call of it: one record for each intent in the end.

Removed once: comparing an update with what was sent when it is settled. Caught by `cut_before-always` in customer-key,
customer-phone and order-number. Without looking creates up by their key nothing fails: an import by external id makes
one record however often it is sent.
"""

import pytest
from bench import Case
from pair_matrix import Held, each, held, matrix

pytestmark = pytest.mark.timeout(1200)
CASES = matrix("odoo_crm")


@pytest.fixture(scope="module")
def end(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Held:
    """What Odoo as the CRM holds after every case was tried and recovered, and planning plans nothing."""
    return held("odoo_crm", request.param, CASES[request.param], tmp_path_factory.mktemp("odoo_crm"))


@pytest.mark.parametrize(("end", "case"), each(CASES), indirect=["end"], scope="module")
def test_each_intent_has_one_record_after_recovery(case: Case, end: Held) -> None:
    case.holds(end.of(case))


@pytest.mark.parametrize("end", CASES, indirect=True, ids="-".join, scope="module")
def test_nothing_was_made_that_nobody_asked_for(end: Held) -> None:
    assert end.strangers() == set()
