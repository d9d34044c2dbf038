"""Extraction without holes: every row reaches the conformed tables with its last value, whatever happens on the way.

At the latest with the second pull afterwards: a pull that was cut off is finished by the next one, and what changed
meanwhile in rows it had read already comes with the one after that.

To see that the tests bite, protections were removed one at a time. What was removed, and what failed:

- the warehouse in `positions.since`: `test_a_warehouse_that_was_deleted_is_filled_completely_...` (both)
- the change number in `positions.since`: `test_a_warehouse_put_back_from_an_older_copy_gets_what_it_lacks`
- `positions.remember` behind `store`: `test_a_process_that_dies_behind_a_stored_page_reads_it_again`
- `positions.distrust`: `test_a_field_that_was_removed_and_made_again_...`
- the set-back clock in both `reading.py`: the contract's `test_changes_after_the_servers_clock_was_set_back_are_read`
- the values in `watch._news`: `test_an_edit_in_the_second_of_what_was_read_back_is_reported`
- the values in `watch._fingerprint`: `test_an_edit_in_the_second_of_one_that_a_sensor_has_reported_is_reported`
"""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from world import World, sold

from crmerp_assets.connectors.errors import AuthFailed, ConfigError
from crmerp_assets.mapping import native_fields
from crmerp_assets.sandbox.company.people import Accountant, Seller
from crmerp_assets.sync import positions, pull, watch
from crmerp_assets.sync.conform import conform
from crmerp_assets.sync.platform import Platform
from crmerp_assets.sync.readback import read_back
from crmerp_assets.sync.watch import Watch

SECOND = "2026-01-05T08:00:00"
ACCOUNTS, CUSTOMERS = 4060, 2030
PAGES = {"salesforce": "GET .*/query/", "netsuite": "POST .*/suiteql"}
SIDES = {"salesforce": "crm", "netsuite": "erp"}


class Died(BaseException):
    """The process is gone."""


def read(world: World) -> None:
    """Pull and conform the customers of both sides."""
    with world.platform() as used:
        for name in used.connections:
            pull.pull(used, name, "customer")
            conform(used, name, "customer")


def assert_complete(world: World) -> None:
    """Both sides' customers are there, once, under the names they have now."""
    with world.platform() as used, used.warehouse.open() as con:
        held = {
            name: sorted(con.execute(f'SELECT native_id, name FROM conformed."{name}__customer"').fetchall())
            for name in used.connections
        }
    accounts = world.soql("SELECT Id, Name FROM Account")
    assert held["salesforce"] == sorted((row["Id"], row["Name"]) for row in accounts)
    customers = world.suiteql("SELECT id, companyname FROM customer")
    assert held["netsuite"] == sorted((row["id"], row["companyname"]) for row in customers)


def seeded(world: World, accounts: int = ACCOUNTS, customers: int = CUSTOMERS) -> tuple[list[str], list[str]]:
    """More than two pages on each side, all of one second."""
    stamp = f"{SECOND}.000+0000"
    crm = [{"Name": f"Firm {n:05}", "CurrencyIsoCode": "USD", "SystemModstamp": stamp} for n in range(accounts)]
    own = {"subsidiary": {"id": "1"}, "lastModifiedDate": f"{SECOND}Z"}
    erp = [own | {"companyName": f"Company {n:05}"} for n in range(customers)]
    return world.seed("crm", "Account", crm), world.seed("erp", "customer", erp)


@contextmanager
def busy(*edits: Callable[[], None]) -> Iterator[None]:
    """People edit in threads of their own, as long as the block lasts."""
    stop, failed = threading.Event(), list[BaseException]()

    def work(edit: Callable[[], None]) -> None:
        try:
            while not stop.wait(0.01):
                edit()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(edit,)) for edit in edits]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failed


def test_rows_of_one_second_across_borders_of_pages_arrive_though_people_edit_and_pages_are_broken(
    world: World,
) -> None:
    accounts, customers = seeded(world)
    for system, connection in (("crm", "salesforce"), ("erp", "netsuite")):
        for kind in ("repeat_page", "short_page"):
            world.admin(system, "faults", {"kind": kind, "match": PAGES[connection], "user": "integration"})
        slow = {"kind": "slow", "match": PAGES[connection], "seconds": 0.1, "times": 3, "user": "integration"}
        world.admin(system, "faults", slow)
    numbers = iter(range(10_000))

    with Seller(world.crm.url) as ann, Accountant(world.erp.url) as bob:

        def sell() -> None:
            at = next(numbers)
            ann.change("Account", accounts[at * 37 % ACCOUNTS], {"Name": f"Edited {at}"})

        def account() -> None:
            at = next(numbers)
            bob.change_customer(customers[at * 41 % CUSTOMERS], companyName=f"Changed {at}")

        with busy(sell, account):
            read(world)
    read(world)

    assert_complete(world)
    rules = [rule for system in ("crm", "erp") for rule in world.admin(system, "faults", method="GET")["faults"]]
    assert all(rule["hits"] for rule in rules if rule["kind"] != "slow")


