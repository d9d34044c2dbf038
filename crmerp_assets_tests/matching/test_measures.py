"""The measures themselves, on examples that can be counted by hand."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets_tests.matching.measures import Quality, judged, judged_pairs, partition

TRUTH = pl.DataFrame({"rid": [1, 2, 3, 4, 5], "side": ["a", "b", "a", "b", "a"], "entity": ["x", "x", "y", "y", "x"]})
SCORED = pl.DataFrame({"l": [1, 3, 1, 2, 1], "r": [2, 4, 3, 5, 4], "p": [0.99, 0.9, 0.9, 0.4, 0.1]})


def test_every_pair_of_one_entity_is_expected():
    found = judged(SCORED, TRUTH)
    assert found.expected == 4  # x: 1-2, 1-5, 2-5; y: 3-4
    assert found.at(0.9) == Quality(3, 2, 4, 0.9)
    assert found.at(0.95) == Quality(1, 1, 4, 0.95)
    assert found.at(0.0).recall == pytest.approx(3 / 4)


def test_across_counts_pairs_of_two_sides_only():
    found = judged(SCORED, TRUTH, across=True)
    assert (found.expected, len(found.score)) == (3, 4)  # 1-2, 2-5, 3-4; 1-3 is within side a
    assert found.at(0.3) == Quality(3, 3, 3, 0.3)


def test_the_best_threshold_takes_equal_scores_together():
    best = judged(SCORED, TRUTH).best()
    assert (best.threshold, best.found, best.right) == (0.4, 4, 3)
    assert best.f1 == pytest.approx(2 * 3 / 8)


def test_recall_at_a_precision_is_the_most_there_is():
    found = judged(SCORED, TRUTH)
    assert found.at_precision(1.0).recall == pytest.approx(1 / 4)
    assert found.at_precision(0.7).recall == pytest.approx(3 / 4)
    wrong = judged(SCORED.filter(pl.col("l") == 1, pl.col("r") > 2), TRUTH)
    assert wrong.at_precision(0.5) == Quality(0, 0, 4)


def test_nothing_scored_is_nothing_found():
    found = judged(SCORED.clear(), TRUTH)
    assert found.best() == found.at_precision(0.9) == Quality(0, 0, 4)
    assert (found.best().precision, found.best().recall, found.best().f1) == (1.0, 0.0, 0.0)


def test_true_pairs_count_once_whichever_way_round():
    true_pairs = pl.DataFrame({"l": [2, 4, 1], "r": [1, 3, 2]})
    found = judged_pairs(SCORED, true_pairs)
    assert found.expected == 2
    assert found.at(0.9) == Quality(3, 2, 2, 0.9)


def test_bins_say_how_often_a_probability_is_right():
    bins = judged(SCORED, TRUTH).bins((0.0, 0.5, 1.0))
    assert bins["pairs"].to_list() == [2, 3]
    assert bins["mean"].to_list() == pytest.approx([0.25, 0.93])
    assert bins["right"].to_list() == pytest.approx([0.5, 2 / 3])


def test_a_score_of_one_is_in_the_last_bin():
    bins = judged(SCORED.with_columns(p=pl.lit(1.0)), TRUTH).bins((0.0, 0.5, 1.0))
    assert bins["pairs"].to_list() == [0, 5]


def test_a_partition_is_judged_by_its_pairs():
    found = pl.DataFrame({"rid": [1, 2, 3, 4, 5], "cluster": [1, 1, 1, 2, 2]})
    assert partition(found, TRUTH) == Quality(4, 1, 4)  # 1-2 of 1-2, 1-3, 2-3, 4-5


def test_a_partition_that_lacks_a_record_is_refused():
    with pytest.raises(ValueError, match="every record"):
        partition(pl.DataFrame({"rid": [1], "cluster": [1]}), TRUTH)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12))
def test_a_partition_counts_as_listing_its_pairs_would(assigned):
    rids = range(len(assigned))
    found = pl.DataFrame(
        {"rid": rids, "cluster": [c for c, _ in assigned]}, schema={"rid": pl.Int64, "cluster": pl.Int64}
    )
    truth = pl.DataFrame(
        {"rid": rids, "entity": [e for _, e in assigned]}, schema={"rid": pl.Int64, "entity": pl.Int64}
    )
    pairs = [(a, b) for a in rids for b in rids if a < b]
    together = [(a, b) for a, b in pairs if assigned[a][0] == assigned[b][0]]
    right = [(a, b) for a, b in together if assigned[a][1] == assigned[b][1]]
    expected = [(a, b) for a, b in pairs if assigned[a][1] == assigned[b][1]]
    assert partition(found, truth) == Quality(len(together), len(right), len(expected))


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.5, 0.9]), st.booleans()), min_size=1, max_size=12))
def test_the_best_is_no_worse_than_any_threshold(rows):
    scored = pl.DataFrame({"l": 0, "r": np.arange(1, len(rows) + 1), "p": [p for p, _ in rows]})
    true_pairs = scored.filter(pl.Series([True, *(right for _, right in rows[1:])])).select("l", "r")
    found = judged_pairs(scored, true_pairs)
    assert found.best().f1 == pytest.approx(max(found.at(t).f1 for t in (0.1, 0.5, 0.9)))
