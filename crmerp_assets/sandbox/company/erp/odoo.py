"""An accountant in Odoo."""

from datetime import date
from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.company import roles
from crmerp_assets.sandbox.company.client import Administration
from crmerp_assets.sandbox.company.erp.odoo_billing import bill, pay, reverse
from crmerp_assets.sandbox.company.erp.odoo_person import Odoo
from crmerp_assets.sandbox.company.erp.odoo_seed import fill
from crmerp_assets.sandbox.company.roles import Document, Unable
from crmerp_assets.sandbox.company.systems import System

_INVOICES = [["move_type", "=", "out_invoice"], ["state", "=", "posted"]]
_CREDITS = [["move_type", "=", "out_refund"], ["state", "=", "posted"]]
_GONE = ("cancel", "canceled", "draft", "rejected")


class Accountant(roles.Accountant):
    """What an accountant does, on partners, orders and journal entries."""

    def __init__(self, url: str) -> None:
        self.person = Odoo(url, "bob")

    def keyed_customers(self) -> dict[str, str]:
        return {key.lower(): str(company["id"]) for key, company in self.person.keyed_companies("name")}

    def skus(self) -> set[str]:
        found = self.person.rows("product.product", [["sale_ok", "=", True]], "default_code")
        return {str(row["default_code"]) for row in found if row["default_code"]}

    def change_street(self, customer: str, street: str) -> None:
        self.person.change("res.partner", customer, {"street": street})

    def change_phone(self, customer: str, phone: str) -> None:
        self.person.change("res.partner", customer, {"phone": phone})

    def phone(self, customer: str) -> str:
        return self.person.row("res.partner", customer, "phone")["phone"] or ""

    def orders(self) -> list[Document]:
        return self._documents("sale.order", [])

    def invoices(self) -> list[Document]:
        return self._documents("account.move", _INVOICES)

    def settlements(self) -> list[Document]:
        payments = self._documents("account.payment", [["state", "not in", list(_GONE)]])
        return payments + self._documents("account.move", _CREDITS)

    def _documents(self, model: str, domain: list[Any]) -> list[Document]:
        found = self.person.rows(model, domain, "name", "partner_id")
        return [Document(str(row["id"]), str(row["name"]), model, str(row["partner_id"][0])) for row in found]

    def approve(self, order: str) -> None:
        if self.person.row("sale.order", order, "state")["state"] in ("draft", "sent"):
            self.person.run("sale.order", "action_confirm", ids=[int(order)])

    def bill(self, order: str, day: date, due: date | None = None) -> str:
        return bill(self.person, order, day, due)

    def total(self, invoice: str) -> Decimal:
        return Decimal(str(self.person.row("account.move", invoice, "amount_total")["amount_total"]))

    def pay(self, invoice: str, amount: Decimal | None, day: date) -> str:
        return pay(self.person, invoice, amount, day)

    def credit(self, invoice: str, amount: Decimal | None, day: date) -> str:
        if amount is not None:
            raise Unable("An invoice is credited in full here: leave out the amount.")
        return reverse(self.person, invoice, day)

    def void(self, settlement: Document) -> None:
        button = "action_cancel" if settlement.kind == "account.payment" else "button_cancel"
        self.person.run(settlement.kind, button, ids=[int(settlement.id)])


def _is_empty(url: str) -> bool:
    with Administration(url) as admin:
        return admin.count("res.partner") == 0


SYSTEM = System("odoo", "Odoo", 8714, Accountant, fill, _is_empty, server="odoo")
