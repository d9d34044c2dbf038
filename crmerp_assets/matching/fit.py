"""Weights learned from the candidate pairs themselves, without anybody labelling one.

Expectation maximisation over the patterns of levels: a few thousand patterns stand for millions of pairs. Both
classes are fitted inside the candidate set, so that evidence that comes together (name, domain, city) is not
counted more than once. The fit can go wrong without a sign of it, therefore `check` decides whether it is used.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import duckdb
import numpy as np
import polars as pl
from scipy.optimize import minimize
from scipy.special import expit, softmax

from crmerp_assets.matching.model import Model, Weights
from crmerp_assets.matching.spec import Feature, Spec

_ROUNDS = 300
_SETTLED = 1e-7
_SMOOTHING = 0.5
_TIGHT = 0.5
SURE = 0.95
LARGEST_WEIGHT = 20.0
FEWEST_MATCHES = 200.0
FEWEST_CHECKED = 200
MOST_WRONG = 0.01
MOST_LOST = 0.9
"""A fit that is sure of fewer pairs than this share of what the weights of before were right in is no gain."""
SHARES = (0.001, 0.8)
"""Share of candidate pairs that can be one thing, for a fit to be believed."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted model, how many pairs are one thing by it, and which share of all."""

    model: Model
    matches: float
    share: float


@dataclass(frozen=True, slots=True)
class Check:
    """What checks of a fit found. `objections` is empty where it may be used.

    `wrong` is the share of pairs held to be one thing whose held-out ids (`guard`) differ, of `checked` pairs that
    have both: the estimate of how many automatic links would be wrong. It is None where no id could be held out.
    """

    objections: list[str]
    guard: str | None
    checked: int
    wrong: float | None


def patterns(con: duckdb.DuckDBPyConnection, spec: Spec, records: str, levels: str) -> pl.DataFrame:
    """`g_<feature>`, n, each kind of `spec.confused`: how many pairs show each pattern of levels, and what it is like.

    Rows that are the same row typed twice say nothing about how records of one thing differ, and many of them would
    swap the two classes; so pairs count once for each two identities, and not where both are the same.
    """
    same = f"hash({', '.join(spec.identity)})"
    names = ", ".join(f"g_{name}" for name in spec.names)
    looks = "".join(f", ({sql}) AS {kind}" for kind, sql in spec.confused.items())
    return con.execute(
        f"""
        WITH i AS (SELECT rid, {same} AS same FROM {records}),
        typed AS (SELECT same FROM i GROUP BY 1 HAVING count(*) > 1),
        twice AS (SELECT rid, same FROM i SEMI JOIN typed USING (same)),
        marked AS (SELECT p.*, coalesce(a.same, p.l) AS la, coalesce(b.same, p.r) AS rb,
                   a.same IS NULL AND b.same IS NULL AS alone
                   FROM {levels} p LEFT JOIN twice a ON a.rid = p.l LEFT JOIN twice b ON b.rid = p.r)
        SELECT {names}{looks}, count(*) AS n FROM (
            SELECT {names} FROM marked WHERE alone
            UNION ALL
            SELECT {names} FROM (SELECT DISTINCT ON (least(la, rb), greatest(la, rb)) * FROM marked
                                 WHERE NOT alone AND la <> rb)
        ) GROUP BY ALL ORDER BY ALL
        """
    ).pl()


def fit(spec: Spec, seen: pl.DataFrame, start: Model, without: str | None = None) -> Fit:
    """Fit weights to patterns, from those of `start`; the feature `without` is left out and weighs nothing.

    Besides one thing and others, each kind of pair that is easily taken for one thing is a class of its own
    (`spec.confused`: a group and a chain of shops are alike in name and domain, tenants of a building in address and
    phone). With two classes they would be learned as one thing.
    """
    if seen.is_empty():
        return Fit(start, 0.0, 0.0)
    blind = replace(start, weights={**start.weights, without: {0: 0.0}}) if without else start
    counts = seen["n"].to_numpy().astype(float)
    one = _classes(spec, seen, counts, blind, without)
    share = float((counts * one).sum() / counts.sum())
    model = labelled(spec, seen.with_columns(y=pl.Series(one)), blind, without)
    return Fit(model, float((counts * _chances(spec, seen, model)).sum()), share)


