"""Credentials revoked for good, in the middle of a pull or of a push: said at once, and nothing is lost or doubled.

Taken away: `AuthFailed` and `QuotaSpent` as reasons to try again (they were as final as a rejection), caught by the
test of a push to the ERP.
"""

import time
from contextlib import suppress
from typing import Any

import pytest
from world import GO_LIVE, World

from crmerp_assets.connectors.errors import AuthFailed
from crmerp_assets.sync.pull import pull

QUICK = GO_LIVE + "retries: {base_seconds: 0.01, max_seconds: 0.05}\n"


def test_credentials_revoked_between_two_pages_leave_what_was_read_and_the_pull_resumes(world: World) -> None:
    world.accounts(4100)
    _revoke(world, "crm", "/query", skip=1)

    with world.platform() as used, pytest.raises(AuthFailed, match="check"):
        pull(used, "salesforce", "customer")
    assert _stored(world) == 2000

    _granted_again(world, "crm")
    with world.platform() as used:
        assert pull(used, "salesforce", "customer").changes.inserted == 2100
    assert _stored(world) == 4100


@pytest.mark.parametrize(
    ("system", "match"),
    [
        ("erp", "PUT .*/salesOrder"),
        ("crm", "PATCH .*/composite/sobjects"),
    ],
)
def test_credentials_revoked_between_two_writes_leave_the_rest_to_be_written_later(
    world: World, system: str, match: str
) -> None:
    deals = 3
    world.policy(QUICK)
    world.deals(world.accounts(2), world.catalogue(1), deals, lines=1)
    if system == "crm":
        world.pass_through()
    _revoke(world, system, match, skip=1)

    _pass_through_or_be_refused(world)

    assert not world.open_intents().is_empty()
    assert world.open_intents("rejected").is_empty()
    _granted_again(world, system)
    time.sleep(0.1)
    world.settle()
    assert world.open_intents().is_empty()
    assert world.orders()[:2] == (deals, deals)
    told = world.soql("SELECT ERP_Order_Number__c FROM Opportunity WHERE ERP_Order_Number__c != null")
    assert len({row["ERP_Order_Number__c"] for row in told}) == deals


def _pass_through_or_be_refused(world: World) -> None:
    """Refused at once where the next thing is a read, row by row where it is a write."""
    with suppress(AuthFailed):
        world.pass_through()


def _revoke(world: World, system: str, match: str, skip: int) -> None:
    world.admin(system, "faults", {"kind": "revoke", "match": match, "times": -1, "skip": skip})


def _granted_again(world: World, system: str) -> None:
    rules: list[dict[str, Any]] = world.admin(system, "faults", method="GET")["faults"]
    assert all(rule["hits"] for rule in rules)
    world.admin(system, "faults", method="DELETE")
    world.put_right()


def _stored(world: World) -> int:
    with world.platform() as used, used.warehouse.open() as con:
        found = con.execute("SELECT COUNT(*) FROM raw.salesforce__account").fetchone()
    return int(found[0]) if found else 0
