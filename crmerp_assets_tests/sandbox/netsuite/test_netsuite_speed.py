"""Fast enough to fill an account in seconds; the bounds are loose, so that only a change of order fails."""

import time

import pytest

from crmerp_assets.sandbox.netsuite import NetSuiteSandbox

CUSTOMERS, ORDERS = 20_000, 4_000
PAGE = """SELECT t.id, t.externalid, t.tranid, t.entity, TO_CHAR(t.trandate, 'YYYY-MM-DD') d, t.status,
    BUILTIN.DF(t.status) shown, t.otherrefnum, t.memo, t.currency, c.symbol, t.exchangerate, t.foreigntotal,
    t.foreignamountpaid, t.foreignamountunpaid, m.name terms, t.subsidiary,
    TO_CHAR(t.lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') modified, t.lastmodifiedby, k.companyname
    FROM transaction t LEFT JOIN currency c ON c.id = t.currency LEFT JOIN term m ON m.id = t.terms
    LEFT JOIN customer k ON k.id = t.entity
    WHERE t.type = 'SalesOrd' AND t.lastmodifieddate >= TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS')
    ORDER BY t.lastmodifieddate, t.id"""
BATCH = {
    "Prefer": "respond-async",
    "Content_Type": "application/vnd.oracle.resource+json; type=collection",
}


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    with NetSuiteSandbox(tmp_path_factory.mktemp("speed"), job_delay_seconds=0.0) as sandbox:
        yield sandbox


def customer(number):
    address = {"addr1": f"{number} Main St", "city": "Reno", "state": "NV", "zip": "89501", "country": {"id": "US"}}
    return {
        "externalId": f"cust-{number}",
        "companyName": f"Company {number}",
        "email": f"office{number}@example.com",
        "phone": "+1 775 555 0100",
        "terms": {"id": "2"},
        "subsidiary": {"id": "1"},
        "lastModifiedDate": "2024-01-01T00:00:00Z",
        "addressBook": {"items": [{"defaultBilling": True, "addressBookAddress": address}]},
    }


def order(number, item):
    lines = [{"item": {"id": item}, "quantity": 2, "rate": 49.5}, {"item": {"id": item}, "quantity": 1}]
    entity = {"externalId": f"cust-{number}"}
    return {"externalId": f"so-{number}", "entity": entity, "item": {"items": lines}}


@pytest.fixture(scope="module")
def caller(full, api):
    with api.on(full) as caller:
        yield caller


def test_seeding_is_fast_and_so_are_pages_and_batches(caller):
    started = time.perf_counter()
    caller.seed("customer", *(customer(number) for number in range(CUSTOMERS)))
    item = caller.item(10.0)
    caller.seed("salesOrder", *(order(number, item) for number in range(ORDERS)))
    assert time.perf_counter() - started < 8

    pages = []
    for _ in range(3):
        started = time.perf_counter()
        rows = caller.query(PAGE, "2020-01-01 00:00:00")
        pages.append(time.perf_counter() - started)
    assert len(rows) == 1000
    assert min(pages) < 0.25

    items = [order(ORDERS + number, item) for number in range(100)]
    started = time.perf_counter()
    response = caller.request("PUT", "salesOrder?replace=item", {"items": items}, **BATCH)
    assert caller.finished(response.headers["Location"])["progress"] == "succeeded"
    assert time.perf_counter() - started < 1.5
