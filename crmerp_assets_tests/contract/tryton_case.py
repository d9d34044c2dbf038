"""Tryton in the connector contract: parties, keyed by their code or an identifier, on the real server behind a proxy.

One server serves all the tests of a process; each gets the demo company anew. What an administrator could do only by
waiting, such as a record stamped last week, is done in the database file.
"""

from __future__ import annotations

import atexit
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any

from crmerp_assets.connectors.protocol import Connector, Ref, Value, Write
from crmerp_assets.connectors.tryton import TrytonConnector
from crmerp_assets.contract.case import Admin, BestCase, Change, ConnectorCase, Fewest, Gap, Orders, one_for
from crmerp_assets.sandbox.tryton.installing import DATABASE, INTEGRATION_PASSWORD
from crmerp_assets_tests.tryton.proxy import RETRY_AFTER, Fault, Proxy
from crmerp_assets_tests.tryton.server import Person, TrytonServer, tryton_server

OBJECT, KEY = "party.party", "key"
SEEDED_AT = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
MODULES = Gap(AssertionError, "which fields there are, and which must be filled, is the code of Tryton's modules")
STAMP = "%Y-%m-%d %H:%M:%S.%f"
READ = r"model\.party\.party\.search_read"


@contextmanager
def tryton_case(_directory: Path) -> Iterator[ConnectorCase]:
    server = shared_server()
    server.reset()
    proxy = Proxy(server.url, lambda: server.sql("DELETE FROM ir_session"))
    admin, person = TrytonAdmin(server, proxy), Person(server.url)
    yield ConnectorCase(
        system="tryton",
        admin=admin,
        connect=connector_to(proxy.url),
        object=OBJECT,
        key_field=KEY,
        text_field="name",
        fields=("name", "phone", KEY),
        page_size=1000,
        seed=seed,
        create=create,
        update=update,
        bad=bad,
        edit=lambda native_id, text: person.edit(OBJECT, native_id, {"name": text}),
        delete=lambda native_id: person.delete(OBJECT, native_id),
        merge=person.replace,
        missing_field="shoe_size",
        next_page=rf"{READ} .*\"id\", \">\"",
        any_read=READ,
        push_call=r"model\.party\.party\.(create|write)",
        throttle_wait=float(RETRY_AFTER),
        changes={"right": right(person), "value": payment_term(person)},
        best=BEST,
        orders=partial(orders, person),
        connect_to=lambda url: connector_to(url)(),
        hasty=lambda seconds: connector_to(proxy.url, seconds)(shortly),
        gaps={
            "test_a_field_that_is_removed_is_named_and_the_other_records_go_through": MODULES,
            "test_a_field_that_an_administrator_requires_is_named_and_the_other_records_go_through": MODULES,
        },
        secrets=(INTEGRATION_PASSWORD, person.token or INTEGRATION_PASSWORD),
    )
    person.close()
    proxy.close()


def right(person: Person) -> Change:
    """A rule for all groups: parties may be read, and no more."""
    model, mine = "model.ir.model.access", ["model", "=", OBJECT]

    def withdraw() -> None:
        rights = {"perm_read": True, "perm_write": False, "perm_create": False, "perm_delete": False}
        person.call(f"{model}.create", [{"model": OBJECT, **rights}])

    def grant() -> None:
        person.call(f"{model}.delete", person.call(f"{model}.search", [mine]))

    return Change(withdraw, grant, create, "Party", None)


def payment_term(person: Person) -> Change:
    """An entry in the list of payment terms."""
    model, named = "model.account.invoice.payment_term", "customer_payment_term.name"

    def make() -> None:
        line = {"type": "remainder", "relativedeltas": [["create", [{"days": 9}]]]}
        person.call(f"{model}.create", [{"name": "9 days", "lines": [["create", [line]]]}])

    def rename() -> None:
        person.call(f"{model}.write", person.call(f"{model}.search", [["name", "=", "9 days"]]), {"name": "gone"})

    def write(number: int) -> Write:
        made = create(number)
        return replace(made, values={**made.values, named: "9 days"})

    make()
    return Change(rename, make, write, named, create)


_BATCH = "100 parties are written in a call, which takes a second; a read of 1,000 before it shows"
READS = Fewest(one_for(1000), "1,000 records are read in a call")
PULLED = Fewest(one_for(1000, 1), "1,000 records are read in a call, and the last shows that nothing follows")
BEST = BestCase(
    create=Fewest(
        lambda count: one_for(100)(count) + one_for(1000)(count), f"{_BATCH} which keys are there: no upsert"
    ),
    update=Fewest(lambda count: one_for(100)(count) + one_for(1000)(count), f"{_BATCH} versions and parts"),
    pull=PULLED,
    changed=PULLED,
    fetch=READS,
    find=READS,
    count=200,
)
"""Of 200 records, which take Tryton three seconds."""
SALES = BestCase(
    create=Fewest(
        lambda count: 3 * one_for(50)(count) + one_for(200)(count) + 5,
        "50 sales are made, quoted and confirmed in a call each, as confirming one books for a tenth of a second; 200 "
        "are given their key in the end; before, their keys, parties, currency and the product's unit and taxes are "
        "read, and once they are made, whether a key is there twice, as it is not unique",
    ),
    pull=PULLED,
    changed=PULLED,
    fetch=READS,
    find=READS,
    count=60,
)


