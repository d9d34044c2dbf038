"""What goes to NetSuite at the same time keeps what one after the other had: outcomes, order, pages to resume behind.

Protection removed once, and the test that failed: `_stop` in batches.py (the first: every batch meets the refusal);
`_waves` (the second: children before their parent); yielding in order in together.py (the third).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crmerp_assets.connectors.errors import AuthFailed, Transient
from crmerp_assets.connectors.netsuite import batches, reading, spans, suiteql
from crmerp_assets.connectors.protocol import Page, Ref
from crmerp_assets.sandbox.netsuite import NetSuiteSandbox
from crmerp_assets_tests.connectors.test_netsuite_connector import Account, customers, opened
from crmerp_assets_tests.contract.netsuite_case import seed


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    with NetSuiteSandbox(tmp_path, latency_seconds=0.005) as sandbox, opened(sandbox, concurrency=2) as made:
        yield made


def test_credentials_that_end_on_the_way_lose_no_outcome_and_stop_the_rest(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 5)
    account.admin.fault("revoke", r"PUT .*/record/v1/customer", times=-1, skip=6)
    results = account.connector.push("customer", customers(100))
    assert account.admin.count("customer") <= 30
    assert {type(result.error) for result in results[30:]} == {AuthFailed}
    assert account.admin.fault_hits() <= 2 * 2 * 2
    account.admin.no_faults()
    assert [result.error for result in account.connector.push("customer", customers(100))] == [None] * 100
    assert account.admin.count("customer") == 100


def test_a_batch_that_leans_on_an_earlier_one_waits_for_it(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH", 5)
    writes = customers(40)
    for number, write in enumerate(writes):
        if number >= 5:
            write.values["parent"] = Ref("customer", None, "externalId", f"cust-{number - 5}")
    assert [result.error for result in account.connector.push("customer", writes)] == [None] * 40


def test_a_pull_in_spans_that_fails_is_resumed_behind_its_last_page_though_records_come_and_go(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (suiteql, reading, spans):
        monkeypatch.setattr(module, "PAGE", 20)
    monkeypatch.setattr(reading, "FROM_PAGES", 2)
    ids = account.admin.seed("customer", seed(400))
    account.person.delete("customer", ids[390])
    account.admin.fault("server_error", r"POST .*/suiteql", times=-1, skip=9)
    got: list[Page] = []
    with pytest.raises(Transient):
        got.extend(account.connector.pull("customer", ("companyName",), None))
    assert 0 < sum(len(page.rows) for page in got) < 300
    account.admin.no_faults()
    account.person.delete("customer", ids[395])
    new = account.person.create("customer", {"companyName": "New", "subsidiary": {"id": "1"}})
    got.extend(account.connector.pull("customer", ("companyName",), got[-1].cursor))
    expected = [id for id in ids if id not in (ids[390], ids[395])]
    assert [row["_id"] for page in got for row in page.rows] == [*expected, new]
    assert '"done"' in got[-1].cursor
