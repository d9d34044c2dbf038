"""Writers in parallel on a real Tryton with PostgreSQL: two servers, a worker, and transactions that stay open.

Tried by removing what protects; each was caught by the test named:

| removed | caught by |
|---|---|
| versions of addresses and phones in a write | saves_a_party (address, phone) |
| versions of lines in a write | saves_an_order (sale.line) |
| all versions | saves_a_party (name), saves_an_order (sale.sale), wait_for_each_other |
| going on with the sale that is furthest on its way | comes_late |
| giving the other one up | comes_late |
| the look for doubles behind a create | one_order_pushed_at_once |
| a create that met its key changes that record | parties_pushed_twice |
| the sweep | longer_than_the_overlap |
| comparing what was read with what is there | longer_than_the_overlap |
| the overlap | committed_behind_a_pull, whatever_happens_in_parallel |
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
from random import Random
from typing import Any, TypeVar

import pytest

from crmerp_assets.connectors.errors import Unknown, VersionConflict
from crmerp_assets.connectors.protocol import Ref, Result, Row, Write
from crmerp_assets.connectors.tryton import TrytonConnector
from crmerp_assets.connectors.tryton.objects import UNFINISHED
from crmerp_assets.connectors.tryton.values import day
from crmerp_assets.sandbox.company.erp.tryton_person import amount_of
from crmerp_assets.sandbox.tryton.installing import INTEGRATION_PASSWORD
from crmerp_assets_tests.tryton.office import PARTY, SALE, SALE_FIELDS, TODAY, Office
from crmerp_assets_tests.tryton.postgres import NAME, Ended, Parallel, parallel
from crmerp_assets_tests.tryton.proxy import Fault, Proxy
from crmerp_assets_tests.tryton.server import Person

SOLD = ("confirmed", "processing", "done")
PRICE, FINE = Decimal("10.25"), Decimal("12.50")
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


def meanwhile(tryton: Parallel, work: Callable[[], Got], then: Callable[[], object]) -> Got:
    """`work`, and what is done as soon as it waits for a lock."""
    waiting = f"SELECT 1 FROM pg_stat_activity WHERE datname = '{NAME}' AND wait_event_type = 'Lock'"
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        while not (working.done() or tryton.rows(waiting)):
            time.sleep(0.02)
        then()
        return working.result()


def party(number: int, name: str = "Customer") -> Write:
    values = {"name": f"{name} {number}", "billing.city": "Boston", "phone": "+1 212 555 0100"}
    return Write(f"p{number}", PARTY, "create", "key", f"cust-{number}", None, dict(values))


def changed(native_id: str, **values: Any) -> Write:
    return Write(f"u{native_id}", PARTY, "update", "key", "", native_id, values)


def priced(office: Office, sale: str) -> Write:
    line = {"product": Ref("product.product", office.product("SKU-0")), "quantity": Decimal(3), "unit_price": FINE}
    return Write(f"u{sale}", SALE, "update", "reference", "", sale, {"lines": [line]})


def invoiced(office: Office, party: str, count: int) -> list[Decimal]:
    """What a customer was billed, once the worker has come so far."""
    for _ in range(300):
        found = office.person.rows("account.invoice", [["party", "=", int(party)]], "untaxed_amount")
        if len(found) >= count:
            break
        time.sleep(0.1)
    return [amount_of(row["untaxed_amount"]) for row in found]


def sales_of(tryton: Parallel, key: str) -> list[tuple[str, str]]:
    """(reference, state) of every sale of a key, whatever became of it."""
    sql = "SELECT reference, state FROM sale_sale WHERE reference LIKE :key ORDER BY id"
    return [(row[0], row[1]) for row in tryton.rows(sql, key=f"{key}%")]


def push_one(connector: TrytonConnector, object: str, write: Write) -> Result:
    (result,) = connector.push(object, [write])
    return result


def test_parties_pushed_twice_at_once_are_one_each(tryton: Parallel, pushers: list[TrytonConnector]) -> None:
    writes = [party(next(NUMBERS)) for _ in range(10)]
    orders = (writes, writes[::-1], writes[5:] + writes[:5], writes)
    found = at_once(*(lambda c=c, w=w: c.push(PARTY, w) for c, w in zip(pushers, orders, strict=True)))
    assert {type(result.error) for results in found for result in results} <= {type(None), VersionConflict, Unknown}
    again = {result.write_id: result.native_id for result in pushers[1].push(PARTY, writes)}
    assert all(again[one.write_id] == one.native_id for some in found for one in some if one.error is None)
    sql = "SELECT count(*) FROM party_party WHERE code = ANY(:codes)"
    assert tryton.rows(sql, codes=[write.key for write in writes]) == [(10,)]


def test_orders_pushed_at_once_are_all_there_and_exact(
    tryton: Parallel, office: Office, pushers: list[TrytonConnector]
) -> None:
    customer = office.party(next(NUMBERS))
    writes = [[office.sale(customer, next(NUMBERS), quantity=n + 1) for n in range(2)] for _ in pushers]
    found = at_once(*(lambda c=c, w=w: c.push(SALE, w) for c, w in zip(pushers, writes, strict=True)))
    assert [result.error for some in found for result in some] == [None] * 8
    worth = {write.key: (n + 1) * PRICE for some in writes for n, write in enumerate(some)}
    rows = pushers[0].find_by_key(SALE, "reference", list(worth), ("number", "untaxed_amount"))
    assert {key: Decimal(row["untaxed_amount"] or 0) for key, row in rows.items()} == worth
    assert len({row["number"] for row in rows.values()}) == len(worth)
    assert sorted(invoiced(office, customer, 8)) == sorted(worth.values())


def test_one_order_pushed_at_once_is_one_order(
    tryton: Parallel, office: Office, pushers: list[TrytonConnector]
) -> None:
    writes = [office.sale(office.party(next(NUMBERS)), next(NUMBERS)) for _ in range(2)]
    at_once(*(lambda c=c: c.push(SALE, writes) for c in pushers))
    results = pushers[0].push(SALE, writes)
    assert [result.error for result in results] == [None] * 2
    for write, result in zip(writes, results, strict=True):
        assert [reference for reference, state in sales_of(tryton, write.key) if state in SOLD] == [write.key]
        assert pushers[1].find_by_key(SALE, "reference", [write.key])[write.key]["_id"] == result.native_id


def test_a_create_that_was_given_up_and_comes_late_makes_no_second_order(
    tryton: Parallel, office: Office, pushers: list[TrytonConnector]
) -> None:
    """The late one has the lower id, and shows when the other is about to be confirmed."""
    write = office.sale(office.party(next(NUMBERS)), next(NUMBERS))
    late = {"party": int(write.values["party"].native_id), "reference": f"{write.key}{UNFINISHED}"}  # type: ignore[union-attr,arg-type]
    tryton.inside.begin()
    (second,) = tryton.inside.call(SALE, "create", [late])

    def act() -> None:
        tryton.inside.commit()
        push_one(pushers[1], SALE, write)

    office.proxy.faults.append(Fault("meanwhile", r"model\.sale\.sale\.confirm", act=act))
    push_one(office.connector, SALE, write)
    assert push_one(office.connector, SALE, write).error is None
    assert [reference for reference, state in sales_of(tryton, write.key) if state in SOLD] == [write.key]
    assert tryton.rows(f"SELECT state FROM sale_sale WHERE id = {second}") == [("cancelled",)]


EDITS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "name": (PARTY, {"name": "By a person"}, {"name": "By us"}),
    "address": ("party.address", {"city": "By a person"}, {"billing.city": "By us"}),
    "phone": ("party.contact_mechanism", {"value": "+1 212 555 0199"}, {"phone": "+1 212 555 0111"}),
}
"""What a person changes, and what of the same party we do."""


@pytest.mark.parametrize("edit", EDITS)
def test_a_person_who_saves_a_party_while_we_write_it_is_not_overwritten(
    tryton: Parallel, office: Office, edit: str
) -> None:
    model, theirs, ours = EDITS[edit]
    customer = office.party(next(NUMBERS), phone="+1 212 555 0100")
    table = model.replace(".", "_")
    ((one,),) = tryton.rows(f"SELECT id FROM {table} WHERE {'id' if model == PARTY else 'party'} = {customer}")
    tryton.inside.begin()
    tryton.inside.call(model, "write", [one], theirs)
    write = lambda: push_one(office.connector, PARTY, changed(customer, **ours))  # noqa: E731
    assert isinstance(meanwhile(tryton, write, tryton.inside.commit).error, VersionConflict)
    ((field, value),) = theirs.items()
    assert tryton.rows(f"SELECT {field} FROM {table} WHERE id = {one}") == [(value,)]
    assert write().error is None
    ((path, sent),) = ours.items()
    assert office.connector.fetch(PARTY, (path,), [customer])[0][path] == sent


@pytest.mark.parametrize("model", [SALE, "sale.line"])
def test_a_person_who_saves_an_order_while_we_change_it_is_not_overwritten(
    tryton: Parallel, office: Office, model: str
) -> None:
    made = push_one(office.connector, SALE, office.sale(office.party(next(NUMBERS)), next(NUMBERS), state="draft"))
    sale = str(made.native_id)
    ((line,),) = tryton.rows(f"SELECT id FROM sale_line WHERE sale = {sale}")
    theirs, change = {"description": "By a person"}, priced(office, sale)
    tryton.inside.begin()
    tryton.inside.call(model, "write", [line if model == "sale.line" else int(sale)], theirs)
    result = meanwhile(tryton, lambda: push_one(office.connector, SALE, change), tryton.inside.commit)
    assert isinstance(result.error, VersionConflict)
    assert tryton.rows(f"SELECT unit_price, id FROM sale_line WHERE sale = {sale}") == [(PRICE, line)]
    assert push_one(office.connector, SALE, change).error is None
    assert tryton.rows(f"SELECT unit_price FROM sale_line WHERE sale = {sale}") == [(FINE,)]


def test_of_two_who_wait_for_each_other_nobody_is_overwritten(tryton: Parallel, office: Office) -> None:
    """PostgreSQL ends one of the two after a second; Tryton begins ours anew."""
    customers = [office.party(next(NUMBERS)) for _ in range(2)]
    writes = [changed(one, name="By us") for one in customers]
    tryton.inside.begin()
    tryton.inside.call(PARTY, "write", [int(customers[1])], {"name": "By a person"})
    theirs = ["By a person"]

    def cross() -> None:
        try:
            tryton.inside.call(PARTY, "write", [int(customers[0])], {"name": "By a person"})
            tryton.inside.commit()
        except Ended:
            tryton.inside.rollback()
            theirs.clear()

    results = meanwhile(tryton, lambda: office.connector.push(PARTY, writes), cross)
    names = [str(row["name"]) for row in office.connector.fetch(PARTY, ("name",), customers)]
    expected = (VersionConflict, theirs * 2) if theirs else (type(None), ["By us"] * 2)
    assert ({type(result.error) for result in results}, names) == ({expected[0]}, expected[1])
    assert [result.error for result in office.connector.push(PARTY, writes)] == [None, None]


def test_an_order_that_changes_while_tryton_processes_it_is_billed_as_it_is(
    tryton: Parallel, office: Office, pushers: list[TrytonConnector]
) -> None:
    customer = office.party(next(NUMBERS))
    made = [pushers[n].push(SALE, [office.sale(customer, next(NUMBERS))])[0] for n in range(3)]
    sales = [str(one.native_id) for one in made]
    results = at_once(
        *(lambda c=c, s=s: push_one(c, SALE, priced(office, s)) for c, s in zip(pushers, sales, strict=False))
    )
    billed = invoiced(office, customer, 3)
    prices = [FINE if result.error is None else PRICE for result in results]
    held = tryton.rows("SELECT unit_price FROM sale_line WHERE sale = ANY(:ids) ORDER BY sale", ids=[*map(int, sales)])
    assert [price for (price,) in held] == prices
    assert sorted(billed) == sorted(3 * price for price in prices)


FIELDS = {
    PARTY: ("name", "code", "billing.city", "phone"),
    SALE: SALE_FIELDS,
    "account.invoice": ("number", "state", "status", "total_amount", "amount_to_pay", "billed.order", "billed.amount"),
    "account.payment.line": ("number", "amount", "applied.invoice", "applied.amount"),
}


class Puller:
    """Somebody who pulls what changed, again and again, and keeps it."""

    def __init__(self, connector: TrytonConnector) -> None:
        self.connector = connector
        self.at: dict[str, str] = {}
        self.held: dict[str, dict[str | None, Row]] = {object: {} for object in FIELDS}

    def pull(self, object: str = PARTY) -> list[str | None]:
        """The ids that came."""
        came: list[Row] = []
        for page in self.connector.pull(object, FIELDS[object], self.at.get(object)):
            self.at[object] = page.cursor
            came += page.rows
        self.held[object] |= {row["_id"]: row for row in came}
        return [row["_id"] for row in came]


@pytest.fixture
def puller(office: Office) -> Iterator[Puller]:
    """That looks back by a second and no more."""
    with closing(connector_to(office.proxy.url, overlap_seconds=1)) as connector:
        made = Puller(connector)
        made.pull()
        yield made


PAST = 2.5
"""Seconds behind which a pull does not look any more that overlaps by one; the server's clock tells whole ones."""


