"""The words in which a business day is told: steps that people do, and the events they leave behind."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from crmerp_assets.sandbox.company.people import Accountant, Seller
from crmerp_assets.sandbox.company.salesforce import quoted

_CHUNK = 200
Pair = tuple[str, str]


class NotLinked(Exception):
    """The day needs customers that both systems know under one key: let the platform link and push them first."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something a person did. `at` is by the clock of the server it was done on; `kind` is the step's name."""

    kind: str
    what: str
    crm_id: str | None
    erp_id: str | None
    at: datetime
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Scene:
    """What a step works with. `linked` are (account, customer) ids by currency; `orders` maps a deal to its order."""

    seller: Seller
    accountant: Accountant
    today: date
    linked: dict[str, list[Pair]]
    orders: Mapping[str, str]
    pause: Callable[[float], None] = time.sleep

    def customer(self, currency: str, which: int = 0) -> Pair:
        """One of the linked customers with that currency. Raises NotLinked."""
        found = self.linked.get(currency, [])
        if which >= len(found):
            raise NotLinked(
                f"{len(found)} linked customers have {currency} as their currency, the day needs {which + 1}"
            )
        return found[which]

    def sold(self, kind: str, what: str, crm_id: str, **detail: Any) -> Event:
        """An event in the CRM."""
        return Event(kind, what, crm_id, None, self.seller.at, detail)

    def booked(self, kind: str, what: str, erp_id: str, **detail: Any) -> Event:
        """An event in the ERP."""
        return Event(kind, what, None, erp_id, self.accountant.at, detail)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens. `expectation` is what the platform should have reached once it has run.

    In it, `crm` and `erp` map a field of the linked record there to the detail of the step's last event that it must
    equal (a phone in whatever format); `opportunity` maps fields of the deal to their values.
    """

    name: str
    description: str
    do: Callable[[Scene], list[Event]]
    expectation: dict[str, Any]


def play(steps: Sequence[Step], scene: Scene) -> list[Event]:
    """Do the steps in their order."""
    return [event for step in steps for event in step.do(scene)]


def linked_customers(seller: Seller, accountant: Accountant) -> list[Pair]:
    """(account, customer) ids of the active customers that both systems hold under one key, in a stable order."""
    if "Crmerp_Id__c" not in seller.field_types("Account"):
        return []
    keyed = accountant.query("SELECT id, externalid FROM customer WHERE externalid IS NOT NULL AND isinactive = 'F'")
    customers = {str(row["externalid"]).lower(): str(row["id"]) for row in keyed}
    accounts = seller.find("Account", "Crmerp_Id__c != null", ("Id", "Crmerp_Id__c"))
    found = ((account["Id"], customers.get(account["Crmerp_Id__c"].lower())) for account in accounts)
    return [(account, customer) for account, customer in found if customer is not None]


def by_currency(seller: Seller, linked: Sequence[Pair]) -> dict[str, list[Pair]]:
    """Currency -> the linked customers whose account has it, in their order."""
    currencies: dict[str, str] = {}
    for start in range(0, len(linked), _CHUNK):
        ids = ", ".join(quoted(account) for account, _ in linked[start : start + _CHUNK])
        found = seller.find("Account", f"Id IN ({ids})", ("Id", "CurrencyIsoCode"))
        currencies |= {account["Id"]: account["CurrencyIsoCode"] for account in found}
    grouped: dict[str, list[Pair]] = {}
    for pair in linked:
        grouped.setdefault(currencies[pair[0]], []).append(pair)
    return grouped
