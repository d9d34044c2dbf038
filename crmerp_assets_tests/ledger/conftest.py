"""Every test of the ledger runs on SQLite and, where one can be had, on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crmerp_assets.ledger import Ledger
from crmerp_assets_tests.ledger.plans import Clock


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


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"clean_{request.param}_url"))


@pytest.fixture
def ledger(url: str, clock: Clock) -> Iterator[Ledger]:
    opened = Ledger.open(url, clock, busy_seconds=5)
    yield opened
    opened.close()
