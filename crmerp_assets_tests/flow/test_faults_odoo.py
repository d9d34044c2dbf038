"""Every fault in every form of writing to Odoo, at every call of it: one record for each intent in the end."""

from collections.abc import Iterator

import pytest
from bench import Case
from pair_bench import make_pair
from pair_forms import Held, cases, held

pytestmark = pytest.mark.timeout(1200)
CASES = cases("erp", "odoo")


@pytest.fixture(scope="module")
def end(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    """What Odoo holds after every case was tried and recovered, and planning plans nothing."""
    with make_pair("hubspot", "odoo", tmp_path_factory.mktemp("odoo")) as bench:
        yield held(bench, "odoo", CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_each_intent_has_one_record_after_recovery(case: Case, end: Held) -> None:
    case.holds(end.of(case))


def test_nothing_was_made_that_nobody_asked_for(end: Held) -> None:
    assert end.strangers(CASES) == set()
