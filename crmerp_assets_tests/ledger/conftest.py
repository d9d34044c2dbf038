"""Every test of the ledger runs on SQLite and, where one can be had, on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from crmerp_assets.ledger import Ledger
from crmerp_assets.ledger.engine import database_url
from crmerp_assets.ledger.tables import metadata
from crmerp_assets_tests.ledger.plans import Clock
from crmerp_assets_tests.ledger.postgres import WHY_NOT, postgres


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str | None]:
    with postgres() as url:
        if url is not None:
            Ledger.open(url, Clock()).close()
        yield url


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An empty SQLite ledger: migrating one per test would take most of the tests' time."""
    file = tmp_path_factory.mktemp("migrated") / "ledger.sqlite"
    Ledger.open(f"sqlite:///{file}", Clock()).close()
    return file.read_bytes()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.sqlite'}"


@pytest.fixture
def clean_sqlite_url(tmp_path: Path, migrated: bytes) -> str:
    (tmp_path / "clean.sqlite").write_bytes(migrated)
    return f"sqlite:///{tmp_path / 'clean.sqlite'}"


@pytest.fixture
def clean_postgres_url(postgres_url: str | None) -> str:
    if postgres_url is None:
        pytest.skip(WHY_NOT)
    engine = create_engine(database_url(postgres_url))
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE " + ", ".join(f'"{name}"' for name in metadata.tables)))
    engine.dispose()
    return postgres_url


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"clean_{request.param}_url"))


@pytest.fixture
def ledger(url: str, clock: Clock) -> Iterator[Ledger]:
    opened = Ledger.open(url, clock, busy_seconds=5)
    yield opened
    opened.close()
