"""A world whose ERP is Odoo: the same jobs, another system."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from crmerp_assets.contract.case import Admin
from crmerp_assets.sandbox.kit import Sandbox
from crmerp_assets.sandbox.odoo import OdooSandbox
from crmerp_assets.sandbox.salesforce import SalesforceSandbox
from crmerp_assets_tests.contract.odoo_case import Person
from crmerp_assets_tests.flow.world import CONNECTIONS, PLAIN, World, running

ODOO = """
  - name: odoo
    type: odoo
    role: erp
    url: ${ODOO_URL}
    database: ${ODOO_DATABASE}
    login: ${ODOO_LOGIN}
    api_key: ${ODOO_API_KEY}
"""


class OdooWorld(World):
    """Asks the ERP as a person would, over Odoo's own API."""

    person: Person

    def start(self) -> None:
        super().start()
        with closing(Admin(self.erp.url)) as admin:
            self.person = Person(self.erp, admin)  # type: ignore[arg-type]

    def halt(self) -> None:
        self.person.close()
        super().halt()

    def read(self, model: str, domain: list[Any], *fields: str) -> list[dict[str, Any]]:
        """Records of the ERP."""
        rows: list[dict[str, Any]] = self.person.call(model, "search_read", [domain], fields=list(fields), order="id")
        return rows

    def orders(self) -> tuple[int, int, Decimal]:
        """Sales orders, distinct keys among them, and their total."""
        rows = self.read("sale.order", [], "amount_total")
        keys = self.read("ir.model.data", [["model", "=", "sale.order"], ["module", "=", "__crmerp__"]], "res_id")
        total = sum((Decimal(str(row["amount_total"])) for row in rows), Decimal(0))
        return len(rows), len({row["res_id"] for row in keys}), total

    def sell(self, method: str, path: str, body: dict[str, Any] | None = None) -> None:
        """A change that a sales rep makes in the CRM."""
        token = self.admin("crm", "token", {"user": "rep"})["access_token"]
        url = f"{self.crm.url}/services/data/v68.0/{path}"
        answer = httpx.request(
            method, url, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=60, verify=PLAIN
        )
        assert answer.status_code < 300, answer.text

    def products(self, skus: int = 3) -> list[str]:
        """The products of the CRM, known to the ERP already, as price book entries."""
        rows = [{"default_code": f"SKU-{n}", "name": f"Product {n}", "list_price": 10.0} for n in range(skus)]
        self.seed("erp", "product.product", rows)
        return self.catalogue(skus)


@contextmanager
def make_odoo_world(folder: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Iterator[OdooWorld]:
    """Start both sandboxes and point the environment at them."""
    (folder / "config").mkdir(parents=True)
    salesforce = CONNECTIONS.partition("  - name: netsuite")[0]
    (folder / "config" / "connections.yaml").write_text(salesforce + ODOO, encoding="utf-8")
    sandboxes: dict[str, Callable[[], Sandbox]] = {
        "crm": lambda: SalesforceSandbox(folder / "salesforce"),
        "erp": lambda: OdooSandbox(folder / "odoo", **options),
    }
    with running(OdooWorld, folder, monkeypatch, sandboxes, f"odoo {options}") as world:
        yield world


def invoiced(person: Person, order: int) -> str:
    """Bill an order and post the invoice; returns its number."""
    made = person.call("sale.advance.payment.inv", "create", [{"sale_order_ids": [[6, 0, [order]]]}])
    invoice = person.call("sale.advance.payment.inv", "create_invoices", [[made]])["res_id"]
    person.call("account.move", "action_post", [[invoice]])
    (row,) = person.call("account.move", "read", [[invoice], ["name"]])
    return str(row["name"])
