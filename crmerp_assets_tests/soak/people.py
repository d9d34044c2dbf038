"""People at a steady pace: deals, edits on both sides, invoices, payments, credits, contacts."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Self

from crmerp_assets.sandbox.company import systems
from crmerp_assets.sandbox.company.client import Refused
from crmerp_assets.sandbox.company.people import Accountant, SaleLine, Seller
from crmerp_assets.sandbox.company.scene import Pair, linked_customers

_CENT = Decimal("0.01")
_LINES = 3
_CURRENCY = "USD"


@dataclass
class Diary:
    """What people did: won deals with the moment of winning, how often which act, and what a system refused them."""

    won: dict[str, datetime] = field(default_factory=dict)
    contacts: list[str] = field(default_factory=list)
    acts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


class Office:
    """Ann in the CRM and Bob in the ERP, who never stop."""

    def __init__(self, crm: str, erp: str, chance: random.Random, today: date) -> None:
        self._ann, self._bob = Seller(crm), Accountant(erp)
        self._chance, self._today = chance, today
        self.diary = Diary()
        self._pairs = _linked(crm, erp)
        where = f"IsActive = true AND CurrencyIsoCode = '{_CURRENCY}' AND Pricebook2.IsStandard = true"
        self._skus = [str(row["ProductCode"]) for row in self._ann.find("PricebookEntry", where, ("ProductCode",))]
        self._acts: dict[Callable[[], None], int] = {
            self._win: 4,
            self._bill: 3,
            self._pay: 3,
            self._phone_in_crm: 3,
            self._city_in_crm: 2,
            self._email_in_erp: 2,
            self._limit_in_erp: 2,
            self._both: 1,
            self._credit: 1,
            self._contact: 1,
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._ann.close()
        self._bob.close()

    def work(self, seconds: float, pace: float, meanwhile: Callable[[], None]) -> None:
        """Act every `pace` seconds for so long; `meanwhile` is called after each act."""
        until = time.monotonic() + seconds
        while (started := time.monotonic()) < until:
            act = self._chance.choices(list(self._acts), list(self._acts.values()))[0]
            name = act.__name__.strip("_").replace("_", " ")
            try:
                act()
                self.diary.acts[name] += 1
            except Refused as error:
                self.diary.refused[f"{name}: {error.status}"] += 1
            meanwhile()
            time.sleep(max(0.0, started + pace - time.monotonic()))

    def _win(self) -> None:
        account = self._chance.choice(self._pairs).account
        lines = [
            SaleLine(sku, self._chance.randint(1, 9))
            for sku in self._chance.sample(self._skus, self._chance.randint(1, _LINES))
        ]
        found = self._ann.find("Account", f"Id = '{account}'", ("CurrencyIsoCode",))
        if found[0]["CurrencyIsoCode"] != _CURRENCY:
            return
        deal = self._ann.create_deal(account, f"Soak deal {len(self.diary.won)}", lines, self._today)
        self._ann.win(deal, self._today)
        self.diary.won[deal] = self._ann.at

    def _phone_in_crm(self) -> None:
        account = self._chance.choice(self._pairs).account
        self._ann.change("Account", account, {"Phone": self._phone()})

    def _phone(self) -> str:
        return f"+1 212 555 {self._chance.randint(0, 9999):04}"

    def _city_in_crm(self) -> None:
        account = self._chance.choice(self._pairs).account
        self._ann.change("Account", account, {"ShippingCity": self._chance.choice(("Lyon", "Porto", "Ghent", "Turin"))})

    def _email_in_erp(self) -> None:
        customer = self._chance.choice(self._pairs).customer
        self._bob.change_customer(customer, email=f"books{self._chance.randint(0, 9999)}@soak{customer}.com")

    def _limit_in_erp(self) -> None:
        customer = self._chance.choice(self._pairs).customer
        self._bob.change_customer(customer, creditLimit=self._chance.randint(1, 900) * 100)

    def _both(self) -> None:
        account, customer, _ = self._chance.choice(self._pairs)
        self._ann.change("Account", account, {"Phone": self._phone()})
        self._bob.change_customer(customer, phone=self._phone())

    def _contact(self) -> None:
        account = self._chance.choice(self._pairs).account
        name = f"Soak{len(self.diary.contacts)}"
        self.diary.contacts.append(self._ann.create_contact(account, name, Email=f"{name.lower()}@example.com"))

    def _bill(self) -> None:
        open_orders = [order for order in self._bob.orders() if order.get("externalid") and order["status"] in "BE"]
        if not open_orders:
            return
        order = self._chance.choice(open_orders)
        if self._chance.random() < 0.2:
            self._bob.make_overdue(order["id"], self._today)
        else:
            self._bob.bill(order["id"], invoice_date=self._today, due_date=self._today + timedelta(days=30))

    def _owed(self) -> dict[str, Any] | None:
        found = [row for row in self._bob.invoices() if Decimal(str(row.get("unpaid") or 0)) > 0]
        return self._chance.choice(found) if found else None

    def _pay(self) -> None:
        invoice = self._owed()
        if invoice is None:
            return
        unpaid = Decimal(str(invoice["unpaid"]))
        part = self._chance.random() < 0.4
        self._bob.pay(invoice["id"], (unpaid / 3).quantize(_CENT) if part else unpaid, self._today)

    def _credit(self) -> None:
        invoice = self._owed()
        if invoice is not None and not Decimal(str(invoice.get("paid") or 0)):
            self._bob.credit(invoice["id"], day=self._today)


def _linked(crm: str, erp: str) -> list[Pair]:
    with systems.crm("salesforce").worker(crm) as sells, systems.erp("netsuite").worker(erp) as books:
        return linked_customers(sells, books)
