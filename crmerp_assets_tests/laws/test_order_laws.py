"""What must hold for orders, whatever is sold: amounts tie to the last minor unit, the table of changes is kept cell by
cell, and approvals are asked exactly where a rule says so.

Protections were removed one at a time. What was removed, and what failed:

- the residue in `allocated`: `test_amounts_in_whole_units_sum_to_the_rounded_whole`
- the comparison of prices in `order_changes`: `test_every_cell_of_the_table_is_kept`
- `total_over` of an unlisted currency as a reason: `test_approval_is_asked_exactly_where_a_rule_says_so`
- the lines in `fingerprint`: `test_an_approval_is_bound_to_every_part_of_what_is_sold`
"""

import json
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.canonical.money import MONEY, allocated, minor_units
from crmerp_assets.merge.approvals import fingerprint, needed
from crmerp_assets.merge.order_changes import AMENDED, CHANGES, ORDER_CLOSED, TABLE, refusals
from crmerp_assets.merge.order_policy import ApprovalRule, Level

CURRENCIES = ("JPY", "USD", "KWD")
AMOUNTS = st.decimals("-99999", "99999", places=6)
ORDERS = st.lists(
    st.tuples(st.sampled_from(CURRENCIES), st.lists(AMOUNTS, min_size=1, max_size=8)), min_size=1, max_size=5
)


@settings(deadline=None)
@given(ORDERS)
def test_amounts_in_whole_units_sum_to_the_rounded_whole(orders: list[tuple[str, list[Decimal]]]) -> None:
    rows = [(n, currency, amount) for n, (currency, amounts) in enumerate(orders) for amount in amounts]
    frame = pl.DataFrame(rows, schema={"order": pl.Int64, "currency": pl.String, "amount": MONEY}, orient="row")

    found = frame.with_columns(allocated(pl.col("amount"), pl.col("currency"), over="order").alias("whole"))

    for number, (currency, amounts) in enumerate(orders):
        whole = found.filter(order=number)["whole"].to_list()
        assert sum(whole) == _rounded(sum(amounts, Decimal(0)), currency)
        largest = max(range(len(amounts)), key=lambda at: (abs(amounts[at]), -at))
        for at, amount in enumerate(amounts):
            assert whole[at] == _rounded(whole[at], currency)
            assert at == largest or whole[at] == _rounded(amount, currency)


def _rounded(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-minor_units(currency)), ROUND_HALF_UP)


