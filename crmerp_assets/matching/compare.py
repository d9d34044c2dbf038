"""Pairs compared: one whole number a feature, then weights, a probability and the reasons for it."""

import re

import duckdb

from crmerp_assets.matching.fragments import quoted
from crmerp_assets.matching.model import Model
from crmerp_assets.matching.spec import Spec


def levels(con: duckdb.DuckDBPyConnection, spec: Spec, records: str, pairs: str, target: str) -> None:
    """Make the table `target`: l, r and `g_<feature>` for each pair."""
    seen = sorted({found for feature in spec.features for found in _COLUMN.findall(feature.sql)})
    measured = ", ".join(
        f"({_COLUMN.sub(_flat, feature.sql)})::TINYINT AS g_{feature.name}" for feature in spec.features
    )
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {target} AS SELECT l, r, {measured} FROM (
            SELECT p.l, p.r, {", ".join(f"{side}.{name} AS {side}_{name}" for side, name in seen)},
            {", ".join(f"{sql} AS {name}" for name, sql in of_both(spec).items())}
            FROM {pairs} p JOIN {records} a ON a.rid = p.l JOIN {records} b ON b.rid = p.r)
        """
    )


def of_both(spec: Spec) -> dict[str, str]:
    """SQL for what features see besides columns of `a` and `b`: `similarity`, and how many words are `shared`."""
    value = next(iter(spec.counted))
    both = "len(list_filter(a.words, lambda w: list_contains(b.words, w)))"  # twice as fast as list_intersect
    shared = f"CASE WHEN a.{value} <> b.{value} THEN {both} ELSE 0 END"
    return {
        "similarity": f"jaro_winkler_similarity(a.{value}, b.{value}, 0.75)",
        "shared": shared if "words" in spec.columns else "0",
    }


_COLUMN = re.compile(r"\b([ab])\.(\w+)")


def _flat(column: re.Match[str]) -> str:
    """Whole records side by side would be copied for every pair, so only the columns that features name are taken."""
    return f"{column[1]}_{column[2]}"


def score(con: duckdb.DuckDBPyConnection, spec: Spec, model: Model, levels: str, target: str) -> None:
    """Make the table `target`: the levels with `weight` (log2 of the odds) and `p`, the probability of a match."""
    parts = [str(model.prior)]
    for feature in spec.features:
        cases = " ".join(f"WHEN {level} THEN {w}" for level, w in model.weights[feature.name].items() if w)
        parts.append(f"CASE g_{feature.name} {cases} ELSE 0 END" if cases else "0")
    total = f"({' + '.join(parts)})::DOUBLE"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {target} AS SELECT *, 1 / (1 + pow(2.0, -weight)) AS p "
        f"FROM (SELECT *, {total} AS weight FROM {levels})"
    )


def reasons_sql(spec: Spec, model: Model) -> str:
    """SQL for the reasons of a scored pair, the weightiest first: a list of {size, fact, says, weight}."""
    facts = []
    for feature in spec.features:
        weights = {level: round(model.weights[feature.name].get(level, 0.0), 2) for level in feature.labels}
        cases = " ".join(
            f"WHEN {level} THEN struct_pack(size := {abs(weights[level])}::DOUBLE, fact := '{feature.name}', "
            f"says := {quoted(label)}, weight := {weights[level]}::DOUBLE)"
            for level, label in feature.labels.items()
        )
        facts.append(f"CASE g_{feature.name} {cases} END")
    return f"list_sort(list_filter([{', '.join(facts)}], lambda f: f IS NOT NULL), 'desc')"


WHY_SQL = "to_json(list_transform({0}, lambda f: struct_pack(fact := f.fact, says := f.says, weight := f.weight)))"
"""Reasons as JSON text, for programs; `{0}` is a list as `reasons_sql` makes it."""
SAYS_SQL = "array_to_string(list_transform({0}, lambda f: f.says || printf(' (%+.1f)', f.weight)), ', ')"
"""Reasons as a sentence, for people."""


def clash_sql(spec: Spec) -> str:
    """SQL for whether something that settles identity contradicts."""
    return " OR ".join(f"g_{name} < 0" for name in spec.settles) or "false"
