"""Lanes in one database: each has its ledger to itself, and they share one for what they count and claim together."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from crmerp_assets.ledger import Ledger
from crmerp_assets.ledger.backup import backup
from crmerp_assets.ledger.engine import database_url
from crmerp_assets.settings import Settings
from crmerp_assets_tests.ledger.plans import Clock

SCHEMAS = ("lane_us", "lane_eu", "lanes_common")


@pytest.fixture(params=["sqlite", "sqlite by url", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings with a place for the ledgers of several lanes."""
    if request.param == "postgres":
        url = str(request.getfixturevalue("clean_postgres_url"))
        yield Settings(state=tmp_path, ledger_url=url)
        engine = create_engine(database_url(url))
        with engine.begin() as connection:
            for schema in SCHEMAS:
                connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
        engine.dispose()
        return
    url = f"sqlite:///{tmp_path}/books.sqlite" if request.param == "sqlite by url" else None
    yield Settings(state=tmp_path, ledger_url=url)


def test_what_one_lane_stores_no_other_sees_and_what_is_common_all_see(settings: Settings) -> None:
    link = {"entity": "customer", "connection": "sf", "native_id": "1", "golden_id": "cust-us-1"}
    us, eu = (Ledger.open(settings.within(lane).ledger, Clock()) for lane in ("us", "eu"))
    common = [Ledger.open(settings.within(lane).common, Clock()) for lane in ("us", "eu")]
    with us.begin() as tx:
        tx.links.add([link | {"method": "born", "evidence": "alone"}], by="test")
    with common[0].begin() as tx:
        tx.budgets.reserve("sf", 7)
    with us.read() as one, eu.read() as other:
        assert one.links.all("customer").height == 1
        assert other.links.all("customer").height == 0
        assert other.budgets.today("sf").calls == 0
    with common[1].begin() as tx:
        assert tx.budgets.reserve("sf", 5).calls == 12
    for ledger in (us, eu, *common):
        ledger.close()


def test_a_backup_is_of_one_lane(settings: Settings, tmp_path: Path) -> None:
    Ledger.open(settings.within("us").ledger, Clock()).close()
    said = backup(settings.within("us").ledger, tmp_path / "copy", os.environ)
    assert "us" in said
    assert (tmp_path / "copy").stat().st_size > 0
