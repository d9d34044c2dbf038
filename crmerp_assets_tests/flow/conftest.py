"""Flow tests run the platform's own jobs against both sandboxes over HTTP."""

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from world import ROOT, World, make_world, provisioned

SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A fresh world with the custom fields in place."""
    with make_world(tmp_path / "state", monkeypatch) as made:
        provisioned(made)
        yield made


@pytest.fixture(params=["sqlite", "postgres"])
def ledger_url(request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """The world's ledger on each database: None is its own SQLite file."""
    if request.param == "sqlite":
        return None
    url = str(request.getfixturevalue("clean_postgres_url"))
    monkeypatch.setenv("CRMERP_LEDGER_URL", url)
    return url


@pytest.fixture
def sales_opportunities() -> Path:
    """The folder of the CRM Sales Opportunities data; skips where it does not exist, unless it is required."""
    folder = SHARED_DATA / "crm_sales_opportunities"
    if not folder.exists():
        if "shared-data" in os.environ.get("CRMERP_TEST_REQUIRE", ""):
            pytest.fail(f"{folder} is required in this run and does not exist")
        pytest.skip(f"{folder} does not exist: put the shared data beside the checkout to run this")
    return folder


@pytest.fixture(autouse=True)
def _quiet_dagster() -> None:
    """Dagster logs every event of every run; a failing test should show its own words."""
    logging.getLogger("dagster").setLevel(logging.ERROR)
