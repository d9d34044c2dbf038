"""The rights that are printed are enough for a sync, and a right that is missing is named with the place to grant it.

Left out once, and caught: forgetting what describe said before (the second test). In the same way test_odoo caught the
right to create external ids, test_tryton the fields, the settings and the list of payments that Tryton keeps apart,
test_files_rights reading the folder of imports.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from least import beyond, grant_in_netsuite, grant_in_salesforce, looking, missing, needed, without
from typer.testing import CliRunner
from world import GO_LIVE, World, make_world

from crmerp_assets.cli.main import app
from crmerp_assets.sync.rights import Privileges

SETS = "Setup > Permission Sets > Crmerp_Integration"


def test_both_systems_are_content_with_the_rights_that_are_printed_and_nothing_else(world: World) -> None:
    world.policy(GO_LIVE)
    account, _ = world.accounts(2)
    world.deals([account], world.catalogue(2), 2)
    world.seed("crm", "Contact", [{"LastName": "Berg", "AccountId": account}])
    world.seed("erp", "customer", [{"companyName": "Born in the ERP", "subsidiary": {"id": "1"}}])
    with looking(world, "salesforce") as crm, looking(world, "netsuite") as erp:
        assert {"Account: Delete", "Opportunity: Create", "Customize Application"} <= set(beyond(crm()))
        assert beyond(erp()) == ["Lists > Employees"]
        grant_in_salesforce(world, needed(crm()))
        grant_in_netsuite(world, needed(erp()))
        for look in (crm, erp):
            assert (missing(look()), beyond(look())) == ({}, [])

    world.settle()

    assert world.open_intents().is_empty()
    assert world.orders()[:2] == (2, 2)
    assert all(row["ERP_Order_Number__c"] for row in world.soql("SELECT ERP_Order_Number__c FROM Opportunity"))
    assert len(world.soql("SELECT Id FROM Account WHERE Name = 'Born in the ERP'")) == 1
    assert [row["lastname"] for row in world.suiteql("SELECT lastname FROM contact")] == ["Berg"]


def test_a_right_that_was_not_granted_is_named_with_its_place(world: World) -> None:
    with looking(world, "salesforce") as look:
        _each_missing_in_salesforce(world, look)
    with looking(world, "netsuite") as look:
        _each_missing_in_netsuite(world, look)


def _each_missing_in_salesforce(world: World, look: Callable[[], Privileges]) -> None:
    rights, objects = needed(look()), f"{SETS} > Object Settings"
    for lacking, where in (
        ("Account: Create", f"{objects} > Account"),
        ("Contact: Edit", f"{objects} > Contact"),
        ("Product2: View All Records", f"{objects} > Product2"),
        ("Pricebook2: Read", f"{objects} > Pricebook2"),
        ("Account: Edit fields", f"{objects} > Account > Field Permissions"),
        ("View Setup and Configuration", f"{SETS} > System Permissions"),
    ):
        grant_in_salesforce(world, [one for one in rights if one.name != lacking])
        assert missing(look())[lacking] == where
    grant_in_salesforce(world, [without(one, "Opportunity: Read fields", "Amount") for one in rights])
    (found,) = [one for one in look().rights if one.granted is False]
    assert (found.name, found.fields) == ("Opportunity: Read fields", ("Amount",))


def _each_missing_in_netsuite(world: World, look: Callable[[], Privileges]) -> None:
    rights = needed(look())
    page = "Setup > Users/Roles > Manage Roles > the integration's role > Permissions"
    for lacking, where in (
        ("Lists > Contacts: Edit", f"{page} > Lists"),
        ("Setup > Deleted Records: View", f"{page} > Setup"),
        ("Transactions > Credit Memo: View", f"{page} > Transactions"),
        ("Transactions > Find Transaction: View", f"{page} > Transactions"),
    ):
        grant_in_netsuite(world, [one for one in rights if one.name != lacking])
        assert missing(look())[lacking] == where
    grant_in_netsuite(world, [replace(one, name=one.name.replace("Order: Edit", "Order: View")) for one in rights])
    assert list(missing(look())) == ["Transactions > Sales Order: Edit"]
    grant_in_netsuite(world, rights)
    told = {one.name: one.granted for one in look().rights}
    assert (told["Transactions > Sales Order: Edit"], told["Transactions > Invoice: View"]) == (None, True)


def test_the_commands_show_needs_rights_and_fields_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_world(tmp_path / "state", monkeypatch):
        rows = {row["field"]: row for row in json.loads(crmerp("provision", "--json").output)}
        balance = rows["ERP_Balance__c"]
        assert (balance["type"], balance["for"], balance["done"]) == ("currency(18,2)", "customer.balance", False)
        assert "permission set Crmerp_Integration; on no page layout" in balance["place"]
        assert rows["Crmerp_Id__c"]["type"] == "text(64), unique"
        before = crmerp("check", "--rights")
        assert before.exit_code == 1
        assert "NO Account: Read fields: " in before.output
        assert f"grant it in {SETS} > Object Settings > Account > Field Permissions" in " ".join(before.output.split())

        assert crmerp("provision", "--yes").exit_code == 0

        after = crmerp("check", "--rights", "--json")
        assert after.exit_code == 0
        crm, erp = json.loads(after.output)
        (phone,) = [row for row in crm["needs"] if (row["object"], row["field"]) == ("Account", "Phone")]
        assert (phone["access"], phone["for"]) == ("read, create, update", "customer.phone")
        states = {row["right"]: (row["state"], row["for"]) for row in erp["rights"]}
        assert states["Lists > Customers: Edit"] == ("not told", "customer: links, golden, push")
        assert states["Lists > Employees"][0] == "more than needed"
        checked = crmerp("check")
        assert checked.exit_code == 0
        assert "!!  salesforce: more than is needed: Account: Delete" in checked.output


def crmerp(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"}, catch_exceptions=False)
