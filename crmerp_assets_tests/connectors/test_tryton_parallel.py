"""Writers in parallel on a real Tryton with PostgreSQL: two servers, a worker, and transactions that stay open.

Tried by removing what protects; each was caught by the test named:

| removed | caught by |
|---|---|
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest

from crmerp_assets.connectors.errors import Transient, Unknown, VersionConflict
from crmerp_assets.connectors.protocol import Ref, Result, Write
from crmerp_assets.connectors.tryton import TrytonConnector
from crmerp_assets.sandbox.tryton.installing import INTEGRATION_PASSWORD
from crmerp_assets_tests.tryton.office import PARTY, SALE, TODAY, Office
from crmerp_assets_tests.tryton.postgres import NAME, Parallel, parallel
from crmerp_assets_tests.tryton.proxy import Proxy
from crmerp_assets_tests.tryton.server import Person

NUMBERS = itertools.count(1)
"""Of parties and sales: the tests share a database."""
Got = TypeVar("Got")


@pytest.fixture(scope="module")
def tryton(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[Parallel]:
    with parallel(tmp_path_factory.mktemp("tryton"), postgres_url) as started:
        yield started


@pytest.fixture(scope="module")
def office(tryton: Parallel) -> Iterator[Office]:
    with ExitStack() as stack:
        proxy = stack.enter_context(closing(Proxy(tryton.urls[0], lambda: tryton.rows("DELETE FROM ir_session"))))
        person = stack.enter_context(closing(Person(tryton.urls[1], NAME)))
        connector = stack.enter_context(closing(connector_to(proxy.url)))
        yield Office(None, proxy, person, connector)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def as_it_was(tryton: Parallel, office: Office) -> Iterator[None]:
    yield
    office.proxy.faults.clear()
    tryton.ahead(0)


def connector_to(url: str, overlap_seconds: int = 600) -> TrytonConnector:
    return TrytonConnector(
        "tryton",
        url,
        NAME,
        "integration",
        INTEGRATION_PASSWORD,
        clock=lambda: datetime.now(UTC),
        sleep=lambda _seconds: None,
        overlap_seconds=overlap_seconds,
    )


@pytest.fixture(scope="module")
def pushers(tryton: Parallel) -> Iterator[list[TrytonConnector]]:
    """Two on each server, which have logged in."""
    with ExitStack() as stack:
        made = [stack.enter_context(closing(connector_to(url))) for url in tryton.urls * 2]
        for one in made:
            one.find_by_key(PARTY, "key", ["nobody"])
        yield made


def at_once(*work: Callable[[], Got]) -> list[Got]:
    """What each gives, all begun at one moment."""
    gate = threading.Barrier(len(work))

    def begun(one: Callable[[], Got]) -> Got:
        gate.wait()
        return one()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(begun, work))


def meanwhile(work: Callable[[], Got], *then: Callable[[], object]) -> Got:
    """`work`, which waits for a lock, and what lets go of it half a second later."""
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        time.sleep(0.5)
        for one in then:
            one()
        return working.result()


def party(number: int, name: str = "Customer") -> Write:
    values = {"name": f"{name} {number}", "billing.city": "Boston", "phone": "+1 212 555 0100"}
    return Write(f"p{number}", PARTY, "create", "key", f"cust-{number}", None, dict(values))


def changed(native_id: str, **values: Any) -> Write:
    return Write(f"u{native_id}", PARTY, "update", "key", "", native_id, values)


def sales_of(tryton: Parallel, key: str) -> list[tuple[str, str]]:
    """(reference, state) of every sale of a key, whatever became of it."""
    sql = "SELECT reference, state FROM sale_sale WHERE reference LIKE :key ORDER BY id"
    return [(row[0], row[1]) for row in tryton.rows(sql, key=f"{key}%")]


def push_one(connector: TrytonConnector, object: str, write: Write) -> Result:
    (result,) = connector.push(object, [write])
    return result


def test_parties_pushed_twice_at_once_are_one_each(tryton: Parallel, pushers: list[TrytonConnector]) -> None:
    numbers = [next(NUMBERS) for _ in range(20)]
    writes = [party(number) for number in numbers]
    orders = (writes, writes[::-1], writes[10:] + writes[:10], writes)
    found = at_once(*(lambda c=c, w=w: c.push(PARTY, w) for c, w in zip(pushers, orders, strict=True)))
    ids = [{result.write_id: result.native_id for result in results if result.error is None} for results in found]
    print([[r.error for r in rs if r.error] for rs in found])
    known = pushers[0].find_by_key(PARTY, "key", [write.key for write in writes])
    for some in ids:
        assert all(known[f"cust-{one[1:]}"]["_id"] == made for one, made in some.items())
    sql = "SELECT count(*) FROM party_party WHERE code = ANY(:codes)"
    assert tryton.rows(sql, codes=[write.key for write in writes]) == [(20,)]


def test_orders_pushed_at_once_are_all_there_and_exact(
    tryton: Parallel, office: Office, pushers: list[TrytonConnector]
) -> None:
    customer = office.party(next(NUMBERS))
    writes = [[office.sale(customer, next(NUMBERS), quantity=n + 1) for n in range(4)] for _ in pushers]
    found = at_once(*(lambda c=c, w=w: c.push(SALE, w) for c, w in zip(pushers, writes, strict=True)))
    print([[r.error for r in rs if r.error] for rs in found])
    keys = {write.key: n + 1 for some in writes for n, write in enumerate(some)}
    rows = pushers[0].find_by_key(SALE, "reference", list(keys), ("number", "state", "untaxed_amount"))
    assert {key: Decimal(row["untaxed_amount"] or 0) for key, row in rows.items()} == {
        key: quantity * Decimal("10.25") for key, quantity in keys.items()
    }
    assert len({row["number"] for row in rows.values()}) == len(keys)


def test_x(tryton, office):
    customer = office.party(next(NUMBERS))
    tryton.inside.begin()
    tryton.inside.call(PARTY, "write", [int(customer)], {"name": "By a person"})
    r = meanwhile(lambda: push_one(office.connector, PARTY, changed(customer, name="By us")), tryton.inside.commit)
    print(r)
    print(office.person.call("model.party.party.search_read", [["id","=",int(customer)]],0,None,None,["name","addresses.city","addresses._timestamp","_timestamp"]))
    tryton.inside.begin()
    (a,) = office.person.call("model.party.address.search",[["party","=",int(customer)]],0,None,None)
    tryton.inside.call("party.address", "write", [a], {"city": "By a person"})
    r = meanwhile(lambda: push_one(office.connector, PARTY, changed(customer, **{"billing.city":"By us"})), tryton.inside.commit)
    print(r)
    print(office.person.call("model.party.party.search_read", [["id","=",int(customer)]],0,None,None,["name","addresses.city"]))