@pytest.mark.parametrize("connection", ["salesforce", "netsuite"])
def test_a_process_that_dies_behind_a_stored_page_reads_it_again(
    world: World, monkeypatch: pytest.MonkeyPatch, connection: str
) -> None:
    accounts, customers = seeded(world)
    with world.platform() as used, monkeypatch.context() as patch, suppress(Died):
        _die_at_page(patch, 2)
        pull.pull(used, connection, "customer")
    with Seller(world.crm.url) as ann, Accountant(world.erp.url) as bob:
        for at in (0, 1):
            ann.change("Account", accounts[-at], {"Name": f"Edited meanwhile {at}"})
            bob.change_customer(customers[-at], companyName=f"Edited meanwhile {at}")

    read(world)
    read(world)

    assert_complete(world)


@pytest.mark.parametrize("connection", ["salesforce", "netsuite"])
def test_a_pull_that_fails_in_the_middle_goes_on_where_it_was_and_misses_no_edit(
    world: World, monkeypatch: pytest.MonkeyPatch, connection: str
) -> None:
    accounts, customers = seeded(world)
    monkeypatch.setattr(pull, "STORED_AT_ONCE", 1)
    revoked = {"kind": "revoke", "match": PAGES[connection], "times": 2, "skip": 1, "user": "integration"}
    world.admin(SIDES[connection], "faults", revoked)
    with world.platform() as used, pytest.raises(AuthFailed):
        pull.pull(used, connection, "customer")
    with Seller(world.crm.url) as ann, Accountant(world.erp.url) as bob:
        for at in (0, -1):
            ann.change("Account", accounts[at], {"Name": f"Edited meanwhile {at}"})
            bob.change_customer(customers[at], companyName=f"Edited meanwhile {at}")

    world.put_right()
    with world.platform() as used:
        assert (
            pull.pull(used, connection, "customer").rows < {"salesforce": ACCOUNTS, "netsuite": CUSTOMERS}[connection]
        )
    read(world)

    assert_complete(world)


@pytest.mark.parametrize("hours", [-5, 5])
def test_edits_and_late_commits_arrive_whatever_the_time_is_at_the_vendors(world: World, hours: int) -> None:
    accounts, customers = seeded(world, 10, 10)
    for system in ("crm", "erp"):
        world.admin(system, "clock", {"offset_seconds": hours * 3600})
    read(world)
    with Seller(world.crm.url) as ann, Accountant(world.erp.url) as bob:
        for at in range(3):
            ann.change("Account", accounts[at], {"Name": f"Edited {at}"})
            bob.change_customer(customers[at], companyName=f"Edited {at}")
            world.admin("crm", "late", {"object": "Account", "id": accounts[at], "seconds_ago": 300 * at})
            world.admin("erp", "late", {"object": "customer", "id": customers[at], "seconds_ago": 300 * at - 10 * at})
        read(world)
        assert_complete(world)

        for system in ("crm", "erp"):
            world.admin(system, "clock", {"offset_seconds": 0})
        ann.change("Account", accounts[5], {"Name": "Edited when the clock was right again"})
        bob.change_customer(customers[5], companyName="Edited when the clock was right again")
        read(world)
    assert_complete(world)


