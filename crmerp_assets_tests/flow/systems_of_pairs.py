"""What a test of a pair does in each system, and asks it, in the system's own words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from world import CLOSED, CONNECTIONS, World

from crmerp_assets.connectors.tryton.values import day
from crmerp_assets.contract.case import Admin
from crmerp_assets.sandbox.hubspot import HubSpotSandbox
from crmerp_assets.sandbox.netsuite import NetSuiteSandbox
from crmerp_assets.sandbox.odoo import OdooSandbox
from crmerp_assets.sandbox.salesforce import SalesforceSandbox
from crmerp_assets_tests.contract import hubspot_case, netsuite_case, odoo_case, tryton_case
from crmerp_assets_tests.tryton import proxy
from crmerp_assets_tests.tryton.installing import DATABASE, INTEGRATION_PASSWORD
from crmerp_assets_tests.tryton.server import Person

_BEFORE, _, _NETSUITE = CONNECTIONS.partition("  - name: netsuite")
SALESFORCE, NETSUITE = _BEFORE.partition("connections:\n")[2], f"  - name: netsuite{_NETSUITE}"
HUBSPOT = """
  - {name: hubspot, type: hubspot, role: crm, url: "${HUBSPOT_URL}", token: "${HUBSPOT_TOKEN}"}
"""
ODOO = """
  - {name: odoo, type: odoo, role: erp, url: "${ODOO_URL}", database: "${ODOO_DATABASE}", login: "${ODOO_LOGIN}",
     api_key: "${ODOO_API_KEY}"}
"""
TRYTON = """
  - {name: tryton, type: tryton, role: erp, url: "${TRYTON_URL}", database: "${TRYTON_DATABASE}",
     username: integration, password: "${TRYTON_PASSWORD}"}
