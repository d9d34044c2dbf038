"""Opening the ledger: created when new, migrated when old, quick when up to date."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from crmerp_assets.ledger import Ledger, LedgerUnavailable
from crmerp_assets.ledger.engine import database_url
from crmerp_assets.ledger.migrate import REVISIONS, SCRIPTS
from crmerp_assets.ledger.tables import metadata
from crmerp_assets_tests.ledger.plans import Clock
from crmerp_assets_tests.ledger.statements import statements

MOST_QUESTIONS = 8
"""The driver's own about the server, whether there is a schema, and which."""

_OPEN = """
import sys
from datetime import UTC, datetime
from crmerp_assets.ledger import Ledger
Ledger.open(sys.argv[1], lambda: datetime(2026, 1, 1, tzinfo=UTC)).close()
print(" ".join(name for name in ("alembic", "psycopg") if name in sys.modules))
"""


def test_what_is_stored_is_there_after_reopening(ledger: Ledger, url: str, clock: Clock) -> None:
    with ledger.begin() as tx:
        tx.cursors.put("crm", "Account", "pull", "abc")
    ledger.close()
    again = Ledger.open(url, clock)
    with again.read() as tx:
        assert tx.cursors.get("crm", "Account", "pull") == "abc"
    again.close()


def test_opening_does_not_wait_for_a_transaction_that_writes(ledger: Ledger, url: str, clock: Clock) -> None:
    """Or processes that start together wait for one another until some give up."""
    with ledger.begin() as tx:
        tx.cursors.put("crm", "Account", "pull", "abc")
        Ledger.open(url, clock, busy_seconds=0.1).close()


def test_the_migrations_make_exactly_the_tables_that_the_code_uses(ledger: Ledger, url: str) -> None:
    engine = create_engine(database_url(url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_known_revisions_are_the_packaged_ones() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    packaged = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(packaged)) == REVISIONS


def test_a_ledger_that_is_up_to_date_opens_after_a_few_questions_and_writes_nothing(
    ledger: Ledger, url: str, clock: Clock
) -> None:
    """What it takes is counted in statements: seconds depend on who else uses the machine."""
    with statements() as asked:
        Ledger.open(url, clock).close()
    assert len(asked) <= MOST_QUESTIONS, asked
    assert {text.split()[0].upper() for text in asked} <= {"PRAGMA", "BEGIN", "SELECT", "SHOW"}, asked


def test_opening_an_up_to_date_ledger_imports_neither_alembic_nor_the_other_driver(sqlite_url: str) -> None:
    Ledger.open(sqlite_url, Clock()).close()
    done = subprocess.run([sys.executable, "-c", _OPEN, sqlite_url], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_processes_that_open_a_new_ledger_at_once_all_get_it(sqlite_url: str) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", _OPEN, sqlite_url], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    assert [process.communicate()[1] for process in started] == [b""] * 2


def test_a_ledger_of_a_newer_version_is_left_alone(ledger: Ledger, url: str, clock: Clock) -> None:
    engine = create_engine(database_url(url))

    def stamp(revision: str) -> None:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})

    stamp("9999")
    try:
        with pytest.raises(LedgerUnavailable, match="newer version"):
            Ledger.open(url, clock)
    finally:
        stamp(REVISIONS[-1])
        engine.dispose()


def test_the_file_is_readable_for_its_owner_only(sqlite_url: str, tmp_path: Path) -> None:
    Ledger.open(sqlite_url, Clock()).close()
    assert stat.S_IMODE((tmp_path / "ledger.sqlite").stat().st_mode) == 0o600


@pytest.mark.parametrize("url", ["mysql://host/name", "sqlite://", "sqlite:///:memory:"])
def test_only_a_sqlite_file_or_postgresql_can_hold_the_ledger(url: str) -> None:
    with pytest.raises(ValueError, match="SQLite file"):
        Ledger.open(url, Clock())


def test_a_reading_transaction_cannot_write_on_postgresql(clean_postgres_url: str, clock: Clock) -> None:
    ledger = Ledger.open(clean_postgres_url, clock)
    with pytest.raises(Exception, match="read-only"), ledger.read() as tx:
        tx.cursors.put("crm", "Account", "pull", "abc")
    ledger.close()


def _fail(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.cursors.put("crm", "Account", "pull", "abc")
        raise ZeroDivisionError


def test_an_error_inside_a_transaction_leaves_nothing_of_it(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError):
        _fail(ledger)
    with ledger.read() as tx:
        assert tx.cursors.get("crm", "Account", "pull") is None