def _classes(spec: Spec, seen: pl.DataFrame, counts: np.ndarray, start: Model, without: str | None) -> np.ndarray:
    """How likely each pattern is one thing, by expectation maximisation; it begins with what `start` says of them."""
    used = [feature for feature in spec.features if feature.name != without]
    places = {f.name: np.searchsorted(f.levels, seen[f"g_{f.name}"].to_numpy()) for f in used}
    one, left = _chances(spec, seen, start), np.ones(seen.height)
    classes = [one]
    for kind in spec.confused:
        like = seen[kind].to_numpy() * left
        classes.append((1 - one) * like)
        left = left - like
    belongs = np.stack([*classes, (1 - one) * left])
    for _ in range(_ROUNDS):
        logs = np.log((belongs @ counts + _SMOOTHING) / (counts.sum() + len(belongs) * _SMOOTHING))[:, None]
        for f in used:
            shares = np.stack([_shares(places[f.name], counts * each, len(f.levels)) for each in belongs])
            logs = logs + np.log(shares)[:, places[f.name]]
        before, belongs = belongs, softmax(logs, axis=0)
        if np.abs(belongs - before).max(initial=0.0) < _SETTLED:
            break
    return np.asarray(belongs[0])


def _chances(spec: Spec, seen: pl.DataFrame, model: Model) -> np.ndarray:
    """The probability of each pattern to be one thing, by a model."""
    total = np.full(seen.height, model.prior)
    for feature in spec.features:
        total += _weighed(feature, seen, model)
    return np.asarray(expit(total * np.log(2)))


def labelled(spec: Spec, seen: pl.DataFrame, start: Model, without: str | None = None) -> Model:
    """Weights learned from pairs of which it is known, or how likely it is (`y`, 0 to 1), that they are one thing:
    `g_<feature>`, n and y. The feature `without` weighs nothing.

    Logistic regression with levels that never weigh less for more agreement: unlike shares counted for each feature
    alone, its weights stay right where evidence comes together, as name, domain and country do in a chain of shops.
    """
    counts, one = seen["n"].to_numpy().astype(float), seen["y"].to_numpy().astype(float)
    columns, bounds, names = _steps(spec, seen, without)
    first = np.zeros(len(names) + 1)

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        odds = at[0] + columns @ at[1:]
        gap = expit(odds) - one
        value = (counts * (np.logaddexp(0, odds) - one * odds)).sum() + _TIGHT * (at[1:] ** 2).sum()
        slope = np.concatenate([[(counts * gap).sum()], columns.T @ (counts * gap) + 2 * _TIGHT * at[1:]])
        return float(value), slope

    found = minimize(
        loss, first, jac=True, method="L-BFGS-B", bounds=[(None, None), *bounds], options={"maxiter": 2000}
    )
    bits = found.x / np.log(2)
    weights: Weights = {}
    for f in spec.features:
        if f.name == without:
            weights[f.name] = {0: 0.0}
            continue
        own = {level: bits[1 + n] for n, (name, level) in enumerate(names) if name == f.name}
        levels = [level for level in f.levels if level != 0]
        known = set(seen[f"g_{f.name}"].to_list())
        summed = dict(zip(levels, np.cumsum([own[level] for level in levels]), strict=True))
        weights[f.name] = {0: 0.0} | {level: _between(summed, known, level, start.weights[f.name]) for level in levels}
    return _grounded(spec, seen, Model(spec.entity, float(bits[0]), weights))


def _between(summed: Mapping[int, float], known: set[int], level: int, before: Mapping[int, float]) -> float:
    """A level that no pair shows keeps its weight of before, as far as that lies between those of its neighbours."""
    if level in known:
        return round(float(summed[level]), 4)
    lower = max((w for n, w in summed.items() if n in known and n < level), default=-LARGEST_WEIGHT)
    upper = min((w for n, w in summed.items() if n in known and n > level), default=LARGEST_WEIGHT)
    return round(float(min(max(before.get(level, 0.0), lower), upper)), 4)


