"""A won deal becomes a row in an import file, and what the ERP says comes back, though it only speaks once a night."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crmerp_assets_tests.flow.files_world import FilesWorld, make_files_world


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FilesWorld]:
    with make_files_world(tmp_path / "world", monkeypatch) as made:
        made.provision()
        yield made


def test_a_won_deal_becomes_an_order_in_an_import_file_and_its_number_comes_back(world: FilesWorld) -> None:
    entries = world.catalogue()
    accounts = world.accounts(2)
    deals = world.deals(accounts, entries, 3)

    world.settle()

    orders = world.rows("order")
    assert len(orders) == 3
    assert {one["customer_no"] for one in orders} == {one["customer_no"] for one in world.rows("customer")}
    assert all(len(one["lines"]) == 2 for one in orders)
    written = {
        row["Id"]: row["ERP_Order_Number__c"] for row in world.soql("SELECT Id, ERP_Order_Number__c FROM Opportunity")
    }
    assert sorted(written[deal] for deal in deals) == sorted(one["order_no"] for one in orders)
    assert world.open_intents().is_empty()
    taken = sorted(path.name for path in (world.folder / "archive").iterdir())
    assert [name.split(".")[1] for name in taken][:1] == ["item"]
    assert world.pass_through() == 0