def late(tryton: Parallel, office: Office, puller: Puller) -> tuple[str, str, str]:
    """A party, a party by its address, and a new party, of a transaction that began before a pull and ended behind the
    one that looked back."""
    named, moved = (office.party(next(NUMBERS)) for _ in range(2))
    ((address,),) = tryton.rows(f"SELECT id FROM party_address WHERE party = {moved}")
    time.sleep(PAST)
    puller.pull()
    tryton.inside.begin()
    tryton.inside.call(PARTY, "write", [int(named)], {"name": "Late"})
    tryton.inside.call("party.address", "write", [address], {"city": "Late"})
    (new,) = tryton.inside.call(PARTY, "create", [{"name": "Late", "code": f"late-{next(NUMBERS)}"}])
    time.sleep(PAST)
    assert puller.pull() == []
    tryton.inside.commit()
    return named, moved, str(new)


def test_a_change_that_is_committed_behind_a_pull_is_in_the_next(tryton: Parallel, office: Office) -> None:
    with closing(connector_to(office.proxy.url)) as connector:
        puller = Puller(connector)
        puller.pull()
        customer = office.party(next(NUMBERS))
        tryton.inside.begin()
        tryton.inside.call(PARTY, "write", [int(customer)], {"name": "Late"})
        puller.pull()
        assert puller.held[PARTY][customer]["name"] != "Late"
        tryton.inside.commit()
        puller.pull()
        assert puller.held[PARTY][customer]["name"] == "Late"


