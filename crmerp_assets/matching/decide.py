"""What scored pairs come to: links that need nobody, questions for people, and relations that are no identity.

Rules, on top of the probability `p` of a pair:
- linked: across systems, p at least `link`, in one cluster, no contradiction in what settles identity, and neither
  record has another pair as good or a partner already. One record has one partner.
- asked: everything else from `review` up that concerns a record which has no golden id yet.
- asked as a duplicate: a pair of one system that is as good as a link, when the newer of the two would become a
  record of its own.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from crmerp_assets.matching.cluster import clusters

MOST_QUESTIONS = 5
"""Candidates that a person is shown for one record, the best first."""

_SAID = {"p": pl.Float64(), "weight": pl.Float64(), "why": pl.String(), "says": pl.String()}
PAIR = pl.Schema({"a_id": pl.String(), "b_id": pl.String(), **_SAID})


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which probability a pair is linked, and from which a person is asked."""

    link: float = 0.95
    review: float = 0.20


@dataclass(frozen=True, slots=True)
class Proposed:
    """`links` and `questions` (a_id of the CRM, b_id of the ERP), `duplicates` (a_id the newer, b_id the older record
    of `side`), each with p, weight, why (JSON) and says."""

    links: pl.DataFrame
    questions: pl.DataFrame
    duplicates: pl.DataFrame


def decide(pairs: pl.DataFrame, apart: pl.DataFrame, thresholds: Thresholds) -> Proposed:
    """Decide on scored pairs that concern at least one record without golden id.

    `pairs`: l, r (rids), and of each `<x>_side`, `<x>_id`, `<x>_golden` and `<x>_partner` (null where it has none);
    p, weight, why, says, clash (whether something that settles identity contradicts). `apart` (l, r) are pairs that a
    person has separated; they may be among `pairs` and are never proposed.
    """
    apart = apart.select("l", "r")
    open_ = pairs.filter(pl.col("p") >= thresholds.review).join(apart, on=["l", "r"], how="anti")
    if open_.is_empty():
        return Proposed(_sided(open_), _sided(open_), _within(open_))
    grouped = open_.with_columns(together=_one_cluster(pairs, open_, apart))
    across, within = grouped.filter(_across()), grouped.filter(~_across())
    good = across.filter(pl.col("p") >= thresholds.link)
    rivals = pl.concat([good.select(rid="l"), good.select(rid="r")]).group_by("rid").len("times")
    alone = good.join(rivals.select(l="rid", l_times="times"), on="l").join(
        rivals.select(r="rid", r_times="times"), on="r"
    )
    partnered = pl.col("l_partner").is_not_null() | pl.col("r_partner").is_not_null()
    linked = alone.filter(
        (pl.col("l_times") == 1) & (pl.col("r_times") == 1) & pl.col("together"), ~pl.col("clash"), ~partnered
    )
    done = set(linked["l"]) | set(linked["r"])
    asked = _worth_asking(across, done)
    waiting = set(asked["l"]) | set(asked["r"])
    twice = within.filter((pl.col("p") >= thresholds.link) & pl.col("together") & ~pl.col("clash"))
    return Proposed(_sided(linked), _sided(asked), _within(_newer(twice, done | waiting)))


def _across() -> pl.Expr:
    return pl.col("l_side") != pl.col("r_side")


def _one_cluster(pairs: pl.DataFrame, open_: pl.DataFrame, apart: pl.DataFrame) -> pl.Series:
    """Whether both records of each open pair end in one cluster, by all evidence and what is linked already."""
    ends = [pairs.select(rid=x, golden=f"{x}_golden") for x in "lr"]
    records = pl.concat(ends).unique("rid").sort("rid").with_row_index("n")
    number = dict(zip(records["rid"], records["n"], strict=True))
    linked = records.filter(pl.col("golden").is_not_null()).with_columns(first=pl.col("n").first().over("golden"))
    left, right = (pairs[x].replace_strict(number, return_dtype=pl.Int64).to_numpy() for x in "lr")
    parted = apart.filter(pl.col("l").is_in(records["rid"].implode()) & pl.col("r").is_in(records["rid"].implode()))
    label = clusters(
        records.height,
        left,
        right,
        pairs["weight"].to_numpy(),
        together=zip(linked["n"].to_list(), linked["first"].to_list(), strict=True),
        apart=[(number[a], number[b]) for a, b in parted.iter_rows()],
    )
    ends_in = [label[open_[x].replace_strict(number, return_dtype=pl.Int64).to_numpy()] for x in "lr"]
    return pl.Series("together", np.asarray(ends_in[0] == ends_in[1]))


def _worth_asking(across: pl.DataFrame, done: set[int]) -> pl.DataFrame:
    """Pairs with a record that still has no golden id, the best few of each such record."""
    waits = [pl.col(f"{x}_golden").is_null() & ~pl.col(x).is_in(list(done)) for x in "lr"]
    concerned = across.filter(waits[0] | waits[1]).sort("weight", "l", "r", descending=[True, False, False])
    ranks = [pl.when(wait).then(pl.int_range(pl.len()).over(x)) for wait, x in zip(waits, "lr", strict=True)]
    return concerned.filter(pl.min_horizontal(*ranks) < MOST_QUESTIONS)


def _newer(twice: pl.DataFrame, settled: set[int]) -> pl.DataFrame:
    """Pairs of one system whose second record would become one of its own: it has no golden id and no question.

    The older is who has a golden id, else who has the lower id; each newer one is asked about once.
    """
    left_older = pl.col("l_golden").is_not_null() | (pl.col("r_golden").is_null() & (pl.col("l_id") <= pl.col("r_id")))
    sorted_ = twice.with_columns(left_older=left_older).with_columns(
        newer=pl.when("left_older").then("r").otherwise("l"),
        newer_golden=pl.when("left_older").then("r_golden").otherwise("l_golden"),
    )
    fresh = sorted_.filter(pl.col("newer_golden").is_null() & ~pl.col("newer").is_in(list(settled)))
    return fresh.sort("weight", "l", "r", descending=[True, False, False]).unique(
        "newer", keep="first", maintain_order=True
    )


def _sided(pairs: pl.DataFrame) -> pl.DataFrame:
    left_is_crm = pl.col("l_side") == "crm"
    return pairs.select(
        pl.when(left_is_crm).then("l_id").otherwise("r_id").alias("a_id"),
        pl.when(left_is_crm).then("r_id").otherwise("l_id").alias("b_id"),
        *_SAID,
    ).cast(PAIR)


def _within(pairs: pl.DataFrame) -> pl.DataFrame:
    left_older = pl.col("left_older") if "left_older" in pairs.columns else pl.lit(value=True)
    return pairs.select(
        pl.col("l_side").alias("side"),
        pl.when(left_older).then("r_id").otherwise("l_id").alias("a_id"),
        pl.when(left_older).then("l_id").otherwise("r_id").alias("b_id"),
        *_SAID,
    ).cast(pl.Schema({"side": pl.String(), **PAIR}))
