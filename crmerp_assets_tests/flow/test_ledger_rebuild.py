"""A lost ledger comes back from the keys in both systems: the same links, no duplicate, nothing written twice.

Protection removed once, and the test that failed: the hold on records whose partner is gone (the first).
"""

from pathlib import Path

import polars as pl
import pytest
from world import GO_LIVE, World

from crmerp_assets.ledger import LedgerUnavailable
from crmerp_assets.sandbox.company.people import Accountant, Seller
from crmerp_assets.sync.rebuild import LINKED, Rebuilt, rebuild
from crmerp_assets_tests.flow.begun import begun
from crmerp_assets_tests.ledger.postgres import empty


def _lose(world: World, ledger_url: str | None) -> None:
    if ledger_url is not None:
        empty(ledger_url)
    for file in world.state.glob("ledger.sqlite*"):
        file.unlink()


def _links(world: World) -> set[tuple[str, str, str, str]]:
    with world.platform() as used, used.ledger.read() as tx:
        found = pl.concat([tx.links.all(entity) for entity in LINKED])
    return set(found.select("entity", "connection", "native_id", "golden_id").drop_nulls().rows())


def _rebuild(world: World) -> Rebuilt:
    def empty() -> None:
        for file in world.state.glob("warehouse.duckdb*"):
            file.unlink()

    with world.platform() as used:
        return rebuild(used, empty)


@begun
def _company(world: World) -> list[str]:
    """Customers that look alike, contacts, orders, an item of the ERP's own; in agreement. The deals' ids."""
    world.policy(GO_LIVE)
    accounts = world.accounts(3)
    twins = [{"Name": "Twin Ltd", "BillingCountry": "USA", "CurrencyIsoCode": "USD"} for _ in range(2)]
    accounts += world.seed("crm", "Account", twins)
    world.seed("erp", "nonInventorySaleItem", [{"itemId": "ERP-1", "displayName": "Made in the ERP"}])
    world.seed("crm", "Contact", [{"LastName": f"Person {n}", "AccountId": a} for n, a in enumerate(accounts)])
    deals = world.deals(accounts, world.catalogue(2), 6)
    world.settle()
    return deals


def test_a_rebuilt_ledger_has_the_lost_ones_links_and_the_next_sync_writes_nothing(
    world: World, ledger_url: str | None
) -> None:
    deals = _company(world)
    gone = world.soql(f"SELECT ERP_Order_Number__c FROM Opportunity WHERE Id = '{deals[5]}'")[0]["ERP_Order_Number__c"]
    order = world.suiteql(f"SELECT id FROM transaction WHERE tranid = '{gone}'")[0]["id"]
    with Accountant(world.erp.url) as bob:
        assert bob.http.delete(f"/services/rest/record/v1/salesOrder/{order}").status_code == 204
    world.settle()
    with Seller(world.crm.url) as ann:
        ann.create_account("Alone Inc")
    world.settle()
    before = _links(world)
    orders = world.orders()
    _lose(world, ledger_url)

    made = _rebuild(world)

    after = _links(world)
    assert {link for link in before if link[2] != order} == after
    assert made.records.filter(pl.col("entity") == "order")["gone"].item() == 1
    assert made.differing == 0
    assert world.pass_through() == 0
    assert world.pass_through() == 0
    assert world.orders() == orders
    assert world.open_intents()["gate"].unique().to_list() == ["on_hold"]


def test_a_ledger_that_is_not_lost_is_not_rebuilt(world: World) -> None:
    world.accounts(1)
    world.pass_through()
    before = _links(world)
    with pytest.raises(LedgerUnavailable, match="not lost"):
        _rebuild(world)
    assert _links(world) == before
    assert (world.state / "warehouse.duckdb").exists()


def test_a_backup_is_a_ledger_that_opens_and_no_file_is_overwritten(world: World, tmp_path: Path) -> None:
    world.accounts(1)
    world.pass_through()
    process = world.crmerp("ledger", "backup", str(tmp_path / "copy.sqlite"))
    assert process.communicate(timeout=60)[0].startswith("The ledger")
    again = world.crmerp("ledger", "backup", str(tmp_path / "copy.sqlite"))
    assert "not overwritten" in again.communicate(timeout=60)[1]
    assert again.returncode == 3
    before = _links(world)
    (world.state / "ledger.sqlite").unlink()
    (tmp_path / "copy.sqlite").rename(world.state / "ledger.sqlite")
    assert _links(world) == before
