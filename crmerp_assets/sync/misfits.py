"""One value that does not fit holds up that value, not the record: the other fields of an update are sent.

Once they are, the value that was left out is all that is left to write, and waits at the gate `does_not_fit` until it
or the mapping changes. A create waits as a whole, and so does an order in the ERP: half of an order is another order.
"""

import polars as pl

from crmerp_assets.mapping import EntityMap, misfits
from crmerp_assets.merge import writes
from crmerp_assets.sync.platform import Connection


def set_aside(side: Connection, entity_map: EntityMap, changes: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The changes of updates without those that do not fit, and (golden_id, left_out): what was, in a sentence.

    Where nothing else of a record can be sent, its changes stay as they are, for the gate.
    """
    bad = _bad(entity_map, changes)
    if entity_map.entity == "order" and side.role == "erp":
        bad = bad.clear()
    good = changes.join(bad, on=["golden_id", "field"], how="anti")
    apart = bad.join(good, on="golden_id", how="semi")
    told = apart.sort("golden_id", "field").group_by("golden_id", maintain_order=True)
    left_out = told.agg((pl.lit("sent without what does not fit: ") + pl.col("said").str.join("; ")).alias("left_out"))
    return changes.join(apart, on=["golden_id", "field"], how="anti"), left_out


def _bad(entity_map: EntityMap, changes: pl.DataFrame) -> pl.DataFrame:
    """(golden_id, field, said) of the changes that do not fit."""
    intents = writes.as_intents(changes).with_columns(pl.lit("update").alias("operation"))
    found = misfits(entity_map, intents)
    if not found.width:
        return pl.DataFrame(schema={"golden_id": pl.String, "field": pl.String, "said": pl.String})
    said = pl.concat([intents.select("golden_id"), found], how="horizontal")
    return said.unpivot(index="golden_id", variable_name="field", value_name="said").drop_nulls("said")