def test_a_transaction_longer_than_the_overlap_is_told_by_comparing_and_swept_up(
    tryton: Parallel, office: Office, puller: Puller
) -> None:
    """The clock is known from the answer before, so that the second pull behind the hour is the sweep."""
    records = named, moved, new = late(tryton, office, puller)
    known = list(puller.held[PARTY].values())
    assert puller.pull() == []
    assert sorted(puller.connector.unstamped(PARTY, known)) == sorted([named, moved])
    assert {*puller.connector.ids(PARTY)} - {*puller.held[PARTY]} == {new}
    tryton.ahead(3700)
    assert {*records} <= {*puller.pull(), *puller.pull()}
    held = [puller.held[PARTY][one] for one in records]
    assert (held[0]["name"], held[1]["billing.city"], held[2]["name"]) == ("Late", "Late", "Late")
    assert puller.pull() == []
    assert puller.connector.unstamped(PARTY, list(puller.held[PARTY].values())) == []


def test_whatever_happens_in_parallel_pulls_of_changes_come_to_the_same_as_reading_everything(
    tryton: Parallel, office: Office
) -> None:
    """With transactions of up to two seconds, and an overlap of four."""
    with closing(connector_to(tryton.urls[0], overlap_seconds=4)) as connector, ThreadPoolExecutor(3) as pool:
        puller, ends = Puller(connector), time.monotonic() + 4
        for object in FIELDS:
            puller.pull(object)
        work = [pool.submit(one, tryton, office, ends) for one in (imports, edits, bills)]
        while not all(one.done() for one in work):
            for object in FIELDS:
                puller.pull(object)
        assert all(one.result() > 0 for one in work)
        whole = Puller(connector)
        for object in FIELDS:
            puller.pull(object)
            whole.pull(object)
            assert puller.held[object] == whole.held[object]
            assert connector.unstamped(object, list(whole.held[object].values())) == []