Line = dict[str, str]
HELD: list[Line] = [
    {"position": "1", "product": "item-1", "quantity": "3", "unit_price": "10"},
    {"position": "2", "product": "item-2", "quantity": "2", "unit_price": "7.5"},
]
EDITS: dict[str, Callable[[list[Line]], list[Line]]] = {
    "line_added": lambda lines: [*lines, {"position": "3", "product": "item-3", "quantity": "1", "unit_price": "1"}],
    "line_removed": lambda lines: lines[:1],
    "quantity_raised": lambda lines: [lines[0] | {"quantity": "4"}, lines[1]],
    "quantity_lowered": lambda lines: [lines[0] | {"quantity": "2.5"}, lines[1]],
    "price": lambda lines: [lines[0], lines[1] | {"unit_price": "7"}],
    "product": lambda lines: [lines[0] | {"product": "item-9"}, lines[1]],
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("state", TABLE)
def test_every_cell_of_the_table_is_kept(state: str, change: str) -> None:
    lines = EDITS.get(change, lambda same: same)(HELD)
    field = {"header": "name", "customer": "customer", "currency": "currency"}.get(change, "lines")
    candidate = {
        "golden_id": "so-1",
        "changes": json.dumps({field: {"before": "a", "after": "b", "rule": "crm"}}, separators=(",", ":")),
        "golden.lines": json.dumps(lines),
        "erp.lines": json.dumps(HELD),
        "erp.order_status": state,
    }

    found = refusals(pl.DataFrame([candidate])).to_dicts()

    cell = TABLE[state][change]
    if cell.in_place:
        assert found == []
        return
    (row,) = found
    assert row["refusal.gate"] == (AMENDED if state in ("billed", "closed") else ORDER_CLOSED)
    assert state.replace("_", " ") in row["refusal.reason"]
    assert row["refusal.reason"].endswith(f": {cell.step}")


RULES = st.fixed_dictionaries(
    {
        "discount_over": st.none() | st.sampled_from([Decimal(0), Decimal(20)]),
        "total_over": st.none()
        | st.sampled_from([{"USD": Decimal(100)}, {"USD": Decimal(100), "default": Decimal(50)}]),
        "products": st.sampled_from([(), ("SKU-1",)]),
        "categories": st.sampled_from([(), ("hardware",)]),
        "tiers": st.sampled_from([(), ("Gold",)]),
    }
).filter(lambda given: any(value not in (None, ()) for value in given.values()))
LINES = st.lists(
    st.fixed_dictionaries(
        {
            "sku": st.sampled_from(["SKU-1", "SKU-2", None]),
            "category": st.sampled_from(["Hardware", "Services", None]),
            "discount": st.none() | st.sampled_from([Decimal(0), Decimal("20"), Decimal("20.01"), Decimal(99)]),
        }
    ),
    max_size=3,
)
DEALS = st.lists(
    st.fixed_dictionaries(
        {
            "currency": st.sampled_from(["USD", "JPY"]),
            "amount": st.none() | st.sampled_from([Decimal(50), Decimal("50.01"), Decimal(100), Decimal(101)]),
            "tier": st.sampled_from(["gold", "Silver", None]),
            "lines": LINES,
        }
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(DEALS, RULES)
def test_approval_is_asked_exactly_where_a_rule_says_so(deals: list[dict], given: dict) -> None:  # type: ignore[type-arg]
    rule = ApprovalRule(name="rule", levels=(Level(name="boss"),), **given)
    orders = pl.DataFrame(
        [(f"so-{n}", d["currency"], d["amount"], d["tier"]) for n, d in enumerate(deals)],
        schema={"golden_id": pl.String, "currency": pl.String, "amount": MONEY, "tier": pl.String},
        orient="row",
    )
    shape = {"golden_id": pl.String, "sku": pl.String, "category": pl.String, "product": pl.String, "discount": MONEY}
    lines = pl.DataFrame(
        [
            (f"so-{n}", line["sku"], line["category"], line["sku"] or "an item", line["discount"])
            for n, deal in enumerate(deals)
            for line in deal["lines"]
        ],
        schema=shape,
        orient="row",
    )

    found = needed(orders, lines, [rule])

    assert sorted(found["golden_id"]) == [f"so-{n}" for n, deal in enumerate(deals) if _asks(deal, rule)]
    assert found["why"].null_count() == 0


def _asks(deal: dict, rule: ApprovalRule) -> bool:  # type: ignore[type-arg]
    """The oracle: one deal, one rule, in plain words."""
    if rule.tiers and (deal["tier"] or "").lower() not in {tier.lower() for tier in rule.tiers}:
        return False
    if rule.total_over:
        limit = rule.total_over.get(deal["currency"], rule.total_over.get("default"))
        if limit is not None and deal["amount"] is not None and deal["amount"] <= limit:
            return False
    if rule.discount_over is None and not rule.products and not rule.categories:
        return True
    return any(
        (not rule.products or line["sku"] in rule.products)
        and (not rule.categories or (line["category"] or "").lower() in rule.categories)
        and (rule.discount_over is None or (line["discount"] is not None and line["discount"] > rule.discount_over))
        for line in deal["lines"]
    )


SOLD = st.tuples(
    st.text(max_size=20), st.sampled_from([None, "USD", "EUR"]), st.sampled_from([None, "cust-1", "cust-2"])
)


@settings(deadline=None)
@given(SOLD, SOLD)
def test_an_approval_is_bound_to_every_part_of_what_is_sold(
    one: tuple[str, str | None, str | None], other: tuple[str, str | None, str | None]
) -> None:
    assert (fingerprint(*one) == fingerprint(*other)) == (one == other)
