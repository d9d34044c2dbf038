"""Our own acknowledged writes on top of extracts that were made before them.

An extract of last night shows what a record held before this morning's write. Taken as it is, it would look like a
person's edit back to the old value, and would travel to the other system. So an acknowledged write stays on top until
an extract shows that it was made later: by the record's own time of change where the extract has one and the system
told that of the write, both with a time of day; otherwise by the time at which the file appeared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import polars as pl

from crmerp_assets.connectors.files.acknowledgements import Answer
from crmerp_assets.connectors.files.extracts import CHANGED_AT, FILED_AT, FULL, State
from crmerp_assets.connectors.files.journal import Sent
from crmerp_assets.connectors.files.layout import ObjectLayout

_NULL = "\0"
"""Stands for a value that was cleared, where null means that nothing was written."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A write that was acknowledged as applied."""

    sent: Sent
    answer: Answer

    @property
    def native_id(self) -> str | None:
        return self.answer.native_id or self.sent.native_id


def overlaid(layout: ObjectLayout, state: State, applied: Sequence[Applied], margin: timedelta) -> State:
    """The state with the writes that its extracts do not show yet. `margin`: how long making an extract may take."""
    if not applied:
        return state
    writes = _outstanding(state, _frame(layout, applied), margin)
    if writes.is_empty():
        return state
    own = (CHANGED_AT, FILED_AT, FULL, "_modified", "_modified_by")
    columns = [name for name in state.frame.columns if name not in own]
    wide = _wide(writes, [*columns, layout.id])
    # Only what we made may be in no extract: of another record an update says a part at most.
    made = [one.native_id for one in applied if one.sent.operation == "create"]
    wide = wide.filter(pl.col("_id").is_in([*made, *state.frame["_id"].to_list()]))
    joined = state.frame.join(wide, on="_id", how="full", coalesce=True, maintain_order="left_right")
    stamped = joined.with_columns(_stamp(layout), *(_over(name, wide) for name in columns if name != "_id"))
    return replace(state, frame=stamped.select(state.frame.columns))


def _frame(layout: ObjectLayout, applied: Sequence[Applied]) -> pl.DataFrame:
    """(number, _id, at, told, field, value), one row for each value that was written."""
    rows = [
        (number, one.native_id, one.answer.at, one.answer.told, name, _NULL if value is None else value)
        for number, one in enumerate(applied)
        for name, value in _values(layout, one).items()
    ]
    schema: dict[str, Any] = {"number": pl.Int64, "_id": pl.String, "at": pl.Datetime("us", "UTC"), "told": pl.Boolean}
    return pl.DataFrame(rows, schema={**schema, "field": pl.String, "value": pl.String}, orient="row")


def _values(layout: ObjectLayout, one: Applied) -> dict[str, str | None]:
    key = {one.sent.key_field: one.sent.key} if one.sent.operation == "create" and one.sent.key_field else {}
    return {**key, **one.sent.values, **one.answer.values, layout.id: one.native_id}


def _outstanding(state: State, writes: pl.DataFrame, margin: timedelta) -> pl.DataFrame:
    """Those that no extract shows. A record that is in no full extract of later on was deleted meanwhile."""
    shown = writes.join(
        state.frame.select("_id", CHANGED_AT, FILED_AT, FULL), on="_id", how="left", maintain_order="left"
    )
    # A file of changes tells of the record only once: whatever it says is newer than a write before it.
    wait = pl.when(pl.col(FULL)).then(pl.lit(margin)).otherwise(pl.lit(timedelta()))
    by_file = pl.col(FILED_AT) > pl.col("at") + wait
    by_stamp = pl.col(CHANGED_AT) >= pl.col("at").dt.truncate("1s")
    seen = pl.when(pl.col("told") & pl.col(CHANGED_AT).is_not_null()).then(by_stamp).otherwise(by_file)
    gone = pl.lit(state.full_at, dtype=pl.Datetime("us", "UTC")) > pl.col("at") + margin
    there = pl.col(FILED_AT).is_not_null()
    return shown.filter(~pl.when(there).then(seen).otherwise(gone.fill_null(value=False)))


def _wide(writes: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """One row a record: the last value of each field as `#new:field`, and when it was written."""
    last = writes.sort("number").unique(["_id", "field"], keep="last", maintain_order=True)
    stamps = last.group_by("_id", maintain_order=True).agg(pl.col("at").max().alias("#written"))
    kept = last.filter(pl.col("field").is_in(list(names)))
    if kept.is_empty():
        return stamps
    values = kept.pivot("field", index="_id", values="value", aggregate_function="last")
    renamed = values.rename({name: f"#new:{name}" for name in values.columns if name != "_id"})
    return stamps.join(renamed, on="_id", how="left")


def _over(name: str, wide: pl.DataFrame) -> pl.Expr:
    new = f"#new:{name}"
    if new not in wide.columns:
        return pl.col(name)
    value = pl.when(pl.col(new) == _NULL).then(None).otherwise(pl.col(new))
    return pl.when(pl.col(new).is_null()).then(pl.col(name)).otherwise(value).alias(name)


def _stamp(layout: ObjectLayout) -> pl.Expr:
    written = pl.col("#written").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    known = pl.col("_modified") if layout.modified is None else pl.coalesce(written, "_modified")
    return known.alias("_modified")
