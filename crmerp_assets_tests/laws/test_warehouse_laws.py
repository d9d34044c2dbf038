"""What must hold for the warehouse's tables whatever is stored, in whatever order, and whatever fails on the way.

To see that the laws bite, protections were removed one at a time. What was removed, and what failed:

- the comparison of hashes in `upsert`:
  `test_increments_are_always_the_whole_and_unchanged_rows_stay_unchanged`
- the second hash in `_content_hash`:
  `test_every_change_of_content_is_noticed_and_nothing_else`
- that the last of two rows counts, the tombstones, the deletion of the old row, the rollback:
  `test_increments_are_always_the_whole_and_unchanged_rows_stay_unchanged`
- `greatest` in `advance`:
  `test_a_consumer_never_moves_back_and_reads_for_itself`
- the lock between threads:
  `test_threads_of_one_process_take_turns`
- `set` in "Could not set lock":
  `test_a_damaged_file_is_not_mistaken_for_a_busy_one`
"""

from collections.abc import Callable

import duckdb
import polars as pl
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from crmerp_assets.warehouse import Changes, Table
from crmerp_assets.warehouse.tables import advance, newest, seen, unseen
from crmerp_assets_tests.warehouse.files import in_memory

SOURCE, LINES = Table("raw", "source", ("id",)), Table("raw", "line", ("parent", "position"))
COPIES = {SOURCE: Table("golden", "source", ("id",)), LINES: Table("golden", "line", ("parent", "position"))}
Key = tuple[str | int, ...]
Content = dict[str, object]
Act = Callable[[duckdb.DuckDBPyConnection], Changes]
VALUES = st.sampled_from([None, "x", "y"])
COLUMNS = st.sets(st.sampled_from(["a", "b", "c"]), min_size=1)
ROWS = st.lists(st.tuples(st.sampled_from("kmn"), VALUES, VALUES, VALUES), max_size=4)
CHILDREN = st.dictionaries(st.tuples(st.sampled_from("pqr"), st.integers(1, 3)), VALUES, max_size=5)


class Broken(RuntimeError):
    """A process died before its block ended."""


class Tables(RuleBasedStateMachine):
    """Producers store, consumers read what they have not seen, and either may die in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.warehouse = in_memory()
        self.model: dict[Table, dict[Key, Content]] = {SOURCE: {}, LINES: {}}
        self.numbers: dict[Table, dict[Key, int]] = {SOURCE: {}, LINES: {}}

    @rule(rows=ROWS, columns=COLUMNS, dies=st.booleans())
    def store(self, rows: list[tuple[str | None, ...]], columns: set[str], dies: bool) -> None:
        names = ["id", "a", "b", "c"]
        frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row").select("id", *sorted(columns))
        wanted = {(row["id"],): {name: row[name] for name in columns} for row in frame.iter_rows(named=True)}
        self._change(SOURCE, wanted, dies, lambda con: SOURCE.upsert(con, frame))

    @rule(parents=st.sets(st.sampled_from("pqr")), children=CHILDREN, dies=st.booleans())
    def replace_children(self, parents: set[str], children: dict[tuple[str, int], str | None], dies: bool) -> None:
        rows = [(parent, at, text) for (parent, at), text in children.items() if parent in parents]
        shape = {"parent": pl.String, "position": pl.Int64, "text": pl.String}
        frame = pl.DataFrame(rows, schema=shape, orient="row")
        wanted = {(parent, at): {"text": text, "deleted": False} for parent, at, text in rows}
        gone = {
            key: {**content, "deleted": True}
            for key, content in self.model[LINES].items()
            if key[0] in parents and key not in wanted and not content["deleted"]
        }
        self._change(LINES, wanted | gone, dies, lambda con: LINES.replace_children(con, sorted(parents), frame))

    def _change(self, table: Table, wanted: dict[Key, Content], dies: bool, act: Act) -> None:
        model = self.model[table]
        inserted = wanted.keys() - model.keys()
        updated = {key for key in wanted.keys() & model.keys() if _known(wanted[key]) != _known(model[key])}
        try:
            with self.warehouse.open() as con:
                done = act(con)
                assert done == Changes(len(inserted), len(updated), len(wanted) - len(inserted) - len(updated))
                if dies:
                    raise Broken
        except Broken:
            return
        model.update({key: wanted[key] for key in inserted | updated})
        with self.warehouse.open() as con:
            numbers = _numbers(con, table)
        before, self.numbers[table] = self.numbers[table], numbers
        assert {key for key in numbers if numbers[key] != before.get(key)} == inserted | updated
        assert all(numbers[key] > max(before.values(), default=0) for key in inserted | updated)
        assert len({numbers[key] for key in inserted | updated}) <= 1

    @rule(table=st.sampled_from([SOURCE, LINES]), dies=st.booleans())
    def consume(self, table: Table, dies: bool) -> None:
        copy = COPIES[table]
        try:
            with self.warehouse.open() as con:
                news, mark = unseen(con, table, "copier"), newest(con, table)
                if news.width:
                    copy.upsert(con, news.drop("_change"))
                advance(con, table, "copier", mark)
                if dies:
                    raise Broken
        except Broken:
            return
        with self.warehouse.open() as con:
            assert unseen(con, table, "copier").is_empty()
            assert seen(con, table, "copier") == newest(con, table)
            assert _stored(con, copy) == self.model_of(table)

    @invariant()
    def every_table_holds_what_was_stored(self) -> None:
        with self.warehouse.open() as con:
            for table in (SOURCE, LINES):
                assert _stored(con, table) == self.model_of(table)

    @invariant()
    def what_a_consumer_has_not_seen_and_its_copy_are_the_whole(self) -> None:
        with self.warehouse.open() as con:
            for table, copy in COPIES.items():
                news = _contents(table, unseen(con, table, "copier"))
                assert {**_stored(con, copy), **news} == self.model_of(table)

    def model_of(self, table: Table) -> dict[Key, Content]:
        return {key: _known(content) for key, content in self.model[table].items()}


def _known(content: Content) -> Content:
    """The content without blanks: a null and a column that is not there are the same."""
    return {name: value for name, value in content.items() if value is not None}


def _contents(table: Table, frame: pl.DataFrame) -> dict[Key, Content]:
    return {
        tuple(row[name] for name in table.key): _known(
            {name: value for name, value in row.items() if name not in (*table.key, "_change")}
        )
        for row in frame.iter_rows(named=True)
    }


def _stored(con: duckdb.DuckDBPyConnection, table: Table) -> dict[Key, Content]:
    if not table.exists(con):
        return {}
    frame = con.execute(f"SELECT * EXCLUDE (_hash) FROM {table.sql}").pl()
    assert frame.select(table.key).is_unique().all()
    return _contents(table, frame)


def _numbers(con: duckdb.DuckDBPyConnection, table: Table) -> dict[Key, int]:
    if not table.exists(con):
        return {}
    rows = con.execute(f"SELECT {', '.join(table.key)}, _change FROM {table.sql}").fetchall()
    return {tuple(row[:-1]): row[-1] for row in rows}


def test_increments_are_always_the_whole_and_unchanged_rows_stay_unchanged() -> None:
    run_state_machine_as_test(Tables, settings=settings(deadline=None, max_examples=10, stateful_step_count=10))
