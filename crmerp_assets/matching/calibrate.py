"""What probabilities mean where they are used: some pairs, labelled by people, say at which ones to link and to ask.

Pairs are drawn evenly over the range of probability, since nearly all of them are far from any threshold; each stands
for as many as its part of the range has.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.optimize import minimize

EDGES = (0.0, 0.02, 0.2, 0.5, 0.8, 0.95, 0.99, 1.0)
"""Parts of the range of probability."""
LEAST = 30
"""Labels below which nothing can be said."""
_PRIOR = 2.0
"""How many labels the belief counts for that the weights are right as they are."""


class TooFewLabels(ValueError):
    """Not enough pairs were labelled, or all alike; the message says how many are needed."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """`link` and `review`: the probabilities of the model from which, by the labels, a pair is one thing with 0.95 and
    with 0.20. `bins`: from, to, pairs (that there are), labelled, said (mean probability), same (share by people)."""

    link: float
    review: float
    bins: pl.DataFrame


def drawn(scored: pl.DataFrame, count: int) -> pl.DataFrame:
    """`count` of the scored pairs (l, r, p), evenly over the parts of the range; the same always."""
    lot = (pl.col("l") * 1_000_003 + pl.col("r")) * 2_654_435_761 % 4_294_967_296
    placed = scored.with_columns(part=_part(scored["p"]), lot=lot)
    turn = placed.sort("lot").with_columns(turn=pl.int_range(pl.len()).over("part"))
    return turn.sort("turn", "part").head(count).drop("part", "lot", "turn").sort("p", descending=True)


def calibrated(labels: pl.DataFrame, scored: pl.DataFrame) -> Calibration:
    """`labels` (weight, p, same) of people against all `scored` pairs (p). Raises TooFewLabels."""
    if labels.height < LEAST or labels["same"].n_unique() < 2:
        raise TooFewLabels(
            f"{labels.height} pairs were labelled, {labels['same'].sum()} of them as the same; label at least {LEAST}, "
            "and some of each kind."
        )
    there = np.bincount(_part(scored["p"]), minlength=len(EDGES) - 1)
    mine = np.bincount(_part(labels["p"]), minlength=len(EDGES) - 1)
    stands = (there / np.maximum(mine, 1))[_part(labels["p"])]
    shift, slope = _fitted(labels["weight"].to_numpy(), labels["same"].to_numpy().astype(float), stands)
    return Calibration(_threshold(0.95, shift, slope), _threshold(0.20, shift, slope), _bins(labels, there))


def _part(p: pl.Series) -> np.ndarray:
    return np.clip(np.searchsorted(EDGES, p.to_numpy(), side="right") - 1, 0, len(EDGES) - 2)


def _fitted(weight: np.ndarray, same: np.ndarray, stands: np.ndarray) -> tuple[float, float]:
    """(shift, slope) of the odds in bits; without evidence the weights are believed as they are."""
    share = stands / stands.sum() * len(stands)
    bits = np.log(2) * weight

    def loss(at: np.ndarray) -> float:
        odds = at[0] + at[1] * bits
        belief = _PRIOR * (at[0] ** 2 + 10 * (at[1] - 1) ** 2)
        return float((share * (np.logaddexp(0, odds) - same * odds)).sum() + belief)

    found = minimize(loss, np.array([0.0, 1.0]), bounds=[(None, None), (0.05, None)])
    return float(found.x[0]), float(found.x[1])


def _threshold(wanted: float, shift: float, slope: float) -> float:
    """The model's probability at which the calibrated one is `wanted`."""
    odds = (np.log(wanted / (1 - wanted)) - shift) / slope
    return float(np.clip(round(1 / (1 + np.exp(-odds)), 4), 0.0001, 0.9999))


def _bins(labels: pl.DataFrame, there: np.ndarray) -> pl.DataFrame:
    part = pl.Series("part", _part(labels["p"]), dtype=pl.Int64)
    found = labels.with_columns(part).group_by("part").agg(labelled=pl.len(), said=pl.mean("p"), same=pl.mean("same"))
    frame = pl.DataFrame({"part": range(len(there)), "from": EDGES[:-1], "to": EDGES[1:], "pairs": there})
    return (
        frame.join(found, on="part", how="left", maintain_order="left")
        .drop("part")
        .with_columns(pl.col("labelled").fill_null(0))
    )
