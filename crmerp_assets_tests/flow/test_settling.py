"""What a lost write left behind is compared with what was sent, header and lines, and nothing older travels back.

Protection removed once, and the test that failed: looking creates up by their key (`what_a_person_changed_`).
"""

from typing import Any

from world import GO_LIVE, World

from crmerp_assets.sandbox.company.people import Accountant, Seller

POLICY = GO_LIVE + "create: {customer: {erp: always}}\nretries: {base_seconds: 0.001, max_seconds: 0.002}\n"
OLD, NEW = "+12025550142", "+12025550199"
LONG_AGO = "2026-01-05T08:00:00Z"


def test_an_older_record_found_by_its_key_is_brought_up_to_date_and_its_values_do_not_travel_back(world: World) -> None:
    """As after the restore of an older ledger: the record is there, from an earlier version of its plan."""
    world.policy(POLICY)
    (account,) = world.seed("crm", "Account", [{"Name": "Company", "CurrencyIsoCode": "USD", "Phone": NEW}])
    key = _lost(world, "customer", "cut_before")
    older = {"externalId": key, "companyName": "Company", "phone": OLD, "lastModifiedDate": LONG_AGO}
    world.seed("erp", "customer", [older | {"subsidiary": {"id": "1"}, "currency": {"id": "1"}}])

    world.settle()

    (customer,) = world.suiteql("SELECT phone FROM customer")
    assert _digits(customer["phone"]) == NEW
    assert _digits(world.soql(f"SELECT Phone FROM Account WHERE Id = '{account}'")[0]["Phone"]) == NEW
    assert world.open_intents().is_empty()


def test_what_a_person_changed_in_a_record_since_its_answer_was_lost_is_kept(world: World) -> None:
    world.policy(POLICY)
    (account,) = world.seed("crm", "Account", [{"Name": "Company", "CurrencyIsoCode": "USD", "Phone": OLD}])
    _lost(world, "customer", "cut_after")
    world.admin("crm", "late", {"object": "Account", "id": account, "seconds_ago": 120})
    with Accountant(world.erp.url) as bob:
        bob.change_customer(world.suiteql("SELECT id FROM customer")[0]["id"], phone=NEW)

    world.settle()

    with world.platform() as used, used.ledger.read() as tx:
        written = tx.intents.effective().filter(connection="netsuite").select("operation", "state", "attempts")
    assert written.rows() == [("create", "settled", 1)], "found by its key: sent again, it would undo the edit"
    (customer,) = world.suiteql("SELECT phone FROM customer")
    assert _digits(customer["phone"]) == NEW
    assert _digits(world.soql(f"SELECT Phone FROM Account WHERE Id = '{account}'")[0]["Phone"]) == NEW


def test_an_order_found_by_its_key_without_a_line_gets_the_line(world: World) -> None:
    world.policy(POLICY)
    world.catalogue(2)
    accounts, entries = world.accounts(1), [row["Id"] for row in world.soql("SELECT Id FROM PricebookEntry")]
    world.settle()
    world.deals(accounts, entries, 1)
    key = _lost(world, "salesOrder", "cut_before")
    half: dict[str, Any] = {"externalId": key, "entity": {"id": world.suiteql("SELECT id FROM customer")[0]["id"]}}
    item = world.suiteql("SELECT id FROM item ORDER BY id")[0]["id"]
    half |= {"memo": "Deal 0", "item": {"items": [{"item": {"id": item}, "quantity": 1, "rate": 10.25}]}}
    world.seed("erp", "salesOrder", [half])

    world.settle()

    assert world.orders()[:2] == (1, 1)
    lines = world.suiteql("SELECT quantity FROM transactionline WHERE mainline = 'F' AND taxline = 'F'")
    assert len(lines) == 2
    assert world.open_intents().is_empty()


def test_updates_of_lines_and_references_whose_answer_was_lost_count_as_applied(world: World) -> None:
    """They are compared like any other field, so that nothing is planned and sent a second time."""
    world.policy(POLICY)
    parent, *accounts = world.accounts(4)
    deals = world.deals(accounts, world.catalogue(1), 4, lines=1)
    world.settle()
    with Seller(world.crm.url) as ann:
        for account in accounts:
            ann.change("Account", account, {"ParentId": parent})
        for line in world.soql("SELECT Id FROM OpportunityLineItem"):
            ann.change("OpportunityLineItem", line["Id"], {"Quantity": 8})
    for match in (r"PATCH .*/record/v1/customer", r"PATCH .*/record/v1/salesOrder"):
        world.admin("erp", "faults", {"kind": "cut_after", "match": match, "times": 5})
    world.pass_through()
    lost = world.open_intents("unknown")
    assert lost.height == len(accounts) + len(deals)

    world.pass_through()

    with world.platform() as used, used.ledger.read() as tx:
        assert tx.intents.get(lost["id"].to_list())["state"].unique().to_list() == ["settled"]


def _lost(world: World, native_object: str, kind: str) -> str:
    """Send what is planned and lose the answer about one record; its key."""
    world.admin("erp", "faults", {"kind": kind, "match": f"PUT /services/rest/record/v1/{native_object}"})
    world.pass_through()
    (lost,) = world.open_intents("unknown").iter_rows(named=True)
    return str(lost["key"])


def _digits(phone: str) -> str:
    return "+" + "".join(character for character in phone if character.isdigit())
