"""Odoo in the place of the CRM, with NetSuite and with another Odoo database as the ERP: a deal won there becomes an
order, and hears of its invoice.

What of a deal counts, and whose day is meant, is tried in connectors/test_odoo_deals.py. Tried here, one at a time, and
caught: nothing compared that leaves no stamp, archived opportunities left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from crmerp_assets.bootstrap import Shared
from crmerp_assets.contract.case import Admin
from crmerp_assets.sandbox.netsuite import NetSuiteSandbox
from crmerp_assets.sandbox.odoo import OdooSandbox
from crmerp_assets.sync.deletions import compare_ids
from crmerp_assets.sync.systems import check
from crmerp_assets_tests.contract.netsuite_case import Person as Accountant
from crmerp_assets_tests.contract.odoo_case import Person
from crmerp_assets_tests.flow.odoo_world import ODOO, invoiced
from crmerp_assets_tests.flow.world import CONNECTIONS, GO_LIVE, World

CRM = """connections:
  - name: pipeline
    type: odoo_crm
    role: crm
    url: ${CRM_URL}
    database: ${CRM_DATABASE}
    login: ${CRM_LOGIN}
    api_key: ${CRM_API_KEY}
"""
NETSUITE = "  - name: netsuite" + CONNECTIONS.partition("  - name: netsuite")[2]
NEW, WON = 1, 4


@dataclass
class Office:
    """A seller in the CRM, an accountant in the ERP, and the platform between them."""

    world: World
    seller: Person
    books: Any
    kind: str

    def told(self, deal: int) -> dict[str, Any]:
        names = ("x_erp_order_number", "x_erp_order_total", "x_erp_invoice_number", "x_erp_open_balance")
        (row,) = self.seller.call("crm.lead", "read", [[deal], [*names, "partner_id"]])
        return {name.removeprefix("x_erp_"): value for name, value in row.items()}

    def orders(self) -> list[tuple[str, str, str, Decimal]]:
        """Number, customer, day and total of every order in the ERP."""
        if self.kind == "netsuite":
            asked = "SELECT t.id, t.tranid, c.companyname, t.trandate, t.foreigntotal FROM transaction t "
            rows = self.world.suiteql(asked + "JOIN customer c ON c.id = t.entity WHERE t.type = 'SalesOrd'")
            return [(r["tranid"], r["companyname"], r["trandate"], Decimal(r["foreigntotal"])) for r in rows]
        fields = ["name", "partner_id", "date_order", "amount_untaxed"]
        rows = self.books.call("sale.order", "search_read", [[]], fields=fields)
        return [(r["name"], r["partner_id"][1], r["date_order"][:10], Decimal(str(r["amount_untaxed"]))) for r in rows]

    def invoice(self) -> str:
        """Bill the only order; returns the invoice's number."""
        if self.kind == "netsuite":
            (order,) = self.world.suiteql("SELECT id FROM transaction WHERE type = 'SalesOrd'")
            made = self.books.transform("salesOrder", order["id"], "invoice")
            return str(self.world.suiteql(f"SELECT tranid FROM transaction WHERE id = {made}")[0]["tranid"])
        (order,) = self.books.call("sale.order", "search_read", [[]], fields=["id"])
        return invoiced(self.books, order["id"])


@pytest.fixture(scope="module", params=["netsuite", "odoo"])
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder: Path = tmp_path_factory.mktemp("odoo_crm")
    (folder / "config").mkdir()
    kind = request.param
    text = CRM + (NETSUITE if kind == "netsuite" else ODOO)
    (folder / "config" / "connections.yaml").write_text(text, encoding="utf-8")
    with ExitStack() as open_:
        crm = open_.enter_context(OdooSandbox(folder / "pipeline"))
        books: Any = (
            NetSuiteSandbox(folder / "netsuite", job_delay_seconds=0.0)
            if kind == "netsuite"
            else OdooSandbox(folder / "odoo")
        )
        erp = open_.enter_context(books)
        instance = open_.enter_context(dg.DagsterInstance.ephemeral())
        patch = open_.enter_context(pytest.MonkeyPatch.context())
        own = {name.replace("ODOO", "CRM"): value for name, value in crm.credentials.items()}
        own |= {"CRMERP_STATE": str(folder), "CRMERP_CONFIG": str(folder / "config")}
        for name, value in (erp.credentials | own | {"CRMERP_ENV_FILE": str(folder / "none.env")}).items():
            patch.setenv(name, value)
        world = World(folder, crm, erp, instance)  # type: ignore[arg-type]
        world.policy(GO_LIVE)
        world.provision()
        sides = [Admin(crm.url), Admin(erp.url)]
        seller = Person(crm, sides[0])
        person: Any = Accountant(erp.url, sides[1]) if kind == "netsuite" else Person(erp, sides[1])
        yield Office(world, seller, person, kind)
        for one in (seller, person, *sides):
            one.close()
        if Shared._built is not None:
            Shared._built[1].close()
            Shared._built = None


