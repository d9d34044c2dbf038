"""What goes wrong with a database is told by what to do next."""

import sqlite3
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import create_engine, event, text

from crmerp_assets.ledger import Ledger, LedgerBusy, LedgerFull, LedgerUnavailable
from crmerp_assets.ledger.engine import database_url
from crmerp_assets_tests.ledger.plans import Clock


def test_a_locked_file_is_busy_and_says_to_try_again(sqlite_url: str, tmp_path: Path) -> None:
    ledger = Ledger.open(sqlite_url, Clock(), busy_seconds=0.05)
    other = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(LedgerBusy, match="try again") as told, ledger.begin() as tx:
        tx.cursors.put("crm", "Account", "pull", "abc")
    assert str(tmp_path / "ledger.sqlite") in str(told.value)
    other.execute("ROLLBACK")
    with ledger.begin() as tx:
        tx.cursors.put("crm", "Account", "pull", "abc")
    other.close()
    ledger.close()


def test_reading_does_not_wait_for_a_writer(sqlite_url: str) -> None:
    ledger = Ledger.open(sqlite_url, Clock(), busy_seconds=0.05)
    with ledger.begin() as writer:
        writer.cursors.put("crm", "Account", "pull", "abc")
        with ledger.read() as reader:
            assert reader.cursors.get("crm", "Account", "pull") is None
    ledger.close()


def test_a_locked_row_is_busy_on_postgresql(clean_postgres_url: str) -> None:
    ledger = Ledger.open(clean_postgres_url, Clock(), busy_seconds=0.05)
    with ledger.begin() as tx:
        tx.cursors.put("crm", "Account", "pull", "abc")
    engine = create_engine(database_url(clean_postgres_url))
    with engine.begin() as other:
        other.execute(text("SELECT * FROM cursors FOR UPDATE"))
        with pytest.raises(LedgerBusy, match="try again"), ledger.begin() as tx:
            tx.cursors.put("crm", "Account", "pull", "def")
    engine.dispose()
    ledger.close()


def test_a_full_disk_keeps_what_was_stored_and_says_to_free_space(sqlite_url: str) -> None:
    ledger = Ledger.open(sqlite_url, Clock())
    event.listen(ledger._engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 60"))
    ledger._engine.dispose()
    with ledger.begin() as tx:
        tx.cursors.put("crm", "Account", "pull", "abc")
    values = pl.DataFrame({"golden_id": [f"g{i}" for i in range(5000)], "values": ['{"a":"' + "x" * 200 + '"}'] * 5000})
    with pytest.raises(LedgerFull, match="free disk space") as told, ledger.begin() as tx:
        tx.snapshots.put("customer", values)
    assert "xxx" not in str(told.value)
    with ledger.begin() as tx:
        assert tx.cursors.get("crm", "Account", "pull") == "abc"
        assert tx.snapshots.get("customer", ["g1"]).is_empty()
        tx.cursors.put("crm", "Account", "pull", "def")
    ledger.close()


def test_a_file_that_is_no_ledger_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("these are my notes, and not a database " * 50)
    with pytest.raises(LedgerUnavailable, match=r"notes\.txt"):
        Ledger.open(f"sqlite:///{tmp_path / 'notes.txt'}", Clock())


def test_a_server_that_is_not_there_is_unavailable_and_the_password_stays_secret() -> None:
    with pytest.raises(LedgerUnavailable, match="running") as told:
        Ledger.open("postgresql://ann:hush@127.0.0.1:1/ledger", Clock())
    assert "hush" not in str(told.value)
