"""A day's API calls that run out stop the less urgent work first, and what a plan costs is known before it is sent.

To see that the tests bite, a protection was removed. What was removed, and what failed:

- `except QuotaSpent` in sensors.py: `test_a_sensor_whose_share_is_spent_says_so_and_asks_again`
"""

from typing import Any

import duckdb
import pytest
from test_sensors import _tick
from world import GO_LIVE, World, read_and_plan, sold

from crmerp_assets.defs import sensors
from crmerp_assets.sandbox.company.people import Seller
from crmerp_assets.sync import budget, forecasts, retry
from crmerp_assets.sync.push import push

ENTITIES = ("product", "customer", "order", "contact")


def test_orders_go_on_while_master_data_wait_for_calls_to_come_back(world: World) -> None:
    accounts, entries = _loaded(world)
    _move(world, accounts[0], "elsewhere")
    new = world.seed("crm", "Account", [{"Name": "Newcomer", "CurrencyIsoCode": "USD"}])
    _spend(world, 172, 200)
    world.deals(new, entries, 1)

    won = world.run("won_deals")
    customers = world.run("customers")

    assert world.orders()[0] == 3
    assert "master data may use 85%" in _metadata(customers, "raw/salesforce/Account", "stopped")
    assert "of 200 calls used today" in _metadata(won, "raw/salesforce/Opportunity", "api_calls_today")
    assert "salesforce has used" in _metadata(won, "raw/salesforce/Opportunity", "api_calls_warning")
    with world.platform() as used:
        assert budget.budgets(used)["warn"].to_list() == [True, False]
        assert ("salesforce", "customer") in budget.spent(used)
        assert ("netsuite", "order") not in budget.spent(used)
        assert retry.due(used) == []

    world.admin("crm", "limits", {"daily_limit": 100_000})
    with world.platform() as used:
        used.connections["salesforce"].connector.fetch("Account", [], accounts)
    world.settle()
    assert any("elsewhere" in row["url"] for row in world.suiteql("SELECT url FROM customer") if row.get("url"))
    assert world.open_intents().is_empty()


def test_a_sensor_whose_share_is_spent_says_so_and_asks_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensors, "TICK_SECONDS", 0.5)
    accounts, _ = _loaded(world)
    world.policy(GO_LIVE + "sensors: {won_seconds: 0.2, invoice_seconds: 0.2, retry_seconds: 0.2}\n")
    quiet = _tick(world, "customers_sensor")
    _spend(world, 172, 200)
    _tick(world, "customers_sensor", quiet.cursor)
    _move(world, accounts[0], "elsewhere")

    stopped = _tick(world, "customers_sensor", quiet.cursor)
    assert "master data may use 85%" in stopped.skip_message
    assert stopped.cursor == quiet.cursor
    assert _tick(world, "won_deals_sensor").skip_message == "nothing to do"


def test_the_forecast_is_what_the_systems_count_within_a_tenth(world: World) -> None:
    world.policy(GO_LIVE)
    entries = world.catalogue(2)
    world.deals(world.accounts(5), entries, 5)
    with duckdb.connect(str(world.state / "warehouse.duckdb")), world.platform() as used:
        for _ in range(3):
            read_and_plan(used)
            for name in used.connections:
                push(used, name, "test")
        many = world.seed("crm", "Account", [{"Name": f"Firm {n}", "CurrencyIsoCode": "USD"} for n in range(350)])
        world.deals(many, entries, 350)
        for name, system in (("netsuite", "erp"), ("salesforce", "crm")):
            read_and_plan(used)
            forecast = forecasts.cost(used, name)
            assert f"about {forecast} calls to {name}" in forecasts.told(used, name)
            world.admin(system, "calls", method="DELETE")
            assert push(used, name, "test").applied >= 700
            assert forecast == pytest.approx(_counted(world, system) - _more_looks_at_jobs(world, system), rel=0.1)
        assert forecasts.told(used, "netsuite") == ""


def test_every_call_of_every_process_is_counted_as_the_system_counts_it(world: World) -> None:
    before = _counted(world, "erp")
    with world.platform() as used:
        start = budget.today(used, "netsuite").calls
    world.deals(world.accounts(2), world.catalogue(1), 2)
    world.settle()
    with world.platform() as used:
        assert budget.today(used, "netsuite").calls - start == _counted(world, "erp") - before
        assert budget.today(used, "netsuite").allowed is None


def _loaded(world: World) -> tuple[list[str], list[str]]:
    return sold(world, accounts=2, deals=2)[:2]


def _spend(world: World, calls: int, limit: int) -> None:
    """Somebody else uses up the day, and the platform hears of it."""
    world.admin("crm", "limits", {"daily_limit": limit})
    with Seller(world.crm.url) as ann:
        for _ in range(calls):
            ann.find("Account", "Name = 'nobody'")
    with world.platform() as used:
        used.connections["salesforce"].connector.fetch("Account", [], [world.soql("SELECT Id FROM Account")[0]["Id"]])


def _move(world: World, account: str, to: str) -> None:
    with Seller(world.crm.url) as ann:
        ann.change("Account", account, {"Website": f"http://company.{to}.example.com"})


def _more_looks_at_jobs(world: World, system: str) -> int:
    """How long NetSuite takes for a job is nobody's to foresee: one look each is in the forecast."""
    calls = world.admin(system, "calls", method="GET")["by_call"]
    looks = sum(count for call, count in calls.items() if "async/v1/job" in call)
    return max(0, looks - sum(count for call, count in calls.items() if call.startswith("PUT /record")))


def _counted(world: World, system: str) -> int:
    return int(world.admin(system, "calls", method="GET")["by_user"].get("integration", 0))


def _metadata(result: Any, asset: str, name: str) -> str:
    for event in result.get_asset_materialization_events():
        if "/".join(event.materialization.asset_key.path) == asset:
            return str(event.materialization.metadata[name].value)
    raise AssertionError(f"{asset} was not materialised")
