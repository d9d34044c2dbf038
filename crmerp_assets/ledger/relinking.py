"""Deciding, as data, what adding links changes: pure frames, so that the rule can be read and tested alone."""

from dataclasses import dataclass

import polars as pl

RECORD = ["entity", "connection", "native_id"]
PLACE = ["entity", "connection", "golden_id"]
LINK = [*RECORD, "golden_id", "method", "evidence"]


@dataclass(frozen=True, slots=True)
class Relinking:
    """`added` and `moved`: LINK and `previous`, the golden id the record leaves. `taken`: PLACE, native_id, held_by."""

    added: pl.DataFrame
    moved: pl.DataFrame
    unchanged: int
    taken: pl.DataFrame


def relink(offered: pl.DataFrame, own: pl.DataFrame, holders: pl.DataFrame) -> Relinking:
    """What to do about offered links (LINK, one per record).

    `own` is what is stored for the offered records (a golden id of null is a tombstone), `holders` the stored links
    of the offered golden ids. A golden id counts as free when its holder moves away in the same offer.
    """
    previous = own.select(*RECORD, pl.col("golden_id").alias("previous"), pl.lit(value=True).alias("stored"))
    joined = offered.join(previous, on=RECORD, how="left", maintain_order="left")
    same = joined.filter(pl.col("golden_id").eq_missing(pl.col("previous")))
    changing = joined.filter(pl.col("golden_id").ne_missing(pl.col("previous")))
    fits, taken = _without_taken(changing, holders)
    moved = fits.filter(pl.col("previous").is_not_null()).drop("stored")
    added = fits.filter(pl.col("previous").is_null()).drop("stored")
    return Relinking(added, moved, same.height, taken)


def _without_taken(changing: pl.DataFrame, holders: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Leave out links whose place is held; repeated, because a record that stays keeps its own place taken."""
    all_taken = [_taken(changing.clear().with_columns(held_by=pl.lit(None, dtype=pl.String)))]
    while True:
        staying = holders.join(changing, on=RECORD, how="anti")
        held = staying.select(*PLACE, pl.col("native_id").alias("held_by"))
        first = changing.group_by(PLACE, maintain_order=True).agg(pl.col("native_id").first().alias("first"))
        judged = (
            changing.join(first, on=PLACE, how="left", maintain_order="left")
            .join(held, on=PLACE, how="left", maintain_order="left")
            .with_columns(held_by=pl.coalesce("held_by", pl.when(pl.col("first") != pl.col("native_id")).then("first")))
        )
        lost = judged.filter(pl.col("held_by").is_not_null())
        if lost.is_empty():
            return changing, pl.concat(all_taken)
        all_taken.append(_taken(lost))
        changing = changing.join(lost, on=RECORD, how="anti", maintain_order="left")


def _taken(lost: pl.DataFrame) -> pl.DataFrame:
    return lost.select(*RECORD, "golden_id", "held_by")
