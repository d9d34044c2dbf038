"""What must hold when a person edits a planned write, whatever both sides hold and whatever the rule.

To see that the laws bite, protections were removed one at a time. What was removed, and what failed:

- the owner in `edits.refusal`: `test_an_edit_never_flows_against_an_owner_and_then_both_sides_rest`
- the planned value as the new base (the edited one in its place):
  `test_an_edit_never_flows_against_an_owner_and_then_both_sides_rest`
"""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.mapping import FieldRule
from crmerp_assets.merge import three_way
from crmerp_assets.sync.edits import refusal
from crmerp_assets_tests.merge.oracle import OTHER, Cell, Side
from crmerp_assets_tests.merge.worlds import (
    CELLS,
    EVERY_CELL,
    RULES,
    SIDES,
    applied,
    cells,
    frame,
    planned,
    with_new_base,
)

GOVERNED = {name: FieldRule(owner=rule.owner, conflict=rule.conflict, blank=rule.blank) for name, rule in RULES.items()}
TYPED = st.sampled_from(["edited", "Zoë & Söhne", 'say "so"'])
Record = dict[str, Cell]


def edited(world: list[Cell], side: Side, value: str) -> tuple[list[Record], set[tuple[int, str]]]:
    """The world after one side took its planned writes with `value` wherever an edit is allowed, and which it was.

    The base becomes what was planned, as `outcomes.record` stores it.
    """
    merged = three_way.merge(frame(world), RULES)
    records, where = cells(merged), set()
    for golden_id, field, _, after, _ in planned(merged)[side].iter_rows():
        number, cell = int(golden_id[1:]), records[int(golden_id[1:])][field]
        allowed = refusal(GOVERNED[field], side, blank=False) is None
        if allowed:
            where.add((number, field))
        records[number][field] = replace(cell, **{side: value if allowed else after}, base=after)
    written = {int(row[0][1:]) for row in planned(merged)[side].iter_rows()}
    for number in written:
        for field, cell in records[number].items():
            created = side not in cell.present
            blank = created and (number, field) not in where and cell.of(side) is None
            kept = replace(cell, **{side: None}) if blank else cell
            records[number][field] = replace(kept, present=cell.present | {side}, choice=None)
    return records, where


def law(world: list[Cell], side: Side, value: str) -> None:
    records, where = edited(world, side, value)
    for number, field in where:
        assert RULES[field].owner != OTHER[side]
        assert records[number][field].of(OTHER[side]) == world[number].of(OTHER[side])
    now = three_way.merge(frame(records), RULES)
    after = cells(three_way.merge(with_new_base(three_way.merge(applied(now), RULES)), RULES))
    for number, field in where:
        assert (after[number][field].crm, after[number][field].erp) == (value, value)
    last = three_way.merge(frame(after), RULES)
    for at in SIDES:
        again = {(int(row[0][1:]), row[1]) for row in planned(last)[at].iter_rows()}
        assert not again & where


@pytest.mark.parametrize("side", SIDES)
def test_an_edit_never_flows_against_an_owner_and_then_both_sides_rest(side: Side) -> None:
    law(EVERY_CELL, side, "edited")
    settings(max_examples=8, deadline=None)(given(CELLS, TYPED)(lambda world, value: law(world, side, value)))()


@pytest.mark.parametrize("side", SIDES)
def test_what_the_other_side_decides_is_refused_with_where_to_correct_it(side: Side) -> None:
    other = OTHER[side]
    why = refusal(FieldRule(owner=other), side, blank=False)
    assert why is not None
    assert f"the {other.upper()} decides it" in why
    assert refusal(FieldRule(owner=side), side, blank=False) is None
    assert refusal(FieldRule(owner="shared"), side, blank=False) is None
    assert refusal(FieldRule(owner=side, derived=True), side, blank=False) is not None
    assert refusal(FieldRule(owner="shared"), side, blank=True) is not None
    assert refusal(FieldRule(owner="shared", blank="clear"), side, blank=True) is None
