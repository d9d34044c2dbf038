"""What must hold for the merge and the writes planned from it, whatever both sides hold.

Each law runs over every combination of values, base, decision, presence and age under every rule, and over random
texts. To see that the laws bite, protections were removed one at a time. What was removed, and what failed:

- the owner in `writes.receives`:
  `test_a_value_never_flows_against_its_owner_nor_a_blank_over_a_value`
- the blank rule in `writes.updates`:
  `test_a_blank_golden_value_overwrites_only_where_blanks_clear`
- `held` in `writes.updates`:
  `test_a_held_conflict_leaves_both_sides_as_they_are_and_golden_at_what_was_agreed`
- the null-safe comparison in `writes.updates`:
  `test_one_persons_edit_of_an_agreed_record_reaches_the_other_side_and_stays`
- the sorting in `as_intents`:
  `test_intents_are_valid_json_and_the_same_for_any_order_of_changes`
- `& ~erp_changed` in the shared case:
  `test_a_conflict_is_that_both_sides_changed_and_differ`
- the base as the value of a manual conflict:
  `test_the_merge_says_what_the_oracle_says`
- the base as the condition for clearing:
  `test_the_merge_says_what_the_oracle_says`
- `present` in `agreed_values`:
  `test_agreed_values_are_those_of_the_oracle`
- the escaping in `agreed_values`:
  `test_planning_again_after_everything_was_applied_plans_nothing`
- the tolerance in `writes.updates`:
  `test_updates_are_those_of_the_oracle`
- the tolerance of the two changes in the shared case:
  `test_the_merge_says_what_the_oracle_says`
- the base that follows amounts which agree within a tolerance (it stayed where it was near them):
  `test_edits_one_after_the_other_reach_both_sides_and_never_bounce`
"""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crmerp_assets.merge import three_way, writes
from crmerp_assets_tests.merge import oracle
from crmerp_assets_tests.merge.oracle import OTHER, Cell, Side
from crmerp_assets_tests.merge.worlds import (
    AMOUNTS,
    CELLS,
    EVERY_AMOUNT,
    EVERY_CELL,
    FIELDS,
    MONEY_CELLS,
    NEWER_CRM,
    NEWER_ERP,
    RULES,
    SAME_TIME,
    SIDES,
    VALUES,
    WORDS,
    applied,
    frame,
    planned,
    with_new_base,
)
from crmerp_assets_tests.merge.worlds import cells as cells_of

Law = Callable[[list[Cell]], None]


def for_every_world(law: Law) -> Law:
    """Run a law over every combination there is, and over random texts."""

    @pytest.mark.parametrize("world", ["every combination", "every amount", "random texts", "random amounts"])
    def test(world: str) -> None:
        if world.startswith("every"):
            law(EVERY_CELL if world == "every combination" else EVERY_AMOUNT)
        elif world == "random amounts":
            settings(max_examples=8, deadline=None)(given(MONEY_CELLS)(law))()
        else:
            settings(max_examples=8, deadline=None)(given(CELLS)(law))()

    test.__doc__ = law.__doc__
    return test


def merged(cells: list[Cell] | pl.DataFrame) -> pl.DataFrame:
    return three_way.merge(cells if isinstance(cells, pl.DataFrame) else frame(cells), RULES)


def written(changes: pl.DataFrame) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    """(golden_id, field) -> (before, after)."""
    return {(row[0], row[1]): (row[2], row[3]) for row in changes.iter_rows()}


def no_writes(world: pl.DataFrame) -> bool:
    return all(changes.is_empty() for changes in planned(world).values())


@for_every_world
def test_the_merge_says_what_the_oracle_says(cells: list[Cell]) -> None:
    found = merged(cells)
    for name, rule in RULES.items():
        expected = [oracle.golden(cell, rule) for cell in cells]
        assert list(zip(found[f"golden.{name}"], found[f"why.{name}"], strict=True)) == expected, name


@for_every_world
def test_updates_are_those_of_the_oracle(cells: list[Cell]) -> None:
    found = merged(cells)
    for side in SIDES:
        expected = {
            (f"g{at:05}", name): (cell.of(side), value)
            for at, cell in enumerate(cells)
            for name, rule in RULES.items()
            if side in cell.present and (value := oracle.update(cell, rule, side)) is not False
        }
        assert written(writes.updates(found.filter(pl.col(f"{side}.present")), FIELDS, RULES, side)) == expected


