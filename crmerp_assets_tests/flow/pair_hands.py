"""What the fault matrix needs of the people in a CRM and in an ERP beyond what the business day asks of them, and what
each system holds of what was written, in the words of all; crm_hands.py and erp_hands.py say how.

`Found` is by name: each record of that name, with our key and what is compared. Records that were thrown away are
among them, so that a double that somebody tidied up is one all the same.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol, TypeAlias

Found: TypeAlias = dict[str, list[dict[str, Any]]]
SKUS = ("RT-100", "SW-08")
PRICE = Decimal("10.25")
GONE = "thrown away"
"""The name of what somebody deleted."""
PERSONS = ("res.partner", [["is_company", "=", False], ["type", "=", "contact"]], {"parent_id": "customer"})
"""Contacts in Odoo, whatever it is used for."""


class CrmHand(Protocol):
    """A seller's further doings, and what the CRM shows."""

    def requantify(self, deal: str, quantity: int) -> None:
        """Another quantity in the first line of a deal that was won with two of PRICE."""

    def reopen(self, deal: str) -> None:
        """The deal is won no more."""

    def misplace(self, order: str, account: str) -> None:
        """What shows an order of the ERP is linked with another account, and moved on in its pipeline."""

    def records(self, entity: str) -> list[dict[str, Any]]:
        """name, id, key and what is shown of each record of an entity, in the words of SHOWN."""


class ErpHand(Protocol):
    """An accountant's further doings, and what the ERP holds."""

    def make_customer(self, name: str, phone: str) -> None: ...

    def make_product(self, name: str) -> None: ...

    def make_contact(self, customer: str, name: str) -> None:
        """A person of that family name."""

    def move_contact(self, contact: str, customer: str) -> None: ...

    def enter_order(self, customer: str, name: str, quantity: int) -> None:
        """An order by telephone over one line at PRICE, confirmed."""

    def not_begun(self) -> None:
        """Nobody has begun to work on any order."""

    def records(self, entity: str) -> list[dict[str, Any]]:
        """As in the CRM; of orders their state, number and lines as `quantity x price`."""


def digits(phone: object) -> str:
    """The last ten digits of a phone number, however it is written."""
    return "".join(sign for sign in str(phone or "") if sign.isdigit())[-10:]


def plain(amount: object) -> str:
    """An amount without the zeros that a system puts behind it."""
    return f"{Decimal(str(amount)).normalize():f}"


def odoo_records(person: Any, model: str, domain: list[Any], shown: Mapping[str, str]) -> list[dict[str, Any]]:
    """Records in use and archived ones, by the field `name`, with our key."""
    mine = [["model", "=", model], ["module", "=", "__crmerp__"]]
    keys = {row["res_id"]: row["name"] for row in person.rows("ir.model.data", mine, "res_id", "name")}
    archived = ["|", ["active", "=", True], ["active", "=", False]] if model != "sale.order" else []
    rows = person.rows(model, [*archived, *domain], "name", *shown)
    return [
        {"id": str(row["id"]), "name": row["name"], "key": keys.get(row["id"])}
        | {word: _said(row[field]) for field, word in shown.items()}
        for row in rows
    ]


def _said(value: Any) -> Any:
    """A reference as its id, nothing as None."""
    return str(value[0]) if isinstance(value, list) and value else value or None
