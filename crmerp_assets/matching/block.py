"""Which records are worth comparing: those that share a key.

Keys are hashes in one long table. A key that too many records share says nothing about any two of them and would
cost the square of their number, so it is left out, and the run says which kind of key and how many records it was.
Frequencies and left-out keys are frozen by a full run (`freeze`) and used as they are until the next one, so that
the order in which records arrive changes nothing.
"""

from dataclasses import dataclass

import duckdb
import polars as pl

from crmerp_assets.matching.spec import Spec

CAP = 3600
"""The most pairs that one key may make."""
RARE = 300
"""A word that this many names or fewer have is a key of its own."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The names of an entity's tables: `records`, `keys` (k, kind, rid, side), and what a full run froze: `counts`
    (kind, value, n), `words` (word, place, n) and `stops` (k, kind, n, a)."""

    records: str
    keys: str
    counts: str
    words: str
    stops: str


def count(con: duckdb.DuckDBPyConnection, spec: Spec, tables: Tables) -> None:
    """Freeze how often each value and word occurs."""
    parts = [
        f"SELECT {n}::UTINYINT AS kind, {column} AS value, count(*) AS n FROM {tables.records} "
        f"WHERE {column} IS NOT NULL GROUP BY ALL HAVING count(*) > 1"
        for n, column in enumerate(spec.counted)
    ]
    con.execute(f"CREATE OR REPLACE TABLE {tables.counts} AS {' UNION ALL '.join(parts)}")
    words = "SELECT NULL::VARCHAR AS word, NULL::VARCHAR AS place, 0::BIGINT AS n WHERE false"
    if spec.words is not None:
        words = (
            f"SELECT word, place, count(*) AS n FROM (SELECT unnest({spec.words}) AS word, {spec.place} AS place "
            f"FROM {tables.records}) WHERE length(word) >= 3 GROUP BY ALL HAVING n > {RARE}"
        )
    con.execute(f"CREATE OR REPLACE TABLE {tables.words} AS {words}")


def with_counts(con: duckdb.DuckDBPyConnection, spec: Spec, tables: Tables, source: str, target: str) -> None:
    """Make `target` of normalised records with the frozen counts of their values; one that was not there counts 1."""
    counts = ", ".join(f"coalesce(f{n}.n, 1) AS {column}_n" for n, column in enumerate(spec.counted))
    joins = " ".join(
        f"LEFT JOIN {tables.counts} f{n} ON f{n}.kind = {n} AND f{n}.value = r.{column}"
        for n, column in enumerate(spec.counted)
    )
    con.execute(f"CREATE OR REPLACE TABLE {target} AS SELECT r.*, {counts} FROM {source} r {joins}")


def keys_sql(spec: Spec, tables: Tables, records: str) -> str:
    """SQL for (k, kind, rid, side) of the records, without the keys that are frozen out."""
    return f"SELECT k.* FROM ({_all_keys(spec, tables, records)}) k ANTI JOIN {tables.stops} s ON s.k = k.k"


def _all_keys(spec: Spec, tables: Tables, records: str) -> str:
    number = {kind: n for n, kind in enumerate(dict.fromkeys(key.kind for key in spec.keys))}
    parts = [
        f"SELECT hash({number[key.kind]}, {key.sql}) AS k, {number[key.kind]}::UTINYINT AS kind, rid, side "
        f"FROM {records} WHERE ({key.sql}) IS NOT NULL"
        for key in spec.keys
    ]
    if spec.words is not None:
        parts.append(
            f"SELECT hash(255, t.word, t.place) AS k, 255::UTINYINT AS kind, t.rid, t.side FROM ("
            f"SELECT rid, side, {spec.place} AS place, unnest({spec.words}) AS word FROM {records}) t "
            f"ANTI JOIN {tables.words} c ON c.word = t.word AND c.place IS NOT DISTINCT FROM t.place "
            "WHERE length(t.word) >= 3"
        )
    return "SELECT DISTINCT k, kind, rid, side FROM (" + " UNION ALL ".join(parts) + ")"


def block(con: duckdb.DuckDBPyConnection, spec: Spec, tables: Tables, *, within: bool = True) -> pl.DataFrame:
    """Make the keys of all records, and freeze out those that would make more than CAP pairs.

    Returns what was left out: kind of key, keys, records, the most records of one key.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE _all_keys AS {_all_keys(spec, tables, tables.records)}")
    pairs = "n * (n - 1) / 2" if within else "a * (n - a)"
    con.execute(
        f"CREATE OR REPLACE TABLE {tables.stops} AS SELECT k, any_value(kind) AS kind, count(*) AS n, "
        f"count(*) FILTER (side = 'crm') AS a FROM _all_keys GROUP BY k HAVING {pairs} > {CAP}"
    )
    con.execute(
        f"CREATE OR REPLACE TABLE {tables.keys} AS SELECT * FROM _all_keys k ANTI JOIN {tables.stops} s ON s.k = k.k "
        "ORDER BY k"
    )
    con.execute("DROP TABLE _all_keys")
    kinds = dict(enumerate(dict.fromkeys(key.kind for key in spec.keys))) | {255: "rare word"}
    found = con.execute(
        "SELECT kind, count(*) AS keys, sum(n)::BIGINT AS records, max(n) AS largest "
        f"FROM {tables.stops} GROUP BY 1 ORDER BY 1"
    ).pl()
    return found.with_columns(pl.col("kind").replace_strict(kinds, return_dtype=pl.String))


def pairs(con: duckdb.DuckDBPyConnection, tables: Tables, target: str, fresh: str | None = None) -> None:
    """Make `target` (l, r), each pair of records that share a key once, l < r; with `fresh`, a relation of rids,
    only pairs that have one of these."""
    if fresh is None:
        sql = f"SELECT a.rid AS l, b.rid AS r FROM {tables.keys} a JOIN {tables.keys} b ON a.k = b.k AND a.rid < b.rid"
    else:
        sql = (
            f"SELECT least(a.rid, b.rid) AS l, greatest(a.rid, b.rid) AS r FROM {tables.keys} b "
            f"JOIN (SELECT * FROM {tables.keys} SEMI JOIN {fresh} f USING (rid)) a ON a.k = b.k AND a.rid <> b.rid"
        )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {target} AS SELECT DISTINCT l, r FROM ({sql})")
