"""Clustering said slowly: sets of records, every pair looked at each time."""

from collections.abc import Collection, Mapping

from crmerp_assets.matching.cluster import UNCOMPARED

Pair = tuple[int, int]


def clusters(
    count: int, weights: Mapping[Pair, float], together: Collection[Pair], apart: Collection[Pair]
) -> set[frozenset[int]]:
    """The partition: fixed pairs first, then the best pair on, joined where the average evidence is for it."""
    parted = {frozenset(pair) for pair in apart}
    groups = [{n} for n in range(count)]

    def group(n: int) -> set[int]:
        return next(g for g in groups if n in g)

    def join(a: int, b: int) -> None:
        x, y = group(a), group(b)
        if x is not y and not any(frozenset((i, j)) in parted for i in x for j in y):
            groups.remove(y)
            x |= y

    for a, b in sorted({tuple(sorted(pair)) for pair in together}):
        if frozenset((a, b)) not in parted:
            join(a, b)
    for (a, b), weight in sorted(weights.items(), key=lambda item: (-item[1], item[0])):
        if weight < 0:
            break
        x, y = group(a), group(b)
        evidence = [weights.get((min(i, j), max(i, j)), UNCOMPARED) for i in x for j in y]
        if x is not y and sum(evidence) / len(evidence) >= 0:
            join(a, b)
    return {frozenset(g) for g in groups}
