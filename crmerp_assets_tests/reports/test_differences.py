"""Why an order's total is not its deal's amount, product by product, and the parts come to the whole difference.

Tried by taking the protection away: nothing told beyond the order's lines (tax_and_a_deal_worth_more...), no filter by
tolerance (a_difference_within_the_tolerance...).
"""

import json
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.canonical.money import MONEY
from crmerp_assets.reports.differences import LINE, line_differences, told
from crmerp_assets_tests.reports.rows import TOLERANCE

ORDERS = dict.fromkeys(["golden_id", "currency"], pl.String()) | dict.fromkeys(["amount", "erp_total"], MONEY)
ORDERS |= dict.fromkeys(["crm_lines", "erp_lines"], pl.String())
NAMES = {"item-1": "SKU-1", "item-2": "SKU-2"}
Line = dict[str, str]


def line(product: str, quantity: str, price: str, **more: str) -> Line:
    return {"product": product, "quantity": quantity, "unit_price": price, **more} | {
        "amount": str(Decimal(quantity) * Decimal(price))
    }


def order(deal: list[Line], erp: list[Line], golden_id: str = "g1", **totals: str) -> dict[str, Any]:
    sums = [sum((Decimal(one["amount"]) for one in lines), Decimal(0)) for lines in (deal, erp)]
    amounts = {"amount": sums[0], "erp_total": sums[1]} | {name: Decimal(total) for name, total in totals.items()}
    texts = {"crm_lines": json.dumps(deal) if deal else None, "erp_lines": json.dumps(erp) if erp else None}
    return {"golden_id": golden_id, "currency": "USD", **amounts, **texts}


def differences(*orders: dict[str, Any]) -> pl.DataFrame:
    return line_differences(pl.DataFrame(list(orders), schema=ORDERS), NAMES, TOLERANCE)


def words(*orders: dict[str, Any]) -> list[str]:
    return told(differences(*orders))["lines"].to_list()


def test_a_line_that_differs_is_named_with_quantity_price_and_amount_of_both_sides() -> None:
    one = order(
        [line("item-1", "2", "10"), line("item-2", "1", "5")], [line("item-1", "3", "10"), line("item-2", "1", "5")]
    )
    (row,) = differences(one).to_dicts()
    assert (row["part"], row["product"], row["difference"]) == (LINE, "SKU-1", Decimal(-10))
    assert (row["deal_quantity"], row["deal_price"], row["deal_amount"]) == (2, 10, 20)
    assert (row["order_quantity"], row["order_price"], row["order_amount"]) == (3, 10, 30)
    assert words(one) == ["SKU-1: deal 2 at 10 = 20, order 3 at 10 = 30"]


def test_a_product_that_one_side_lacks_is_named() -> None:
    one = order([line("item-1", "1", "10")], [line("item-1", "1", "10"), line("item-2", "1", "5")])
    assert words(one) == ["SKU-2: deal none, order 1 at 5 = 5"]


def test_tax_and_a_deal_worth_more_than_its_lines_are_told_as_such() -> None:
    lines = [line("item-1", "1", "10")]
    assert words(order(lines, lines, erp_total="11.90")) == ["1.9 beyond the order's lines"]
    assert words(order(lines, lines, amount="12")) == ["2 beyond the deal's lines"]


def test_the_order_of_lines_and_a_line_in_two_parts_make_no_difference() -> None:
    one, other = line("item-1", "4", "10"), line("item-2", "1", "5")
    assert differences(order([one, other], [other, line("item-1", "1", "10"), line("item-1", "3", "10")])).is_empty()


def test_a_difference_within_the_tolerance_is_not_told() -> None:
    lines = [line("item-1", "3", "3.33")]
    assert differences(order(lines, [line("item-1", "3", "3.34")])).is_empty()
    assert not differences(order(lines, [line("item-1", "3", "3.35")])).is_empty()


def test_an_order_of_equal_total_with_other_products_is_told() -> None:
    assert words(order([line("item-1", "1", "10")], [line("item-2", "2", "5")])) == [
        "SKU-1: deal 1 at 10 = 10, order none; SKU-2: deal none, order 2 at 5 = 10"
    ]


def test_many_lines_are_told_by_the_largest() -> None:
    many = [line(f"item-{n}", "1", str(n)) for n in range(3, 9)]
    (text,) = words(order(many, []))
    assert text.startswith("item-8: deal 1 at 8 = 8, order none; item-7")
    assert text.endswith("; and 3 more")


LINES = st.lists(
    st.builds(
        line,
        st.sampled_from(["item-1", "item-2", "item-3"]),
        st.integers(0, 50).map(str),
        st.integers(0, 10**6).map(lambda n: str(Decimal(n) / 100)),
    ),
    max_size=4,
)
TOTALS = st.integers(0, 10**8).map(lambda n: str(Decimal(n) / 100))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(LINES, LINES, TOTALS, TOTALS), max_size=4))
def test_the_parts_of_an_order_come_to_its_whole_difference(world: list[tuple[Any, ...]]) -> None:
    orders = [order(a, b, f"g{n}", amount=x, erp_total=y) for n, (a, b, x, y) in enumerate(world)]
    found = differences(*orders)
    for one in orders:
        apart = one["amount"] - one["erp_total"]
        parts = found.filter(pl.col("golden_id") == one["golden_id"])
        assert sum(parts["difference"], Decimal(0)) == (apart if parts.height else 0)
        assert parts.height or abs(apart) <= TOLERANCE["USD"]
