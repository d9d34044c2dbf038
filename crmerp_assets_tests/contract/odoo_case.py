"""Odoo in the connector contract: companies among the partners, keyed by their external ids, over both protocols."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from crmerp_assets.connectors.odoo import OdooConnector
from crmerp_assets.connectors.protocol import Connector, FieldSpec, Ref, Value, Write
from crmerp_assets.contract.case import Admin, BestCase, Change, Changed, ConnectorCase, Fewest, Orders, one_for
from crmerp_assets.contract.changes import field_changes
from crmerp_assets.sandbox.odoo import OdooSandbox

KEY = "xml_id"
OBJECT = "res.partner"
TIER, TIER_SPEC = "x_tier", FieldSpec(OBJECT, "x_tier", "Tier", "text", length=40)
SEEDED_AT = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


@contextmanager
def odoo_case(directory: Path, version: str = "19.0") -> Iterator[ConnectorCase]:
    with OdooSandbox(directory / "odoo", version=version) as sandbox:
        admin = Admin(sandbox.url)
        person = Person(sandbox, admin)
        read, load = calls_of(version)
        connect = connector_to(sandbox)
        provision(connect)
        yield ConnectorCase(
            system="odoo",
            admin=admin,
            connect=connect,
            object=OBJECT,
            key_field=KEY,
            text_field="name",
            fields=("name", "phone", KEY),
            page_size=1000,
            seed=seed,
            create=create,
            update=update,
            bad=bad,
            edit=lambda native_id, text: person.call(OBJECT, "write", [[int(native_id)], {"name": text}]),
            delete=lambda native_id: person.call(OBJECT, "unlink", [[int(native_id)]]),
            merge=person.merge,
            missing_field="shoe_size",
            next_page=read,
            any_read=read,
            push_call=load,
            throttle_wait=3.0,
            secrets=(sandbox.credentials["ODOO_API_KEY"], person.key),
            changes=changes(admin, TIER_SPEC, create, connect),
            best=BEST,
            orders=partial(orders, admin),
            connect_to=lambda url: connector_to(sandbox, url=url, verify=True)(),
            hasty=lambda seconds: connect(timeout=seconds),
        )
        person.close()
        admin.close()


def provision(connect: Callable[..., OdooConnector], spec: FieldSpec = TIER_SPEC) -> None:
    connector = connect()
    assert all(step.done for step in connector.provision([spec], dry_run=False))
    connector.close()


def changes(
    admin: Admin, spec: FieldSpec, create: Callable[[int], Write], connect: Callable[..., OdooConnector]
) -> dict[Changed, Change]:
    """What an administrator changes of a custom field and of the user's rights."""
    level = {"model": spec.object, "level": "edit"}
    right = admin.withdrawn("permissions", level, {"level": "view"}, create, spec.object)
    made: dict[Changed, Change] = {"right": right}
    return made | field_changes(admin, spec.object, spec.name, create, lambda: provision(connect, spec))


def calls_of(version: str) -> tuple[str, str]:
    """Patterns for the call that reads a page, and for the one that writes."""
    if float(version) >= 19:
        return r"POST /json/2/res\.partner/search_read", r"POST /json/2/res\.partner/load"
    return r"POST /jsonrpc\?call=res\.partner\.search_read", r"POST /jsonrpc\?call=res\.partner\.load"


LOADS = Fewest(one_for(200), "an import has 200 records, so that it ends before a worker is stopped")
_KEYS = "a page has 1,000 records, and a call gives the external ids of as many, which are no field of a record"
_END = "; one call shows that nothing follows, as no total is told"
KEYED = Fewest(lambda count: 2 * one_for(1000)(count), _KEYS)
PULLED = Fewest(lambda count: KEYED.calls(count) + 1, _KEYS + _END)
BEST = BestCase(create=LOADS, update=LOADS, pull=PULLED, changed=PULLED, fetch=KEYED, find=KEYED)
_LINES = "; a page more has 1,000 of the lines, of which there are two each"
LINED = Fewest(lambda count: KEYED.calls(count) + one_for(500, 1)(count), _KEYS + _LINES + _END)
ORDERS = BestCase(
    create=Fewest(
        lambda count: 3 + 4 * one_for(200)(count) + one_for(100)(count),
        "an import has 200 orders; before it is asked, twice, which are there, as a short answer would make one again, "
        "and what their products are called; after it each order's state, which must be known before one is confirmed; "
        "100 are confirmed in a call, as that books; then their state, as an approval may hold an order, and their day "
        "is written, which confirming sets to now",
    ),
    update=LOADS,
    pull=Fewest(lambda count: LINED.calls(count) + 1, LINED.why + ", of lines and of orders"),
    changed=Fewest(lambda count: LINED.calls(count) + 1, LINED.why + ", of lines and of orders"),
    fetch=LINED,
    find=LINED,
    count=200,
)


