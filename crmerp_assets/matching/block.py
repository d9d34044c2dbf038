"""Which records are worth comparing: those that share a key.

Keys are hashes in one long table. A key that too many records share says nothing about any two of them and would
cost the square of their number, so it is left out, and the run says which kind of key and how many records it was.
Which words are common is frozen by a full run and used as it is until the next one; how often a value occurs, and which
keys too many records share, follows every change. So the order in which records arrive changes nothing.
"""

from dataclasses import dataclass

import duckdb
import polars as pl

from crmerp_assets.matching.spec import Spec

CAP = 3600
"""The most pairs that one key may make."""
RARE = 300
"""A word that this many names or fewer have is a key of its own."""
_FEW = 10_000
"""Records up to which finding them one by one is faster than reading all."""
_WORD = 255
_PART = "(k >> 44)::INTEGER"
"""A million parts of all keys: a part with few records has no key with many, and need not be counted key by key."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The names of an entity's tables: `records`, `keys` (k, rid), `words` (word, place, n: the common ones, frozen)
    and `stops` (k, kind, n: keys that are left out)."""

    records: str
    keys: str
    words: str
    stops: str


def count_words(con: duckdb.DuckDBPyConnection, spec: Spec, records: str, tables: Tables) -> None:
    """Freeze which words are common."""
    words = "SELECT NULL::VARCHAR AS word, NULL::VARCHAR AS place, 0::BIGINT AS n WHERE false"
    if spec.words is not None:
        words = (
            f"SELECT word, place, count(*) AS n FROM (SELECT unnest(list_distinct({spec.words})) AS word, "
            f"{spec.place} AS place FROM {records}) WHERE length(word) >= 3 GROUP BY ALL HAVING n > {RARE}"
        )
    con.execute(f"CREATE OR REPLACE TABLE {tables.words} AS {words}")


def store(con: duckdb.DuckDBPyConnection, spec: Spec, source: str, tables: Tables) -> None:
    """Make the table of records from the relation `source`, with how often each counted value occurs.

    Text is not compressed and rids have an index: a few records are read in milliseconds, and compressing would take
    longer than all the rest of writing.
    """
    query = with_counts(con, spec, source)
    columns = ", ".join(
        f'"{name}" {kind}' + (" USING COMPRESSION uncompressed" if kind == "VARCHAR" else "")
        for name, kind, *_ in con.execute(f"DESCRIBE {query}").fetchall()
    )
    con.execute(f"CREATE OR REPLACE TABLE {tables.records} ({columns})")
    con.execute(f"INSERT INTO {tables.records} BY NAME {query}")
    con.execute("DROP TABLE _counts")
    con.execute(f"CREATE INDEX {_index(tables)} ON {tables.records} (rid)")


def _index(tables: Tables) -> str:
    """The name of the index on rids; an index has its table's schema."""
    return '"' + tables.records.rpartition(".")[2].strip('"') + '_rid"'


def few_records(con: duckdb.DuckDBPyConnection, tables: Tables, pairs: str) -> str | None:
    """A temporary table of the records that the pairs name, found by the index; None where they are too many."""
    named = _named(con, f"SELECT DISTINCT unnest([l, r]) FROM {pairs}", "rid")
    if not named:
        return None
    con.execute(f"CREATE OR REPLACE TEMP TABLE _few AS SELECT * FROM {tables.records} WHERE true{named}")
    return "_few"


