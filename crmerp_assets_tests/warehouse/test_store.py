"""Opening the warehouse: one transaction a block, one process at a time, and errors that say what to do.

Removed once: the end of what is remembered of tables with its block (a_table_is_as_the_next_block_finds_it).
"""

import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import polars as pl
import pytest

from crmerp_assets.warehouse import Table, Warehouse, WarehouseBusy, file_connection, prepare_file
from crmerp_assets.warehouse.store import SCHEMAS
from crmerp_assets_tests.warehouse.files import in_file, in_memory

ROWS = Table("raw", "rows", ("id",))
OTHER_PROCESS = Path(__file__).with_name("holding.py")


def rows(*values: str) -> pl.DataFrame:
    return pl.DataFrame({"id": list(values)})


def dies_after(warehouse: Warehouse, name: str, statement: str) -> None:
    with warehouse.open() as con:
        ROWS.upsert(con, rows(name))
        con.execute(statement)
        raise ZeroDivisionError


def test_every_schema_is_there_from_the_start() -> None:
    with in_memory().open() as con:
        found = {name for (name,) in con.execute("SELECT schema_name FROM information_schema.schemata").fetchall()}
    assert set(SCHEMAS) <= found


def test_a_block_is_stored_whole_or_not_at_all(tmp_path: Path) -> None:
    warehouse = in_file(tmp_path / "warehouse.duckdb")
    with warehouse.open() as con:
        ROWS.upsert(con, rows("a"))
    with pytest.raises(ZeroDivisionError):
        dies_after(warehouse, "b", "CREATE TABLE raw.more (n INTEGER)")
    with in_file(tmp_path / "warehouse.duckdb").open() as con:
        assert con.execute(f"SELECT id FROM {ROWS.sql}").fetchall() == [("a",)]
        assert not Table("raw", "more", ()).exists(con)


def test_a_table_is_as_the_next_block_finds_it() -> None:
    warehouse = in_memory()
    with warehouse.open() as con:
        ROWS.upsert(con, rows("a"))
        assert (ROWS.exists(con), ROWS.columns(con)) == (True, ["id"])
        ROWS.upsert(con, rows("b").with_columns(name=pl.lit("B")))
        assert ROWS.columns(con) == ["id", "name"]
    with warehouse.open() as con:
        con.execute(f"DROP TABLE {ROWS.sql}")
    with warehouse.open() as con:
        assert (ROWS.exists(con), ROWS.columns(con)) == (False, [])


def test_a_prepared_file_is_of_the_newest_format_and_one_that_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "it's a warehouse.duckdb"
    prepare_file(path)
    with in_file(path).open() as con:
        ROWS.upsert(con, rows("a"))
    prepare_file(path)
    with in_file(path).open() as con:
        assert ROWS.exists(con)
        (tags,) = con.execute("SELECT tags FROM duckdb_databases() WHERE path IS NOT NULL").fetchone() or ({},)
    assert tags["storage_version"] != "v1.0.0+"


def test_a_failed_statement_undoes_its_block_and_the_next_block_works() -> None:
    warehouse = in_memory()
    with pytest.raises(duckdb.CatalogException):
        dies_after(warehouse, "a", "SELECT * FROM raw.nothing")
    with warehouse.open() as con:
        assert not ROWS.exists(con)
        assert ROWS.upsert(con, rows("a")).inserted == 1


def test_change_numbers_grow_across_processes_and_failed_blocks(tmp_path: Path) -> None:
    numbers = []
    for name in "abc":
        warehouse = in_file(tmp_path / "warehouse.duckdb")
        with pytest.raises(ZeroDivisionError):
            dies_after(warehouse, "never", "SELECT 1")
        with warehouse.open() as con:
            ROWS.upsert(con, rows(name))
            numbers.append(con.execute(f"SELECT max(_change) FROM {ROWS.sql}").fetchone())
    assert numbers == sorted(set(numbers))


def test_a_second_process_hears_that_the_warehouse_is_busy_and_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    command = [sys.executable, str(OTHER_PROCESS), str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "holding\n"
        impatient = Warehouse(file_connection(path, patience=0.1))
        with pytest.raises(WarehouseBusy, match=r"held by another process.*lists running runs"), impatient.open():
            pass
        other.communicate("done\n", timeout=30)
    with in_file(path).open() as con:
        assert Table("raw", "held", ()).exists(con)


def test_a_process_waits_while_another_one_holds_the_warehouse(tmp_path: Path) -> None:
    """Two pushers store what they read back at the same time."""
    path = tmp_path / "warehouse.duckdb"
    command = [sys.executable, str(OTHER_PROCESS), str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "holding\n"
        ends = threading.Timer(0.3, lambda: other.communicate("done\n"))
        ends.start()
        with Warehouse(file_connection(path)).open() as con:
            assert Table("raw", "held", ()).exists(con)
        ends.join()


def test_a_full_disk_says_so_and_leaves_what_was_stored(tmp_path: Path) -> None:
    """A limit on the size of files stands in for a small disk."""
    command = [sys.executable, str(OTHER_PROCESS), str(tmp_path / "warehouse.duckdb"), "1500000"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()
    assert said[0].startswith("The disk that holds the warehouse is full")
    assert said[0].endswith("TransactionException")
    assert said[1:] == ["[(1, 'first')]"]


def test_a_damaged_file_is_not_mistaken_for_a_busy_one(tmp_path: Path) -> None:
    path = tmp_path / "blocks" / "warehouse.duckdb"
    path.parent.mkdir()
    path.write_bytes(b"not a database " * 1000)
    with pytest.raises(duckdb.IOException, match="not a valid DuckDB database"), in_file(path).open():
        pass


def test_threads_of_one_process_take_turns(tmp_path: Path) -> None:
    warehouse = in_file(tmp_path / "warehouse.duckdb")
    inside, order = threading.Event(), []

    def second() -> None:
        inside.wait()
        with warehouse.open() as con:
            ROWS.upsert(con, rows("second"))
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with warehouse.open() as con:
        ROWS.upsert(con, rows("first"))
        inside.set()
        thread.join(timeout=0.2)
        assert thread.is_alive()
        order.append("first")
    thread.join(timeout=30)
    assert order == ["first", "second"]
    with warehouse.open() as con:
        found = con.execute(f"SELECT id FROM {ROWS.sql} ORDER BY _change").fetchall()
    assert found == [("first",), ("second",)]
