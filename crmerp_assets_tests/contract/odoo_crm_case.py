"""Odoo as a CRM in the connector contract: opportunities, keyed by their external ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from crmerp_assets.connectors.odoo import OdooCrmConnector
from crmerp_assets.connectors.protocol import Connector, FieldSpec, Write
from crmerp_assets.contract.case import Admin, BestCase, ConnectorCase, Fewest, Gap, Orders, one_for
from crmerp_assets.sandbox.odoo import OdooSandbox
from crmerp_assets_tests.contract.odoo_case import (
    KEY,
    KEYED,
    LOADS,
    SEEDED_AT,
    Person,
    changes,
    connector_to,
    provision,
)

OBJECT = "crm.lead"
TIER_SPEC = FieldSpec(OBJECT, "x_tier", "Tier", "text", length=40)
LOST = Gap(AssertionError, "Odoo deletes an opportunity that is merged away together with its external id")


@contextmanager
def odoo_crm_case(directory: Path) -> Iterator[ConnectorCase]:
    with OdooSandbox(directory / "odoo") as sandbox:
        admin = Admin(sandbox.url)
        person = Person(sandbox, admin)
        connect = connector_to(sandbox, OdooCrmConnector)
        provision(connect, TIER_SPEC)
        yield ConnectorCase(
            system="odoo_crm",
            admin=admin,
            connect=connect,
            object=OBJECT,
            key_field=KEY,
            text_field="name",
            fields=("name", "deal.amount", KEY),
            page_size=1000,
            seed=seed,
            create=create,
            update=update,
            bad=bad,
            edit=lambda native_id, text: person.call(OBJECT, "write", [[int(native_id)], {"name": text}]),
            delete=lambda native_id: person.call(OBJECT, "unlink", [[int(native_id)]]),
            merge=partial(merge, person),
            missing_field="shoe_size",
            next_page=r"POST /json/2/crm\.lead/search_read",
            any_read=r"POST /json/2/crm\.lead/search_read",
            push_call=r"POST /json/2/crm\.lead/load",
            throttle_wait=3.0,
            secrets=(sandbox.credentials["ODOO_API_KEY"], person.key),
            changes=changes(admin, TIER_SPEC, create, connect),
            best=BEST,
            orders=partial(orders, admin),
            connect_to=lambda url: connector_to(sandbox, OdooCrmConnector, url=url, verify=True)(),
            hasty=lambda seconds: connect(timeout=seconds),
            gaps={"test_a_merge_names_its_winner": LOST},
        )
        person.close()
        admin.close()


_QUOTED = "; another call asks for their quotations, which change a deal's amount"
READ = Fewest(lambda count: KEYED.calls(count) + one_for(1000)(count), KEYED.why + _QUOTED)
PULLED = Fewest(lambda count: READ.calls(count) + 1, f"{READ.why}; one call shows that nothing follows")
BEST = BestCase(create=LOADS, update=LOADS, pull=PULLED, changed=PULLED, fetch=READ, find=READ)
_SOLD = "; a page more has 1,000 of their lines, of which there are two each; a call asks for the units of the products"
LINED = Fewest(
    lambda count: READ.calls(count) + one_for(500)(count) + 1 + 2,
    f"{READ.why}{_SOLD}; a call each shows that no quotation and no line follows",
)
ALL = Fewest(lambda count: LINED.calls(count) + 1, f"{LINED.why}, and one that no deal does")
DEALS = BestCase(create=LOADS, update=LOADS, pull=ALL, changed=ALL, fetch=LINED, find=LINED, count=200)


def orders(admin: Admin, _connector: Connector) -> Orders:
    """Deals with a quotation each, which is the sales reps'."""
    (customer,) = admin.seed("res.partner", [{"name": "Acme", "is_company": True}])
    (product,) = admin.seed("product.product", [{"default_code": "SKU-1", "name": "Thing", "list_price": 10.0}])
    line = {"product_id": int(product), "product_uom_qty": 1, "price_unit": 10}

    def quote(deals: Sequence[str]) -> None:
        quotation = {"partner_id": int(customer), "order_line": [[0, 0, dict(line)], [0, 0, dict(line)]]}
        admin.seed("sale.order", [quotation | {"opportunity_id": int(deal)} for deal in deals])

    return Orders(
        object=OBJECT,
        key_field=KEY,
        fields=("name", "deal.amount", KEY, "quoted.product_id", "quoted.product_uom_qty"),
        child="quoted",
        lines=2,
        create=create,
        update=lambda number, native_id: update(number, native_id, "Changed"),
        best=DEALS,
        add_lines=quote,
    )


def merge(person: Person, winner: str, loser: str) -> None:
    made = person.call("crm.merge.opportunity", "create", [{"opportunity_ids": [[6, 0, [int(winner), int(loser)]]]}])
    person.call("crm.merge.opportunity", "action_merge", [[made]])


def seed(count: int) -> list[dict[str, Any]]:
    """Three deals a second, so that pages end within one; each with a key, as every linked record has."""
    return [
        {
            "name": f"Deal {number:05}",
            "expected_revenue": 100.0,
            "xml_id": f"__crmerp__.seeded-{number:05}",
            "write_date": (SEEDED_AT + timedelta(seconds=number // 3)).strftime("%Y-%m-%d %H:%M:%S"),
        }
        for number in range(count)
    ]


def create(number: int) -> Write:
    values = {"name": f"Deal {number}", "deal.amount": Decimal("100.50")}
    return Write(f"create-{number}", OBJECT, "create", KEY, f"golden-{number:05}", None, dict(values))


def update(number: int, native_id: str, text: str) -> Write:
    return Write(f"update-{number}", OBJECT, "update", KEY, f"golden-{number:05}", native_id, {"name": text})


def bad(number: int) -> Write:
    """A deal without a name, with the same columns as the others."""
    return replace(create(number), id=f"bad-{number}", values={"name": "", "deal.amount": Decimal(1)})
