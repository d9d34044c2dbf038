"""The main job on real input: 8,800 opportunities of a company that nobody here made up.

The figures are counted from the files themselves by hand: 4,238 won deals worth 10,005,534, of which 729 name the
product GTXPro, which the catalogue calls GTX Pro.
"""

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from world import World

from crmerp_assets.sandbox.company.load import CRM_SALES_OPPORTUNITIES, load_folder, load_mapping
from crmerp_assets.sync.review import decide, open_reviews

pytestmark = pytest.mark.timeout(1800)
ALL_DEALS, ALL_MONEY = 4_238, Decimal(10_005_534)
FIRST_DEALS, FIRST_MONEY = 3_509, Decimal(6_494_956)


def orders(world: World) -> tuple[int, Decimal]:
    """Sales orders in the ERP, in count and money, asked from the ERP itself."""
    row = world.suiteql("SELECT COUNT(*) AS n, SUM(foreigntotal) AS total FROM transaction WHERE type = 'SalesOrd'")[0]
    return int(row["n"]), Decimal(row.get("total", "0"))


def test_every_won_deal_becomes_one_order_and_every_gap_has_a_name(world: World, sales_opportunities: Path) -> None:
    world.policy("go_live: 2016-01-01\nbreaker: {first_load: true}\n")
    load_folder(sales_opportunities, load_mapping(CRM_SALES_OPPORTUNITIES), world.crm.url)

    world.sync()

    customers = world.suiteql("SELECT id, parent FROM customer")
    assert len(customers) == 85
    assert sum(1 for row in customers if row.get("parent")) == 15
    assert orders(world) == (FIRST_DEALS, FIRST_MONEY)
    _reconciled(world, FIRST_DEALS, FIRST_MONEY, parked=ALL_DEALS - FIRST_DEALS)
    gaps = world.report("gaps")
    assert gaps["gate"].to_list() == ["unknown_product"]
    assert gaps["deals"].to_list() == [729]

    with world.platform() as used:
        questions = open_reviews(used, "unknown_product")
        assert questions["title"].to_list() == [
            "Which product is 'GTXPro'? Probably GTX Pro. 729 orders wait for the answer"
        ]
        decide(used, questions["id"][0], "GTX Pro", "controller")
    world.sync()

    assert orders(world) == (ALL_DEALS, ALL_MONEY)
    _reconciled(world, ALL_DEALS, ALL_MONEY, parked=0)
    assert world.sent(world.run("sync")) == 0
    keys = world.suiteql("SELECT externalid FROM transaction WHERE type = 'SalesOrd'")
    assert len({row["externalid"] for row in keys}) == ALL_DEALS
    _numbers_came_back(world)


def _reconciled(world: World, deals: int, money: Decimal, parked: int) -> None:
    """Equal counts and equal money on both sides, and every parked deal by name."""
    row = world.report("money").row(0, named=True)
    assert (row["won_deals"], row["won_amount"]) == (ALL_DEALS, ALL_MONEY)
    assert (row["ordered_deals"], row["ordered_amount"]) == (deals, money)
    assert row["erp_total"] == money
    assert row["parked_deals"] == parked
    assert row["won_amount"] == row["ordered_amount"] + row["parked_amount"]
    named = world.report("deals").filter(pl.col("place") == "parked")
    assert named.height == parked
    assert named["reason"].null_count() == 0
    assert named["crm_id"].n_unique() == parked


def _numbers_came_back(world: World) -> None:
    told = world.soql("SELECT ERP_Order_Number__c FROM Opportunity WHERE ERP_Order_Number__c != null")
    assert len({row["ERP_Order_Number__c"] for row in told}) == ALL_DEALS
