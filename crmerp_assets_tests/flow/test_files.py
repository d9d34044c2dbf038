"""A won deal becomes a row in an import file, and what the ERP says comes back, though it only speaks once a night."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from crmerp_assets.bootstrap import utc_now
from crmerp_assets.sync.parked_work import Chosen, parked_work, retry
from crmerp_assets.sync.pull import pull
from crmerp_assets_tests.flow.files_world import FilesWorld, make_files_world
from crmerp_assets_tests.flow.world import PLAIN, push_all


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FilesWorld]:
    with make_files_world(tmp_path / "world", monkeypatch) as made:
        made.provision()
        yield made


def test_a_won_deal_becomes_an_order_in_an_import_file_and_its_number_comes_back(world: FilesWorld) -> None:
    entries = world.catalogue()
    accounts = world.accounts(2)
    world.deals(accounts, entries, 3)

    world.settle()

    orders = world.rows("order")
    assert len(orders) == 3
    assert {one["customer_no"] for one in orders} == {one["customer_no"] for one in world.rows("customer")}
    assert all(len(one["lines"]) == 2 for one in orders)
    assert numbers(world) == {one["order_no"] for one in orders}
    assert world.open_intents().is_empty()
    taken = sorted(path.name for path in (world.folder / "archive").iterdir())
    assert [name.split(".")[1] for name in taken][:1] == ["item"]
    assert world.pass_through() == 0


def test_an_erp_that_writes_extracts_once_a_night_gets_nothing_twice_and_takes_nothing_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the night, the newest extract shows every record as it was before our writes, or not at all."""
    with make_files_world(tmp_path / "world", monkeypatch, extract_on_request=True) as world:
        world.extract()
        world.provision()
        (account,) = world.accounts(1)
        world.deals([account], world.catalogue(), 1)
        world.settle()
        (order,), (customer,) = world.rows("order"), world.rows("customer")
        assert numbers(world) == {order["order_no"]}

        world.extract()
        assert world.settle() == 0
        change_name(world, account, "Renamed by sales")
        assert world.settle() == 1
        assert world.pass_through() == 0, "the extract of last night is no edit"
        assert world.rows("customer")[0]["name"] == "Renamed by sales"

        world.edit("customer", customer["customer_no"], phone="+1 212 555 0177")
        world.extract()
        assert world.settle() == 1
        assert world.soql("SELECT Name, Phone FROM Account")[0]["Phone"].endswith("0177")
        assert world.soql("SELECT Name, Phone FROM Account")[0]["Name"] == "Renamed by sales"


def test_an_erp_that_answers_hours_later_gets_the_deal_once(world: FilesWorld) -> None:
    """Its import runs at night; until then the order is open, and nobody sends it a second time."""
    world.erp.faults.add(kind="server_error", match=r"IMPORT .*\.order\.", times=-1)
    world.deals(world.accounts(1), world.catalogue(), 1)
    for _ in range(3):
        world.pass_through()
    waiting = world.open_intents("sent", "unknown").filter(entity="order")
    assert waiting.height == 1
    assert [path.name.split(".")[1] for path in world.erp.folder.waiting()] == ["order"]
    assert world.rows("order") == []

    world.erp.faults.remove()
    until(lambda: len(world.rows("order")) == 1 and not world.erp.folder.waiting())
    with world.platform() as used:
        push_all(replace(used, clock=lambda: utc_now() + timedelta(minutes=10)))
    world.settle()
    (order,) = world.rows("order")
    assert numbers(world) == {order["order_no"]}
    assert world.open_intents().is_empty()


def test_a_row_that_cannot_be_used_is_parked_with_its_place_until_it_comes_well(world: FilesWorld) -> None:
    world.erp.seed("customer", [{"name": "Acme"}, {"name": "Bolt"}])
    newest = max((world.folder / "extracts").glob("customer_*.csv"))
    spoiled = newest.with_name(f"customer_{int(newest.stem.partition('_')[2]) + 1:08}.csv")
    whole = newest.read_text(encoding="utf-8")
    spoiled.with_name(f"{spoiled.name}.count").write_text("2")
    spoiled.write_text(whole.replace("Bolt", '"Bo"lt'), encoding="utf-8")

    with world.platform() as used:
        assert pull(used, "erp", "customer").rows == 1
        (parked,) = parked_work(used).to_dicts()
        assert (parked["stage"], parked["record"], parked["connection"]) == ("pull", "C000002", "erp")
        assert parked["reason"].startswith(f"extracts/{spoiled.name}, line 3: name: a quotation mark")
        assert pull(used, "erp", "customer").rows == 0
        assert parked_work(used).height == 1, "nothing new was read"

        retry(used, Chosen(ids=(parked["id"],)), "ann")
        assert pull(used, "erp", "customer").full
        assert parked_work(used)["times"].to_list() == [2]

        spoiled.unlink()
        assert pull(used, "erp", "customer").rows == 2
        assert parked_work(used).is_empty()


def until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to that")


def numbers(world: FilesWorld) -> set[str]:
    """The order numbers that the CRM shows."""
    return {row["ERP_Order_Number__c"] for row in world.soql("SELECT Id, ERP_Order_Number__c FROM Opportunity")}


def change_name(world: FilesWorld, account: str, name: str) -> None:
    """What a sales rep does."""
    token = world.admin("crm", "token", {"user": "ann"})["access_token"]
    url = f"{world.crm.url}/services/data/v68.0/sobjects/Account/{account}"
    answer = httpx.patch(
        url, json={"Name": name}, headers={"Authorization": f"Bearer {token}"}, timeout=60, verify=PLAIN
    )
    assert answer.status_code == 204, answer.text
