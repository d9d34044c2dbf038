"""An abnormal plan, and a system that refuses everything, hold one queue until a person or the facts let it go.

To see that the tests bite, protections were removed one at a time. What was removed, and what failed:

- the call of `breaker.guard` in plan.py:
  `test_a_first_load_is_held_unless_the_policy_says_so_and_every_held_deal_is_named`
- `valve.note` in push.py: `test_an_erp_that_refuses_every_order_is_given_no_more_of_them_until_a_probe_goes_through`

That a release is used up, and only covers its volume, is held by laws/test_breaker_laws.py.
"""

from typing import Any

import polars as pl
from world import CLOSED, World

from crmerp_assets.sandbox.company.people import Seller
from crmerp_assets.sync.breaker import open_breakers
from crmerp_assets.sync.reconcile import run_reconciliation
from crmerp_assets.sync.retry import due
from crmerp_assets.sync.review import decide, open_reviews

FIRST = "go_live: 2026-01-01\nbreaker: {first_load: true, min_records: 5}\n"
DAILY = "go_live: 2026-01-01\nbreaker: {min_records: 5, min_blanks: 3, min_attempts: 4}\n"


def test_a_mass_change_is_held_asked_about_and_goes_once_released(world: World) -> None:
    accounts = _loaded(world, 12)
    world.policy(DAILY)
    _move(world, accounts[:8], "one")
    deal = world.deals(accounts, _entries(world), 1)

    world.settle()

    assert _sites(world, "one") == 0
    held = world.open_intents("waiting")
    assert set(held.select("connection", "entity", "gate").rows()) == {("netsuite", "customer", "breaker")}
    assert held.height == 8
    assert "review decide" in held["reason"][0]
    assert _ordered(world, deal)
    review = _asked(world).row(0, named=True)
    assert review["title"].startswith("Circuit breaker: 8 updates of customer in netsuite, which holds 12; 5 pass")

    with world.platform() as used:
        assert "8 intents of customer in netsuite are ready" in decide(used, review["id"], "release", "ann").consequence
    world.settle()
    assert _sites(world, "one") == 8
    assert world.open_intents().is_empty()
    assert _breakers(world).is_empty()

    _move(world, accounts[:7], "two")
    world.settle()
    assert _sites(world, "two") == 0
    assert _asked(world)["title"][0].startswith("Circuit breaker: 7 updates")


def test_a_plan_that_shrinks_goes_on_by_itself_and_one_that_is_kept_waits(world: World) -> None:
    accounts = _loaded(world, 10)
    world.policy(DAILY)
    _move(world, accounts[:7], "one")
    world.pass_through()
    with world.platform() as used:
        decide(used, _asked(world)["id"][0], "keep", "ann")
    world.pass_through()
    assert _asked(world).is_empty()
    assert _breakers(world)["state"].to_list() == ["kept"]
    assert _sites(world, "one") == 0

    _move(world, accounts[7:8], "one")
    world.pass_through()
    assert _asked(world)["title"][0].startswith("Circuit breaker: 8 updates")

    _move(world, accounts[:4], "http://company.example.com", whole=True)
    world.settle()
    assert _sites(world, "one") == 4
    assert _asked(world).is_empty()
    assert _breakers(world).is_empty()


def test_a_blanked_column_is_held_though_few_records_have_it(world: World) -> None:
    folder = world.state / "config" / "mapping" / "governance"
    folder.mkdir(parents=True)
    (folder / "customer.yaml").write_text("entity: customer\nfields:\n  phone: {owner: crm, blank: clear}\n", "utf-8")
    accounts = _loaded(world, 5, Phone="+12125550101")
    world.policy(DAILY)
    with Seller(world.crm.url) as ann:
        for account in accounts:
            ann.change("Account", account, {"Phone": None})

    world.settle()

    assert "5 values of customer in netsuite would be blanked" in _asked(world)["title"][0]
    assert {row.get("phone") for row in world.suiteql("SELECT phone FROM customer")} == {"+12125550101"}


