"""The same model for Splink, which runs on Spark: for more records than one machine holds.

Splink gets our normalised records, our keys, our levels and our weights, so that it finds the same pairs with the same
probabilities; it trains nothing, as its own training counts evidence that comes together more than once (see
docs/matching.md).
Nothing here imports Splink: settings are a dict, and it is an extra (`[splink]`, `[spark]`).
"""

import re
from collections.abc import Callable
from itertools import combinations
from typing import Any, Literal

from sqlglot import exp, parse_one

from crmerp_assets.matching.block import Tables
from crmerp_assets.matching.compare import of_both
from crmerp_assets.matching.model import Model
from crmerp_assets.matching.spec import Feature, Spec

Dialect = Literal["duckdb", "spark"]
LinkType = Literal["link_only", "link_and_dedupe", "dedupe_only"]
_SIDES = {"a": "l", "b": "r"}
_LEN = re.compile(r"\blen\(")
_MOST = 0.5
"""The larger of m and u; only their ratio counts."""


def settings(
    spec: Spec, model: Model, dialect: Dialect = "duckdb", link_type: LinkType = "link_only"
) -> dict[str, Any]:
    """Settings for Splink 5 that score as `model` does the records that `records_sql` selects, in that dialect."""
    odds = 2.0**model.prior
    return {
        "link_type": link_type,
        "unique_id_column_name": "rid",
        "source_dataset_column_name": "side",
        "probability_two_random_records_match": odds / (1 + odds),
        "blocking_rules_to_generate_predictions": _rules(spec, dialect),
        "comparisons": [_comparison(spec, feature, model, dialect) for feature in spec.features],
        "retain_matching_columns": False,
    }


def records_sql(spec: Spec, tables: Tables) -> str:
    """SQL (DuckDB) for an entity's normalised records with `key_<n>` for each key and `key_words`, a list of rare
    words: null where a full run left a key out."""
    kinds = list(dict.fromkeys(key.kind for key in spec.keys))
    keys = ", ".join(
        f"CASE WHEN hash({kinds.index(key.kind)}, {key.sql}) NOT IN (SELECT k FROM {tables.stops}) THEN {key.sql} END "
        f"AS key_{n}"
        for n, key in enumerate(spec.keys)
    )
    if spec.words is None:
        return f"SELECT *, {keys} FROM {tables.records}"
    return f"""
        SELECT r.*, {keys}, w.key_words FROM {tables.records} r LEFT JOIN (
            SELECT t.rid, list_sort(list(DISTINCT concat(t.word, '|', t.place))) AS key_words FROM (
                SELECT rid, {spec.place} AS place, unnest({spec.words}) AS word FROM {tables.records}) t
            ANTI JOIN {tables.words} c ON c.word = t.word AND c.place IS NOT DISTINCT FROM t.place
            WHERE length(t.word) >= 3
              AND hash(255, t.word, t.place) NOT IN (SELECT k FROM {tables.stops})
            GROUP BY t.rid) w USING (rid)
    """


def _rules(spec: Spec, dialect: Dialect) -> list[dict[str, Any]]:
    """Records meet under the same key, or under two keys of one kind."""
    same = [f"l.key_{n} = r.key_{n}" for n in range(len(spec.keys))]
    cross = [
        f"l.key_{one} = r.key_{other}"
        for (n, a), (m, b) in combinations(enumerate(spec.keys), 2)
        if a.kind == b.kind
        for one, other in ((n, m), (m, n))
    ]
    rules: list[dict[str, Any]] = [{"blocking_rule": rule, "sql_dialect": dialect} for rule in same + cross]
    if spec.words is not None:
        word = {"blocking_rule": "l.key_words = r.key_words", "arrays_to_explode": ["key_words"]}
        rules.append({**word, "sql_dialect": dialect})
    return rules


def _comparison(spec: Spec, feature: Feature, model: Model, dialect: Dialect) -> dict[str, Any]:
    """Levels from the highest down; 0, no evidence, is Splink's null level."""
    value = _translated(spec, feature.sql, dialect)
    levels = [level for level in reversed(feature.levels) if level != 0]
    return {
        "output_column_name": feature.name,
        "comparison_levels": [
            {"sql_condition": f"({value}) = 0", "label_for_charts": "no evidence", "is_null_level": True},
            *(
                {
                    "sql_condition": f"({value}) = {level}",
                    "label_for_charts": feature.labels[level],
                    **_chances(model.weights[feature.name].get(level, 0.0)),
                }
                for level in levels[:-1]
            ),
            {
                "sql_condition": "ELSE",
                "label_for_charts": feature.labels[levels[-1]],
                **_chances(model.weights[feature.name].get(levels[-1], 0.0)),
            },
        ],
    }


def _chances(weight: float) -> dict[str, Any]:
    """m and u whose log2 ratio is the weight, and which no training changes."""
    u = min(_MOST, _MOST / 2.0**weight)
    return {
        "m_probability": u * 2.0**weight,
        "u_probability": u,
        "fix_m_probability": True,
        "fix_u_probability": True,
    }


def _translated(spec: Spec, sql: str, dialect: Dialect) -> str:
    """A feature's SQL with Splink's column names (`name_l`, `name_r`), in another dialect where asked for."""
    both = {name: _parsed(value) for name, value in of_both(spec).items()}
    tree = _parsed(sql).transform(
        lambda node: both[node.name].copy() if isinstance(node, exp.Column) and node.name in both else node
    )
    tree = tree.transform(_sided)
    if dialect == "spark":
        tree = tree.transform(_for_spark)
    return str(tree.sql(dialect=dialect))


def _parsed(sql: str) -> exp.Expr:
    """`len` is a list's, `length` a text's; sqlglot takes them for the same."""
    return parse_one(_LEN.sub("array_length(", sql), read="duckdb")


def _sided(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Column) and node.table in _SIDES:
        return exp.column(f"{node.name}_{_SIDES[node.table]}")
    return node


_Call = Callable[[list[exp.Expr]], exp.Expr]


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))


_SPARK: dict[str, _Call] = {
    "jaro_similarity": lambda given: _call("jaro_sim", *given[:2]),
}
"""What DuckDB has under another name than Spark, or Splink's library for Spark.

The similarities return what is below their cut-off, too, which no level asks for.
"""


def _for_spark(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.JarowinklerSimilarity):
        return _call("jaro_winkler", node.this, node.expression)
    name = str(node.this).lower() if isinstance(node, exp.Anonymous) else ""
    return _SPARK[name](list(node.expressions)) if name in _SPARK else node