@pytest.fixture(scope="module")
def deal(office: Office) -> int:
    """An opportunity of a person at a company in California, with two quotations of which none is confirmed."""
    call = office.seller.call
    (us,) = call("res.country", "search", [[["code", "=", "US"]]])
    call("res.partner", "write", [[1], {"tz": "America/Los_Angeles"}])
    acme = call(
        "res.partner", "create", [{"name": "Acme Tools Inc", "is_company": True, "city": "Boston", "country_id": us}]
    )
    anna = call("res.partner", "create", [{"name": "Anna Lind", "parent_id": acme, "email": "anna@acme.example"}])
    made = call("crm.lead", "create", [{"name": "Big deal", "partner_id": anna, "stage_id": NEW}])
    products = [
        call("product.product", "create", [{"name": f"Product {n}", "default_code": f"SKU-{n}"}]) for n in (1, 2)
    ]
    for quantity in (2, 5):
        lines = [
            {"product_id": products[0], "product_uom_qty": quantity, "price_unit": 100, "discount": 10},
            {"product_id": products[1], "product_uom_qty": 3, "price_unit": 20},
        ]
        order = {"partner_id": acme, "opportunity_id": made, "order_line": [[0, 0, line] for line in lines]}
        call("sale.order", "create", [order])
    return int(made)


def test_the_packaged_mapping_passes_the_check_of_a_new_database(office: Office) -> None:
    with office.world.platform() as used:
        findings = [finding for name, finding in check(used) if name == "pipeline"]
    assert [finding for finding in findings if not finding.ok] == []
    assert len(findings) > 10


def test_a_won_deal_waits_for_one_quotation_and_becomes_an_order_that_tells_of_its_invoice(
    office: Office, deal: int
) -> None:
    world, call = office.world, office.seller.call
    call("crm.lead", "action_set_won", [[deal]])
    call("crm.lead", "write", [[deal], {"date_closed": "2026-06-16 03:30:00"}])
    world.pass_through()
    assert office.orders() == [], "which of two open quotations was sold is a person's to say"
    (sold, _) = call("sale.order", "search", [[["opportunity_id", "=", deal]]], order="id")
    call("sale.order", "action_confirm", [[sold]])
    world.settle()
    ((number, customer, day, total),) = office.orders()
    assert (customer, total) == ("Acme Tools Inc", Decimal(240))
    assert day in ("2026-06-15", "6/15/2026"), "it was still Monday in Los Angeles"
    found = office.told(deal)
    assert (found["order_number"], found["order_total"]) == (number, 240.0)
    invoice = office.invoice()
    world.settle()
    found = office.told(deal)
    assert (found["invoice_number"], found["open_balance"]) == (invoice, 240.0)
    assert found["partner_id"][1] == "Acme Tools Inc, Anna Lind", "the seller's own choice stays"
    assert world.open_intents().is_empty()


@pytest.mark.parametrize("office", ["odoo"], indirect=True)
def test_a_deal_that_lost_its_quotation_or_is_lost_itself_is_seen(office: Office, deal: int) -> None:
    """The quotation that is gone leaves no stamp; the nightly comparison finds the deal. Lost deals are archived."""
    call = office.seller.call
    (company,) = call("res.partner", "search", [[["name", "=", "Acme Tools Inc"]]])
    lead = call("crm.lead", "create", [{"name": "Small deal", "partner_id": company, "expected_revenue": 50}])
    (product,) = call("product.product", "search", [[["default_code", "=", "SKU-1"]]])
    lines = [[0, 0, {"product_id": product, "product_uom_qty": 1, "price_unit": 70}]]
    quote = call("sale.order", "create", [{"partner_id": company, "opportunity_id": lead, "order_line": lines}])
    office.world.pass_through(push=False)
    call("sale.order", "unlink", [[quote]])
    with office.world.platform() as used:
        found = [{one.native_object: one.missed for one in compare_ids(used, "pipeline")} for _ in range(2)]
    assert [missed["crm.lead"] for missed in found] == [1, 0]
    call("crm.lead", "action_set_lost", [[lead]])
    call("crm.lead", "write", [[lead], {"name": "Small deal, lost"}])
    office.world.pass_through(push=False)
    assert "Small deal, lost" in office.world.golden("order")["name"].to_list()


@pytest.mark.parametrize("office", ["odoo"], indirect=True)
def test_an_order_entered_in_the_erp_becomes_a_won_opportunity(office: Office) -> None:
    world, call = office.world, office.books.call
    world.policy(GO_LIVE + "create: {customer: {crm: always}, product: {crm: always}, order: {crm: always}}\n")
    partner = call("res.partner", "create", [{"name": "Zebra Foods Ltd", "is_company": True, "phone": "+442079460123"}])
    product = call("product.product", "create", [{"name": "Crate", "default_code": "CR-1", "list_price": 9.5}])
    lines = [[0, 0, {"product_id": product, "product_uom_qty": 3, "price_unit": 9.5}]]
    order = call("sale.order", "create", [{"partner_id": partner, "origin": "By telephone", "order_line": lines}])
    call("sale.order", "action_confirm", [[order]])
    call("sale.order", "write", [[order], {"date_order": "2026-07-01 12:00:00"}])
    world.settle()
    names = ["partner_id", "expected_revenue", "won_status", "date_deadline", "date_closed", "x_erp_order_total"]
    (found,) = office.seller.call("crm.lead", "search_read", [[["name", "=", "By telephone"]]], fields=names)
    assert (found["partner_id"][1], found["expected_revenue"], found["won_status"]) == ("Zebra Foods Ltd", 28.5, "won")
    assert (found["date_deadline"], found["date_closed"][:10], found["x_erp_order_total"]) == (
        "2026-07-01", "2026-07-01", 28.5,
    )  # fmt: skip
    (made,) = office.seller.call("product.product", "search_read", [[["default_code", "=", "CR-1"]]], fields=["uom_id"])
    assert made["uom_id"][1] == "Units"
    assert len(call("sale.order", "search", [[["origin", "=", "By telephone"]]])) == 1
