"""A quantity is in the unit of its product: where the systems know two units, the order waits, and nothing is replaced.

Taken out once and seen to fail: the gate, `write: fill` of the CRM's unit, the unit in a trace and in the lines that
differ.
"""

import json

from world import GO_LIVE, World

from crmerp_assets.sandbox.company.people import Accountant, Seller
from crmerp_assets.sync.reconcile import run_reconciliation
from crmerp_assets.sync.trace import trace

EACH, HOUR = {"id": "1"}, {"id": "2"}


def test_an_order_of_a_product_whose_units_differ_waits_until_people_made_them_agree(world: World) -> None:
    world.policy(GO_LIVE)
    by_case, *_ = _sold(world, crm=("Case", "hrs", None), erp=(EACH, HOUR, EACH))
    world.settle()

    (waiting,) = world.open_intents().to_dicts()
    assert (waiting["entity"], waiting["gate"], waiting["operation"]) == ("order", "unit_differs", "create")
    assert waiting["reason"] == (
        "product SKU-0 is sold by Case in the CRM and by Each in the ERP: 1 of it may not be the same; make its units "
        "agree"
    )
    assert world.orders()[0] == 2
    assert _units(world) == {"SKU-0": "Case", "SKU-1": "hrs", "SKU-2": "Each"}, "filled, and not replaced"
    assert _traced(world, by_case) == ("Case", None, "Each")

    with Seller(world.crm.url) as ann, Accountant(world.erp.url) as bob:
        ann.change("Product2", _product(world, "SKU-0"), {"QuantityUnitOfMeasure": "pcs"})
        world.settle()
        assert world.orders()[0] == 3
        assert world.open_intents().is_empty()
        assert _units(world)["SKU-0"] == "pcs", "a spelling is no difference"

        item = world.suiteql("SELECT id FROM item WHERE itemid = 'SKU-0'")[0]["id"]
        bob.change("nonInventorySaleItem", item, {"saleUnit": HOUR})
        line = world.soql(f"SELECT Id FROM OpportunityLineItem WHERE OpportunityId = '{by_case}'")[0]["Id"]
        ann.change("OpportunityLineItem", line, {"Quantity": 5})
    world.settle()
    (waiting,) = world.open_intents().to_dicts()
    assert (waiting["gate"], waiting["operation"]) == ("unit_differs", "update")
    with world.platform() as used:
        found = run_reconciliation(used)
    assert found.lines["unit"].to_list() == ["Each / Hour"]
    (gap,) = found.breaks.to_dicts()
    assert gap["owner"] == "sales operations"
    assert "SKU-0: deal 5 Each / Hour at 10.25 = 51.25, order 1 Each / Hour at 10.25 = 10.25" in gap["lines"]
    assert _units(world)["SKU-0"] == "pcs"


def _sold(world: World, crm: tuple[str | None, ...], erp: tuple[dict[str, str], ...]) -> list[str]:
    """A won deal of one line for each product, which both systems know in a unit of their own; the deals."""
    entries = world.catalogue(len(crm))
    with Seller(world.crm.url) as ann:
        for number, unit in enumerate(crm):
            ann.change("Product2", _product(world, f"SKU-{number}"), {"QuantityUnitOfMeasure": unit})
    items = [{"itemId": f"SKU-{n}", "displayName": f"Product {n}", "saleUnit": unit} for n, unit in enumerate(erp)]
    world.seed("erp", "nonInventorySaleItem", items)
    return world.deals(world.accounts(1), entries, len(crm), lines=1)


def _product(world: World, sku: str) -> str:
    return str(world.soql(f"SELECT Id FROM Product2 WHERE ProductCode = '{sku}'")[0]["Id"])


def _units(world: World) -> dict[str, str | None]:
    rows = world.soql("SELECT ProductCode, QuantityUnitOfMeasure FROM Product2")
    return {row["ProductCode"]: row["QuantityUnitOfMeasure"] for row in rows}


def _traced(world: World, deal: str) -> tuple[str | None, ...]:
    """The unit of the deal's first line as a trace shows it: in the CRM, in the ERP, golden."""
    with world.platform() as used:
        (found,) = trace(used, deal)
    lines = found.fields.filter(field="lines").row(0, named=True)
    return tuple(json.loads(lines[side])[0]["unit"] if lines[side] else None for side in ("crm", "erp", "golden"))
