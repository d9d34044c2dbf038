"""A ledger of the first release keeps every row, and a migration that fails half way leaves it as it was.

Protection removed once, and the test that failed: the one transaction round all migrations (the first).
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, inspect, text

from crmerp_assets.ledger import Ledger
from crmerp_assets.ledger.engine import BEGIN, database_url, make_engine
from crmerp_assets.ledger.migrate import REVISIONS, SCRIPTS
from crmerp_assets_tests.ledger.plans import Clock, change, intent, plan

ROWS = Path(__file__).with_name("release_0001.sql")
TABLES = (
    "counters links link_history snapshots intents attempts reviews parked cursors aliases budgets".split()  # noqa: SIM905
)


@pytest.fixture(params=["sqlite", "postgres"])
def released(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a ledger as the first release made and filled it."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'released.sqlite'}"
        _release(url)
        yield url
        return
    server = str(request.getfixturevalue("postgres_url"))
    with _database(server, "released") as url:
        _release(url)
        yield url


@contextlib.contextmanager
def _database(server: str, name: str) -> Iterator[str]:
    engine = create_engine(database_url(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield database_url(server).set(database=name).render_as_string(hide_password=False)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def _engine(url: str) -> Engine:
    return make_engine(database_url(url), 5)


def _release(url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    engine = _engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, REVISIONS[0])
        for statement in ROWS.read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement.replace("%", "%%"))
    engine.dispose()


def _contents(url: str) -> dict[str, list[dict[str, Any]]]:
    engine = _engine(url)
    with engine.connect().execution_options(**{BEGIN: "DEFERRED"}) as connection:
        found = {
            name: [dict(row) for row in connection.execute(text(f"SELECT * FROM {name}")).mappings()] for name in TABLES
        }
    engine.dispose()
    return found


def test_every_row_of_the_previous_release_is_there_after_migrating_and_the_code_can_use_it(released: str) -> None:
    before = _contents(released)
    assert all(before.values()), "the fixture fills every table"

    ledger = Ledger.open(released, Clock())

    after = _contents(released)
    for name, rows in before.items():
        kept = [{column: row[column] for column in rows[0]} for row in after[name]]
        assert sorted(kept, key=str) == sorted(rows, key=str), name
    with ledger.begin() as tx:
        assert tx.intents.claim("erp", "customer", "w", 5, 60)["id"].to_list() == ["i-planned"]
        tx.intents.mark_sent(["i-planned"], worker="w")
        assert tx.intents.record([{"id": "i-planned", "outcome": "applied"}], worker="w") == []
        assert tx.intents.orphans(Clock()(), worker="w")["id"].to_list() == ["i-sent"]
        assert tx.intents.retry() == 1
        assert tx.intents.replace("erp", "order", ["so-1"], plan()).superseded == 1
        assert tx.intents.attempts("i-applied")["event"].to_list() == ["sent", "applied"]
        assert tx.intents.attempts("i-planned").height == 2
        assert tx.links.of("customer", ["cust-1"])["native_id"].sort().to_list() == ["001A", "17"]
        assert tx.reviews.list()["id"].to_list() == ["r-1"]
        assert tx.parked.list().height == tx.aliases.all("product").height == 1
        assert tx.holds.list().is_empty()
        new = intent("cust-9", changes=change("1"), undoes="i-applied")
        assert tx.intents.replace("erp", "customer", [], plan(new)).inserted == 1
    ledger.close()


def test_a_migration_that_fails_half_way_leaves_the_old_ledger_and_goes_on_when_the_cause_is_gone(
    released: str,
) -> None:
    engine = _engine(released)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE holds (something TEXT)"))
    before = _contents(released)

    with pytest.raises(Exception, match="holds"):
        Ledger.open(released, Clock())

    assert _contents(released) == before
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == REVISIONS[0]
        assert "undoes" not in [column["name"] for column in inspect(connection).get_columns("intents")]
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE holds"))
    engine.dispose()
    Ledger.open(released, Clock()).close()
