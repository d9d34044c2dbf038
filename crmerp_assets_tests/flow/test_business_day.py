"""The demo's day with every CRM and every ERP, without a daemon: a company moves in, deals are won, money comes.

The same code plays and judges it for each pair; a system's adapter says only how it is done there.

Tried, one at a time, and caught here: a party's own number in Tryton read as our key (every pair with Tryton); units of
Odoo as the CRM read as they are written (with Odoo as the ERP); the credit limit of a new customer there as a number, 0
and not empty (with Tryton, which refuses the order).
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest
from world import PLAIN, WIDE, World, briefly

from crmerp_assets.bootstrap import Shared
from crmerp_assets.canonical import MIRRORS
from crmerp_assets.cli.outcome import Day
from crmerp_assets.cli.pair import Pair, chosen
from crmerp_assets.cli.stage import Stage
from crmerp_assets.sandbox.company.crm import ALL as CRMS
from crmerp_assets.sandbox.company.erp import ALL as ERPS
from crmerp_assets.sandbox.company.generate import generate
from crmerp_assets.sandbox.company.seed import seed
from crmerp_assets.sandbox.hubspot import HubSpotSandbox
from crmerp_assets.sandbox.netsuite import NetSuiteSandbox
from crmerp_assets.sandbox.odoo import OdooSandbox
from crmerp_assets.sandbox.salesforce import SalesforceSandbox
from crmerp_assets.settings import Settings
from crmerp_assets.sync import tables
from crmerp_assets.sync.platform import Platform
from crmerp_assets.sync.published import publish
from crmerp_assets.sync.reconcile import run_reconciliation
from crmerp_assets.sync.systems import check
from crmerp_assets_tests.tryton.server import tryton_server

PAIRS = [(crm.name, erp.name) for crm in CRMS for erp in ERPS]
ACCOUNTS, SEED = 60, 24
FIRST_LOAD = 2
"""Passes after which both sides agree, because the second one brings the numbers that the first has made."""
SERVERS: dict[str, Any] = {
    "salesforce": SalesforceSandbox,
    "hubspot": HubSpotSandbox,
    "netsuite": NetSuiteSandbox,
    "odoo": OdooSandbox,
    "tryton": tryton_server,
}


@pytest.fixture(params=PAIRS, ids=lambda pair: "-".join(pair))
def pair(request: pytest.FixtureRequest) -> Pair:
    return chosen(*request.param)


@pytest.fixture
def stage(pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with staged(pair, tmp_path, monkeypatch) as (made, _):
        yield made


@contextmanager
def staged(pair: Pair, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Stage, dict[str, Any]]]:
    """The demo's stage with its servers, which are there by name, in threads of this process."""
    with ExitStack() as up:
        started = {
            system.name: up.enter_context(SERVERS[system.server](folder / "sandbox" / system.name))
            for system in (pair.crm, pair.erp)
        }
        ports = {name: int(one.url.rpartition(":")[2]) for name, one in started.items()}
        made = Stage(Settings(state=folder), ports, date.today(), pair)
        made.configure()
        for name, value in made.variables.items():
            monkeypatch.setenv(name, value)
        yield made, started
        if Shared._built is not None:
            Shared._built[1].close()
            Shared._built = None


def test_a_business_day_ends_as_it_should(stage: Stage) -> None:
    seed(generate(date.today(), SEED, ACCOUNTS), stage.place, date.today())
    with dg.DagsterInstance.ephemeral() as instance:
        world = World(stage.settings.state, None, None, instance)  # type: ignore[arg-type]
        unhurried(stage, world)
        world.provision()
        with world.platform() as used:
            assert [finding for _, finding in check(used) if not finding.ok] == []
        for _ in range(FIRST_LOAD):
            world.pass_through()
        with Day(stage) as day:
            day.morning()
            followed(world, day.morning_missing)
            day.afternoon()
            followed(world, day.afternoon_missing)
            with world.platform() as used:
                publish(run_reconciliation(used), Settings().reports)
            assert day.problems() == []
            world.pass_through()
            with world.platform() as used:
                assert {entity: not_shown(used, entity) for entity in used.mirrors} == {one: [] for one in used.mirrors}
                assert used.mirrors == (MIRRORS if stage.pair.crm.name == "hubspot" else ())


def unhurried(stage: Stage, world: World) -> None:
    """Nobody waits for HubSpot's windows, which are wide open."""
    if stage.pair.crm.name == "hubspot":
        httpx.post(f"{stage.urls['hubspot']}/_sandbox/limits", json=WIDE, verify=PLAIN).raise_for_status()
        world.pause = briefly


def not_shown(used: Platform, mirror: str) -> list[str]:
    """The numbers of the day's documents that the CRM shows not, or in another way than the ERP; there must be some."""
    status = "order_status" if mirror == "order_mirror" else "status"
    fields = used.governance[mirror].fields
    differs = " OR ".join(f'"crm.{name}" IS DISTINCT FROM "golden.{name}"' for name in fields)
    with used.warehouse.open() as con:
        found = con.execute(
            f'SELECT "golden.number", "crm.id" IS NULL OR {differs} FROM {tables.compare(mirror).sql} '
            f"""WHERE "golden.{status}" NOT IN ('draft', 'void', 'cancelled')"""
        ).fetchall()
    assert found
    return [str(number) for number, wrong in found if wrong]


def followed(world: World, missing: Callable[[], list[str]], passes: int = 4) -> None:
    """Pass through until both systems show what people did."""
    for _ in range(passes):
        world.pass_through()
        if not missing():
            return
    assert missing() == []
