"""A world whose CRM is HubSpot, beside NetSuite: the same jobs, another system."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from crmerp_assets.contract.case import Admin
from crmerp_assets.sandbox.hubspot import HubSpotSandbox
from crmerp_assets.sandbox.kit import Sandbox
from crmerp_assets.sandbox.netsuite import NetSuiteSandbox
from crmerp_assets_tests.contract.hubspot_case import Person
from crmerp_assets_tests.contract.netsuite_case import Person as Clerk
from crmerp_assets_tests.flow.lanes_world import HUBSPOT, NETSUITE
from crmerp_assets_tests.flow.world import WIDE, World, briefly, provisioned, running

CONNECTIONS = f"connections:{HUBSPOT}{NETSUITE}\n"


@contextmanager
def make_hubspot_world(folder: Path, monkeypatch: pytest.MonkeyPatch, policy: str) -> Iterator[World]:
    """Both systems under `folder`, with what the mapping needs, and nobody who waits for HubSpot's windows."""
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "connections.yaml").write_text(CONNECTIONS, encoding="utf-8")
    sandboxes: dict[str, Callable[[], Sandbox]] = {
        "crm": lambda: HubSpotSandbox(folder / "hubspot"),
        "erp": lambda: NetSuiteSandbox(folder / "netsuite", job_delay_seconds=0.0),
    }
    with running(World, folder, monkeypatch, sandboxes, "hubspot") as made:
        made.policy(policy)
        provisioned(made)
        made.admin("crm", "limits", WIDE)
        made.pause = briefly
        yield made


@contextmanager
def selling(world: World) -> Iterator[Person]:
    """Somebody at work in HubSpot."""
    with closing(Admin(world.crm.url)) as admin, closing(Person(world.crm.url, admin)) as made:
        yield made


@contextmanager
def keeping_books(world: World) -> Iterator[Clerk]:
    """Somebody at work in NetSuite."""
    with closing(Admin(world.erp.url)) as admin, closing(Clerk(world.erp.url, admin)) as made:
        yield made


def deal(seller: Person, stage: str = "contractsent") -> tuple[str, str]:
    """An open deal of 2 x 100 less 10 % and 3 x 20, and its company."""
    address = {"address": "1 Main St", "city": "Boston", "state": "MA", "zip": "02110", "country": "United States"}
    company = seller.create("companies", {"name": "Acme Tools Inc", "phone": "+1 617 555 0101", **address})
    products = [
        seller.create("products", {"name": f"Product {n}", "hs_sku": f"SKU-{n}", "price": price})
        for n, price in ((1, "100"), (2, "20"))
    ]
    values = {"dealname": "Big deal", "dealstage": stage, "amount": "240", "deal_currency_code": "USD"}
    made = seller.create("deals", values | {"closedate": "2026-06-15"}, {5: company})
    lines = [
        {"hs_product_id": products[0], "quantity": "2", "price": "100", "hs_discount_percentage": "10"},
        {"hs_product_id": products[1], "quantity": "3", "price": "20"},
    ]
    for position, line in enumerate(lines):
        seller.create("line_items", {**line, "hs_position_on_quote": str(position)}, {20: made})
    return made, company