"""
FIRMS = (
    ("Northwind Traders", "1 Main Street", "Boston", "United States"),
    ("Zebra Foods", "40 Harbour Road", "Seattle", "United States"),
)
"""Nobody could take one for the other."""
UNTAXED = Decimal("25.00")


class Sandboxed:
    """A system that is a sandbox of the kit."""

    server: Any

    def fault(self, kind: str, match: str, times: int = 1) -> None:
        self.server.faults.add(kind=kind, match=match, times=times)

    def struck(self) -> int:
        """How many rules fired."""
        return sum(1 for rule in self.server.faults.list() if rule["hits"])


class Salesforce(Sandboxed):
    entry = SALESFORCE
    writes: ClassVar[dict[str, str]] = {
        "order": r"^PATCH .*/composite/sobjects",
        "customer": r"^PATCH .*/composite/sobjects",
    }

    @contextmanager
    def running(self, folder: Path) -> Iterator[dict[str, str]]:
        with SalesforceSandbox(folder / "salesforce") as self.server:
            yield self.server.credentials

    def sold(self, world: World, deals: int) -> list[str]:
        entries, made = world.catalogue(2), []
        columns = ("Name", "BillingStreet", "BillingCity", "BillingCountry")
        for number, firm in enumerate(FIRMS[:deals]):
            values = dict(zip(columns, firm, strict=True))
            (account,) = world.seed("crm", "Account", [{"CurrencyIsoCode": "USD", **values}])
            made += world.deals([account], entries, 1, lines=0, Description=str(number))
            rows = [
                {"OpportunityId": made[-1], "PricebookEntryId": entry, "Quantity": pieces, "UnitPrice": price}
                | {"SortOrder": at}
                for at, (entry, pieces, price) in enumerate(((entries[0], 2, 10.25), (entries[1], 1, 4.5)), 1)
            ]
            world.seed("crm", "OpportunityLineItem", rows)
        return made

    def told(self, world: World, deal: str) -> dict[str, Any]:
        fields = "ERP_Order_Number__c, ERP_Invoice_Number__c"
        (row,) = world.soql(f"SELECT {fields} FROM Opportunity WHERE Id = '{deal}'")
        return {"number": row["ERP_Order_Number__c"], "invoice": row["ERP_Invoice_Number__c"]}


class HubSpot(Sandboxed):
    entry = HUBSPOT
    writes: ClassVar[dict[str, str]] = {
        "order": r"^POST .*/deals/batch/",
        "customer": r"^POST .*/companies/batch/(update|upsert)",
    }
    person: hubspot_case.Person

    @contextmanager
    def running(self, folder: Path) -> Iterator[dict[str, str]]:
        with (
            HubSpotSandbox(folder / "hubspot") as self.server,
            closing(Admin(self.server.url)) as admin,
            closing(hubspot_case.Person(self.server.url, admin)) as self.person,
        ):
            admin.does("limits", {"secondly": 1000, "ten_secondly": 10_000})
            yield self.server.credentials

    def sold(self, world: World, deals: int) -> list[str]:
        create, made = self.person.create, []
        products = [create("products", {"name": f"Product {n}", "hs_sku": f"SKU-{n}", "price": "10"}) for n in range(2)]
        for number, firm in enumerate(FIRMS[:deals]):
            company = create("companies", dict(zip(("name", "address", "city", "country"), firm, strict=True)))
            values = {"dealname": f"Deal {number}", "dealstage": "closedwon", "deal_currency_code": "USD"}
            made.append(create("deals", values | {"amount": "25", "closedate": CLOSED}, {5: company}))
            for position, (product, pieces, price) in enumerate(
                ((products[0], "2", "10.25"), (products[1], "1", "4.5"))
            ):
                line = {"hs_product_id": product, "quantity": pieces, "price": price}
                create("line_items", line | {"hs_position_on_quote": str(position)}, {20: made[-1]})
        return made

    def told(self, world: World, deal: str) -> dict[str, Any]:
        found = self.person.get("deals", deal, "erp_order_number", "erp_invoice_number")["properties"]
        return {"number": found.get("erp_order_number"), "invoice": found.get("erp_invoice_number")}


class NetSuite(Sandboxed):
    entry = NETSUITE
    writes: ClassVar[dict[str, str]] = {"customer": r"^(PUT|PATCH) .*/customer", "order": r"^(PUT|PATCH) .*/salesOrder"}
    person: netsuite_case.Person

    def __init__(self, **options: Any) -> None:
        self._options = options

    @contextmanager
    def running(self, folder: Path) -> Iterator[dict[str, str]]:
        with (
            NetSuiteSandbox(folder / "netsuite", job_delay_seconds=0.0, **self._options) as self.server,
            closing(Admin(self.server.url)) as admin,
            closing(netsuite_case.Person(self.server.url, admin)) as self.person,
        ):
            yield self.server.credentials

    def products(self, world: World) -> None: ...

    def customers(self, world: World) -> int:
        return len(world.suiteql("SELECT id FROM customer"))

    def orders(self, world: World) -> list[tuple[str, str, Decimal]]:
        asked = "SELECT tranid, externalid, foreigntotal FROM transaction WHERE type = 'SalesOrd'"
        return [(row["tranid"], row["externalid"], Decimal(row["foreigntotal"])) for row in world.suiteql(asked)]

    def invoice(self, world: World, number: str) -> str:
        (order,) = world.suiteql(f"SELECT id FROM transaction WHERE tranid = '{number}'")
        made = self.person.transform("salesOrder", order["id"], "invoice")
        return world.suiteql(f"SELECT tranid FROM transaction WHERE id = {made}")[0]["tranid"]


class Odoo(Sandboxed):
    entry = ODOO
    writes: ClassVar[dict[str, str]] = {"customer": r"res\.partner[/.]load", "order": r"sale\.order[/.]load"}
    person: odoo_case.Person

    def __init__(self, **options: Any) -> None:
        self._options = options

    @contextmanager
    def running(self, folder: Path) -> Iterator[dict[str, str]]:
        with (
            OdooSandbox(folder / "odoo", **{"version": "19.0", **self._options}) as self.server,
            closing(Admin(self.server.url)) as admin,
            closing(odoo_case.Person(self.server, admin)) as self.person,
        ):
            yield self.server.credentials

    def read(self, model: str, domain: list[Any], *fields: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.person.call(model, "search_read", [domain], fields=list(fields), order="id")
        return rows

    def products(self, world: World) -> None:
        rows = [{"default_code": f"SKU-{n}", "name": f"Product {n}", "list_price": 10.0} for n in range(2)]
        world.seed("erp", "product.product", rows)

    def customers(self, world: World) -> int:
        return len(self.read("res.partner", [["is_company", "=", True], ["ref_company_ids", "=", False]], "name"))

    def orders(self, world: World) -> list[tuple[str, str, Decimal]]:
        mine = [["model", "=", "sale.order"], ["module", "=", "__crmerp__"]]
        keys = {row["res_id"]: row["name"] for row in self.read("ir.model.data", mine, "res_id", "name")}
        found = self.read("sale.order", [], "name", "amount_untaxed", "state")
        assert {row["state"] for row in found} <= {"sale"}
        return [(row["name"], keys[row["id"]], Decimal(str(row["amount_untaxed"]))) for row in found]

    def invoice(self, world: World, number: str) -> str:
        (order,) = self.read("sale.order", [["name", "=", number]], "id")
        wizard = {"sale_order_ids": [[6, 0, [order["id"]]]]}
        made = self.person.call("sale.advance.payment.inv", "create", [wizard])
        invoice = self.person.call("sale.advance.payment.inv", "create_invoices", [[made]])["res_id"]
        self.person.call("account.move", "action_post", [[invoice]])
        return str(self.read("account.move", [["id", "=", invoice]], "name")[0]["name"])


class Tryton:
    """The real server, behind a proxy."""

    entry = TRYTON
    writes: ClassVar[dict[str, str]] = {
        "customer": r"model\.party\.party\.create",
        "order": r"model\.sale\.sale\.create",
    }
    server: Any
    person: Person

    @contextmanager
    def running(self, folder: Path) -> Iterator[dict[str, str]]:
        server = tryton_case.shared_server()
        server.reset()
        with (
            closing(proxy.Proxy(server.url, lambda: server.sql("DELETE FROM ir_session"))) as self.server,
            closing(Person(server.url)) as self.person,
        ):
            found = {"TRYTON_URL": self.server.url, "TRYTON_DATABASE": DATABASE}
            yield found | {"TRYTON_PASSWORD": INTEGRATION_PASSWORD}

    def fault(self, kind: str, match: str, times: int = 1) -> None:
        self.server.faults.append(proxy.Fault(kind, match, times))

    def struck(self) -> int:
        return sum(1 for fault in self.server.faults if fault.hits)

    def products(self, world: World) -> None:
        """The demo company has them."""

    def read(self, model: str, domain: list[Any], *fields: str) -> list[dict[str, Any]]:
        order = [["id", "ASC"]]
        found: list[dict[str, Any]] = self.person.call(
            f"model.{model}.search_read", domain, 0, None, order, list(fields)
        )
        return found

    def customers(self, world: World) -> int:
        return len(self.read("party.party", [["code", "like", "cust-%"]], "id"))

    def orders(self, world: World) -> list[tuple[str, str, Decimal]]:
        found = self.read("sale.sale", [], "number", "reference", "untaxed_amount", "state")
        assert {row["state"] for row in found} <= {"processing"}
        return [(row["number"], row["reference"], Decimal(row["untaxed_amount"]["decimal"])) for row in found]

    def invoice(self, world: World, number: str) -> str:
        (sale,) = self.read("sale.sale", [["number", "=", number]], "invoices")
        (invoice,) = sale["invoices"]
        self.person.edit("account.invoice", str(invoice), {"invoice_date": day(date.today())})
        self.person.willing("model.account.invoice.post", [invoice])
        return str(self.read("account.invoice", [["id", "=", invoice]], "number")[0]["number"])
