"""The last minute of a quarter: a hundred deals of twelve lines in four currencies close while the job runs.

The time that is allowed is three times what is promised, as tests share their machine; counts and money are exact.

Taken out once and seen to fail: that a customer of an earlier run counts as there before it was read back
(`order_gates._missing`): 15 of the 100 were ordered.
"""

from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from time import monotonic, sleep
from typing import Any

from world import GO_LIVE, World

from crmerp_assets.defs.jobs import SYNC, WON_DEALS
from crmerp_assets.sandbox.company.people import Seller

DEALS, LINES, SELLERS, ACCOUNTS = 100, 12, 4, 10
CURRENCIES = ("USD", "EUR", "GBP", "CAD")
WON = date(2026, 9, 30)
PAUSE = 0.3
"""Seconds between two deals of one seller, so that several runs find some of them."""
PROMISED_SECONDS, MACHINE_IS_BUSY = 60, 3


def test_a_hundred_deals_that_close_within_a_minute_are_ordered_once_and_to_the_cent_within_the_next(
    world: World,
) -> None:
    world.policy(GO_LIVE)
    deals = _negotiated(world)

    with ThreadPoolExecutor(SELLERS) as pool:
        started = monotonic()
        closing = [pool.submit(_win, world, deals[seller::SELLERS]) for seller in range(SELLERS)]
        while not all(one.done() for one in closing):
            world.run(WON_DEALS)
        closed = _last(closing)
        assert closed - started < PROMISED_SECONDS * MACHINE_IS_BUSY
        world.run(WON_DEALS)
        took = monotonic() - closed

    assert took < PROMISED_SECONDS * MACHINE_IS_BUSY
    _exactly_what_was_sold(world, deals)
    world.run(SYNC)
    row = world.report("money")
    assert dict(row.select("currency", "ordered_deals").iter_rows()) == dict.fromkeys(CURRENCIES, DEALS // 4)
    assert row["won_amount"].to_list() == row["ordered_amount"].to_list() == row["erp_total"].to_list()
    assert world.orders()[:2] == (DEALS, DEALS), "a later run orders nothing twice"


def _last(closing: list[Future[float]]) -> float:
    return max(one.result() for one in closing)


def _win(world: World, deals: list[str]) -> float:
    """A seller wins her deals one by one; when she was done."""
    with Seller(world.crm.url) as ann:
        for deal in deals:
            ann.win(deal, WON)
            sleep(PAUSE)
        return monotonic()


def _exactly_what_was_sold(world: World, deals: list[str]) -> None:
    """Each deal has one order, in its currency, over its amount, with its lines."""
    sold = {row["Id"]: row for row in world.soql("SELECT Id, Amount, CurrencyIsoCode FROM Opportunity")}
    query = "SELECT t.externalid, t.foreigntotal, c.symbol FROM transaction t JOIN currency c ON c.id = t.currency"
    held = {row["externalid"].lower(): row for row in world.suiteql(f"{query} WHERE t.type = 'SalesOrd'")}
    lines = Counter(
        row["externalid"].lower()
        for row in world.suiteql(
            "SELECT t.externalid FROM transactionline l JOIN transaction t ON t.id = l.transaction "
            "WHERE l.mainline = 'F' AND t.type = 'SalesOrd' ORDER BY l.uniquekey"
        )
    )
    golden = dict(world.golden("order").select("crm_id", "golden_id").iter_rows())
    assert world.orders()[:2] == (DEALS, DEALS)
    assert golden.keys() == set(deals)
    for deal in deals:
        order = held[golden[deal]]
        said = (Decimal(order["foreigntotal"]), order["symbol"])
        assert said == (Decimal(str(sold[deal]["Amount"])), sold[deal]["CurrencyIsoCode"])
        assert lines[golden[deal]] == LINES


def _negotiated(world: World) -> list[str]:
    """The deals before they close, spread over accounts and currencies; no two have the same amount."""
    accounts, entries = world.accounts(ACCOUNTS), _priced(world)
    header = {"StageName": "Negotiation", "CloseDate": WON.isoformat(), "Pricebook2Id": world.price_book()}
    made = world.seed(
        "crm",
        "Opportunity",
        [
            header
            | {"Name": f"Deal {n}", "AccountId": accounts[n % ACCOUNTS]}
            | {"CurrencyIsoCode": CURRENCIES[n % len(CURRENCIES)]}
            for n in range(DEALS)
        ],
    )
    lines: list[dict[str, Any]] = [
        {"OpportunityId": deal, "PricebookEntryId": entries[CURRENCIES[n % len(CURRENCIES)]][line]}
        | {"Quantity": (n + line) % 9 + 1, "UnitPrice": 10.01 + n + line * 0.37, "SortOrder": line + 1}
        for n, deal in enumerate(made)
        for line in range(LINES)
    ]
    world.seed("crm", "OpportunityLineItem", lines)
    return made


def _priced(world: World) -> dict[str, list[str]]:
    """By currency, the price book entries of a dozen products."""
    names = [{"Name": f"Product {n}", "ProductCode": f"SKU-{n}", "IsActive": True} for n in range(LINES)]
    products = world.seed("crm", "Product2", names)
    entry = {"UnitPrice": 10, "IsActive": True, "Pricebook2Id": world.price_book()}
    return {
        code: world.seed(
            "crm", "PricebookEntry", [entry | {"Product2Id": one, "CurrencyIsoCode": code} for one in products]
        )
        for code in CURRENCIES
    }
