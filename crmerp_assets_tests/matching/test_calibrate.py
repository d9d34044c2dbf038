"""Labels of people move the thresholds to where they belong, and nothing is said of too few."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.matching.calibrate import EDGES, LEAST, TooFewLabels, calibrated, drawn


def population(count: int, seed: int, shift: float = 0.0) -> pl.DataFrame:
    """Pairs whose weights say too little (`shift` below 0: too much) about whether they are the same."""
    draw = np.random.default_rng(seed)
    weight = draw.normal(-4, 5, count)
    true = 1 / (1 + 2 ** -(weight + shift))
    return pl.DataFrame({"l": range(count), "r": range(count, 2 * count), "weight": weight}).with_columns(
        p=1 / (1 + 2.0 ** -pl.col("weight")), same=pl.Series(draw.random(count) < true)
    )


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([-3.0, 0.0, 3.0]))
def test_thresholds_follow_what_people_say(seed: int, shift: float) -> None:
    scored = population(20_000, seed, shift)
    found = calibrated(drawn(scored, 600), scored)
    assert found.review < found.link
    bits = np.log2(found.link / (1 - found.link))
    assert bits == pytest.approx(np.log2(0.95 / 0.05) - shift, abs=1.6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 400))
def test_pairs_are_drawn_over_the_whole_range_and_always_the_same(seed: int, count: int) -> None:
    scored = population(3000, seed)
    found = drawn(scored, count)
    assert found.height == count
    assert found.equals(drawn(scored.sample(fraction=1, shuffle=True, seed=1), count))
    parts = np.histogram(found["p"].to_numpy(), EDGES)[0]
    there = np.histogram(scored["p"].to_numpy(), EDGES)[0]
    assert (parts >= np.minimum(there, count // (len(EDGES) - 1))).all()


def test_bins_count_the_pairs_there_are_and_the_labels() -> None:
    scored = population(2000, 1)
    labels = drawn(scored, 100)
    bins = calibrated(labels, scored).bins
    assert (bins["pairs"].sum(), bins["labelled"].sum()) == (2000, 100)


@pytest.mark.parametrize("labels", [population(LEAST - 1, 1), population(100, 1).with_columns(same=pl.lit(value=True))])
def test_too_few_labels_or_all_alike_say_nothing(labels: pl.DataFrame) -> None:
    with pytest.raises(TooFewLabels, match="label at least"):
        calibrated(labels, labels)
