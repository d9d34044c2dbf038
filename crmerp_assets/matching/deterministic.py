"""Linking by what records hold of each other: our key, an order's number. The rest is scored (`matching.engine`).

A rule links a pair only where it names exactly one partner on both sides. Several partners, or a partner that is
already linked to another record, become a question for a person: a wrong link merges two customers' money, while
a question only delays one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import polars as pl


@dataclass(frozen=True, slots=True)
class Rule:
    """Records are the same when `a` (of the CRM side) equals `b` (of the ERP side).

    All are SQL text, and so is `evidence`, which says what matched.
    """

    method: str
    a: str
    b: str
    evidence: str


_KEYS = (
    Rule("key", "lower(a.external_key)", "lower(b.external_key)", "'both hold key ' || a.external_key"),
    Rule("key", "lower(a.golden_id)", "lower(b.external_key)", "'the ERP record holds key ' || b.external_key"),
    Rule("key", "lower(a.external_key)", "lower(b.golden_id)", "'the CRM record holds key ' || a.external_key"),
)

RULES: dict[str, tuple[Rule, ...]] = {
    "customer": _KEYS,
    "contact": _KEYS,
    "product": _KEYS,
    "order": (
        *_KEYS,
        Rule("order_number", "a.order_number", "b.order_number", "'the deal names order ' || a.order_number"),
    ),
}

COMPARED: dict[str, tuple[str, ...]] = {"order": ("order_number",)}
"""The columns that the rules of an entity look at, besides native_id, external_key, golden_id and partner."""

_PAIRS = pl.Schema({"a_id": pl.String(), "b_id": pl.String(), "method": pl.String(), "evidence": pl.String()})


@dataclass(frozen=True, slots=True)
class Matches:
    """`links`: a_id, b_id, method, evidence. `questions`: the same columns, one row a candidate pair."""

    links: pl.DataFrame
    questions: pl.DataFrame

    @classmethod
    def none(cls) -> "Matches":
        """Nothing to link and nothing to ask."""
        return cls(pl.DataFrame(schema=_PAIRS), pl.DataFrame(schema=_PAIRS))


def link(
    con: duckdb.DuckDBPyConnection,
    side_a: str,
    side_b: str,
    rules: Sequence[Rule],
    decided: pl.DataFrame,
    never: pl.DataFrame,
) -> Matches:
    """Match the unlinked records of both sides.

    `side_a` and `side_b` name relations with native_id, golden_id (null while unlinked), partner (the native id on
    the other side it is linked to, or null) and the columns the rules use. `decided` and `never` (a_id, b_id) list
    pairs that a person has joined and separated. Cost follows the unlinked records: each pair has at least one.
    """
    _gather(con, side_a, side_b, rules)
    con.register("_decided", decided.select("a_id", "b_id").to_arrow())
    con.register("_never", never.select("a_id", "b_id").to_arrow())
    con.execute("CREATE OR REPLACE TEMP TABLE _done_a AS SELECT a_id AS id FROM _decided")
    con.execute("CREATE OR REPLACE TEMP TABLE _done_b AS SELECT b_id AS id FROM _decided")
    links = [
        con.execute(
            "SELECT a_id, b_id, 'decision' AS method, 'a person said that they are the same' AS evidence FROM _decided "
            "WHERE a_id IN (SELECT native_id FROM _fresh_a) OR b_id IN (SELECT native_id FROM _fresh_b)"
        ).pl()
    ]
    questions = []
    for rule in rules:
        found, asked = _apply(con, rule)
        links.append(found)
        questions.append(asked)
    con.unregister("_decided")
    con.unregister("_never")
    return Matches(_concat(links), _concat(questions))


def _gather(con: duckdb.DuckDBPyConnection, side_a: str, side_b: str, rules: Sequence[Rule]) -> None:
    """Make `_fresh_a` and `_fresh_b`, the unlinked records, and `_near_a` and `_near_b`, what each could meet on the
    other side: found in one pass over the keys, so that the rules look at few records however many there are."""
    for name, side in (("a", side_a), ("b", side_b)):
        con.execute(f"CREATE OR REPLACE TEMP TABLE _fresh_{name} AS SELECT * FROM {side} WHERE golden_id IS NULL")
    for name, side, other in (("a", side_a, "b"), ("b", side_b, "a")):
        keys = {(getattr(rule, name), getattr(rule, other)) for rule in rules}
        meets = " OR ".join(f"{own} IN (SELECT {theirs} FROM _fresh_{other} {other})" for own, theirs in sorted(keys))
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE _near_ids AS SELECT native_id FROM {side} {name} WHERE {meets or 'false'}"
        )
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE _near_{name} AS SELECT * FROM {side} SEMI JOIN _near_ids USING (native_id)"
        )


def _apply(con: duckdb.DuckDBPyConnection, rule: Rule) -> tuple[pl.DataFrame, pl.DataFrame]:
    con.execute(_pairs_sql(rule))
    found = con.execute("SELECT a_id, b_id, method, evidence FROM _pairs WHERE alone AND NOT taken").pl()
    asked = con.execute("SELECT a_id, b_id, method, evidence FROM _pairs WHERE NOT alone OR taken").pl()
    con.execute("INSERT INTO _done_a SELECT DISTINCT a_id FROM _pairs")
    con.execute("INSERT INTO _done_b SELECT DISTINCT b_id FROM _pairs")
    return found, asked


def _pairs_sql(rule: Rule) -> str:
    """Candidate pairs with at least one unlinked record; `alone` = only partner on both sides, `taken` = has one."""
    select = f"SELECT a.native_id a_id, b.native_id b_id, '{rule.method}' AS method, {rule.evidence} AS evidence, " + (
        "coalesce(a.partner IS NOT NULL OR b.partner IS NOT NULL, false) AS taken"
    )
    same = f"{rule.a} = {rule.b}"
    return f"""
        CREATE OR REPLACE TEMP TABLE _pairs AS
        SELECT *, count(*) OVER (PARTITION BY a_id) = 1 AND count(*) OVER (PARTITION BY b_id) = 1 AS alone
        FROM (
            {select} FROM _fresh_a a JOIN _near_b b ON {same}
            UNION
            {select} FROM _near_a a JOIN _fresh_b b ON {same}
        ) p
        WHERE a_id NOT IN (SELECT id FROM _done_a) AND b_id NOT IN (SELECT id FROM _done_b)
          AND NOT EXISTS (SELECT 1 FROM _never n WHERE n.a_id = p.a_id AND n.b_id = p.b_id)
    """


def _concat(frames: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat([frame.cast(_PAIRS) for frame in frames]) if frames else pl.DataFrame(schema=_PAIRS)
