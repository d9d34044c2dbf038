"""An accountant in NetSuite."""

from datetime import date
from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.company import roles
from crmerp_assets.sandbox.company.accountant import Accountant as Person
from crmerp_assets.sandbox.company.client import Administration
from crmerp_assets.sandbox.company.erp.netsuite_seed import fill
from crmerp_assets.sandbox.company.roles import Document
from crmerp_assets.sandbox.company.systems import System

_KEYED = "SELECT id, externalid FROM customer WHERE externalid IS NOT NULL AND isinactive = 'F'"
_RECORDS = {"CustCred": "creditMemo", "CustPymt": "customerPayment", "CustDep": "customerDeposit"}


class Accountant(roles.Accountant):
    """What an accountant does, on customers and transactions."""

    def __init__(self, url: str) -> None:
        self.person = Person(url)

    def keyed_customers(self) -> dict[str, str]:
        return {str(row["externalid"]).lower(): str(row["id"]) for row in self.person.query(_KEYED)}

    def skus(self) -> set[str]:
        return {str(row["itemid"]) for row in self.person.query("SELECT itemid FROM item WHERE isinactive = 'F'")}

    def change_street(self, customer: str, street: str) -> None:
        self.person.change_address(customer, addr1=street)

    def change_phone(self, customer: str, phone: str) -> None:
        self.person.change_customer(customer, phone=phone)

    def phone(self, customer: str) -> str:
        return str(self.person.read("customer", customer).get("phone") or "")

    def orders(self) -> list[Document]:
        return [_document(row, "salesOrder") for row in self.person.orders()]

    def invoices(self) -> list[Document]:
        return [_document(row, "invoice") for row in self.person.invoices()]

    def settlements(self) -> list[Document]:
        return [_document(row, _RECORDS[row["type"]]) for row in self.person.documents(*_RECORDS)]

    def approve(self, order: str) -> None:
        self.person.approve(order)

    def bill(self, order: str, day: date, due: date | None = None) -> str:
        return self.person.bill(order, invoice_date=day, due_date=due)

    def total(self, invoice: str) -> Decimal:
        return self.person.total("invoice", invoice)

    def pay(self, invoice: str, amount: Decimal | None, day: date) -> str:
        return self.person.pay(invoice, amount, day)

    def credit(self, invoice: str, amount: Decimal | None, day: date) -> str:
        return self.person.credit(invoice, amount, day)

    def bill_part(self, order: str, line: int, quantity: int) -> str:
        return self.person.bill(order, partial={line: quantity})

    def fulfil(self, order: str) -> str:
        return self.person.fulfil(order)

    def write_off(self, invoice: str, amount: Decimal | None) -> str:
        return self.person.write_off(invoice, amount)

    def deposit(self, order: Document, amount: Decimal) -> str:
        return self.person.deposit(order.customer, amount, order.id)

    def refund(self, settlement: Document, amount: Decimal | None) -> str:
        return self.person.refund(settlement.kind, settlement.id, amount)

    def void(self, settlement: Document) -> None:
        self.person.void(settlement.kind, settlement.id)


def _document(row: dict[str, Any], kind: str) -> Document:
    return Document(str(row["id"]), str(row["tranid"]), kind, str(row["entity"]))


def _is_empty(url: str) -> bool:
    with Administration(url) as admin:
        return admin.count("customer") == 0


SYSTEM = System("netsuite", "NetSuite", 8712, Accountant, fill, _is_empty, server="netsuite")
