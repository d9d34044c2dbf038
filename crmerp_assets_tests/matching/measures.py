"""How good a matching is where the truth is known: pairs at a threshold, partitions, probabilities that hold."""

from dataclasses import dataclass

import numpy as np
import polars as pl


@dataclass(frozen=True, slots=True)
class Quality:
    """Pairs found, of them right, and how many there are to find; `threshold` is the lowest score that was taken."""

    found: int
    right: int
    expected: int
    threshold: float | None = None

    @property
    def precision(self) -> float:
        """Share of the found that is right; 1 where nothing was found."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of what is to be found that was; 1 where there is nothing."""
        return self.right / self.expected if self.expected else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where nothing found is right."""
        both = self.found + self.expected
        return 2 * self.right / both if both else 1.0

    def __str__(self) -> str:
        at = "" if self.threshold is None else f" at {self.threshold:.3f}"
        return f"F1 {self.f1:.4f} (P {self.precision:.4f} / R {self.recall:.4f}){at}"


@dataclass(frozen=True, slots=True)
class Judged:
    """Scored pairs, the highest first: `score`, whether each is `right`, and how many pairs there are to find."""

    score: np.ndarray
    right: np.ndarray
    expected: int

    def at(self, threshold: float) -> Quality:
        """Every pair from that score up."""
        taken = int(np.searchsorted(-self.score, -threshold, side="right"))
        return Quality(taken, int(self.right[:taken].sum()), self.expected, threshold)

    def best(self) -> Quality:
        """The threshold with the highest F1; of equally good ones the highest."""
        return max(self._all(), key=lambda quality: (quality.f1, quality.threshold), default=self._none())

    def at_precision(self, precision: float) -> Quality:
        """The most recall at that precision or a higher one; nothing found where none is that precise."""
        good = [quality for quality in self._all() if quality.precision >= precision]
        return max(good, key=lambda quality: quality.recall, default=self._none())

    def _none(self) -> Quality:
        return Quality(0, 0, self.expected)

    def _all(self) -> list[Quality]:
        """One a different score; of many millions of pairs there are a few thousand."""
        if not len(self.score):
            return []
        ends = np.flatnonzero(np.append(self.score[1:] != self.score[:-1], True))
        right = np.cumsum(self.right)[ends]
        values = zip((ends + 1).tolist(), right.tolist(), self.score[ends].tolist(), strict=True)
        return [Quality(found, hits, self.expected, score) for found, hits, score in values]

    def bins(self, edges: tuple[float, ...] = (0.0, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 1.0)) -> pl.DataFrame:
        """Whether a probability means what it says: from, to, pairs, mean score and share right, a row a bin."""
        place = np.clip(np.searchsorted(edges, self.score, side="right") - 1, 0, len(edges) - 2)
        pairs = np.bincount(place, minlength=len(edges) - 1)
        some = np.maximum(pairs, 1)
        return pl.DataFrame(
            {
                "from": edges[:-1],
                "to": edges[1:],
                "pairs": pairs,
                "mean": np.bincount(place, self.score, len(edges) - 1) / some,
                "right": np.bincount(place, self.right, len(edges) - 1) / some,
            }
        )


def judged(scored: pl.DataFrame, truth: pl.DataFrame, score: str = "p", *, across: bool = False) -> Judged:
    """`scored` (l, r, the score) against `truth` (rid, entity, and side for `across`).

    Expected are all pairs of records of one entity; with `across` only those of two sides, in `scored` and `truth`.
    """
    named = truth.select("rid", "entity", *(["side"] if across else []))
    pairs = scored.select("l", "r", pl.col(score).alias("score")).join(named, left_on="l", right_on="rid")
    pairs = pairs.join(named, left_on="r", right_on="rid", suffix="_r")
    if across:
        pairs = pairs.filter(pl.col("side") != pl.col("side_r"))
    pairs = pairs.sort("score", descending=True)
    right = (pairs["entity"] == pairs["entity_r"]).to_numpy()
    return Judged(pairs["score"].to_numpy(), right, _expected(named, across))


def judged_pairs(scored: pl.DataFrame, true_pairs: pl.DataFrame, score: str = "p") -> Judged:
    """`scored` (l, r, the score) against the true pairs (l, r), whichever way round they are."""
    truth = _ordered(true_pairs).unique().with_columns(right=pl.lit(value=True))
    pairs = _ordered(scored.select("l", "r", pl.col(score).alias("score"))).join(truth, on=["l", "r"], how="left")
    pairs = pairs.with_columns(pl.col("right").fill_null(value=False)).sort("score", descending=True)
    return Judged(pairs["score"].to_numpy(), pairs["right"].to_numpy(), truth.height)


def partition(found: pl.DataFrame, truth: pl.DataFrame) -> Quality:
    """Pairs of records that share a `cluster` in `found` (rid, cluster), against those that share an `entity` in
    `truth` (rid, entity), without listing one."""
    both = truth.join(found, on="rid")
    if both.height != truth.height:
        raise ValueError("every record of the truth has to be in one cluster")
    return Quality(
        _pairs(both.group_by("cluster").len()),
        _pairs(both.group_by("cluster", "entity").len()),
        _pairs(both.group_by("entity").len()),
    )


def _expected(truth: pl.DataFrame, across: bool) -> int:
    every = _pairs(truth.group_by("entity").len())
    return every - _pairs(truth.group_by("entity", "side").len()) if across else every


def _pairs(sizes: pl.DataFrame) -> int:
    count = sizes["len"].cast(pl.Int64)
    return int((count * (count - 1) // 2).sum())


def _ordered(pairs: pl.DataFrame) -> pl.DataFrame:
    return pairs.with_columns(l=pl.min_horizontal("l", "r"), r=pl.max_horizontal("l", "r"))
