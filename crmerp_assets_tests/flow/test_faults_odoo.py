"""Every fault in every form of writing to Odoo, at every call of it: one record for each intent in the end.

Removed once, and caught here: looking creates up by their key when they are settled (order-create, nine cases: an order
that was confirmed is sent again and refused), and comparing an update with what was sent (`cut_before-always` in
customer-phone and order-lines).
"""

import pytest
from bench import Case
from pair_matrix import Held, each, held, matrix

pytestmark = pytest.mark.timeout(1200)
CASES = matrix("odoo")


@pytest.fixture(scope="module")
def end(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Held:
    """What Odoo holds after every case was tried and recovered, and planning plans nothing."""
    return held("odoo", request.param, CASES[request.param], tmp_path_factory.mktemp("odoo"))


@pytest.mark.parametrize(("end", "case"), each(CASES), indirect=["end"], scope="module")
def test_each_intent_has_one_record_after_recovery(case: Case, end: Held) -> None:
    case.holds(end.of(case))


@pytest.mark.parametrize("end", CASES, indirect=True, ids="-".join, scope="module")
def test_nothing_was_made_that_nobody_asked_for(end: Held) -> None:
    assert end.strangers() == set()