@pytest.mark.parametrize("first", ["a page", "what a push read back"])
def test_a_warehouse_that_was_deleted_is_filled_completely_though_it_holds_a_few_rows_again(
    world: World, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    accounts, _ = seeded(world)
    read(world)
    _delete_warehouse(world)
    with world.platform() as used:
        if first == "a page":
            with monkeypatch.context() as patch, suppress(Died):
                _die_at_page(patch, 1)
                pull.pull(used, "salesforce", "customer")
        else:
            side = used.connections["salesforce"]
            read_back(used, side, used.map("salesforce", "customer"), accounts[:1])

    read(world)

    assert_complete(world)


def test_a_warehouse_put_back_from_an_older_copy_gets_what_it_lacks(world: World) -> None:
    accounts, _ = seeded(world, 10, 10)
    read(world)
    file = world.state / "warehouse.duckdb"
    shutil.copy(file, world.state / "older")
    with Seller(world.crm.url) as ann:
        ann.change("Account", accounts[0], {"Name": "Edited after the copy"})
        read(world)
        world.admin("crm", "late", {"object": "Account", "id": accounts[0], "seconds_ago": 7200})
    read(world)
    shutil.copy(world.state / "older", file)

    read(world)

    assert_complete(world)


@pytest.mark.parametrize("way", ["provisioned", "unmapped"])
def test_a_field_that_was_removed_and_made_again_or_taken_off_the_map_leaves_the_rows_complete(
    world: World, way: str
) -> None:
    accounts = world.seed("crm", "Account", [{"Name": f"Firm {n}", "Email__c": f"{n}@example.com"} for n in range(3)])
    read(world)
    world.admin("crm", "customfields", {"object": "Account", "field": "Email__c"}, method="DELETE")
    with Seller(world.crm.url) as ann:
        ann.change("Account", accounts[0], {"Name": "Edited meanwhile"})
        with pytest.raises(ConfigError, match="Email__c"):
            read(world)
        if way == "provisioned":
            world.provision()
        else:
            folder = world.state / "config" / "mapping" / "matrix"
            folder.mkdir(parents=True)
            (folder / "customer.salesforce.yaml").write_text("fields: {email: null}\n", encoding="utf-8")
        world.put_right()
        read(world)
        now = {row["Id"]: row.get("Email__c") for row in world.soql(f"SELECT {_email(way)} FROM Account")}
    assert_complete(world)
    with world.platform() as used, used.warehouse.open() as con:
        held = dict(con.execute('SELECT native_id, email FROM conformed."salesforce__customer"').fetchall())
    assert held == now


def _email(way: str) -> str:
    return "Id, Email__c" if way == "provisioned" else "Id"


def test_an_edit_in_the_second_of_one_that_a_sensor_has_reported_is_reported(world: World) -> None:
    accounts, customers = seeded(world, 3, 3)
    read(world)
    state = Watch()
    with world.platform() as used, Seller(world.crm.url) as ann, Accountant(world.erp.url) as bob:
        assert watch.customer_changes(used, state) == []
        _stop_clocks(world)
        ann.change("Account", accounts[0], {"Phone": "+1 202 555 0101"})
        bob.change_customer(customers[0], phone="+1 202 555 0102")
        assert sorted(watch.customer_changes(used, state)) == sorted([accounts[0], customers[0]])
        assert watch.customer_changes(used, state) == []

        ann.change("Account", accounts[0], {"Phone": "+1 202 555 0103"})
        bob.change_customer(customers[0], phone="+1 202 555 0104")
        assert _one_call_a_side(world, lambda: watch.customer_changes(used, state)) == sorted(
            [accounts[0], customers[0]]
        )


def test_an_edit_in_the_second_of_what_was_read_back_is_reported(world: World) -> None:
    accounts, customers = seeded(world, 3, 3)
    read(world)
    with world.platform() as used, Seller(world.crm.url) as ann, Accountant(world.erp.url) as bob:
        state = Watch()
        watch.customer_changes(used, state)
        _stop_clocks(world)
        ann.change("Account", accounts[0], {"Phone": "+1 202 555 0101"})
        bob.change_customer(customers[0], phone="+1 202 555 0102")
        _read_back(used, {"salesforce": accounts[:1], "netsuite": customers[:1]})
        for name in used.connections:
            conform(used, name, "customer")
        assert watch.customer_changes(used, state) == []

        ann.change("Account", accounts[0], {"Phone": "+1 202 555 0103"})
        bob.change_customer(customers[0], phone="+1 202 555 0104")
        assert sorted(watch.customer_changes(used, state)) == sorted([accounts[0], customers[0]])


def test_an_edit_of_a_won_deal_or_an_order_in_the_second_of_what_a_run_pulled_is_reported(world: World) -> None:
    _, _, (deal,) = sold(world)
    with world.platform() as used, Seller(world.crm.url) as ann, Accountant(world.erp.url) as bob:
        won, cash = Watch(), Watch()
        watch.won_deals(used, won)
        watch.cash_changes(used, cash)
        (order,) = bob.orders()
        _stop_clocks(world)
        ann.change("Opportunity", deal, {"Name": "Named once"})
        bob.change("salesOrder", order["id"], {"memo": "Noted once"})
        assert (watch.won_deals(used, won), watch.cash_changes(used, cash)) == ([deal], [order["id"]])
        _read_back(used, {"salesforce": [deal], "netsuite": [order["id"]]}, "order")
        for name in used.connections:
            conform(used, name, "order")
        assert (watch.won_deals(used, won), watch.cash_changes(used, cash)) == ([], [])

        ann.change("Opportunity", deal, {"Name": "Named twice"})
        bob.change("salesOrder", order["id"], {"memo": "Noted twice"})
        assert (watch.won_deals(used, won), watch.cash_changes(used, cash)) == ([deal], [order["id"]])


def _one_call_a_side(world: World, ask: Callable[[], list[str]]) -> list[str]:
    """The answer, sorted, of a question that may cost one call in each system."""
    for box in (world.crm, world.erp):
        box.meter.reset()
    found = ask()
    assert [box.meter.report()["by_user"].get("integration") for box in (world.crm, world.erp)] == [1, 1]  # type: ignore[attr-defined]
    return sorted(found)


def _read_back(used: Platform, ids: dict[str, list[str]], map_name: str = "customer") -> None:
    for name, side in used.connections.items():
        assert native_fields(used.map(name, map_name))
        read_back(used, side, used.map(name, map_name), ids[name])


def _stop_clocks(world: World) -> None:
    for system in ("crm", "erp"):
        world.admin(system, "clock", {"stopped": True})


def _die_at_page(monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    """Let the process die when it has stored that page and not yet its cursor."""
    remember, left = positions.remember, [page - 1]

    def dying(*arguments: Any, **named: Any) -> None:
        if not left[0]:
            raise Died
        left[0] -= 1
        remember(*arguments, **named)

    monkeypatch.setattr(pull, "STORED_AT_ONCE", 1)
    monkeypatch.setattr(positions, "remember", dying)


def _delete_warehouse(world: World) -> None:
    for file in world.state.glob("warehouse.duckdb*"):
        file.unlink()