def with_counts(con: duckdb.DuckDBPyConnection, spec: Spec, source: str) -> str:
    """SQL for the records of `source` with how many of them have the value of each counted column, and its hash.

    The counts are looked up beside the records, not in a row with them: whole records are carried through one join
    instead of one for each count. By the hash those that share a value are found three times as fast as by the value.
    """
    joins = " ".join(
        f"LEFT JOIN (SELECT {column} AS value, {what} AS n FROM {source} WHERE {column} IS NOT NULL GROUP BY 1 "
        f"HAVING n > 1) f{n} ON f{n}.value = r.{column}"
        for n, (column, what) in enumerate(spec.counted.items())
    )
    counts = ", ".join(
        f"coalesce(f{n}.n, 1) AS {column}_n, hash(r.{column}) AS {column}_h" for n, column in enumerate(spec.counted)
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE _counts AS SELECT r.rid, {counts} FROM {source} r {joins}")
    return f"SELECT r.*, c.* EXCLUDE (rid) FROM {source} r JOIN _counts c ON c.rid = r.rid"


def count_again(con: duckdb.DuckDBPyConnection, spec: Spec, tables: Tables, touched: str) -> None:
    """Bring the counts of the values in the relation `touched` (the counted columns) up to date, on every record."""
    for column, what in spec.counted.items():
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE _counted AS SELECT rid, n FROM (SELECT rid, {column}_n AS known, "
            f"{what} OVER (PARTITION BY {column}) AS n FROM {tables.records} "
            f"WHERE {column}_h IN (SELECT hash({column}) FROM {touched} WHERE {column} IS NOT NULL)) WHERE n <> known"
        )
        con.execute(
            f"UPDATE {tables.records} r SET {column}_n = c.n FROM _counted c WHERE r.rid = c.rid"
            + _named(con, "SELECT rid FROM _counted", "r.rid")
        )


def _named(con: duckdb.DuckDBPyConnection, rids: str, column: str) -> str:
    """A condition that names a few records, for the index; nothing for many. A join would read all records."""
    found = con.execute(f"{rids} LIMIT {_FEW + 1}").fetchall()
    return f" AND {column} IN ({', '.join(str(rid) for (rid,) in found)})" if 0 < len(found) <= _FEW else ""


def keys_sql(spec: Spec, tables: Tables, records: str) -> str:
    """SQL for (k, kind, rid): each key of each record once."""
    number = _numbers(spec)
    parts = [
        f"SELECT hash({number[key.kind]}, {key.sql}) AS k, {number[key.kind]}::UTINYINT AS kind, rid "
        f"FROM {records} WHERE ({key.sql}) IS NOT NULL"
        for key in spec.keys
    ]
    if spec.words is not None:
        parts.append(
            f"SELECT hash({_WORD}, t.word, t.place) AS k, {_WORD}::UTINYINT AS kind, t.rid FROM ("
            f"SELECT rid, {spec.place} AS place, unnest(list_distinct({spec.words})) AS word FROM {records}) t "
            f"ANTI JOIN {tables.words} c ON c.word = t.word AND c.place IS NOT DISTINCT FROM t.place "
            "WHERE length(t.word) >= 3"
        )
    return " UNION ALL ".join(parts)


def _numbers(spec: Spec) -> dict[str, int]:
    return {kind: n for n, kind in enumerate(dict.fromkeys(key.kind for key in spec.keys))}


def block(con: duckdb.DuckDBPyConnection, spec: Spec, tables: Tables) -> pl.DataFrame:
    """Make the keys of all records, and leave out those that would make more than CAP pairs.

    Returns what was left out: kind of key, keys, records, the most records of one key.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE _all_keys AS {keys_sql(spec, tables, tables.records)}")
    con.execute(
        f"CREATE OR REPLACE TABLE {tables.stops} AS SELECT k, any_value(kind) AS kind, count(*) AS n FROM _all_keys "
        f"WHERE {_PART} IN (SELECT {_PART} FROM _all_keys GROUP BY 1 HAVING {_too_many('count(*)')}) "
        f"GROUP BY k HAVING {_too_many('n')}"
    )
    con.execute(
        f"CREATE OR REPLACE TABLE {tables.keys} AS SELECT k.k, k.rid FROM _all_keys k "
        f"ANTI JOIN {tables.stops} s ON s.k = k.k"
    )
    con.execute("DROP TABLE _all_keys")
    kinds = {n: kind for kind, n in _numbers(spec).items()} | {_WORD: "rare word"}
    found = con.execute(
        "SELECT kind, count(*) AS keys, sum(n)::BIGINT AS records, max(n) AS largest "
        f"FROM {tables.stops} GROUP BY 1 ORDER BY 1"
    ).pl()
    return found.with_columns(pl.col("kind").replace_strict(kinds, return_dtype=pl.String))


def _too_many(n: str) -> str:
    return f"{n} * ({n} - 1) / 2 > {CAP}"


def add_keys(con: duckdb.DuckDBPyConnection, spec: Spec, tables: Tables, records: str) -> None:
    """Add the keys of new records, and leave out those that too many share by now."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE _new_keys AS {keys_sql(spec, tables, records)}")
    con.execute(f"INSERT INTO {tables.keys} SELECT k.k, k.rid FROM _new_keys k ANTI JOIN {tables.stops} s ON s.k = k.k")
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE _full_keys AS SELECT k, count(*) AS n FROM {tables.keys} "
        f"WHERE k IN (SELECT k FROM _new_keys) GROUP BY k HAVING {_too_many('n')}"
    )
    con.execute(
        f"INSERT INTO {tables.stops} SELECT f.k, any_value(n.kind), any_value(f.n) FROM _full_keys f "
        "JOIN _new_keys n ON n.k = f.k GROUP BY 1"
    )
    con.execute(f"DELETE FROM {tables.keys} WHERE k IN (SELECT k FROM _full_keys)")
    con.execute("DROP TABLE _new_keys; DROP TABLE _full_keys")


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
