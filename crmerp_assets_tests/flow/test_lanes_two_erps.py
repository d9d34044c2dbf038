"""One CRM and two ERPs: each customer and deal goes to one of them, by the customer's country."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from lanes_world import NETSUITE, ODOO, SALESFORCE, LanesWorld, make_lanes, plan_all, read
from world import GO_LIVE, push_all

from crmerp_assets.contract.case import Admin
from crmerp_assets.sandbox.company.people import Seller
from crmerp_assets.sandbox.netsuite import NetSuiteSandbox
from crmerp_assets.sandbox.odoo import OdooSandbox
from crmerp_assets.sandbox.salesforce import SalesforceSandbox
from crmerp_assets.settings import Settings, ends, load_configuration
from crmerp_assets.sync import budget, routing
from crmerp_assets.sync.reconcile import run_reconciliation
from crmerp_assets_tests.contract.odoo_case import Person

CONNECTIONS = f"""
connections:{SALESFORCE}{NETSUITE}{ODOO}
lanes:
  - {{name: us, crm: salesforce, erp: netsuite, route: {{only: {{billing_country: [US]}}}}}}
  - {{name: eu, crm: salesforce, erp: odoo, route: {{only: {{billing_country: [FR, DE]}}}}}}
"""


class Odoo:
    """The second ERP, as a person sees it."""

    def __init__(self, sandbox: OdooSandbox) -> None:
        self.admin = Admin(sandbox.url)
        self.person = Person(sandbox, self.admin)

    def read(self, model: str, *fields: str, **where: Any) -> list[dict[str, Any]]:
        domain = [[name, "=", value] for name, value in where.items()]
        rows: list[dict[str, Any]] = self.person.call(model, "search_read", [domain], fields=list(fields), order="id")
        return rows

    def customers(self) -> set[str]:
        return {row["name"] for row in self.read("res.partner", "name", is_company=True, ref_company_ids=False)}

    def orders(self) -> list[tuple[str, float]]:
        """(name of the deal, amount without tax) of every order."""
        return [(row["origin"], row["amount_untaxed"]) for row in self.read("sale.order", "origin", "amount_untaxed")]


@pytest.fixture(scope="module")
def odoo(tmp_path_factory: pytest.TempPathFactory) -> OdooSandbox:
    return OdooSandbox(tmp_path_factory.mktemp("odoo"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, odoo: OdooSandbox) -> Iterator[LanesWorld]:
    folder = tmp_path_factory.mktemp("lanes") / "state"
    crm, erp = SalesforceSandbox(folder / "salesforce"), NetSuiteSandbox(folder / "netsuite", job_delay_seconds=0.0)
    with pytest.MonkeyPatch.context() as patch, make_lanes(folder, patch, CONNECTIONS, GO_LIVE, crm, erp, odoo) as made:
        yield made


@pytest.fixture(scope="module")
def books(world: LanesWorld, odoo: OdooSandbox) -> Iterator[Odoo]:
    made = Odoo(odoo)
    made.admin.seed("product.product", [{"default_code": f"SKU-{n}", "name": f"Product {n}"} for n in range(2)])
    yield made
    made.person.close()
    made.admin.close()


@pytest.fixture(scope="module")
def entries(world: LanesWorld, books: Odoo) -> list[str]:
    """What the CRM sells; the second ERP knows it."""
    return world.catalogue(2)


@pytest.fixture(scope="module")
def ann(world: LanesWorld) -> Iterator[Seller]:
    with Seller(world.crm.url) as made:
        yield made


def account(world: LanesWorld, name: str, country: str) -> str:
    return world.seed("crm", "Account", [{"Name": name, "BillingCountry": country, "CurrencyIsoCode": "USD"}])[0]


def customers(world: LanesWorld) -> set[str]:
    return {row["n"] for row in world.suiteql("SELECT companyname n FROM customer")}


def shown(world: LanesWorld, deal: str) -> dict[str, Any]:
    fields = "ERP_Order_Number__c, ERP_Order_Status__c, Crmerp_Id__c"
    return world.soql(f"SELECT {fields} FROM Opportunity WHERE Id = '{deal}'")[0]


def test_each_customer_and_deal_goes_to_the_erp_of_its_country_and_what_no_lane_takes_is_told(
    world: LanesWorld, books: Odoo, entries: list[str]
) -> None:
    made = {name: account(world, name, where) for name, where in (("Yank", "USA"), ("Gaul", "France"), ("Kiwi", "NZ"))}
    deals = {name: world.deals([one], entries, 1, Name=f"Deal of {name}")[0] for name, one in made.items()}

    world.rest()

    assert customers(world) == {"Yank"}
    assert books.customers() == {"Gaul"}
    assert world.orders()[:2] == (1, 1)
    assert len(books.orders()) == 1
    us, eu, nobody = (shown(world, deals[name]) for name in made)
    assert us["ERP_Order_Number__c"].startswith("SO")
    assert us["Crmerp_Id__c"].startswith("so-us-")
    assert eu["ERP_Order_Number__c"].startswith("S0")
    assert eu["Crmerp_Id__c"].startswith("so-eu-")
    assert nobody["ERP_Order_Number__c"] is None
    world.publish()
    for used in world.lanes.values():
        done = run_reconciliation(used)
        assert (done.deals["name"].len(), done.breaks.height) == (1, 0), "what others carry is no gap"
        assert done.counts.filter(entity="customer").select("crm", "linked", "crm_only").row(0) == (1, 1, 0)
    found = routing.of_all(ends(Settings(), load_configuration(Settings())))
    assert found.nobody.select("entity", "native_id").rows() == [
        ("customer", made["Kiwi"]),
        ("order", deals["Kiwi"]),
    ]
    assert found.twice.is_empty()


def test_a_customer_that_moves_leaves_its_orders_where_they_are_and_nothing_is_doubled(
    world: LanesWorld, books: Odoo, entries: list[str], ann: Seller
) -> None:
    mover = account(world, "Mover", "Germany")
    (first,) = world.deals([mover], entries, 1)
    world.rest()
    before = books.orders()

    ann.change("Account", mover, {"BillingCountry": "United States", "Website": "moved.example.com"})
    (second,) = world.deals([mover], entries, 1)
    world.rest()

    assert books.orders() == before, "the order stays, and there is no second one"
    assert world.orders()[0] == 2, "the new deal goes to the new lane"
    assert "Mover" in customers(world)
    (left,) = books.read("res.partner", "website", name="Mover")
    assert not left["website"], "the old lane stops writing"
    assert shown(world, first)["Crmerp_Id__c"].startswith("so-eu-")
    assert shown(world, second)["Crmerp_Id__c"].startswith("so-us-")

    (line, *_) = world.soql(f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{first}' ORDER BY SortOrder")
    ann.change("OpportunityLineItem", line["Id"], {"Quantity": 5})
    world.rest()
    assert books.orders()[-1][1] > before[-1][1], "an open order stays with its lane"
    assert world.orders()[0] == 2


def test_a_deal_whose_account_moves_while_its_order_is_planned_is_ordered_once(
    world: LanesWorld, books: Odoo, entries: list[str], ann: Seller
) -> None:
    moving = account(world, "Pending", "USA")
    world.deals([moving], entries, 1)
    in_netsuite, in_odoo = world.orders()[0], len(books.orders())
    with world.at("us") as us:
        read(us)
        plan_all(us)
    ann.change("Account", moving, {"BillingCountry": "France"})
    with world.at("eu") as eu:
        read(eu)
        plan_all(eu)
        assert _planned(world, "eu") == [], "the other lane has claimed it"
    with world.at("us") as us:
        read(us)
        plan_all(us)
        assert _planned(world, "us") == []
        push_all(us)
    world.rest()
    assert (world.orders()[0], len(books.orders())) == (in_netsuite, in_odoo + 1)
    assert "Pending" not in customers(world)


def test_the_lanes_count_the_calls_of_a_shared_system_together(world: LanesWorld) -> None:
    us, eu = world.lanes.values()
    for used in (us, eu):
        with used.ledger.read() as tx:
            assert tx.budgets.today("salesforce").calls == 0
    assert budget.today(us, "salesforce") == budget.today(eu, "salesforce")
    made = sum(used.connections["salesforce"].connector.calls() for used in (us, eu))
    assert budget.today(us, "salesforce").calls >= made > 0


def _planned(world: LanesWorld, lane: str) -> list[str]:
    with world.lanes[lane].ledger.read() as tx:
        found = tx.intents.open(entity="order")
    return found.filter(operation="create")["golden_id"].to_list()
