"""Every fault in every form of writing to HubSpot, at every call of it: one record for each intent in the end.

Removed once: comparing an update with what was sent when it is settled. Caught by `cut_before-always` in customer-key,
contact-move, order-number, order_mirror-billed, order_mirror-company and invoice_mirror-paid, which passed for written.
Without looking creates up by their key when they are settled nothing fails: the connector itself finds a record by its
key before it makes one, and once more where HubSpot says that it is there. Without all three, seventeen cases of
order_mirror-create and invoice_mirror-create end as refused; with a new key at each attempt, nineteen make a double.

Found here, and mended: an order that had lost its company, and was to get it in a call that did not come through or
whose first half came late, met a version conflict in every pass (`away-slow` and `associate-revoke-always` in
order_mirror-company), as HubSpot dates no record anew for an association.
"""

import pytest
from bench import Case
from pair_matrix import Held, each, held, matrix

pytestmark = pytest.mark.timeout(1200)
CASES = matrix("hubspot")


@pytest.fixture(scope="module")
def end(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Held:
    """What HubSpot holds after every case was tried and recovered, and planning plans nothing."""
    return held("hubspot", request.param, CASES[request.param], tmp_path_factory.mktemp("hubspot"))


@pytest.mark.parametrize(("end", "case"), each(CASES), indirect=["end"], scope="module")
def test_each_intent_has_one_record_after_recovery(case: Case, end: Held) -> None:
    case.holds(end.of(case))


@pytest.mark.parametrize("end", CASES, indirect=True, ids="-".join, scope="module")
def test_nothing_was_made_that_nobody_asked_for(end: Held) -> None:
    assert end.strangers() == set()
