"""A write whose answer never came is settled by its key: applied or not, each system has one record in the end."""

import time
from decimal import Decimal

from world import GO_LIVE, World

ORDER_WRITES = r"^PUT /services/rest/record/v1/salesOrder"
COLLECTIONS = r"^PATCH /services/data/v[\d.]+/composite/sobjects"
FAST_RETRIES = GO_LIVE + "retries: {base_seconds: 0.01, max_seconds: 0.05}\n"


def test_orders_sent_one_by_one_exist_once_whatever_the_answer_was(world: World) -> None:
    world.policy(FAST_RETRIES)
    world.deals(world.accounts(1), world.catalogue(1), 3, lines=1)
    _break(world, "erp", ORDER_WRITES, cut_after=1, cut_before=1, server_error=1)

    world.pass_through()

    assert world.open_intents("unknown").height == 3
    _settled(world, "erp", 3)


def test_orders_sent_as_a_batch_exist_once_though_no_attempt_got_an_answer(world: World) -> None:
    world.policy(FAST_RETRIES)
    world.deals(world.accounts(1), world.catalogue(1), 6, lines=1)
    _break(world, "erp", ORDER_WRITES, cut_before=1, server_error=2, cut_after=2)

    world.pass_through()

    assert world.open_intents("unknown").height == 6
    _settled(world, "erp", 6)


def test_crm_records_are_written_once_whatever_the_answer_was(world: World) -> None:
    """Our keys and order numbers on the way back, and an item of the ERP that becomes a product."""
    world.policy(FAST_RETRIES)
    world.seed("erp", "nonInventorySaleItem", [{"itemId": "ERP-1", "displayName": "Made in the ERP"}])
    world.deals(world.accounts(2), world.catalogue(1), 4, lines=1)
    _break(world, "crm", COLLECTIONS, cut_after=1, cut_before=2, server_error=1)

    world.pass_through()
    assert world.open_intents("unknown").height > 0
    world.pass_through()

    _settled(world, "crm", 4)
    assert len(world.soql("SELECT Id FROM Product2")) == 2
    assert len(world.soql("SELECT Id FROM Product2 WHERE ProductCode = 'ERP-1' AND Crmerp_Id__c != null")) == 1


def _break(world: World, system: str, match: str, **times: int) -> None:
    """Let the next calls that match go wrong, one kind after the other."""
    for kind, count in times.items():
        world.admin(system, "faults", {"kind": kind, "match": match, "times": count, "status": 500})


def _settled(world: World, system: str, deals: int) -> None:
    """Every fault struck; after further syncs: one record each, nothing open, and every deal knows its order."""
    time.sleep(0.1)
    world.settle()
    assert all(rule["times"] == 0 for rule in world.admin(system, "faults", method="GET")["faults"])
    assert world.open_intents().is_empty()
    assert world.orders() == (deals, deals, sum((n % 7 + 1) * Decimal("10.25") for n in range(deals)))
    told = world.soql("SELECT ERP_Order_Number__c FROM Opportunity WHERE ERP_Order_Number__c != null")
    assert len({row["ERP_Order_Number__c"] for row in told}) == deals
