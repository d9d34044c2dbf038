"""One deal in euro from its first line to the last payment, for a company that counts in dollars: after each step both
systems and the reconciliation say the same, in both currencies.

Taken out once and seen to fail: the invoice's own rate in the account's balance (`customer_rollup`), the day's rate of
the deal in the reconciliation (`with_company` at today's).
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from world import GO_LIVE, World

from crmerp_assets.sandbox.company.people import Accountant, SaleLine, Seller
from crmerp_assets.sync.reconcile import run_reconciliation

WON, BILLED, DUE = date(2026, 6, 15), date(2026, 6, 20), date(2099, 12, 31)
AT_WIN, AT_BILL, AT_PAYMENT = Decimal("1.10"), Decimal("1.20"), 1.25
"""Dollars for a euro: when the deal was won, when its invoices were written, and when the first payment came."""


@dataclass(frozen=True)
class Expected:
    """Everything in euro, but `balance`: what the account owes, in dollars at the rate of each invoice."""

    status: str | None = None
    total: int | None = None
    invoiced: int | None = None
    paid: int | None = None
    credited: int | None = None
    owed: int | None = None
    invoices: str | None = None
    balance: Decimal | None = None
    won: int | None = None


@dataclass
class Office:
    """A seller and an accountant at work on one deal; each method is a step of STEPS."""

    world: World
    ann: Seller
    bob: Accountant
    account: str
    deal: str = ""
    invoices: list[str] = field(default_factory=list)

    @property
    def order(self) -> str:
        return str(self.bob.orders()[0]["id"])

    def create(self) -> None:
        lines = [SaleLine("SKU-0", 4, Decimal(100)), SaleLine("SKU-1", 2, Decimal(50))]
        self.deal = self.ann.create_deal(self.account, "Chain", lines, WON, "EUR")

    def win(self) -> None:
        self.ann.win(self.deal, WON)

    def amend(self) -> None:
        """A quantity is raised from 4 to 6, and a line of 300 added."""
        first = self.ann.find("OpportunityLineItem", "SortOrder = 1", ("Id",))[0]["Id"]
        self.ann.change("OpportunityLineItem", first, {"Quantity": 6})
        price = self.ann.find("PricebookEntry", "ProductCode = 'SKU-2'", ("Id",))[0]["Id"]
        line = {"OpportunityId": self.deal, "PricebookEntryId": price, "Quantity": 1, "UnitPrice": 300, "SortOrder": 3}
        self.ann.create("OpportunityLineItem", line)

    def fulfil(self) -> None:
        self.bob.fulfil(self.order)

    def bill_some(self) -> None:
        self.invoices.append(self.bob.bill(self.order, partial={1: 4, 2: 2}, invoice_date=BILLED, due_date=DUE))

    def bill_rest(self) -> None:
        self.invoices.append(self.bob.bill(self.order, invoice_date=BILLED, due_date=DUE))

    def pay_some(self) -> None:
        self.bob.pay(self.invoices[0], Decimal(200), date(2026, 7, 1), AT_PAYMENT)

    def credit(self) -> None:
        self.bob.credit(self.invoices[1], Decimal(100), date(2026, 7, 2))

    def pay_rest(self) -> None:
        self.bob.pay(self.invoices[0], day=date(2026, 7, 3))
        self.bob.pay(self.invoices[1], day=date(2026, 7, 4))


STEPS: list[tuple[Callable[[Office], None], Expected]] = [
    (Office.create, Expected()),
    (Office.win, Expected("Pending Fulfillment", 500, balance=Decimal(0), won=500)),
    (Office.amend, Expected("Pending Fulfillment", 1000, balance=Decimal(0), won=1000)),
    (Office.fulfil, Expected("Pending Billing", 1000, balance=Decimal(0), won=1000)),
    (Office.bill_some, Expected("Pending Billing", 1000, 500, 0, 0, 500, "Open", Decimal(600), 1000)),
    (Office.bill_rest, Expected("Billed", 1000, 1000, 0, 0, 1000, "Open", Decimal(1200), 1000)),
    (Office.pay_some, Expected("Billed", 1000, 1000, 200, 0, 800, "Partially Paid", Decimal(960), 1000)),
    (Office.credit, Expected("Billed", 1000, 1000, 200, 100, 700, "Partially Paid", Decimal(840), 1000)),
    (Office.pay_rest, Expected("Billed", 1000, 1000, 900, 100, 0, "Paid", Decimal(0), 1000)),
]


@pytest.fixture
def office(world: World) -> Iterator[Office]:
    world.policy(GO_LIVE)
    names = [{"Name": f"Product {n}", "ProductCode": f"SKU-{n}", "IsActive": True} for n in range(3)]
    entry = {"UnitPrice": 10, "IsActive": True, "CurrencyIsoCode": "EUR", "Pricebook2Id": world.price_book()}
    products = world.seed("crm", "Product2", names)
    world.seed("crm", "PricebookEntry", [entry | {"Product2Id": product} for product in products])
    euro = {"baseCurrency": {"id": "1"}, "transactionCurrency": {"id": "4"}}
    rates = [(WON, AT_WIN), (BILLED, AT_BILL)]
    world.seed(
        "erp",
        "currencyRate",
        [euro | {"effectiveDate": day.isoformat(), "exchangeRate": float(rate)} for day, rate in rates],
    )
    with ExitStack() as stack:
        ann, bob = stack.enter_context(Seller(world.crm.url)), stack.enter_context(Accountant(world.erp.url))
        yield Office(world, ann, bob, world.accounts(1)[0])


def test_from_the_first_line_to_the_last_payment_both_systems_and_the_report_agree(office: Office) -> None:
    for step, expected in STEPS:
        step(office)
        office.world.settle()

        assert _in_the_crm(office) == expected, step.__name__
        assert _in_the_erp(office) == (expected.total, expected.owed), step.__name__
        _reconciled(office.world, step.__name__, expected)

    deal = office.world.soql("SELECT ERP_Order_Number__c, ERP_Invoice_Number__c, ERP_Paid_Date__c FROM Opportunity")[0]
    assert deal["ERP_Invoice_Number__c"] == ", ".join(row["tranid"] for row in office.bob.invoices())
    assert (deal["ERP_Order_Number__c"], deal["ERP_Paid_Date__c"]) == (office.bob.orders()[0]["tranid"], "2026-07-04")
    assert office.world.orders()[:2] == (1, 1)


def _in_the_crm(office: Office) -> Expected:
    """What the seller sees in the opportunity and the account."""
    names = ["Total", "Invoiced", "Paid", "Credited", "Open_Balance"]
    fields = ["ERP_Order_Status__c", "ERP_Invoice_Status__c", "StageName", "Amount"]
    amounts = [f"ERP_{'Order_' if name == 'Total' else ''}{name}__c" for name in names]
    (deal,) = office.ann.find("Opportunity", "Name = 'Chain'", (*fields, *amounts))
    (account,) = office.ann.find("Account", f"Id = '{office.account}'", ("ERP_Balance__c",))
    balance = account["ERP_Balance__c"]
    return Expected(
        deal["ERP_Order_Status__c"],
        *(deal[name] for name in amounts),
        deal["ERP_Invoice_Status__c"],
        None if balance is None else Decimal(str(balance)),
        deal["Amount"] if deal["StageName"] == "Closed Won" else None,
    )


def _in_the_erp(office: Office) -> tuple[int | None, int | None]:
    """What the order comes to and what its invoices still ask for."""
    orders, invoices = office.bob.orders(), office.bob.invoices()
    owed = sum(int(row["unpaid"]) for row in invoices) if invoices else None
    return (int(orders[0]["total"]) if orders else None), owed


def _reconciled(world: World, step: str, expected: Expected) -> None:
    """One deal, ordered and explained, with the numbers of the table in euro and, at the day it was won, in dollars."""
    with world.platform() as used:
        found = run_reconciliation(used)
    assert (found.agrees, found.explained, found.breaks.height) == (True, True, 0), step
    if expected.won is None:
        assert found.deals.is_empty(), step
        return
    row: dict[str, Any] = found.deals.row(0, named=True)
    assert (row["place"], row["rate"], row["rate_date"], row["rate_source"]) == ("ordered", AT_WIN, WON, "netsuite")
    chain = {"amount": expected.won, "erp_total": expected.total, "invoiced": expected.invoiced}
    chain |= {"paid": expected.paid, "credited": expected.credited, "open_balance": expected.owed}
    assert {name: row[name] for name in chain} == chain, step
    dollars = {name: None if euro is None else euro * AT_WIN for name, euro in chain.items()}
    assert {name: row[f"company_{name}"] for name in chain} == dollars, step
    sums, company = found.money.row(0, named=True), found.company.row(0, named=True)
    assert (sums["won_amount"], sums["ordered_amount"]) == (expected.won, expected.total), step
    assert company["company_ordered"] == expected.won * AT_WIN, step