def test_a_first_load_is_held_unless_the_policy_says_so_and_every_held_deal_is_named(world: World) -> None:
    world.policy(DAILY)
    deals = world.deals(world.accounts(7), world.catalogue(1), 7)
    world.pass_through()
    assert world.orders()[0] == 0
    with world.platform() as used:
        assert "first_load" in open_breakers(used)["release"].str.join("\n")[0]
        report = run_reconciliation(used)
    assert report.explained
    assert report.deals["place"].to_list() == ["parked"] * 7
    assert report.deals["reason"].str.contains("circuit breaker").all()

    world.policy(FIRST)
    world.settle()
    assert world.orders()[0] == len(deals)
    assert _breakers(world).is_empty()


def test_an_erp_that_refuses_every_order_is_given_no_more_of_them_until_a_probe_goes_through(
    world: World, monkeypatch: Any
) -> None:
    accounts = _loaded(world, 2)
    monkeypatch.setattr("crmerp_assets.sync.breaker.FIRST_BATCH", 5)
    world.policy(DAILY)
    world.admin("erp", "closedperiod", {"until": "2026-12-31"})
    world.deals(accounts, _entries(world), 5, lines=1)
    world.pass_through()
    assert _breakers(world)["what"].to_list() == ["5 of 5 writes of order to netsuite failed"]
    assert world.open_intents("rejected").height == 5

    world.deals(accounts, _entries(world), 4, lines=1, CloseDate="2026-06-16")
    _move(world, accounts[:1], "elsewhere")
    assert world.pass_through() > 0
    assert _sites(world, "elsewhere") == 1
    waiting = world.open_intents("waiting")
    assert set(waiting.select("entity", "gate").rows()) == {("order", "breaker")}
    assert waiting.height == 4
    with world.platform() as used:
        assert due(used) == []

    world.admin("erp", "closedperiod", {"until": None})
    assert world.pass_through() == 0
    _probe_now(world)
    with world.platform() as used:
        assert due(used) == ["netsuite/order"]
    world.settle()
    assert _breakers(world).is_empty()
    assert _asked(world).is_empty()
    assert world.open_intents("waiting").is_empty()
    assert world.orders()[0] == 2 + 4


def _loaded(world: World, count: int, **fields: Any) -> list[str]:
    """Accounts with a deal each, through a first load that the policy announces."""
    world.policy(FIRST)
    record = {"CurrencyIsoCode": "USD", "Website": "http://company.example.com", **fields}
    rows = [record | {"Name": f"Company {n}", "Website": f"http://company{n}.example.com"} for n in range(count)]
    accounts = world.seed("crm", "Account", rows)
    world.deals(accounts, world.catalogue(1), count, lines=1)
    world.settle()
    assert len(world.suiteql("SELECT id FROM customer")) == count
    return accounts


def _entries(world: World) -> list[str]:
    return [row["Id"] for row in world.soql("SELECT Id FROM PricebookEntry")]


def _move(world: World, accounts: list[str], to: str, *, whole: bool = False) -> None:
    with Seller(world.crm.url) as ann:
        for account in accounts:
            name = ann.find("Account", f"Id = '{account}'")[0]["Name"].replace(" ", "").lower()
            site = f"http://{name}.example.com" if whole else f"http://{name}.{to}.example.com"
            ann.change("Account", account, {"Website": site})


def _sites(world: World, part: str) -> int:
    return sum(part in (row.get("url") or "") for row in world.suiteql("SELECT url FROM customer"))


def _ordered(world: World, deals: list[str]) -> bool:
    told = world.soql(f"SELECT ERP_Order_Number__c FROM Opportunity WHERE Id = '{deals[0]}' AND CloseDate = {CLOSED}")
    return told[0]["ERP_Order_Number__c"] is not None


def _asked(world: World) -> pl.DataFrame:
    with world.platform() as used:
        return open_reviews(used, "breaker")


def _breakers(world: World) -> pl.DataFrame:
    with world.platform() as used:
        return open_breakers(used)


def _probe_now(world: World) -> None:
    """As if the policy's wait were over."""
    with world.platform() as used, used.ledger.begin() as tx:
        tx.breakers.probe_now("netsuite", "order")
