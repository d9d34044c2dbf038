"""A server, somebody who works there, and the connector behind its proxy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from crmerp_assets.connectors.protocol import Ref, Row, Write
from crmerp_assets.connectors.tryton import TrytonConnector
from crmerp_assets_tests.contract.tryton_case import connector_to, shared_server, shortly
from crmerp_assets_tests.tryton.proxy import Proxy
from crmerp_assets_tests.tryton.server import Person, TrytonServer

PARTY, SALE = "party.party", "sale.sale"
SALE_FIELDS = (
    "reference",
    "number",
    "party",
    "description",
    "state",
    "progress",
    "untaxed_amount",
    "tax_amount",
    "currency.code",
    *(f"lines.{name}" for name in ("product", "quantity", "unit_price", "amount")),
)
TODAY = date.today()


@dataclass
class Office:
    server: TrytonServer
    proxy: Proxy
    person: Person
    connector: TrytonConnector

    def party(self, number: int = 1, **values: Any) -> str:
        given = {"name": f"Customer {number}", "billing.street": "1 Main Street", "billing.city": "Boston"}
        write = Write(f"p{number}", PARTY, "create", "key", f"cust-{number}", None, {**given, **values})
        (result,) = self.connector.push(PARTY, [write])
        assert result.error is None, result.error
        return str(result.native_id)

    def product(self, sku: str) -> str:
        (found,) = self.person.call("model.product.product.search", [["code", "=", sku]], 0, 1, None)
        return str(found)

    def sale(self, party: str, number: int = 1, sku: str = "SKU-0", quantity: int = 3, **values: Any) -> Write:
        line = {"product": Ref("product.product", self.product(sku)), "quantity": Decimal(quantity)}
        line |= {"unit_price": Decimal("10.25")}
        given: dict[str, Any] = {
            "party": Ref(PARTY, party),
            "currency.code": "USD",
            "description": "A deal",
            "sale_date": TODAY.isoformat(),
            "state": "confirmed",
            "lines": [line],
        }
        return Write(f"s{number}", SALE, "create", "reference", f"so-{number}", None, {**given, **values})

    def found(self, key: str) -> Row | None:
        return self.connector.find_by_key(SALE, "reference", [key], SALE_FIELDS).get(key)

    def sales(self) -> int:
        return int(self.person.call("model.sale.sale.search_count", []))

    def rows(self, object: str, *fields: str, since: str | None = None) -> list[Row]:
        return [row for page in self.connector.pull(object, fields, since) for row in page.rows]


@contextmanager
def opened() -> Iterator[Office]:
    """With the demo company as it was made, and a connector that takes its pauses shortened."""
    server = shared_server()
    server.reset()
    proxy = Proxy(server.url, lambda: server.sql("DELETE FROM ir_session"))
    person = Person(server.url)
    with closing(proxy), closing(person), closing(connector_to(proxy.url)(shortly)) as connector:
        yield Office(server, proxy, person, connector)
