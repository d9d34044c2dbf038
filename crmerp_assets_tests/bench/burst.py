"""The end of a quarter in the demo's set-up: a hundred deals close within a minute, the daemon's sensors order them.

Nothing here runs a job: the sandboxes, the company and the daemon are started as `crmerp demo` starts them, four
sellers win the deals, and the ERP is asked until it has every order. It must then hold exactly what was sold.
"""

import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from crmerp_assets.cli.dev import dagster_daemon, prepare
from crmerp_assets.cli.outcome import Day
from crmerp_assets.cli.processes import Process
from crmerp_assets.cli.stage import Stage
from crmerp_assets.sandbox.company.client import Administration
from crmerp_assets.sandbox.company.people import Accountant, Seller
from crmerp_assets.settings import Settings

from .company import SYSTEMS, free_port

DEALS, LINES, SELLERS, ACCOUNTS = 100, 12, 4, 10
CURRENCIES = ("USD", "EUR", "GBP", "CAD")
PAUSE_SECONDS = 1.0
"""Between two deals of one seller, so that several runs find some of them."""
PROMISED_SECONDS, PATIENCE_SECONDS = 60, 600
_HELD = """SELECT t.id, t.foreigntotal AS total, c.symbol, (SELECT COUNT(*) FROM transactionline l
    WHERE l.transaction = t.id AND l.mainline = 'F' AND l.taxline = 'F') AS lines
    FROM transaction t JOIN currency c ON c.id = t.currency WHERE t.type = 'SalesOrd' AND t.memo LIKE 'Burst %'"""


@dataclass(frozen=True)
class Burst:
    """`closing`: seconds from the first deal that closed to the last; `ordered`: from the last to the last order.

    `first`: from the first deal that closed to the first order.
    """

    closing: float
    first: float
    ordered: float


def burst() -> Burst:
    """Play it on a stage of its own; AssertionError where an order is missing, doubled, or not what was sold."""
    folder = Path(tempfile.mkdtemp(prefix="crmerp-burst-"))
    settings = Settings(state=folder, config=folder / "config", env_file=folder / "sandbox.env")
    with ExitStack() as up:
        up.callback(shutil.rmtree, folder, ignore_errors=True)
        ports = {system: free_port() for system in SYSTEMS}
        stage = up.enter_context(Stage(settings, ports, go_live=date.today()))
        prepare(stage)
        deals, day = _negotiated(stage), up.enter_context(Day(stage))
        day.count_calls("first sync")
        daemon = up.enter_context(dagster_daemon(stage))
        daemon.wait_until(day.sensors_tick, PATIENCE_SECONDS)
        return _closed(stage, daemon, deals)


def _closed(stage: Stage, daemon: Process, deals: Sequence[str]) -> Burst:
    with ThreadPoolExecutor(SELLERS) as pool, Accountant(stage.urls["netsuite"]) as bob:
        started = monotonic()
        closing = [pool.submit(_win, stage, deals[seller::SELLERS]) for seller in range(SELLERS)]
        first = _when(bob, daemon, 1)
        last = _when(bob, daemon, DEALS)
        closed = max(one.result() for one in closing)
        _exactly_what_was_sold(stage, bob)
    return Burst(closed - started, first - started, last - closed)


def _when(bob: Accountant, daemon: Process, orders: int) -> float:
    """When the ERP held so many of the orders."""
    until = monotonic() + PATIENCE_SECONDS
    while len(bob.query(_HELD)) < orders:
        daemon.check()
        assert monotonic() < until, f"{len(bob.query(_HELD))} orders after {PATIENCE_SECONDS} s"
        sleep(0.5)
    return monotonic()


def _win(stage: Stage, deals: Sequence[str]) -> float:
    """A seller wins her deals one by one; when she was done."""
    with Seller(stage.urls["salesforce"]) as ann:
        for deal in deals:
            ann.win(deal, date.today())
            sleep(PAUSE_SECONDS)
        return monotonic() - PAUSE_SECONDS


def _exactly_what_was_sold(stage: Stage, bob: Accountant) -> None:
    with Seller(stage.urls["salesforce"]) as ann:
        sold = ann.find("Opportunity", "Name LIKE 'Burst %'", ("Amount", "CurrencyIsoCode"))
    held = bob.query(_HELD)
    assert len(held) == len(sold) == DEALS
    assert {int(row["lines"]) for row in held} == {LINES}
    worth = sorted((row["CurrencyIsoCode"], Decimal(str(row["Amount"]))) for row in sold)
    assert sorted((row["symbol"], Decimal(str(row["total"]))) for row in held) == worth


def _negotiated(stage: Stage) -> list[str]:
    """The deals before they close: new accounts, products that the ERP does not know, no two amounts alike."""
    with Administration(stage.urls["salesforce"]) as crm, Seller(stage.urls["salesforce"]) as ann:
        (book,) = (row["Id"] for row in ann.find("Pricebook2", "IsStandard = true"))
        names = [{"Name": f"Burst {n}", "ProductCode": f"BURST-{n}", "IsActive": True} for n in range(LINES)]
        products = crm.seed("Product2", names)
        entry = {"UnitPrice": 10, "IsActive": True, "Pricebook2Id": book}
        entries = {
            code: crm.seed("PricebookEntry", [entry | {"Product2Id": p, "CurrencyIsoCode": code} for p in products])
            for code in CURRENCIES
        }
        accounts = crm.seed("Account", [{"Name": f"Burst {n} Ltd", "CurrencyIsoCode": "USD"} for n in range(ACCOUNTS)])
        made = crm.seed("Opportunity", [_deal(n, accounts, book) for n in range(DEALS)])
        crm.seed("OpportunityLineItem", [_line(n, line, made, entries) for n in range(DEALS) for line in range(LINES)])
    return made


def _deal(number: int, accounts: Sequence[str], book: str) -> dict[str, Any]:
    header = {"Name": f"Burst {number}", "StageName": "Negotiation", "CloseDate": date.today().isoformat()}
    currency = CURRENCIES[number % len(CURRENCIES)]
    return header | {"AccountId": accounts[number % ACCOUNTS], "Pricebook2Id": book, "CurrencyIsoCode": currency}


def _line(number: int, line: int, deals: Sequence[str], entries: dict[str, list[str]]) -> dict[str, Any]:
    entry = entries[CURRENCIES[number % len(CURRENCIES)]][line]
    price = {"Quantity": (number + line) % 9 + 1, "UnitPrice": round(10.01 + number + line * 0.37, 2)}
    return price | {"OpportunityId": deals[number], "PricebookEntryId": entry, "SortOrder": line + 1}
