"""An accountant in Tryton."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from crmerp_assets.sandbox.company import roles
from crmerp_assets.sandbox.company.erp.tryton_billing import bill, last_credit, last_payment
from crmerp_assets.sandbox.company.erp.tryton_person import Person, amount_of, money, on
from crmerp_assets.sandbox.company.erp.tryton_seed import fill
from crmerp_assets.sandbox.company.roles import Document, Unable
from crmerp_assets.sandbox.company.systems import System

_MARK = "crmerp:"
_OPEN = [["state", "in", ["posted", "paid"]], ["type", "=", "out"]]


class Accountant(roles.Accountant):
    """What an accountant does, on parties, sales and invoices."""

    def __init__(self, url: str) -> None:
        self.person = Person(url)

    def keyed_customers(self) -> dict[str, str]:
        """A key is the code of a party that the platform made, and an identifier of one that was there."""
        marked = self.person.rows("party.identifier", [["code", "like", f"{_MARK}%"]], "code", "party")
        found = {str(row["code"]).removeprefix(_MARK).lower(): str(row["party"]) for row in marked}
        made = self.person.rows("party.party", [["code", "like", "cust-%"]], "code")
        return found | {str(row["code"]).lower(): str(row["id"]) for row in made}

    def skus(self) -> set[str]:
        found = self.person.rows("product.product", [["template.salable", "=", True]], "code")
        return {str(row["code"]) for row in found if row["code"]}

    def change_street(self, customer: str, street: str) -> None:
        address = self._first("party.address", customer, ["invoice", "=", True]) or self._first(
            "party.address", customer
        )
        self.person.edit("party.address", str(address["id"]), {"street": street})

    def change_phone(self, customer: str, phone: str) -> None:
        """Tryton has no phone of a party but ways to contact it, of which one kind is a phone."""
        there = self._first("party.contact_mechanism", customer, ["type", "=", "phone"])
        if there:
            self.person.edit("party.contact_mechanism", str(there["id"]), {"value": phone})
        else:
            self.person.make("party.contact_mechanism", [{"party": int(customer), "type": "phone", "value": phone}])

    def phone(self, customer: str) -> str:
        there = self._first("party.contact_mechanism", customer, ["type", "=", "phone"], "value")
        return str(there.get("value") or "")

    def _first(self, model: str, customer: str, also: list[Any] | None = None, *fields: str) -> dict[str, Any]:
        domain = [["party", "=", int(customer)], *([also] if also else [])]
        return next(iter(self.person.rows(model, domain, "id", *fields)), {})

    def orders(self) -> list[Document]:
        return self._documents("sale.sale", [])

    def invoices(self) -> list[Document]:
        return self._documents("account.invoice", [*_OPEN, ["total_amount", ">=", money(Decimal(0))]])

    def settlements(self) -> list[Document]:
        return self._documents("account.invoice", [*_OPEN, ["total_amount", "<", money(Decimal(0))]])

    def _documents(self, model: str, domain: list[Any]) -> list[Document]:
        found = self.person.rows(model, domain, "number", "party")
        return [Document(str(row["id"]), str(row["number"]), model, str(row["party"])) for row in found]

    def approve(self, order: str) -> None:
        (found,) = self.person.rows("sale.sale", [["id", "=", int(order)]], "state")
        for state, button in (("draft", "quote"), ("quotation", "confirm")):
            if found["state"] == state:
                self.person.willing(f"model.sale.sale.{button}", [int(order)])
                (found,) = self.person.rows("sale.sale", [["id", "=", int(order)]], "state")

    def bill(self, order: str, day: date, due: date | None = None) -> str:
        return bill(self.person, order, day, due)

    def make_overdue(self, order: str, today: date, days: int = 30) -> str:
        """Tryton numbers invoices in the order of their days: this one is of today, and due in the past."""
        return self.bill(order, today, today - timedelta(days=days))

    def total(self, invoice: str) -> Decimal:
        return self._amount(invoice, "total_amount")

    def _amount(self, invoice: str, name: str) -> Decimal:
        (found,) = self.person.rows("account.invoice", [["id", "=", int(invoice)]], name)
        return amount_of(found[name])

    def pay(self, invoice: str, amount: Decimal | None, day: date) -> str:
        self.person.pay(invoice, self._amount(invoice, "amount_to_pay") if amount is None else amount, on(day))
        return last_payment(self.person, invoice)

    def credit(self, invoice: str, amount: Decimal | None, day: date) -> str:
        if amount is not None:
            raise Unable("An invoice is credited in full here: leave out the amount.")
        self.person.credit(invoice, on(day))
        return last_credit(self.person)


def _is_empty(url: str) -> bool:
    """The company itself is a party."""
    person = Person(url)
    try:
        return len(person.rows("party.party", [], "name")) <= 1
    finally:
        person.close()


SYSTEM = System(
    "tryton",
    "Tryton",
    8715,
    Accountant,
    fill,
    _is_empty,
    server="tryton",
    policy="# People make the products in Tryton, with their accounts and taxes.\ncreate: {product: {erp: never}}\n",
    notes=(
        "Tryton has no persons that belong to a company: contacts stay in the CRM.",
        "Tryton's products are made by people: those that only the CRM knows stay there.",
    ),
    start_seconds=900.0,
    first_start="Tryton itself is started; the first time it is installed from PyPI, which takes a minute or two.",
)