def orders(person: Person, connector: Connector) -> Orders:
    """Confirmed sales. Tryton processes them at once and takes no change of them any more."""
    home = {"name": "Acme", "billing.street": "1 Main Street", "billing.city": "Boston"}
    (party,) = connector.push(OBJECT, [replace(create(1), values=home)])
    (product,) = person.call("model.product.product.search", [["code", "=", "SKU-0"]], 0, 1, None)
    return Orders(
        object="sale.sale",
        key_field="reference",
        fields=("reference", "party", "state", "untaxed_amount", "lines.product", "lines.quantity"),
        child="lines",
        lines=2,
        create=partial(sale, str(party.native_id), str(product)),
        best=SALES,
    )


def sale(party: str, product: str, number: int) -> Write:
    sold: dict[str, Value] = {"product": Ref("product.product", product), "quantity": Decimal(1)}
    lines: list[dict[str, Value]] = [{"unit_price": Decimal("10.25"), **sold} for _ in (1, 2)]
    values: dict[str, Value] = {"party": Ref(OBJECT, party), "currency.code": "USD", "state": "confirmed"}
    values |= {"sale_date": datetime.now(UTC).date().isoformat(), "lines": lines}
    return Write(f"c{number}", "sale.sale", "create", "reference", f"so-{number}", None, values)


@cache
def shared_server() -> TrytonServer:
    """The server of this test process; it ends with it."""
    stack = ExitStack()
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crmerp-tryton-")))
    server = stack.enter_context(tryton_server(folder))
    atexit.register(stack.close)
    return server


class TrytonAdmin(Admin):
    """The contract's administrator, for a server that has no back door."""

    def __init__(self, server: TrytonServer, proxy: Proxy) -> None:
        self._server = server
        self._proxy = proxy
        self._born = self._highest()

    def seed(self, object: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Straight into the table: Tryton stamps a record itself, and makes a hundred a second."""
        first = self._highest() + 1
        rows = [(first + number, 1, one["create_date"], one["name"], one["code"]) for number, one in enumerate(records)]
        self._server.fill("party_party", ("id", "create_uid", "create_date", "name", "code"), rows, active=1)
        return [str(row[0]) for row in rows]

    def fault(self, kind: str, match: str = "", **options: Any) -> None:
        self._proxy.faults.append(Fault(kind, match, **options))

    def no_faults(self) -> None:
        self._proxy.faults.clear()

    def fault_hits(self) -> int:
        return sum(fault.hits for fault in self._proxy.faults)

    def late(self, object: str, native_id: str, seconds_ago: int) -> None:
        then = (datetime.now(UTC) - timedelta(seconds=seconds_ago)).strftime(STAMP)
        self._server.sql("UPDATE party_party SET write_date = ? WHERE id = ?", then, int(native_id))

    def clock(self, offset_seconds: int) -> None:
        self._server.ahead(offset_seconds)

    def count(self, object: str) -> int:
        ((found,),) = self._server.sql("SELECT COUNT(*) FROM party_party WHERE id > ?", self._born)
        return int(found)

    def calls(self, user: str = "integration") -> int:
        return self._proxy.calls

    def reset_calls(self) -> None:
        self._proxy.calls = 0

    def _highest(self) -> int:
        ((found,),) = self._server.sql("SELECT MAX(id) FROM party_party")
        return int(found)


def shortly(seconds: float) -> None:
    """Sleep as told, but not for long: what a pause is for is over sooner here."""
    time.sleep(min(seconds, 0.05))


def connector_to(url: str, timeout: float = 120.0) -> Callable[..., TrytonConnector]:
    def connect(sleep: Callable[[float], None] = time.sleep, overlap_seconds: int = 600) -> TrytonConnector:
        return TrytonConnector(
            "tryton",
            url,
            DATABASE,
            "integration",
            INTEGRATION_PASSWORD,
            clock=lambda: datetime.now(UTC),
            sleep=sleep,
            timeout=timeout,
            overlap_seconds=overlap_seconds,
        )

    return connect


def seed(count: int) -> list[dict[str, Any]]:
    """Three parties a second, so that pages end within one."""
    return [
        {
            "name": f"Company {number:05}",
            "code": f"seeded-{number}",
            "create_date": (SEEDED_AT + timedelta(seconds=number // 3)).strftime(STAMP),
        }
        for number in range(count)
    ]


def create(number: int) -> Write:
    values = {"name": f"Customer {number}", "phone": "+1 212 555 0100"}
    return Write(f"create-{number}", OBJECT, "create", KEY, f"golden-{number:05}", None, dict(values))


def update(number: int, native_id: str, text: str) -> Write:
    return Write(f"update-{number}", OBJECT, "update", KEY, f"golden-{number:05}", native_id, {"name": text})


def bad(number: int) -> Write:
    """Tryton checks the numbers of taxpayers."""
    values = {"name": "Customer", "tax_identifier": "DE000000000"}
    return Write(f"bad-{number}", OBJECT, "create", KEY, f"golden-{number:05}", None, dict(values))
