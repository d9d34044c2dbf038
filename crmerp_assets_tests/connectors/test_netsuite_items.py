"""Items of every kind: which are products, and under which record type each is written; names of lists that grow.

Taken out once and seen to fail: the use of an item in its record type (`written_under_its_own`), the filter of the
items (`no_product_are_not_read`), the refusal where no record type fits (`no_product_is_refused`), the kinds in the log
of deletions (`not_read_in_any_way`), the minute after which a missing name is looked for again (`found_after_a_minute`)
and the memory of it before that (`cost_one_reading`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crmerp_assets.connectors.errors import Duplicate, Gone, Rejected
from crmerp_assets.connectors.netsuite import NetSuiteConnector
from crmerp_assets.sandbox.netsuite import NetSuiteSandbox
from crmerp_assets_tests.connectors.test_netsuite_connector import Account, create, customers, opened, pull, update

PRODUCTS = (
    "inventoryItem",
    "assemblyItem",
    "kitItem",
    "downloadItem",
    "giftCertificateItem",
    "nonInventorySaleItem",
    "nonInventoryResaleItem",
    "serviceSaleItem",
    "serviceResaleItem",
    "otherChargeSaleItem",
    "otherChargeResaleItem",
)
NO_PRODUCTS = (
    "discountItem",
    "descriptionItem",
    "nonInventoryPurchaseItem",
    "servicePurchaseItem",
    "otherChargePurchaseItem",
)


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    with NetSuiteSandbox(tmp_path) as sandbox, opened(sandbox) as made:
        yield made


def made(account: Account, kinds: tuple[str, ...]) -> dict[str, str]:
    """One item of each record type, named like it; internal ids by record type."""
    return {kind: account.person.create(kind, {"itemId": kind, "externalId": f"x-{kind}"}) for kind in kinds}


@pytest.mark.parametrize("kinds", [PRODUCTS, PRODUCTS[-3:]], ids=["in a job", "one by one"])
def test_every_product_is_written_under_its_own_record_type(account: Account, kinds: tuple[str, ...]) -> None:
    items = made(account, kinds)
    writes = [update("item", item, {"description": "New"}, f"intent-{kind}") for kind, item in items.items()]
    assert [result.error for result in account.connector.push("item", writes)] == [None] * len(kinds)
    rows = account.connector.fetch("item", ["itemId", "description"], list(items.values()))
    assert {row["itemId"]: row["description"] for row in rows} == dict.fromkeys(kinds, "New")


def test_items_that_are_no_product_are_not_read_in_any_way(account: Account) -> None:
    account.connector.ids("item")
    _, deleted_from = account.connector.deletions("item", None)
    products, others = made(account, PRODUCTS), made(account, NO_PRODUCTS)
    rows, _ = pull(account.connector, "item", ["itemId"])
    assert [row["itemId"] for row in rows] == list(PRODUCTS)
    assert account.connector.ids("item") == list(products.values())
    every = [*products.values(), *others.values()]
    assert {row["_id"] for row in account.connector.fetch("item", ["itemId"], every)} == set(products.values())
    keys = [f"x-{kind}" for kind in (*PRODUCTS, *NO_PRODUCTS)]
    found = account.connector.find_by_key("item", "externalId", keys)
    assert set(found) == {f"x-{kind}" for kind in PRODUCTS}

    for kind, item in (products | others).items():
        account.person.delete(kind, item)
    deletions, _ = account.connector.deletions("item", deleted_from)
    assert {deletion.native_id for deletion in deletions} == set(products.values())
    assert account.connector.ids("item") == []


@pytest.mark.parametrize("count", [1, 5])
def test_a_write_to_an_item_that_is_no_product_is_refused_and_not_sent(account: Account, count: int) -> None:
    items = made(account, NO_PRODUCTS[:count])
    account.person.edit("discountItem", items["discountItem"], {"description": "Old"})
    account.connector.ids("item")
    account.admin.reset_calls()
    writes = [update("item", item, {"description": "New"}, f"intent-{kind}") for kind, item in items.items()]
    results = account.connector.push("item", writes)
    assert account.admin.calls() == 1, "for their kinds"
    for result in results:
        assert isinstance(result.error, Rejected)
        assert result.error.code == "NOT_WRITTEN"
    assert account.person.get("discountItem", items["discountItem"])["description"] == "Old"
    gone = account.change("item", "999999", {"description": "New"})
    assert isinstance(gone.error, Gone)


def test_a_name_that_a_discount_has_is_a_duplicate_of_nothing_that_could_be_linked(account: Account) -> None:
    account.person.create("discountItem", {"itemId": "SKU-1"})
    (result,) = account.connector.push("item", [create("item", "item-1", itemId="SKU-1")])
    assert isinstance(result.error, Duplicate)
    assert result.error.existing_id is None


def test_lines_name_items_that_are_no_product(account: Account) -> None:
    order = account.order()
    discount = account.person.create("discountItem", {"itemId": "BAD-DEBT"})
    account.person.edit("salesOrder", order, {"item": {"items": [{"item": {"id": discount}, "rate": "-10%"}]}})
    row = account.one("salesOrder", ["total", "item.item", "item.quantity"], order)
    *goods, last = json.loads(row["item"] or "")
    assert (row["total"], len(goods), last["item"]) == ("157.59", 2, discount)

    customer = account.one("salesOrder", ["entity"], order)["entity"]
    lines = {"items": [{"item": {"id": discount}, "amount": 5}]}
    memo = account.person.create("creditMemo", {"entity": {"id": customer}, "item": lines})
    row = account.one("creditMemo", ["total", "item.itemId"], memo)
    assert (row["total"], json.loads(row["item"] or "")) == ("5", [{"itemId": "BAD-DEBT"}])


class Later:
    """A clock that stands at the present until it is moved."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def refused(connector: NetSuiteConnector, count: int, start: int, terms: str) -> list[bool]:
    writes = customers(count, start)
    for write in writes:
        write.values["terms.name"] = terms
    return [isinstance(result.error, Rejected) for result in connector.push("customer", writes)]


def test_a_term_that_is_added_later_is_found_after_a_minute(account: Account) -> None:
    later = Later()
    connector = account.connect(clock=later)
    assert refused(connector, 1, 0, "Net 31") == [True]
    account.person.create("term", {"name": "Net 31", "daysUntilNetDue": 31})
    assert refused(connector, 1, 0, "Net 31") == [True]
    later.ahead = timedelta(seconds=61)
    assert refused(connector, 1, 0, "Net 31") == [False]
    connector.close()


def test_a_thousand_records_with_the_same_unknown_term_cost_one_reading(account: Account) -> None:
    later = Later()
    connector = account.connect(clock=later)
    assert refused(connector, 1, 0, "Net 30") == [False]
    for _ in range(2):
        account.admin.reset_calls()
        assert refused(connector, 1000, 1, "Net 31") == [True] * 1000
        assert account.admin.calls() == 1
        later.ahead += timedelta(seconds=61)
    connector.close()
