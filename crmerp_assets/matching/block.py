"""Which records are worth comparing: those that share a key.

Keys are hashes in one long table. A key that too many records share says nothing about any two of them and would
cost the square of their number, so it is left out, and the run says which kind of key and how many records it was.
Which words are common is frozen by a full run and used as it is until the next one; how often a value occurs, and which
keys too many records share, follows every change. So the order in which records arrive changes nothing.
"""

from dataclasses import dataclass

import duckdb
import polars as pl

from crmerp_assets.matching.spec import CAP, WEAK, Spec

RARE = 300
"""A word that this many names or fewer have is a key of its own."""
_FEW = 10_000
"""Records up to which finding them one by one is faster than reading all."""
_WORD = 255
_IN_A_PART = 96
"""Keys in a part of all keys: a part with few records has no key with many, and need not be counted key by key."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The names of an entity's tables: `records`, `keys` (k, kind, rid), `words` (word, place, n: the common ones,
    frozen) and `stops` (k, kind, n: keys that are left out)."""

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


def store_keys(con: duckdb.DuckDBPyConnection, spec: Spec, tables: Tables) -> None:
    """Make the keys of all records; none is left out yet. In order, so that half of them need not be read for a few."""
    con.execute(f"CREATE OR REPLACE TABLE {tables.keys} AS {keys_sql(spec, tables, tables.records)} ORDER BY k")
    con.execute(f"CREATE OR REPLACE TABLE {tables.stops} (k UBIGINT, kind UTINYINT, n BIGINT)")


def add_keys(con: duckdb.DuckDBPyConnection, spec: Spec, tables: Tables, records: str) -> None:
    """Add the keys of new records."""
    con.execute(f"INSERT INTO {tables.keys} {keys_sql(spec, tables, records)}")


def pairs(con: duckdb.DuckDBPyConnection, spec: Spec, tables: Tables, target: str, fresh: str | None = None) -> None:
    """Make `target` (l, r), each pair of records that share a key once, l < r; with `fresh`, a relation of rids,
    only pairs that have one of these.

    Keys that would make more pairs than their kind may are left out, from now on.
    """
    near = tables.keys
    if fresh is not None:
        near = "_near"
        own = (
            f"SELECT DISTINCT k FROM {tables.keys} SEMI JOIN {fresh} f USING (rid) ANTI JOIN {tables.stops} s USING (k)"
        )
        con.execute(f"CREATE OR REPLACE TEMP TABLE _own AS {own}")
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE _near AS SELECT * FROM {tables.keys} SEMI JOIN _own o USING (k) WHERE true"
            + _named(con, "SELECT k FROM _own", "k")
        )
    _leave_out(con, spec, tables, near)
    kept = f"(SELECT k, rid FROM {near} ANTI JOIN {tables.stops} s USING (k))"
    if fresh is None:
        sql = f"SELECT a.rid AS l, b.rid AS r FROM {kept} a JOIN {near} b ON a.k = b.k AND a.rid < b.rid"
    else:
        sql = (
            f"SELECT least(a.rid, b.rid) AS l, greatest(a.rid, b.rid) AS r FROM {near} b "
            f"JOIN (SELECT * FROM {kept} SEMI JOIN {fresh} f USING (rid)) a ON a.k = b.k AND a.rid <> b.rid"
        )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {target} AS SELECT DISTINCT l, r FROM ({sql})")
    con.execute("DROP TABLE IF EXISTS _near; DROP TABLE IF EXISTS _own")


def _leave_out(con: duckdb.DuckDBPyConnection, spec: Spec, tables: Tables, near: str) -> None:
    """Add those of the keys in `near` to the stops that would make too many pairs."""
    ((count,),) = con.execute(f"SELECT count(*) FROM {near}").fetchall()
    part = f"(k >> {64 - max(1, (count // _IN_A_PART).bit_length())})::INTEGER AS part, {_most(spec)} AS most"
    con.execute(
        f"INSERT INTO {tables.stops} SELECT k, any_value(kind), count(*) AS n "
        f"FROM (SELECT *, {part} FROM {near}) SEMI JOIN ("
        f"SELECT {part} FROM {near} GROUP BY ALL HAVING {_too_many('count(*)', 'most')}) USING (part, most) "
        f"ANTI JOIN {tables.stops} s USING (k) "
        f"GROUP BY k HAVING {_too_many('n', 'any_value(most)')}"
    )


def left_out(con: duckdb.DuckDBPyConnection, spec: Spec, tables: Tables) -> pl.DataFrame:
    """What was left out: kind of key, keys, records, the most records of one key."""
    kinds = {n: kind for kind, n in _numbers(spec).items()} | {_WORD: "rare word"}
    found = con.execute(
        "SELECT kind, count(*) AS keys, sum(n)::BIGINT AS records, max(n) AS largest "
        f"FROM {tables.stops} GROUP BY 1 ORDER BY 1"
    ).pl()
    return found.with_columns(pl.col("kind").replace_strict(kinds, return_dtype=pl.String))


def _most(spec: Spec) -> str:
    """SQL for the most pairs that a key of some `kind` may make."""
    number = _numbers(spec)
    others = {number[key.kind]: key.most for key in spec.keys if key.most != CAP} | {_WORD: WEAK}
    return f"CASE kind {' '.join(f'WHEN {kind} THEN {most}' for kind, most in others.items())} ELSE {CAP} END"


def _too_many(n: str, most: str) -> str:
    return f"{n} * ({n} - 1) / 2 > {most}"
