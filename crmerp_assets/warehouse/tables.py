"""Tables that know what changed, so that every later stage costs what changed and not what there is.

Each row carries `_change`, the number of the batch that last changed its content. A consumer remembers the
highest number it has seen per source (`state.progress`), in the transaction that stores its own output.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest

import duckdb
import polars as pl

_BOOKKEEPING = ("_hash", "_change")
_SHAPES: dict[int, dict[str, list[str] | None]] = {}
"""Of every connection inside `remembering`, by its id: the tables it knows, with their columns once asked for."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What one upsert did, in rows."""

    inserted: int
    updated: int
    unchanged: int

    @property
    def changed(self) -> int:
        """Rows inserted or updated."""
        return self.inserted + self.updated

    def __add__(self, other: "Changes") -> "Changes":
        return Changes(self.inserted + other.inserted, self.updated + other.updated, self.unchanged + other.unchanged)


NO_CHANGES = Changes(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Table:
    """One keyed table: `schema.name` with the columns of `key` identifying a row."""

    schema: str
    name: str
    key: tuple[str, ...]

    @property
    def sql(self) -> str:
        """The quoted, qualified name."""
        return f'{self.schema}."{self.name}"'

    def exists(self, con: duckdb.DuckDBPyConnection) -> bool:
        """Whether anything was ever stored here. Asking for the table costs a tenth of asking the catalogue."""
        known = _SHAPES.get(id(con), {})
        if self.sql in known:
            return True
        try:
            con.execute(f"SELECT 1 FROM {self.sql} LIMIT 0")
        except duckdb.CatalogException:
            return False
        known[self.sql] = None
        return True

    def columns(self, con: duckdb.DuckDBPyConnection) -> list[str]:
        """Its content columns, without bookkeeping; none where the table does not exist."""
        known = _SHAPES.get(id(con), {})
        if (columns := known.get(self.sql)) is not None:
            return columns
        try:
            description = con.execute(f"SELECT * FROM {self.sql} LIMIT 0").description or []
        except duckdb.CatalogException:
            return []
        known[self.sql] = [column[0] for column in description if column[0] not in _BOOKKEEPING]
        return known[self.sql] or []

    def ensure(self, con: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> None:
        """Create the table from the frame's columns, or add those it lacks. Columns are never dropped."""
        if self.exists(con) and set(frame.columns) <= set(self.columns(con)):
            return
        con.register("_shape", frame.head(0).to_arrow())
        con.execute(
            f"CREATE TABLE IF NOT EXISTS {self.sql} AS "
            "SELECT *, NULL::UBIGINT AS _hash, NULL::BIGINT AS _change FROM _shape LIMIT 0"
        )
        types = {row[0]: row[1] for row in con.execute("DESCRIBE SELECT * FROM _shape").fetchall()}
        for column in sorted(set(types) - set(self.columns(con))):
            con.execute(f'ALTER TABLE {self.sql} ADD COLUMN "{column}" {types[column]}')
        con.unregister("_shape")
        _SHAPES.get(id(con), {}).pop(self.sql, None)

    def replace(self, con: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> None:
        """Make the table the frame and nothing else, without bookkeeping: nobody follows its changes."""
        con.register("_whole", frame.to_arrow())
        con.execute(f"CREATE OR REPLACE TABLE {self.sql} AS FROM _whole")
        con.unregister("_whole")
        _SHAPES.get(id(con), {}).pop(self.sql, None)

    def upsert(self, con: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> Changes:
        """Store the frame's rows; rows whose content is the same keep their change number.

        Where the frame holds a key twice, the later row counts. Columns of the table that the frame lacks
        become null in the rows it changes.
        """
        self.ensure(con, frame)
        if frame.is_empty():
            return NO_CHANGES
        frame = frame.unique(subset=list(self.key), keep="last", maintain_order=True)
        con.register("_incoming", frame.to_arrow())
        same_key = " AND ".join(f't."{name}" = i."{name}"' for name in self.key)
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE _delta AS
            SELECT i.*, t._hash IS NOT NULL AS _known
            FROM (SELECT *, {_content_hash(frame.columns)} AS _hash FROM _incoming) i
            LEFT JOIN {self.sql} t ON {same_key}
            WHERE t._hash IS NULL OR t._hash <> i._hash
            """
        )
        updated, inserted = _pair(con, "SELECT count(*) FILTER (_known), count(*) FILTER (NOT _known) FROM _delta")
        if updated:
            con.execute(f"DELETE FROM {self.sql} t USING _delta i WHERE {same_key}")
        if updated or inserted:
            con.execute(
                f"INSERT INTO {self.sql} BY NAME SELECT d.* EXCLUDE (_known), n.n AS _change "
                "FROM _delta d, (SELECT nextval('state.change_number') AS n) n"
            )
        con.unregister("_incoming")
        return Changes(inserted, updated, frame.height - inserted - updated)

    def replace_children(self, con: duckdb.DuckDBPyConnection, parents: Sequence[str], frame: pl.DataFrame) -> Changes:
        """Make the children of `parents` exactly the rows of the frame; the first key column names the parent.

        A child that is gone stays as a tombstone (`deleted` = true), so that consumers hear of it.
        """
        parent = self.key[0]
        frame = frame.with_columns(pl.lit(value=False).alias("deleted"))
        self.ensure(con, frame)
        with listed(con, "_parents", parents):
            known = con.execute(
                f"SELECT * EXCLUDE (_hash, _change) FROM {self.sql} "
                f'SEMI JOIN _parents ON "{parent}" = _parents.id WHERE NOT deleted'
            ).pl()
        gone = known.join(frame, on=list(self.key), how="anti").with_columns(pl.lit(value=True).alias("deleted"))
        return self.upsert(con, pl.concat([frame, gone.select(known.columns)], how="diagonal_relaxed"))


@contextmanager
def remembering(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Ask for each table's shape once in this block, which is one transaction: a stage asks dozens of times.

    No longer than that: between two transactions the file may be deleted, or put back from an older copy.
    """
    _SHAPES[id(con)] = {}
    try:
        yield
    finally:
        del _SHAPES[id(con)]


@contextmanager
def listed(con: duckdb.DuckDBPyConnection, name: str, ids: Iterable[str]) -> Iterator[None]:
    """Make `ids` a relation called `name` with the column `id`.

    As parameters of a statement they would cost a tenth of a millisecond each.
    """
    con.register(name, pl.DataFrame({"id": list(ids)}, schema={"id": pl.String}).to_arrow())
    try:
        yield
    finally:
        con.unregister(name)


def unseen(con: duckdb.DuckDBPyConnection, table: Table, consumer: str, where: str = "true") -> pl.DataFrame:
    """The rows of `table` that changed since `consumer` last advanced, with their `_change` numbers.

    A table that nothing was ever stored in gives an empty frame without columns.
    """
    if not table.exists(con):
        return pl.DataFrame()
    since = seen(con, table, consumer)
    return con.execute(f"SELECT * EXCLUDE (_hash) FROM {table.sql} WHERE _change > {since} AND ({where})").pl()


def seen(con: duckdb.DuckDBPyConnection, table: Table, consumer: str) -> int:
    """The highest change number of `table` that `consumer` has processed; 0 before the first time."""
    row = con.execute(
        "SELECT change FROM state.progress WHERE consumer = ? AND source = ?", [consumer, table.sql]
    ).fetchone()
    return int(row[0]) if row else 0


def newest(con: duckdb.DuckDBPyConnection, table: Table) -> int:
    """The change number of the last batch that changed `table`; 0 where it does not exist."""
    if not table.exists(con):
        return 0
    row = con.execute(f"SELECT coalesce(max(_change), 0) FROM {table.sql}").fetchone()
    return int(row[0]) if row else 0


def marks(con: duckdb.DuckDBPyConnection, sources: Iterable[Table]) -> dict[Table, int]:
    """`newest` of those of the tables that exist."""
    there = [table for table in dict.fromkeys(sources) if table.exists(con)]
    if not there:
        return {}
    asked = ", ".join(f"(SELECT coalesce(max(_change), 0) FROM {table.sql})" for table in there)
    return dict(zip(there, con.execute(f"SELECT {asked}").fetchall()[0], strict=True))


def progress(con: duckdb.DuckDBPyConnection, sources: Iterable[Table], consumer: str) -> dict[Table, int]:
    """`seen` of each of the tables."""
    rows = con.execute("SELECT source, change FROM state.progress WHERE consumer = ?", [consumer]).fetchall()
    known = {str(source): int(change) for source, change in rows}
    return {table: known.get(table.sql, 0) for table in sources}


def identity(con: duckdb.DuckDBPyConnection) -> str:
    """What tells this warehouse from one that was deleted and made anew."""
    row = con.execute("SELECT id FROM state.identity").fetchone()
    return str(row[0]) if row else ""


def advance(con: duckdb.DuckDBPyConnection, table: Table, consumer: str, change: int) -> None:
    """Note that `consumer` has processed `table` up to change number `change`; never moves back."""
    before = seen(con, table, consumer)
    if before >= change:
        return
    if before:  # takes a third of the time of an upsert
        con.execute(
            "UPDATE state.progress SET change = ? WHERE consumer = ? AND source = ?", [change, consumer, table.sql]
        )
        return
    con.execute(
        "INSERT INTO state.progress VALUES (?, ?, ?) "
        "ON CONFLICT (consumer, source) DO UPDATE SET change = greatest(change, excluded.change)",
        [consumer, table.sql, change],
    )


def _content_hash(columns: Sequence[str]) -> str:
    """SQL for a hash of names and values in which a null counts like a column that is not there.

    Each part is hashed twice: DuckDB joins the hashes of two values by xor, so that values which swap their columns
    would cancel out. They are joined pair by pair: a chain as deep as the table is wide takes longer to plan than a
    small upsert to run.
    """
    parts = [
        f'CASE WHEN "{name}" IS NULL THEN 0::UBIGINT ELSE hash(hash(\'{name}\', "{name}")) END' for name in columns
    ]
    while len(parts) > 1:
        pairs = zip_longest(parts[::2], parts[1::2])
        parts = [left if right is None else f"xor({left}, {right})" for left, right in pairs]
    return parts[0]


def _pair(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, int]:
    row = con.execute(sql).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])
