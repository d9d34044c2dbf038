"""Randomness that depends on a seed, a name and a row, and on nothing else.

Every value is a hash of the three, so the same seed gives the same data on every machine and with every version of
NumPy, whatever is drawn before it or beside it: a new column never changes the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Shares = NDArray[np.float64]
Mask = NDArray[np.bool_]
_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, slots=True)
class Draw:
    """Draws for rows that are known by number. `of` gives a source that is independent of its parent."""

    seed: int
    path: str = ""

    def of(self, name: str) -> "Draw":
        """The draws of that name under this one."""
        return Draw(self.seed, f"{self.path}/{name}")

    def bits(self, name: str, rows: Rows) -> NDArray[np.uint64]:
        """64 random bits a row: SplitMix64 of the row's number, from a start that seed and name decide."""
        digest = blake2b(f"{self.seed}{self.path}/{name}".encode(), digest_size=8).digest()
        start = np.uint64(int.from_bytes(digest, "little"))
        with np.errstate(over="ignore"):
            z = start + (rows.astype(np.uint64) + np.uint64(1)) * _STEP
            z = (z ^ (z >> np.uint64(30))) * _FIRST
            z = (z ^ (z >> np.uint64(27))) * _SECOND
        return z ^ (z >> np.uint64(31))

    def share(self, name: str, rows: Rows) -> Shares:
        """Uniform in [0, 1)."""
        return (self.bits(name, rows) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def below(self, name: str, rows: Rows, limit: int | Rows) -> Rows:
        """Uniform whole numbers from 0 to `limit` - 1, which may differ from row to row."""
        return np.minimum((self.share(name, rows) * limit).astype(np.int64), np.asarray(limit, dtype=np.int64) - 1)

    def chance(self, name: str, rows: Rows, probability: float) -> Mask:
        """True with that probability."""
        return self.share(name, rows) < probability

    def weighted(self, name: str, rows: Rows, weights: Sequence[float]) -> Rows:
        """The index of a weight, as often as its part of their sum."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        found = np.searchsorted(edges / edges[-1], self.share(name, rows), side="right")
        return np.minimum(found, len(weights) - 1).astype(np.int64)