@for_every_world
def test_agreed_values_are_those_of_the_oracle(cells: list[Cell]) -> None:
    found = three_way.agreed_values(frame(cells), RULES)
    expected = {
        f"g{at:05}": new
        for at, cell in enumerate(cells)
        if (new := {n: value for n, r in RULES.items() if (value := oracle.agreed(cell, r)) is not False})
    }
    assert {golden_id: json.loads(values) for golden_id, values in found.iter_rows()} == expected


@for_every_world
def test_planning_again_after_everything_was_applied_plans_nothing(cells: list[Cell]) -> None:
    after = merged(applied(merged(cells)))
    assert no_writes(after)
    assert no_writes(merged(with_new_base(after)))


@for_every_world
def test_applying_a_plan_changes_no_golden_value_of_what_is_held(cells: list[Cell]) -> None:
    before, after = merged(cells), merged(applied(merged(cells)))
    for name in FIELDS:
        held = before["crm.present"] | before["erp.present"]
        assert after.filter(held)[f"golden.{name}"].equals(before.filter(held)[f"golden.{name}"]), name


@for_every_world
def test_a_value_never_flows_against_its_owner_nor_a_blank_over_a_value(cells: list[Cell]) -> None:
    found = merged(cells)
    for side in SIDES:
        for (_, name), (before, after) in written(
            writes.updates(found.filter(pl.col(f"{side}.present")), FIELDS, RULES, side)
        ).items():
            assert RULES[name].owner != side
            assert before != after
            assert after is not None or RULES[name].blank == "clear"


@for_every_world
def test_what_the_owner_holds_is_golden(cells: list[Cell]) -> None:
    found = merged(cells)
    for name, rule in RULES.items():
        if rule.owner != "shared":
            held = found.filter(pl.col(f"{rule.owner}.present") & pl.col(f"{rule.owner}.{name}").is_not_null())
            assert held[f"golden.{name}"].equals(held[f"{rule.owner}.{name}"]), name


@for_every_world
def test_a_conflict_is_that_both_sides_changed_and_differ(cells: list[Cell]) -> None:
    found = three_way.conflicts(merged(cells), FIELDS)
    for row in found.iter_rows(named=True):
        assert RULES[row["field"]].owner == "shared"
        assert row["crm"] != row["erp"]
        assert row["base"] not in (row["crm"], row["erp"])
    expected = {
        (f"g{at:05}", name)
        for at, cell in enumerate(cells)
        for name, rule in RULES.items()
        if (why := oracle.golden(cell, rule)[1]) == "held" or why.endswith("after conflict")
    }
    assert set(found.select("golden_id", "field").iter_rows()) == expected


@for_every_world
def test_a_held_conflict_leaves_both_sides_as_they_are_and_golden_at_what_was_agreed(cells: list[Cell]) -> None:
    found = merged(cells)
    changes = planned(found)
    touched = {key for side in SIDES for key in written(changes[side])}
    for name in FIELDS:
        held = found.filter(pl.col(f"why.{name}") == three_way.HELD)
        assert held[f"golden.{name}"].equals(held[f"base.{name}"])
        assert touched.isdisjoint({(golden_id, name) for golden_id in held["golden_id"]})


@for_every_world
def test_what_we_wrote_comes_back_as_no_change(cells: list[Cell]) -> None:
    before = merged(cells)
    back = merged(applied(before))
    for side, changes in planned(before).items():
        for (golden_id, name), (_, after) in written(changes).items():
            row = back.row(int(golden_id[1:]), named=True)
            assert (row[f"{side}.{name}"], row[f"golden.{name}"]) == (after, after)
            assert row[f"why.{name}"] == "agreed"
    assert three_way.agreed_values(merged(with_new_base(back)), RULES).is_empty()


def _mirror(cell: Cell) -> Cell:
    present = frozenset(OTHER[side] for side in cell.present)
    choice = OTHER.get(cell.choice or "")
    return Cell(cell.erp, cell.crm, cell.base, choice, present, (cell.modified[1], cell.modified[0]))


def _mirrored_name(name: str) -> str:
    return name.replace("crm", "?").replace("erp", "crm").replace("?", "erp")