def imports(tryton: Parallel, office: Office, ends: float) -> int:
    """Long transactions of a script."""
    chance, count = Random(1), 0
    parties = [row[0] for row in tryton.rows("SELECT id FROM party_party WHERE code LIKE 'cust-%' ORDER BY id")]
    while time.monotonic() < ends:
        tryton.inside.begin()
        try:
            for one in chance.sample(parties, 3):
                tryton.inside.call(PARTY, "write", [one], {"name": f"Import {count}"})
            tryton.inside.call(PARTY, "create", [{"name": "Import", "code": f"import-{next(NUMBERS)}"}])
            time.sleep(chance.uniform(0, 2))
            tryton.inside.commit()
            count += 1
        except Ended:
            tryton.inside.rollback()
    return count


def edits(tryton: Parallel, office: Office, ends: float) -> int:
    """Short ones of a person."""
    chance, count = Random(2), 0
    places = [row[0] for row in tryton.rows("SELECT id FROM party_address ORDER BY id")]
    with closing(Person(tryton.urls[0], NAME)) as person:
        while time.monotonic() < ends:
            person.edit("party.address", str(chance.choice(places)), {"city": f"City {count}"})
            count += 1
    return count


def bills(tryton: Parallel, office: Office, ends: float) -> int:
    """Invoices posted, and half of each paid."""
    count = 0
    drafts = [row[0] for row in tryton.rows("SELECT id FROM account_invoice WHERE state = 'draft' ORDER BY id")]
    for one in drafts:
        if time.monotonic() < ends:
            office.person.edit("account.invoice", str(one), {"invoice_date": day(TODAY)})
            office.person.willing("model.account.invoice.post", [one])
            office.person.pay(str(one), Decimal("5.00"), day(TODAY))
            count += 1
    return count
