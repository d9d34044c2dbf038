"""A backup is the ledger as of one moment, though others write meanwhile; it is complete or it is not there."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from crmerp_assets.ledger import Ledger, LedgerUnavailable
from crmerp_assets.ledger.backup import backup
from crmerp_assets_tests.ledger.plans import Clock


def test_a_copy_made_while_others_write_is_a_ledger_of_one_moment(clean_sqlite_url: str, tmp_path: Path) -> None:
    ledger = Ledger.open(clean_sqlite_url, Clock())
    with ledger.begin() as tx:
        tx.cursors.put("crm", "Account", "pull", "stored")
    target = tmp_path / "backups" / "copy.sqlite"
    with ledger.begin() as tx:
        tx.cursors.put("crm", "Account", "pull", "not yet")
        assert backup(clean_sqlite_url, target, os.environ).startswith("The ledger")
    ledger.close()
    copy = Ledger.open(f"sqlite:///{target}", Clock())
    with copy.read() as tx:
        assert tx.cursors.get("crm", "Account", "pull") == "stored"
    copy.close()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [file.name for file in target.parent.glob("*unfinished*")] == []


def test_a_backup_is_never_overwritten_and_a_ledger_that_is_not_there_is_not_made_up(
    clean_sqlite_url: str, tmp_path: Path
) -> None:
    (tmp_path / "old").write_text("a backup")
    with pytest.raises(LedgerUnavailable, match="name a new file"):
        backup(clean_sqlite_url, tmp_path / "old", os.environ)
    assert (tmp_path / "old").read_text() == "a backup"
    with pytest.raises(LedgerUnavailable, match="no ledger at"):
        backup(f"sqlite:///{tmp_path / 'nothing.sqlite'}", tmp_path / "new", os.environ)
    assert not (tmp_path / "new").exists()


def test_postgresql_is_dumped_by_its_own_program(clean_postgres_url: str, tmp_path: Path) -> None:
    if shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not installed")
    backup(clean_postgres_url, tmp_path / "dump", os.environ)
    assert (tmp_path / "dump").read_bytes().startswith(b"PGDMP")
    with pytest.raises(LedgerUnavailable, match="pg_dump could not copy"):
        backup("postgresql://ann:hush@127.0.0.1:1/ledger", tmp_path / "other", os.environ)


def test_where_pg_dump_is_missing_it_says_what_to_run_and_keeps_the_password_to_itself(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match=r"--file=dump postgresql://127\.0\.0\.1/ledger") as told:
        backup("postgresql://ann:hush@127.0.0.1:1/ledger", tmp_path / "dump", {"PATH": str(tmp_path)})
    assert "hush" not in str(told.value)
    assert not (tmp_path / "dump").exists()