def orders(admin: Admin, _connector: Connector) -> Orders:
    (customer,) = admin.seed(OBJECT, [{"name": "Acme", "is_company": True}])
    (product,) = admin.seed("product.product", [{"default_code": "SKU-1", "name": "Thing", "list_price": 10.0}])
    return Orders(
        object="sale.order",
        key_field=KEY,
        fields=("origin", "partner_id", "progress", KEY, "order_line.product_id", "order_line.product_uom_qty"),
        child="order_line",
        lines=2,
        create=partial(order, customer, product),
        update=lambda n, id_: Write(f"u{n}", "sale.order", "update", KEY, f"so-{n}", id_, {"origin": "Changed"}),
        best=ORDERS,
    )


def order(customer: str, product: str, number: int) -> Write:
    sold: dict[str, Value] = {"product_id": Ref("product.product", product), "product_uom_qty": Decimal(1)}
    lines: list[dict[str, Value]] = [{"sequence": str(at), "price_unit": Decimal(10), **sold} for at in (1, 2)]
    values: dict[str, Value] = {"origin": f"Deal {number}", "partner_id": Ref(OBJECT, customer), "order_line": lines}
    values |= {"date_order.day": "2026-11-02"}
    return Write(f"c{number}", "sale.order", "create", KEY, f"so-{number}", None, values)


def connector_to(
    sandbox: OdooSandbox, kind: type[OdooConnector] = OdooConnector, **options: Any
) -> Callable[..., OdooConnector]:
    credentials = sandbox.credentials

    def connect(sleep: Callable[[float], None] = time.sleep, overlap_seconds: int = 600, **more: Any) -> OdooConnector:
        return kind(
            "odoo",
            options.get("url") or credentials["ODOO_URL"],
            credentials["ODOO_DATABASE"],
            credentials["ODOO_LOGIN"],
            lambda: credentials["ODOO_API_KEY"],
            clock=lambda: datetime.now(UTC),
            sleep=sleep,
            verify=options.get("verify", False),
            overlap_seconds=overlap_seconds,
            **more,
        )

    return connect


class Person:
    """Someone who works in Odoo, through the vendor's own API."""

    def __init__(self, sandbox: OdooSandbox, admin: Admin) -> None:
        self.key = admin.person("ann")
        self._database = sandbox.options.database
        self._client = httpx.Client(base_url=sandbox.url, timeout=60, verify=False)
        self._uid = self._rpc("common", "authenticate", [self._database, "ann", self.key, {}])

    def call(self, model: str, method: str, args: list[Any], **named: Any) -> Any:
        """JSON-RPC works in every version."""
        args = [self._database, self._uid, self.key, model, method, args, named]
        return self._rpc("object", "execute_kw", args)

    def merge(self, winner: str, loser: str) -> None:
        wizard = "base.partner.merge.automatic.wizard"
        values = {"partner_ids": [[6, 0, [int(winner), int(loser)]]], "dst_partner_id": int(winner)}
        made = self.call(wizard, "create", [values])
        self.call(wizard, "action_merge", [[made]])

    def close(self) -> None:
        self._client.close()

    def _rpc(self, service: str, method: str, args: list[Any]) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "params": {"service": service, "method": method, "args": args}}
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = self._client.post("/jsonrpc", json=body, headers=headers).json()
        assert "error" not in answer, answer
        return answer["result"]


def seed(count: int) -> list[dict[str, Any]]:
    """Three companies a second, so that pages end within one; each with a key, as every linked record has."""
    return [
        {
            "name": f"Company {number:05}",
            "is_company": True,
            "xml_id": f"__crmerp__.seeded-{number:05}",
            "write_date": (SEEDED_AT + timedelta(seconds=number // 3)).strftime("%Y-%m-%d %H:%M:%S"),
        }
        for number in range(count)
    ]


def create(number: int) -> Write:
    values = {"name": f"Customer {number}", "phone": "+1 212 555 0100"}
    return Write(f"create-{number}", OBJECT, "create", KEY, f"golden-{number:05}", None, dict(values))


def update(number: int, native_id: str, text: str) -> Write:
    return Write(f"update-{number}", OBJECT, "update", KEY, f"golden-{number:05}", native_id, {"name": text})


def bad(number: int) -> Write:
    """A company without a name, with the same columns as the others."""
    values = {"name": "", "phone": "+1 212 555 0100"}
    return Write(f"bad-{number}", OBJECT, "create", KEY, f"golden-{number:05}", None, dict(values))
