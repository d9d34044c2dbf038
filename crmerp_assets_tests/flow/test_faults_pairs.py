"""Every CRM with every ERP: a won deal becomes one customer and one order whatever is lost on the way, and hears back.

What each connector does with every fault is in its own matrix (test_faults_*.py); this shows that nothing of it depends
on what stands on the other side. Protection removed once: looking up by key what became of a write (it was sent again
at once), caught here by the pairs with Tryton, whose create is not an upsert.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pair import PAIRS, Pair, both, make_pair
from systems_of_pairs import UNTAXED

DEALS = 2


@pytest.fixture(params=PAIRS, ids="-".join)
def pair(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    with make_pair(tmp_path / "state", monkeypatch, *request.param) as made:
        yield made


def test_won_deals_become_one_customer_and_one_order_each_and_hear_of_the_invoice(pair: Pair) -> None:
    left, right = pair.left, pair.right
    right.products(pair)
    deals = left.sold(pair, DEALS)
    both([(right, "cut_after", "customer"), (right, "error_after", "order"), (left, "cut_after", "order")])
    both([(left, "cut_before", "customer")])

    pair.settle(rounds=12)

    assert (left.struck(), right.struck()) == (2, 2)
    assert right.customers(pair) == DEALS
    orders = right.orders(pair)
    assert len({key for _, key, _ in orders}) == len(orders) == DEALS
    assert {total for _, _, total in orders} == {UNTAXED}
    numbers = [left.told(pair, deal)["number"] for deal in deals]
    assert sorted(numbers) == sorted(number for number, _, _ in orders)
    both([(left, "error_after", "order")])
    invoice = right.invoice(pair, numbers[0])
    pair.settle(rounds=12)
    assert [left.told(pair, deal)["invoice"] for deal in deals] == [invoice, None]
    assert left.struck() == 3
    assert pair.open_intents().is_empty()
    assert pair.pass_through() == 0
