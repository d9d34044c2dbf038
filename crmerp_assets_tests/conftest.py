"""What several folders of tests use: one PostgreSQL a test run, where one can be had."""

import gc
import os
from collections.abc import Iterator

import pytest

from crmerp_assets.ledger import Ledger
from crmerp_assets_tests.ledger.plans import Clock
from crmerp_assets_tests.ledger.postgres import WHY_NOT, empty, postgres, required
from crmerp_assets_tests.ledger.stores import Store, postgres_store, sqlite_store

os.environ.pop("COLUMNS", None)
import crmerp_assets.cli.output  # noqa: F401  # its console keeps the width that it is born with

LONGEST = [
    "contract/every_system",
    "flow/business_day",
    "flow/survivors",
    "flow/odoo",
    "flow/parked_work",
    "flow/tryton",
    "flow/currencies",
    "flow/killed_pushes",
    "flow/story",
    "flow/main_job",
    "flow/receivables",
    "flow/order_money",
    "flow/hubspot",
    "flow/deletions",
]
"""These take minutes: one that began last would run alone, while the other workers have nothing left to do."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, then the other flow tests, then what takes seconds."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    name = f"{item.path.parent.name}/{item.path.stem.removeprefix('test_')}"
    if name in LONGEST:
        return LONGEST.index(name)
    return len(LONGEST) + int(item.path.parent.name != "flow")


def pytest_collection_finish() -> None:
    """What was imported stays until the end: looking through it for garbage again and again takes a tenth of a run."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str | None]:
    """The URL of a server, or None."""
    with postgres() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url(postgres_server: str | None) -> str:
    """The URL of a server; skips, saying so, where there is none, and fails where this run requires one."""
    if postgres_server is None:
        (pytest.fail if required() else pytest.skip)(WHY_NOT)
    return postgres_server


@pytest.fixture
def clean_postgres_url(postgres_url: str) -> str:
    """A migrated ledger on PostgreSQL without a row."""
    Ledger.open(postgres_url, Clock()).close()
    empty(postgres_url)
    return postgres_url


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An empty SQLite ledger: migrating one per test would take most of the tests' time."""
    file = tmp_path_factory.mktemp("migrated") / "ledger.sqlite"
    Ledger.open(f"sqlite:///{file}", Clock()).close()
    return file.read_bytes()


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    """Where random tests get an empty ledger for each of their examples."""
    if request.param == "sqlite":
        return sqlite_store(request.getfixturevalue("migrated"))
    url = str(request.getfixturevalue("postgres_url"))
    Ledger.open(url, Clock()).close()
    return postgres_store(url)
