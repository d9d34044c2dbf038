"""A deal won in Salesforce, all the way through Odoo: customer, order, invoice, payment, credit, and back.

Tried and caught: a refused create that takes over the id of the quotation that is left of it, by the test of an order
whose confirmation is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crmerp_assets.sandbox.odoo.engine import methods
from crmerp_assets.sandbox.odoo.errors import user_error
from crmerp_assets.sync import undo
from crmerp_assets.sync.deletions import compare_ids
from crmerp_assets.sync.systems import check
from crmerp_assets_tests.flow.least import beyond, grant_in_odoo, looking, missing, needed
from crmerp_assets_tests.flow.odoo_world import OdooWorld, make_odoo_world
from crmerp_assets_tests.flow.world import GO_LIVE, drafted, provisioned, push_all


@pytest.fixture
def version() -> str:
    return "19.0"


@pytest.fixture
def world(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OdooWorld]:
    with make_odoo_world(tmp_path, monkeypatch, version=version, tax_rate=10.0) as made:
        made.policy(GO_LIVE)
        provisioned(made)
        yield made


@pytest.mark.parametrize("version", ["18.0", "19.0"])
def test_won_deals_become_customers_and_confirmed_orders_once(world: OdooWorld) -> None:
    entries = world.products()
    accounts = world.accounts(3)
    world.deals(accounts, entries, 5)
    world.settle()
    assert world.orders()[:2] == (5, 5)
    found = world.read("sale.order", [], "state", "origin", "date_order", "amount_untaxed")
    assert {(row["state"], row["date_order"][:10]) for row in found} == {("sale", "2026-06-15")}
    assert {row["origin"]: Decimal(str(row["amount_untaxed"])) for row in found} == {
        f"Deal {n}": Decimal("20.50") * (n + 1) for n in range(5)
    }
    assert len(world.read("res.partner", [["is_company", "=", True], ["ref_company_ids", "=", False]], "name")) == 3
    shown = world.soql("SELECT Name, ERP_Order_Number__c, ERP_Order_Status__c, ERP_Order_Total__c FROM Opportunity")
    assert {row["ERP_Order_Status__c"] for row in shown} == {"Pending Fulfillment"}
    assert all(str(row["ERP_Order_Number__c"]).startswith("S0") for row in shown)
    assert world.pass_through() == 0


def test_money_in_odoo_reaches_the_deal(world: OdooWorld) -> None:
    entries = world.products()
    (deal,) = world.deals(world.accounts(1), entries, 1)
    world.settle()
    (order,) = world.read("sale.order", [], "amount_total")
    wizard = {"sale_order_ids": [[6, 0, [order["id"]]]]}
    made = world.person.call("sale.advance.payment.inv", "create", [wizard])
    invoice = world.person.call("sale.advance.payment.inv", "create_invoices", [[made]])["res_id"]
    world.settle()
    drafted(world, deal)
    world.person.call("account.move", "action_post", [[invoice]])
    context = {"active_model": "account.move", "active_ids": [invoice]}
    paying = world.person.call("account.payment.register", "create", [{"amount": 12.55}], context=context)
    world.person.call("account.payment.register", "action_create_payments", [[paying]], context=context)
    world.settle()
    fields = "ERP_Invoiced__c, ERP_Paid__c, ERP_Open_Balance__c, ERP_Order_Status__c, ERP_Invoice_Number__c"
    (shown,) = world.soql(f"SELECT {fields} FROM Opportunity WHERE Id = '{deal}'")
    assert shown["ERP_Order_Status__c"] == "Billed"
    # Each of two lines of 10.25 bears 1.03 of tax: Odoo rounds line by line.
    money = [shown[name] for name in ("ERP_Invoiced__c", "ERP_Paid__c", "ERP_Open_Balance__c")]
    assert [Decimal(str(amount)) for amount in money] == [Decimal("22.56"), Decimal("12.55"), Decimal("10.01")]
    assert shown["ERP_Invoice_Number__c"].startswith("INV/")
    assert world.pass_through() == 0


def test_a_deal_that_changes_changes_its_order(world: OdooWorld) -> None:
    entries = world.products()
    (deal,) = world.deals(world.accounts(1), entries, 1)
    world.settle()
    (line, gone) = world.soql(f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{deal}' ORDER BY SortOrder")
    world.sell("PATCH", f"sobjects/OpportunityLineItem/{line['Id']}", {"Quantity": 4})
    world.sell("DELETE", f"sobjects/OpportunityLineItem/{gone['Id']}")
    world.settle()
    (order,) = world.read("sale.order", [], "amount_untaxed", "state")
    assert (order["amount_untaxed"], order["state"]) == (41.0, "sale")
    assert world.orders()[:2] == (1, 1)
    assert world.pass_through() == 0


def test_contacts_follow_their_company(world: OdooWorld) -> None:
    (account,) = world.accounts(1)
    world.deals([account], world.products(), 1)
    contact = {"FirstName": "Dick", "LastName": "van der Berg", "Email": "dick@company0.example.net"}
    world.seed("crm", "Contact", [contact | {"AccountId": account}])
    world.settle()
    (found,) = world.read(
        "res.partner", [["email", "=", "dick@company0.example.net"]], "name", "parent_id", "x_last_name"
    )
    assert (found["name"], found["x_last_name"], found["parent_id"][1]) == (
        "Dick van der Berg",
        "van der Berg",
        "Company 0",
    )
    assert world.pass_through() == 0


def test_the_packaged_mapping_passes_the_check_of_a_new_database(world: OdooWorld) -> None:
    with world.platform() as used:
        findings = [finding for name, finding in check(used) if name == "odoo"]
    assert [finding for finding in findings if not finding.ok] == []
    assert len(findings) > 10


def test_a_user_with_the_rights_that_are_printed_and_no_other_does_all(world: OdooWorld) -> None:
    with looking(world, "odoo") as look:
        assert "ir.model.fields: create" in beyond(look())
        rights = needed(look())
        for lacking, group in (
            ("sale.order: create", "Sales: User: All Documents"),
            ("account.partial.reconcile: read", "Invoicing: Billing"),
        ):
            grant_in_odoo(world, [one for one in rights if one.name != lacking])
            found = missing(look())
            assert list(found) == [lacking]
            assert found[lacking].endswith(group)
        grant_in_odoo(world, rights)
        assert (missing(look()), beyond(look())) == ({}, [])
    (account,) = world.accounts(1)
    (deal,) = world.deals([account], world.products(), 1)
    world.seed("crm", "Contact", [{"LastName": "Berg", "Email": "berg@company0.example.net", "AccountId": account}])
    world.settle()
    assert world.open_intents().is_empty()
    assert world.orders()[:2] == (1, 1)
    assert len(world.read("res.partner", [["email", "=", "berg@company0.example.net"]], "name")) == 1
    (shown,) = world.soql(f"SELECT ERP_Order_Number__c FROM Opportunity WHERE Id = '{deal}'")
    assert shown["ERP_Order_Number__c"]


@pytest.mark.parametrize(
    ("fault", "call"),
    [
        ("cut_after", r"sale\.order/load"),
        ("cut_after", r"sale\.order/action_confirm"),
        ("cut_before", r"sale\.order/action_confirm"),
    ],
)
def test_a_lost_answer_makes_one_confirmed_order(world: OdooWorld, fault: str, call: str) -> None:
    world.deals(world.accounts(2), world.products(), 2)
    world.admin("erp", "faults", {"kind": fault, "match": call, "times": 1})
    world.settle()
    assert world.orders()[:2] == (2, 2)
    found = world.read("sale.order", [], "state", "date_order")
    assert {(row["state"], row["date_order"][:10]) for row in found} == {("sale", "2026-06-15")}
    assert len(world.read("sale.order.line", [], "id")) == 4
    assert len(world.read("res.partner", [["is_company", "=", True], ["ref_company_ids", "=", False]], "name")) == 2


def test_an_order_whose_confirmation_is_refused_is_confirmed_once_when_nothing_is_in_the_way(
    world: OdooWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The quotation carries our key; were it read as an order, nothing would be left to confirm it. Until somebody
    says so, or the deal changes, it is not asked for again: the refused write keeps no record of its own."""
    asked = []

    def refused(env: Any, ids: list[int]) -> Any:
        asked.append(ids)
        raise user_error("It waits for an approval.")

    world.deals(world.accounts(1), world.products(), 1)
    steps: Any = methods.OWN["sale.order"]
    with monkeypatch.context() as patch:
        patch.setitem(steps, "action_confirm", refused)
        world.settle()
        with world.platform() as used:
            compare_ids(used, "odoo")
        assert world.pass_through() == 0
    assert len(asked) == 1
    assert [row["state"] for row in world.read("sale.order", [], "state")] == ["draft"]
    with world.platform() as used, used.ledger.begin() as tx:
        waiting = tx.intents.open("odoo", states=["rejected"])
        assert waiting["operation"].to_list() == ["create"]
        tx.intents.retry(waiting["id"].to_list(), by="ann")
    world.settle()
    assert [row["state"] for row in world.read("sale.order", [], "state")] == ["sale"]
    assert world.orders()[:2] == (1, 1)
    assert world.pass_through() == 0


def test_undone_orders_are_cancelled(world: OdooWorld) -> None:
    world.deals(world.accounts(1), world.products(), 1)
    start = world.erp.clock()
    world.settle()
    with world.platform() as used:
        plan = undo.reverse_plan(used, undo.Selection(since=start, connection="odoo"))
        undo.store(used, plan, "ann")
        push_all(used)
    (order,) = world.read("sale.order", [], "state")
    assert order["state"] == "cancel"


def test_the_job_of_the_daemon_does_the_same_and_the_money_ties_out(world: OdooWorld) -> None:
    world.deals(world.accounts(2), world.products(), 3)
    assert world.sync() > 0
    assert world.orders()[:2] == (3, 3)
    row = world.report("money").row(0, named=True)
    assert row["won_amount"] == row["ordered_amount"] == row["erp_total"] == Decimal("123.00")
