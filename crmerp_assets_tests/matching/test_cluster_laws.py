"""Clusters are a partition, the same whatever the order of the pairs, and those of a slow oracle.

Protections removed once, and the test that failed: `apart` in `_Groups.join` and the components it concerns
(`test_clusters_are_those_of_the_oracle`, `test_people_who_keep_two_records_apart_are_obeyed`), the count for pairs that
were never compared (`test_a_chain_of_likeness_is_no_cluster`), the order of equal weights
(`test_clusters_do_not_depend_on_the_order_of_pairs`).
"""

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from crmerp_assets.matching.cluster import clusters
from crmerp_assets_tests.matching import slow_clusters

RECORDS = 7
Pair = tuple[int, int]
PAIRS = [(a, b) for a in range(RECORDS) for b in range(a + 1, RECORDS)]
# Eighths add up exactly, so that the order of a sum decides nothing.
GRAPHS = st.dictionaries(st.sampled_from(PAIRS), st.integers(-40, 40).map(lambda n: n / 8), max_size=len(PAIRS))
FEW = st.sets(st.sampled_from(PAIRS), max_size=3)


def partition(weights: dict[Pair, float], together: set[Pair], apart: set[Pair]) -> set[frozenset[int]]:
    left, right = (np.array([pair[i] for pair in weights], dtype=np.int64) for i in (0, 1))
    label = clusters(RECORDS, left, right, np.array(list(weights.values()), dtype=float), together, apart)
    return {frozenset(np.flatnonzero(label == lowest).tolist()) for lowest in set(label.tolist())}


@settings(max_examples=300, deadline=None)
@given(GRAPHS, FEW, FEW)
def test_clusters_are_those_of_the_oracle(weights: dict[Pair, float], together: set[Pair], apart: set[Pair]) -> None:
    assert partition(weights, together, apart) == slow_clusters.clusters(RECORDS, weights, together, apart)


@settings(max_examples=100, deadline=None)
@given(GRAPHS, FEW, st.randoms(use_true_random=False))
def test_clusters_do_not_depend_on_the_order_of_pairs(
    weights: dict[Pair, float], apart: set[Pair], chance: random.Random
) -> None:
    shuffled = list(weights.items())
    chance.shuffle(shuffled)
    found = partition(weights, set(), apart)
    assert partition(dict(shuffled), set(), apart) == found
    assert sorted(n for group in found for n in group) == list(range(RECORDS))


@settings(max_examples=100, deadline=None)
@given(GRAPHS, FEW)
def test_people_who_keep_two_records_apart_are_obeyed(weights: dict[Pair, float], apart: set[Pair]) -> None:
    for group in partition(weights, set(PAIRS), apart):
        assert not any(a in group and b in group for a, b in apart)


def test_a_chain_of_likeness_is_no_cluster() -> None:
    chain = {(0, 1): 4.0, (1, 2): 1.0, (2, 3): 4.0}
    assert partition(chain, set(), set()) >= {frozenset({0, 1}), frozenset({2, 3})}


def test_a_record_that_all_of_a_group_speaks_for_joins_it() -> None:
    together = {(0, 1): 5.0, (1, 2): 2.0, (0, 2): 0.5}
    assert partition(together, set(), set()) >= {frozenset({0, 1, 2})}


def test_no_records_are_no_clusters() -> None:
    nothing = np.array([], dtype=np.int64)
    assert clusters(0, nothing, nothing, np.array([])).tolist() == []
