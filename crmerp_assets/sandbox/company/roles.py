"""What the business day asks of a seller in any CRM and of an accountant in any ERP, in plain words.

A system takes part by one module in `crm` or `erp` that does this in its own way. What a system has no way for raises
`Unable`, whose text is a sentence for the person who asked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import TracebackType
from typing import NamedTuple, Protocol, Self


class Unable(Exception):
    """The system has no such thing; the text says what it has instead."""


@dataclass(frozen=True, slots=True)
class SaleLine:
    """A line of a deal; without a unit price it is sold at list price. `discount` is in percent."""

    sku: str
    quantity: int = 1
    unit_price: Decimal | None = None
    discount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OpenDeal:
    """A deal neither won nor lost; `skus` are those of its lines."""

    id: str
    name: str
    stage: str
    amount: Decimal
    currency: str
    account: str
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A company that a seller has just met."""

    name: str
    website: str
    phone: str
    street: str
    city: str
    postcode: str
    country: str
    currency: str


class Keyed(NamedTuple):
    """An account that carries the platform's key, and the currency that it is sold to in."""

    key: str
    account: str
    currency: str


@dataclass(frozen=True, slots=True)
class Document:
    """An order, an invoice or what settles one; `kind` is the system's own word for it."""

    id: str
    number: str
    kind: str
    customer: str


class Person(Protocol):
    """Who is logged in to a system. `at` is when the server answered last, by its own clock."""

    at: datetime

    def close(self) -> None: ...


class Worker(Protocol):
    """Somebody at work in a system, who does everything as the person that is logged in."""

    person: Person

    @property
    def at(self) -> datetime:
        """When the server answered last, by its own clock."""
        return self.person.at

    def close(self) -> None:
        """Give the connections back."""
        self.person.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Seller(Worker, Protocol):
    """What sellers do all day. Ids are the CRM's; what it refuses raises `Refused` with its own words."""

    def open_deals(self) -> list[OpenDeal]:
        """Deals that could be won, in a stable order."""

    def win(self, deal: str, today: date) -> None:
        """Close a deal as won today."""

    def create_account(self, newcomer: Newcomer) -> str:
        """A new account; its id."""

    def create_contact(self, account: str, first_name: str, last_name: str, email: str) -> str:
        """A new contact at an account; its id."""

    def create_deal(self, account: str, name: str, lines: Sequence[SaleLine], today: date, currency: str) -> str:
        """A new open deal with its lines; its id. Raises LookupError for a SKU without a price."""

    def create_text_deal(self, account: str, name: str, product: str, amount: Decimal, today: date) -> str:
        """An open deal in US dollars that only says in words what is sold; its id."""

    def change_phone(self, account: str, phone: str) -> None:
        """Give an account another phone number."""

    def phone(self, account: str) -> str:
        """An account's phone number as it is shown, empty without one."""

    def street(self, account: str) -> str:
        """The street of an account's billing address as it is shown, empty without one."""

    def invoice_statuses(self, deals: Iterable[str]) -> dict[str, str | None]:
        """What the deals show of their invoices."""

    def keyed_accounts(self) -> list[Keyed]:
        """Accounts that carry the platform's key, in a stable order; none before it has made its field."""


class Accountant(Worker, Protocol):
    """What accountants do all day. Ids are the ERP's; what it refuses raises `Refused` with its own words."""

    def keyed_customers(self) -> dict[str, str]:
        """The platform's key in lower case -> id, of customers in use that carry one."""

    def skus(self) -> set[str]:
        """What can be sold."""

    def change_street(self, customer: str, street: str) -> None:
        """Correct the street of the billing address and nothing else."""

    def change_phone(self, customer: str, phone: str) -> None:
        """Give a customer another phone number."""

    def phone(self, customer: str) -> str:
        """A customer's phone number as it is shown, empty without one."""

    def orders(self) -> list[Document]:
        """All sales orders."""

    def invoices(self) -> list[Document]:
        """All invoices."""

    def settlements(self) -> list[Document]:
        """All payments, credits and deposits."""

    def approve(self, order: str) -> None:
        """Approve an order if it waits for that."""

    def bill(self, order: str, day: date, due: date | None = None) -> str:
        """Invoice all that is open of an order, due by the customer's terms unless said otherwise; the invoice's id."""

    def total(self, invoice: str) -> Decimal:
        """What an invoice comes to, in its currency."""

    def pay(self, invoice: str, amount: Decimal | None, day: date) -> str:
        """Receive a payment of an invoice, in full without an amount; the payment's id."""

    def credit(self, invoice: str, amount: Decimal | None, day: date) -> str:
        """Credit an invoice, in full without an amount (before tax); the credit's id."""

    def make_overdue(self, order: str, today: date, days: int = 30) -> str:
        """Invoice an order with dates in the past, so that it is `days` overdue; the invoice's id."""
        due = today - timedelta(days=days)
        return self.bill(order, due - timedelta(days=30), due)

    def bill_part(self, order: str, line: int, quantity: int) -> str:
        """Invoice some of one line of an order; the invoice's id."""
        raise Unable("An order is billed as a whole here: leave out --line.")

    def fulfil(self, order: str) -> str:
        """Ship what is left of an order; the shipment's id."""
        raise Unable("Nothing is shipped in this sandbox: its orders are billed as they are.")

    def write_off(self, invoice: str, amount: Decimal | None) -> str:
        """Give up what is left of an invoice, or an amount; the id of what does it."""
        raise Unable("There is no write-off in this sandbox: use `crmerp sandbox credit`.")

    def deposit(self, order: Document, amount: Decimal) -> str:
        """Take a deposit for an order; its id."""
        raise Unable("There are no deposits in this sandbox: bill the order, then `crmerp sandbox pay` it.")

    def refund(self, settlement: Document, amount: Decimal | None) -> str:
        """Give back what is left of a payment, credit or deposit, or an amount; the refund's id."""
        raise Unable("There are no refunds in this sandbox.")

    def void(self, settlement: Document) -> None:
        """Undo a payment, credit or deposit: what it paid is open again."""
        raise Unable("Nothing is voided in this sandbox.")
