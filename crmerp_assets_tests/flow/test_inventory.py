"""`crmerp inventory`: both systems described, counted from what is staged, and compared with the last time.

Protections removed once, and the test that failed: `_kept` (the second), deleted rows not counted (the first).
"""

import json
from typing import Any

import polars as pl
from typer.testing import CliRunner
from world import GO_LIVE, World

from crmerp_assets.cli.main import app
from crmerp_assets.sandbox.company.people import Seller
from crmerp_assets.sync import inventory


def crmerp(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


def test_the_command_shows_what_each_object_holds_and_fails_once_a_used_field_changed(world: World) -> None:
    world.policy(GO_LIVE)
    world.provision()
    one, _, gone = world.accounts(3)
    with Seller(world.crm.url) as seller:
        seller.change("Account", one, {"Phone": "+14155550100"})
        world.pass_through(push=False)
        seller.call("DELETE", f"/services/data/v68.0/sobjects/Account/{gone}")
    world.pass_through(push=False)

    first = crmerp("inventory")
    assert first.exit_code == 0, first.output
    assert "Account" in first.output
    told = json.loads((world.state / "reports" / "inventory.json").read_text())
    by_name = {(f["connection"], f["object"], f["field"]): f for f in told["fields"]}
    phone = by_name["salesforce", "Account", "Phone"]
    assert (phone["rows"], phone["filled"], phone["read_by"]) == (2, 1, "customer.phone")
    assert phone["type"]
    assert by_name["netsuite", "customer", "companyName"]["written_by"] == "customer.name"
    assert {row["connection"] for row in told["limits"]} == {"salesforce", "netsuite"}
    assert told["drift"] == []
    page = (world.state / "reports" / "inventory.html").read_text()
    assert "+14155550100" not in page, "counts only"

    with world.platform() as used, used.warehouse.open() as con:
        con.execute("UPDATE report.inventory SET length = 7 WHERE object = 'Account' AND field = 'Phone'")
        con.execute("DELETE FROM report.inventory WHERE object = 'Account' AND field = 'Fax'")
    again = crmerp("inventory", "--json")
    assert again.exit_code == 1, "a used field changed"
    changes = {(d["what"], d["field"], d["property"], d["before"]) for d in json.loads(again.output)["drift"]}
    assert changes == {("changed", "Phone", "length", "7"), ("added", "Fax", None, None)}
    assert crmerp("inventory").exit_code == 0, "told once"


def test_a_system_that_cannot_be_described_now_keeps_what_was_known_of_it(world: World) -> None:
    world.policy(GO_LIVE)
    world.provision()
    world.accounts(1)
    world.pass_through(push=False)
    with world.platform() as used:
        before = inventory.take(used)
    world.admin("crm", "faults", {"kind": "server_error", "match": "describe", "times": 1000})
    waits: list[float] = []
    with world.platform(waits.append) as used:  # one that has asked remembers
        found = inventory.take(used)
    assert waits, "it was asked again before it was given up"
    assert found.problems["connection"].unique().to_list() == ["salesforce"]
    assert found.drift.is_empty()
    here = pl.col("connection") == "salesforce"
    assert found.fields.filter(here).select("field", "type").equals(before.fields.filter(here).select("field", "type"))