def _grounded(spec: Spec, seen: pl.DataFrame, model: Model) -> Model:
    """Where a feature always has evidence, only differences between its levels can be learned; its zero is put where
    the records that are not one thing are on average, so that agreement weighs for and disagreement against."""
    counts, prior, weights = (
        seen["n"].to_numpy() * (1 - seen["y"].to_numpy().astype(float)),
        model.prior,
        dict(model.weights),
    )
    for f in spec.features:
        if (seen[f"g_{f.name}"] == 0).any():
            continue
        middle = float((counts * _weighed(f, seen, model)).sum() / max(counts.sum(), 1)) + 1.0
        prior += middle
        weights[f.name] = {level: round(w - middle, 4) if level else 0.0 for level, w in weights[f.name].items()}
    return Model(spec.entity, round(prior, 4), weights)


def _steps(
    spec: Spec, seen: pl.DataFrame, without: str | None
) -> tuple[np.ndarray, list[tuple[float | None, float | None]], list[tuple[str, int]]]:
    """(columns, bounds, names): for each level the step from the one below, which is never downwards."""
    columns, names = [], []
    bounds: list[tuple[float | None, float | None]] = []
    for f in spec.features:
        if f.name == without:
            continue
        level, levels = seen[f"g_{f.name}"].to_numpy(), [one for one in f.levels if one != 0]
        for n, least in enumerate(levels):
            columns.append(((level >= least) & (level != 0)).astype(float))
            bounds.append((None if n == 0 else 0.0, None))
            names.append((f.name, least))
    return np.array(columns).T, bounds, names


def _shares(place: np.ndarray, weight: np.ndarray, levels: int) -> np.ndarray:
    return _normal(np.bincount(place, weight, levels) + _SMOOTHING)


def _normal(values: np.ndarray) -> np.ndarray:
    return np.asarray(values / values.sum())


def check(spec: Spec, seen: pl.DataFrame, found: Fit, start: Model) -> Check:
    """Whether a fit may be used: plain bounds, and an id that it did not see must agree with it.

    The bounds alone let through the fits that were really wrong (see docs/matching.md). An id that settles who is who
    may differ in MOST_WRONG of the pairs; of anything else, such as phones, no more than with the weights of before.
    """
    objections = []
    if found.matches < FEWEST_MATCHES:
        objections.append(
            f"only {found.matches:.0f} pairs seem to be one thing; {FEWEST_MATCHES:.0f} are needed to learn"
        )
    if not SHARES[0] <= found.share <= SHARES[1]:
        objections.append(f"{found.share:.2%} of the candidate pairs would be one thing")
    largest = max(abs(w) for levels in found.model.weights.values() for w in levels.values())
    if largest > LARGEST_WEIGHT:
        objections.append(f"a weight of {largest:.0f}")
    for guard in spec.guards:
        checked, wrong = held_out(spec, seen, guard, fit(spec, seen, start, without=guard).model)
        known, before = held_out(spec, seen, guard, start)
        right = round(known * (1 - before))
        if max(checked, known) < FEWEST_CHECKED:
            continue
        if checked < MOST_LOST * right:
            objections.append(f"it is sure of {checked:,} pairs where the weights of before were right in {right:,}")
        most = MOST_WRONG if guard in spec.settles else before
        if wrong > most:
            objections.append(
                f"{wrong:.1%} of the pairs held to be one thing without looking at {guard} have different ones; "
                f"at most {most:.1%} may"
            )
        return Check(objections, guard, checked, wrong)
    objections.append("too few pairs have an id on both sides that could check the fit")
    return Check(objections, None, 0, None)


def held_out(spec: Spec, seen: pl.DataFrame, guard: str, model: Model) -> tuple[int, float]:
    """(pairs with the guard on both sides, share of them that differ) among what is sure to a model blind for it."""
    total, counts = np.full(seen.height, model.prior), seen["n"].to_numpy()
    for feature in spec.features:
        if feature.name != guard:
            total += _weighed(feature, seen, model)
    level = seen[f"g_{guard}"].to_numpy()
    sure = (total >= np.log2(SURE / (1 - SURE))) & (level != 0)
    checked = int(counts[sure].sum())
    return checked, float(counts[sure & (level < 0)].sum() / checked) if checked else 0.0


def _weighed(feature: Feature, seen: pl.DataFrame, model: Model) -> np.ndarray:
    table = np.array([model.weights[feature.name].get(level, 0.0) for level in feature.levels])
    return np.asarray(table[np.searchsorted(feature.levels, seen[f"g_{feature.name}"].to_numpy())])
