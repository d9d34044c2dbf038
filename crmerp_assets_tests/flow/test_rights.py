"""A right is taken away between a plan and its push, or before a pull: it is named, and nothing is lost.

Protection removed once, and the test that failed: sending again what was refused for a right, once it is granted (the
first).
"""

from typing import Any

import httpx
import pytest
from world import GO_LIVE, PLAIN, World

from crmerp_assets.cli.failures import exit_code
from crmerp_assets.connectors.errors import ConfigError

NUMBER = "ERP_Customer_Number__c"


def test_a_field_that_may_only_be_read_any_more_is_named_and_written_once_granted_again(world: World) -> None:
    _sold(world)
    _may_edit_number(world, False)

    world.settle()

    refused = world.open_intents("rejected")
    assert set(refused["entity"]) == {"customer"}
    assert set(refused["error_class"]) == {"ConfigError"}
    assert all(f"Account {id_}" in error for id_, error in refused.select("native_id", "error").iter_rows())
    assert all(f"at {NUMBER}" in error and "make the field editable" in error for error in refused["error"])
    assert world.orders()[:2] == (2, 2)
    _may_edit_number(world, True)
    _all_goes_through(world)


def test_an_object_that_may_only_be_read_any_more_is_named_and_written_once_granted_again(world: World) -> None:
    _sold(world)
    world.seed("erp", "customer", [{"companyName": "Born in the ERP", "subsidiary": {"id": "1"}}])
    world.pass_through(push=False)
    world.admin("crm", "rights", {"object": "Account", "edit": False})

    world.settle()

    refused = world.open_intents("rejected")
    assert set(refused["operation"]) == {"create", "update"}
    assert all("Account" in error and "integration user the right" in error for error in refused["error"])
    assert world.orders()[:2] == (2, 2)
    world.admin("crm", "rights", {"object": "Account"})
    _all_goes_through(world)
    assert len(world.soql("SELECT Id FROM Account WHERE Name = 'Born in the ERP'")) == 1


def test_an_object_that_may_not_be_read_any_more_stops_the_pull_by_name(world: World) -> None:
    _sold(world)
    world.admin("crm", "rights", {"object": "Account", "read": False, "edit": False})

    _stopped(world, "Account", "give the integration user access")

    world.admin("crm", "rights", {"object": "Account"})
    world.put_right()
    world.settle()
    _complete(world)


def test_a_record_type_that_may_not_be_viewed_in_the_erp_stops_the_pull_by_name(world: World) -> None:
    _sold(world)
    world.admin("erp", "permissions", {"record": "customer", "level": "none"})

    _stopped(world, "customer", "give the role the permission to view")

    world.admin("erp", "permissions", {"record": "customer", "level": "edit"})
    world.put_right()
    world.settle()
    _complete(world)


def test_a_record_type_that_may_only_be_viewed_in_the_erp_is_named_and_written_once_granted_again(
    world: World,
) -> None:
    """Customers go one by one, as they are few; orders as a job."""
    deals = 6
    _sold(world, deals)
    world.admin("erp", "permissions", {"record": "salesOrder", "level": "view"})

    world.settle()

    refused = world.open_intents("rejected")
    assert refused["entity"].to_list() == ["order"] * deals
    assert all("salesOrder" in error and "give it the permission" in error for error in refused["error"])
    assert world.orders()[0] == 0
    world.admin("erp", "permissions", {"record": "salesOrder", "level": "edit"})
    _all_goes_through(world, deals)


def test_a_currency_that_the_crm_does_not_use_is_told_with_its_field_and_the_others_go_on(world: World) -> None:
    world.policy(GO_LIVE)
    pounds = next(row["id"] for row in world.suiteql("SELECT id, symbol FROM currency") if row["symbol"] == "GBP")
    customers = [
        {"companyName": f"In {code}", "subsidiary": {"id": "1"}, "currency": {"id": id_}}
        for code, id_ in (("GBP", pounds), ("USD", "1"))
    ]
    world.seed("erp", "customer", customers)
    _use_pounds(world, False)

    world.settle()

    refused = world.open_intents("rejected")
    assert refused.height == 1
    assert "CurrencyIsoCode" in refused["error"][0]
    assert "activate the currency in Salesforce" in refused["error"][0]
    assert [row["Name"] for row in world.soql("SELECT Name FROM Account")] == ["In USD"]
    _use_pounds(world, True)
    world.put_right()
    world.settle()
    assert world.open_intents().is_empty()
    accounts = world.soql("SELECT Name, CurrencyIsoCode FROM Account")
    assert {(row["Name"], row["CurrencyIsoCode"]) for row in accounts} == {("In USD", "USD"), ("In GBP", "GBP")}


def _sold(world: World, deals: int = 2) -> None:
    world.policy(GO_LIVE)
    world.deals(world.accounts(2), world.catalogue(1), deals, lines=1)


def _stopped(world: World, named: str, advice: str) -> None:
    with pytest.raises(ConfigError) as refused:
        world.pass_through()
    assert named in str(refused.value)
    assert advice in str(refused.value)
    assert exit_code(refused.value) == 3


def _all_goes_through(world: World, deals: int = 2) -> None:
    world.put_right()
    world.settle()
    _complete(world, deals)


def _complete(world: World, deals: int = 2) -> None:
    """Nothing waits; every deal has one order, every account one customer with its number."""
    assert world.open_intents().is_empty()
    assert world.orders()[:2] == (deals, deals)
    accounts = world.soql(f"SELECT {NUMBER} FROM Account WHERE {NUMBER} != null AND Name LIKE 'Company%'")
    assert len({row[NUMBER] for row in accounts}) == 2
    assert len(world.suiteql("SELECT id FROM customer WHERE companyname LIKE 'Company%'")) == 2


def _may_edit_number(world: World, granted: bool) -> None:
    field = f"SELECT Id FROM FieldPermissions WHERE Field = 'Account.{NUMBER}'"
    for row in world.soql(field):
        _change(world, "FieldPermissions", row["Id"], {"PermissionsEdit": granted})


def _use_pounds(world: World, active: bool) -> None:
    (row,) = world.soql("SELECT Id FROM CurrencyType WHERE IsoCode = 'GBP'")
    _change(world, "CurrencyType", row["Id"], {"IsActive": active})


def _change(world: World, native_object: str, id_: str, values: dict[str, Any]) -> None:
    """What an administrator changes in the CRM, by its own API."""
    token = world.admin("crm", "token", {"user": "admin"})["access_token"]
    url = f"{world.crm.url}/services/data/v68.0/sobjects/{native_object}/{id_}"
    answer = httpx.patch(url, json=values, headers={"Authorization": f"Bearer {token}"}, timeout=60, verify=PLAIN)
    assert answer.status_code == 204, answer.text