@for_every_world
def test_swapping_the_sides_and_their_rules_mirrors_the_result(cells: list[Cell]) -> None:
    """Except where a tie must be broken: of the same second, both gone, or two amounts that count as one."""
    cells = [cell for cell in cells if cell.modified != SAME_TIME and cell.present]
    left, right = merged(cells), merged([_mirror(cell) for cell in cells])
    for name in FIELDS:
        if RULES[name].tolerance is not None:
            continue
        mirrored = _mirrored_name(name)
        assert left[f"golden.{name}"].equals(right[f"golden.{mirrored}"], check_names=False), name
        assert [_mirrored_name(why) for why in left[f"why.{name}"]] == right[f"why.{mirrored}"].to_list()
    for side in SIDES:
        swapped = written(planned(right)[OTHER[side]])
        exact = {key: value for key, value in written(planned(left)[side]).items() if not RULES[key[1]].tolerance}
        assert exact == {
            (at, _mirrored_name(name)): value
            for (at, name), value in swapped.items()
            if not RULES[_mirrored_name(name)].tolerance
        }


@pytest.mark.parametrize("side", SIDES)
def test_one_persons_edit_of_an_agreed_record_reaches_the_other_side_and_stays(side: str) -> None:
    cells = [
        replace(Cell(old, old, old, modified=modified), **{side: new})
        for old, new, modified in product(VALUES, ["a", "b", "c"], [NEWER_CRM, NEWER_ERP])
    ]
    after = applied(merged(cells))
    for name, rule in RULES.items():
        if rule.owner in (side, "shared"):
            for other in SIDES:
                assert after[f"{other}.{name}"].to_list() == [cell.of(side) for cell in cells], name


EDITS = st.lists(st.tuples(st.sampled_from(SIDES), st.sampled_from([*AMOUNTS, "gone"])), min_size=1, max_size=6)


@settings(max_examples=15, deadline=None)
@given(EDITS)
@example([("crm", "100.01"), ("erp", "100.02"), ("crm", "100")])
def test_edits_one_after_the_other_reach_both_sides_and_never_bounce(edits: list[tuple[Side, str | None]]) -> None:
    """Also where a side loses the record and has it again: it reappears with the edit that follows, on an old base."""
    world = frame([Cell("100", "100", "100")])
    for side, value in edits:
        record = cells_of(world)[0]
        modified = NEWER_CRM if side == "crm" else NEWER_ERP
        both = frozenset(SIDES)
        if value == "gone":
            world = frame([{n: replace(c, present=both - {side}) for n, c in record.items()}])
            continue
        edited = {n: replace(c, **{side: value}, present=both, modified=modified) for n, c in record.items()}
        world = with_new_base(merged(applied(merged(frame([edited])))))

        assert no_writes(merged(world))
        for name, cell in cells_of(world)[0].items():
            rule = RULES[name]
            wins = rule.owner == side or (rule.owner == "shared" and rule.conflict == "newest")
            if wins and (value is not None or (rule.blank == "clear" and record[name].base is not None)):
                assert oracle.same(cell.of(OTHER[side]), value, rule), (name, cell)
            if rule.blank == "keep" and record[name].of(OTHER[side]) is not None:
                assert cell.of(OTHER[side]) is not None, name


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_records_merge_alike_alone_together_and_in_any_order(
    values: list[tuple[str | None, str | None, str | None]], chance: random.Random
) -> None:
    world = frame([Cell(*record) for record in values])
    together = merged(world)
    alone = pl.concat([merged(world.slice(at, 1)) for at in range(world.height)])
    shuffled = merged(world.select(pl.all().shuffle(seed=chance.randint(0, 99))))
    assert alone.equals(together)
    assert shuffled.sort("golden_id").equals(together)


CHANGES = st.lists(
    st.tuples(WORDS.filter(bool), st.sampled_from(["name", "phone", "email"]), WORDS, WORDS, WORDS),
    max_size=12,
    unique_by=lambda row: row[:2],
)


@settings(max_examples=40, deadline=None)
@given(CHANGES, st.randoms(use_true_random=False))
def test_intents_are_valid_json_and_the_same_for_any_order_of_changes(
    rows: list[tuple[str, str, str | None, str | None, str | None]], chance: random.Random
) -> None:
    found = writes.as_intents(pl.DataFrame(rows, schema=writes.CHANGES, orient="row"))
    chance.shuffle(rows)
    assert writes.as_intents(pl.DataFrame(rows, schema=writes.CHANGES, orient="row")).equals(found)
    expected: dict[str, dict[str, dict[str, str | None]]] = {}
    for golden_id, name, before, after, rule in rows:
        expected.setdefault(golden_id, {})[name] = {"before": before, "after": after, "rule": rule}
    assert {golden_id: json.loads(changes) for golden_id, changes in found.iter_rows()} == expected
    for changes in found["changes"]:
        assert list(json.loads(changes)) == sorted(json.loads(changes))
    assert found["golden_id"].is_sorted()
