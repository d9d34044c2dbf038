"""What undo promises for every field rule there is and every pair of values.

Protections removed once, and the law that failed: asking the compare whether a value stays (the first law), the check
of the current value (the second), leaving a field alone of which the other side has moved on (the first).
"""

from dataclasses import replace
from itertools import product

import polars as pl

from crmerp_assets.merge import three_way, undo
from crmerp_assets.merge.undo import CONFLICT, DONE, MANUAL, OTHER, RETURNS, REVERSE
from crmerp_assets_tests.merge import worlds
from crmerp_assets_tests.merge.oracle import Cell, Side
from crmerp_assets_tests.merge.worlds import EVERY_CELL, FIELDS, RULES

CELLS = [cell for cell in EVERY_CELL if cell.choice is None and cell.modified == worlds.NEWER_CRM]
PAIRS = [("a", "b"), (None, "b"), ("b", None)]


def judged(side: Side, before: str | None, after: str | None, *, hold: bool = False) -> pl.DataFrame:
    """What undoing the write `before` -> `after` on a side comes to, in every cell and for every rule."""
    records = worlds.frame(CELLS).with_columns(pl.lit("7").alias("crm.id"), pl.lit("7").alias("erp.id"))
    changes = records.select("golden_id").join(pl.DataFrame({"field": FIELDS}), how="cross")
    changes = changes.with_columns(
        pl.lit("7").alias("native_id"),
        pl.lit(before, dtype=pl.String).alias("before"),
        pl.lit(after, dtype=pl.String).alias("after"),
        pl.lit("i").alias("undoes"),
    )
    return undo.judge(changes.select(*undo.WRITTEN), records, RULES, side, FIELDS, hold=hold)


def test_what_is_taken_back_is_there_to_stay_and_reaches_the_other_side() -> None:
    for side, (before, after) in product(worlds.SIDES, PAIRS):
        found = judged(side, before, after).filter(pl.col("verdict") == REVERSE)
        cells = {f"g{n:05}": cell for n, cell in enumerate(CELLS)}
        rows = found.select("golden_id", "field").rows()
        assert rows, "something can be undone"
        world = worlds.frame([dict.fromkeys(FIELDS, replace(cells[g], **{side: before})) for g, _ in rows])
        for _ in range(2):
            world = worlds.applied(three_way.merge(world, RULES))
            world = worlds.with_new_base(three_way.merge(world, RULES))
        settled = worlds.cells(world)
        for (golden_id, field), record in zip(rows, settled, strict=True):
            cell, was = record[field], cells[golden_id]
            assert cell.of(side) == before, (RULES[field], was)
            if OTHER[side] in was.present and RULES[field].owner in ("shared", side):
                assert cell.of(OTHER[side]) == before, (RULES[field], was)
            if OTHER[side] in was.present and RULES[field].owner == "shared":
                assert was.of(OTHER[side]) in (before, after), "a value that somebody else entered is not overwritten"


def test_nothing_but_our_own_value_is_overwritten() -> None:
    for hold in (False, True):
        found = pl.concat([judged(side, "a", "b", hold=hold) for side in worlds.SIDES])
        reversed_ = found.filter(pl.col("verdict") == REVERSE)
        assert reversed_["current"].unique().to_list() == ["b"]
        assert found.filter(pl.col("current") == "a")["verdict"].is_in([DONE, CONFLICT]).all()
        assert found.filter(pl.col("current") == "c")["verdict"].unique().to_list() == [CONFLICT]
        assert set(found["verdict"]) == {REVERSE, CONFLICT, DONE} | (set() if hold else {RETURNS})


def test_a_field_of_the_other_side_is_taken_back_only_while_the_record_is_held() -> None:
    cell = Cell("b", "b", "b")
    for hold, expected in ((False, RETURNS), (True, REVERSE)):
        found = judged("erp", "a", "b", hold=hold)
        n = CELLS.index(replace(cell, modified=worlds.NEWER_CRM))
        owned = found.filter((pl.col("golden_id") == f"g{n:05}") & pl.col("field").str.starts_with("crm_"))
        assert owned["verdict"].unique().to_list() == [expected]
    assert MANUAL not in set(found["verdict"])


def test_several_writes_of_a_field_are_undone_as_one() -> None:
    rows = [
        ("i1", '{"phone":{"before":"a","after":"b","rule":"crm"},"name":{"before":"x","after":"y","rule":"crm"}}', 1),
        ("i2", '{"phone":{"before":"b","after":"c","rule":"crm"},"_key":{"before":null,"after":"g","rule":"key"}}', 2),
        ("i3", '{"name":{"before":"y","after":"x","rule":"crm"}}', 3),
    ]
    intents = pl.DataFrame(rows, schema=["id", "changes", "applied_at"], orient="row").with_columns(
        pl.lit("g").alias("golden_id"), pl.lit("7").alias("native_id"), pl.lit(0).alias("created_at")
    )
    found = undo.written(intents.reverse(), ["name", "phone"])
    assert found.rows() == [("g", "7", "phone", "a", "c", "i1,i2")]
