"""The words in which a business day is told: steps that people do, and the events they leave behind."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from crmerp_assets.sandbox.company.roles import Accountant, Seller


class Pair(NamedTuple):
    """An account and a customer that are one company, and the currency that it is sold to in."""

    account: str
    customer: str
    currency: str


class NotLinked(Exception):
    """The day needs customers that both systems know under one key: let the platform link and push them first."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something a person did. `at` is by the clock of the server it was done on; `kind` is the step's name.

    `won`: it is a deal that was won, whose id is `crm_id`.
    """

    kind: str
    what: str
    crm_id: str | None
    erp_id: str | None
    at: datetime
    detail: dict[str, Any] = field(default_factory=dict)
    won: bool = False


@dataclass(slots=True)
class Scene:
    """What a step works with. `linked` are customers that both know; `orders` maps a deal to its order."""

    seller: Seller
    accountant: Accountant
    today: date
    linked: Sequence[Pair]
    orders: Mapping[str, str]
    pause: Callable[[float], None] = time.sleep

    def customer(self, currency: str, which: int = 0) -> Pair:
        """One of the linked customers with that currency. Raises NotLinked."""
        found = [pair for pair in self.linked if pair.currency == currency]
        if which >= len(found):
            raise NotLinked(
                f"{len(found)} linked customers have {currency} as their currency, the day needs {which + 1}"
            )
        return found[which]

    def sold(self, kind: str, what: str, crm_id: str, won: bool = False, **detail: Any) -> Event:
        """An event in the CRM."""
        return Event(kind, what, crm_id, None, self.seller.at, detail, won)

    def booked(self, kind: str, what: str, erp_id: str, **detail: Any) -> Event:
        """An event in the ERP."""
        return Event(kind, what, None, erp_id, self.accountant.at, detail)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens. `expectation` is what the platform should have reached once it has run.

    In it, `crm` and `erp` name what of the linked record there must be the detail of that name of the step's last
    event (a phone in whatever format); `invoice_status` is what the deal must show.
    """

    name: str
    description: str
    do: Callable[[Scene], list[Event]]
    expectation: dict[str, Any]


def play(steps: Sequence[Step], scene: Scene) -> list[Event]:
    """Do the steps in their order."""
    return [event for step in steps for event in step.do(scene)]


def linked_customers(seller: Seller, accountant: Accountant) -> list[Pair]:
    """The customers in use that both systems hold under one key, in a stable order."""
    customers = accountant.keyed_customers()
    found = ((one.account, customers.get(one.key.lower()), one.currency) for one in seller.keyed_accounts())
    return [Pair(account, customer, currency) for account, customer, currency in found if customer is not None]
