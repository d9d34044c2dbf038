"""Parked work: one list, nothing forgotten, closed by success; one failing system pauses its own queue only.

To see that the tests bite, protections were removed one at a time. What was removed, and what failed:

- giving stopped writes back in `push._record`:
  `test_a_quota_spent_in_the_middle_of_a_push_costs_no_write_an_attempt`
- `paused` in `watch._fresh`: `test_a_spent_quota_pauses_that_connection_only_and_resumes_by_itself`
- `if name not in failing` in `systems.check`:
  `test_revoked_credentials_pause_that_connection_only_until_a_check_passes`
- the rows asked for in `conform._with_asked`: `test_a_record_is_read_again_because_a_person_says_so`
- the planned value as the new base (the edited one in its place) in `outcomes.record`:
  `test_an_edited_write_is_sent_and_reaches_the_other_side_as_the_targets_own_change`
"""

import json
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from world import GO_LIVE, World, sold

from crmerp_assets.bootstrap import build, utc_now
from crmerp_assets.cli.failures import exit_code
from crmerp_assets.connectors.errors import AuthFailed, QuotaSpent
from crmerp_assets.mapping import MASK
from crmerp_assets.sandbox.company.people import Accountant, Seller
from crmerp_assets.settings import Settings
from crmerp_assets.sync import edits, parked_work, payloads, retry, systems
from crmerp_assets.sync.edits import NotEditable
from crmerp_assets.sync.parked_work import Chosen
from crmerp_assets.sync.pauses import pauses
from crmerp_assets.sync.plan import plan
from crmerp_assets.sync.push import push
from crmerp_assets.sync.watch import Watch, won_deals

VALIDATION = {"code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "not like this"}


def test_a_refused_write_closes_itself_when_its_record_is_corrected_at_its_source(world: World) -> None:
    account = _customer_of_both(world)
    world.admin("crm", "rowfaults", {"object": "Account", **VALIDATION})
    with Accountant(world.erp.url) as bob:
        bob.change_customer(_erp_id(world), email="old@example.com", phone="+1 202 555 0142")
        world.settle()
        (entry,) = _work(world)
        assert (entry["what"], entry["error_class"], entry["times"], entry["severity"]) == (
            "write",
            "Rejected",
            1,
            "new",
        )
        assert "correct the record" in entry["next_step"]
        assert world.pass_through() == 0, "a refused write is not sent again while nothing changed"

        bob.change_customer(_erp_id(world), email="new@example.com")
        world.settle()

    assert _work(world) == []
    assert world.soql(f"SELECT Email__c FROM Account WHERE Id = '{account}'")[0]["Email__c"] == "new@example.com"
    with world.platform() as used, used.ledger.read() as tx:
        told = tx.intents.history("salesforce", "customer", entry["record"])
    assert "rejected" in told["event"].to_list(), "what went wrong stays readable"


def test_a_record_that_cannot_be_used_keeps_every_error_and_closes_itself(world: World) -> None:
    world.policy(GO_LIVE)
    deal = world.deals(world.accounts(1), world.catalogue(1), 1, CloseDate="0001-01-01")[0]
    world.pass_through()
    with Seller(world.crm.url) as ann:
        for day in ("0002-02-02", "0003-03-03"):
            ann.change("Opportunity", deal, {"CloseDate": day})
            world.pass_through()
        (entry,) = _work(world)
        assert (entry["what"], entry["record"], entry["times"], entry["severity"]) == ("record", deal, 3, "repeated")
        with world.platform() as used:
            shown = payloads.show(used, entry["id"][:10])
        assert shown.history["event"].to_list() == ["failed"] * 3
        assert shown.history["version"].n_unique() == 3
        payload = {row["field"]: row for row in shown.payload.iter_rows(named=True)}
        assert payload["close_date"]["native"] == "CloseDate"
        assert payload["close_date"]["value"] == "0003-03-03"

        ann.change("Opportunity", deal, {"CloseDate": "2026-06-15"})
        world.settle()

    assert _work(world) == []
    assert world.orders()[0] == 1


def test_a_skipped_record_and_a_skipped_write_are_gone_until_they_change(world: World) -> None:
    account = _customer_of_both(world)
    deal = world.deals([account], world.catalogue(1), 1, CloseDate="0001-01-01")[0]
    world.admin("crm", "rowfaults", {"object": "Account", **VALIDATION, "times": 1})
    with Seller(world.crm.url) as ann, Accountant(world.erp.url) as bob:
        bob.change_customer(_erp_id(world), email="old@example.com")
        world.settle()
        assert len(_work(world)) == 2
        with world.platform() as used:
            parked_work.assign(used, Chosen(connection="salesforce"), "ben", "ann")
            assert parked_work.parked_work(used)["assigned_to"].to_list() == ["ben", "ben"]
            for chosen in (Chosen(error_class="Rejected"), Chosen(entity="order")):
                assert parked_work.skip(used, chosen, "ann", "a test").height == 1
        world.run("reconcile")
        assert world.pass_through() == 0
        assert _work(world) == []

        ann.change("Opportunity", deal, {"CloseDate": "0002-02-02"})
        world.settle()
        assert [entry["record"] for entry in _work(world)] == [deal], "it changed, so somebody has to look again"
        bob.change_customer(_erp_id(world), email="new@example.com")
        world.settle()
    assert world.soql(f"SELECT Email__c FROM Account WHERE Id = '{account}'")[0]["Email__c"] == "new@example.com"


def test_a_skipped_order_is_named_in_the_reconciliation_with_its_reason(world: World) -> None:
    world.policy(GO_LIVE)
    account = world.accounts(1)
    world.deals(account, world.catalogue(1), 1)
    world.pass_through(push=False)
    with world.platform() as used, used.ledger.begin() as tx:
        order = tx.intents.open(entity="order")["id"].to_list()
        tx.intents.cancel(order, "ann", "billed by hand")

    world.settle()
    world.run("reconcile")

    (gap,) = world.report("gaps").to_dicts()
    assert (gap["place"], gap["gate"], gap["reason"]) == ("parked", "skipped", "billed by hand")


def test_a_record_is_read_again_because_a_person_says_so(world: World) -> None:
    world.policy(GO_LIVE)
    deal = world.deals(world.accounts(1), world.catalogue(1), 1, CloseDate="0001-01-01")[0]
    world.settle()
    assert _work(world)[0]["times"] == 1, "what did not change is not read again"

    with world.platform() as used:
        parked_work.skip(used, Chosen(entity="order"), "ann", "later")
        with used.ledger.begin() as tx:
            place = parked_work.Place("conform", "order", "salesforce", deal)
            tx.parked.ask_again([place], "ann")
        assert parked_work.parked_work(used)["times"].to_list() == [1]
    world.pass_through()

    assert _work(world)[0]["times"] == 2


def test_personal_values_of_parked_work_are_masked(world: World) -> None:
    _customer_of_both(world)
    world.admin("crm", "rowfaults", {"object": "Account", **VALIDATION})
    with Accountant(world.erp.url) as bob:
        bob.change_customer(_erp_id(world), email="secret@example.com", url="https://shown.example.com")
    world.settle()

    with world.platform() as used:
        shown = payloads.show(used, _work(world)[0]["id"])

    payload = {row["field"]: row for row in shown.payload.iter_rows(named=True)}
    assert payload["email"]["planned"] == MASK
    assert payload["website"]["planned"] == "shown.example.com"
    assert "secret" not in json.dumps([shown.payload.to_dicts(), shown.history.to_dicts(), shown.entry], default=str)


def test_an_edited_write_is_sent_and_reaches_the_other_side_as_the_targets_own_change(world: World) -> None:
    account = _customer_of_both(world)
    world.admin("crm", "rowfaults", {"object": "Account", **VALIDATION})
    with Accountant(world.erp.url) as bob:
        bob.change_customer(_erp_id(world), url="https://wrong.example.com", creditLimit=5000)
    world.settle()
    (entry,) = _work(world)

    with world.platform() as used:
        with pytest.raises(NotEditable, match="ERP decides it") as refused:
            edits.edit(used, entry["id"], {"credit_limit": "9"}, "ann")
        assert exit_code(refused.value) == 2
        with pytest.raises(NotEditable, match="no field 'phone'"):
            edits.edit(used, entry["id"], {"phone": "1"}, "ann")
        with pytest.raises(NotEditable, match="blank"):
            edits.edit(used, entry["id"], {"website": " "}, "ann")
        done = edits.edit(used, entry["id"], {"website": "HTTPS://www.Right.example.com"}, "ann")
        assert "crmerp apply" in done.consequence
        plan(used, "customer")
        assert push(used, "salesforce", "test").applied == 1
    world.settle()

    row = world.soql(f"SELECT Website, Credit_Limit__c FROM Account WHERE Id = '{account}'")[0]
    assert "right.example.com" in row["Website"].lower()
    assert row["Credit_Limit__c"] == 5000
    assert "right.example.com" in world.suiteql("SELECT url FROM customer")[0]["url"].lower()
    assert _work(world) == []
    assert world.open_intents().is_empty()


def test_a_write_that_does_not_fit_is_edited_until_it_does(world: World) -> None:
    world.policy(GO_LIVE)
    long = world.seed("crm", "Account", [{"Name": "A" * 250 + " Ltd", "CurrencyIsoCode": "USD"}])
    world.deals(long, world.catalogue(1), 1)
    world.settle()
    waiting = world.open_intents("waiting").filter(pl.col("entity") == "customer")["id"][0]

    with world.platform() as used:
        with pytest.raises(NotEditable, match="allows 83"):
            edits.edit(used, waiting, {"name": "B" * 90}, "ann")
        edits.edit(used, waiting, {"name": "Ada Ltd"}, "ann")
    world.settle()

    assert world.orders()[0] == 1
    assert world.suiteql("SELECT companyname FROM customer")[0]["companyname"] == "Ada Ltd"
    assert world.soql(f"SELECT Name FROM Account WHERE Id = '{long[0]}'")[0]["Name"] == "Ada Ltd"


def test_a_spent_quota_pauses_that_connection_only_and_resumes_by_itself(world: World) -> None:
    accounts, entries, _ = sold(world, accounts=2)
    world.deals(accounts[1:], entries, 1)
    world.pass_through(push=False)
    world.admin("crm", "limits", {"daily_limit": 0})

    with pytest.raises(QuotaSpent):
        world.pass_through()
    with world.platform() as used:
        assert pauses(used).select("connection", "error_class").rows() == [("salesforce", "QuotaSpent")]
        assert push(used, "netsuite", "test").applied >= 2, "the ERP's queue goes on"
    before = _calls(world, "crm")
    with world.platform() as used:
        assert won_deals(used, Watch()) == []
        assert retry.due(used) == []
    world.pass_through()
    assert _calls(world, "crm") == before, "nobody asks a system that rests"
    assert world.orders()[0] == 2
    assert world.open_intents("planned")["connection"].unique().to_list() == ["salesforce"]

    world.admin("crm", "limits", {"daily_limit": 100_000})
    later = build(Settings(), clock=lambda: utc_now() + timedelta(hours=2))
    try:
        assert push(later, "salesforce", "test").applied >= 1, "nobody had to say so"
    finally:
        later.close()
    numbers = world.soql("SELECT Id FROM Account WHERE ERP_Customer_Number__c != null")
    assert len(numbers) == 2


def test_revoked_credentials_pause_that_connection_only_until_a_check_passes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = _customer_of_both(world)
    with Accountant(world.erp.url) as bob, Seller(world.crm.url) as ann:
        ann.change("Account", account, {"Phone": "+1 202 555 0142"})
        bob.change_customer(_erp_id(world), email="books@example.com")
        world.pass_through(push=False)
        right = world.crm.credentials["SALESFORCE_CLIENT_SECRET"]
        monkeypatch.setenv("SALESFORCE_CLIENT_SECRET", "revoked")
        with world.platform() as used, pytest.raises(AuthFailed):
            push(used, "salesforce", "test")
        with world.platform() as used:
            assert push(used, "netsuite", "test").applied == 1
            assert push(used, "salesforce", "test").outcomes == {}
        bob.change_customer(_erp_id(world), url="https://late.example.com")
    world.pass_through()
    assert world.open_intents("planned")["connection"].to_list() == ["salesforce"]
    with world.platform() as used:
        assert any(not finding.ok for name, finding in systems.check(used) if name == "salesforce")
        assert pauses(used).height == 1, "a check that fails lifts nothing"

    monkeypatch.setenv("SALESFORCE_CLIENT_SECRET", right)
    with world.platform() as used:
        assert all(finding.ok for _, finding in systems.check(used))
        assert pauses(used).is_empty()
    world.settle()

    row = world.soql(f"SELECT Email__c, Website FROM Account WHERE Id = '{account}'")[0]
    assert row["Email__c"] == "books@example.com"
    assert "late.example.com" in row["Website"]


def test_a_quota_spent_in_the_middle_of_a_push_costs_no_write_an_attempt(world: World) -> None:
    """Salesforce takes 200 records a call, and two calls are left: one tells what the key is."""
    world.policy(GO_LIVE + "budget: {shares: {order: 1, status: 1, master: 1, enrichment: 1}}\n")
    world.seed("erp", "customer", [{"companyName": f"Only ERP {n}", "subsidiary": {"id": "1"}} for n in range(230)])
    world.pass_through(push=False)
    assert world.open_intents("planned").height == 230
    world.admin("crm", "limits", {"daily_limit": 2})

    with world.platform() as used, pytest.raises(QuotaSpent):
        push(used, "salesforce", "test")

    left = world.open_intents("planned")
    assert world.open_intents("rejected", "sent", "claimed", "unknown").is_empty()
    assert left.height == 30
    assert left["attempts"].unique().to_list() == [0]
    world.admin("crm", "limits", {"daily_limit": 100_000})
    with world.platform() as used:
        parked_work.retry(used, Chosen(connection="salesforce"), "ann")
    world.settle()
    assert world.open_intents().is_empty()
    assert world.admin("crm", "count?object=Account", method="GET")["count"] == 230


def test_a_fixed_permission_sends_what_was_refused_for_it(world: World) -> None:
    account = _customer_of_both(world)
    world.admin("crm", "rowfaults", {"object": "Account", "code": "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"})
    with Accountant(world.erp.url) as bob:
        bob.change_customer(_erp_id(world), email="books@example.com")
    world.settle()
    assert [entry["error_class"] for entry in _work(world)] == ["ConfigError"]

    with world.platform() as used:
        assert all(finding.ok for _, finding in systems.check(used))
    world.settle()

    assert _work(world) == []
    assert world.soql(f"SELECT Email__c FROM Account WHERE Id = '{account}'")[0]["Email__c"] == "books@example.com"


def test_the_commands_list_show_and_decide_what_is_parked(world: World) -> None:
    _customer_of_both(world)
    world.admin("crm", "rowfaults", {"object": "Account", **VALIDATION})
    with Accountant(world.erp.url) as bob:
        bob.change_customer(_erp_id(world), url="https://wrong.example.com")
    world.settle()

    (entry,) = json.loads(world.told("review", "parked", "--json"))
    assert "salesforce" in world.told("review", "show", entry["id"][:8])
    assert "assigned to ben" in world.told("review", "assign", entry["id"][:8], "--to", "ben")
    assert json.loads(world.told("review", "show", entry["id"][:8], "--json"))["entry"]["assigned_to"] == "ben"
    assert "new value" in world.told("review", "edit", entry["id"][:8], "website=right.example.com", "--by", "ann")
    assert "Nothing is parked" in world.told("review", "parked")
    assert "0 intents" in world.told("retry", "--error-class", "Rejected")


def _customer_of_both(world: World) -> str:
    """One customer that both sides hold and agree on; the account's id."""
    return sold(world)[0][0]


def _erp_id(world: World) -> str:
    return world.suiteql("SELECT id FROM customer")[0]["id"]


def _work(world: World) -> list[dict[str, Any]]:
    with world.platform() as used:
        return parked_work.parked_work(used).to_dicts()


def _calls(world: World, system: str) -> int:
    return int(world.admin(system, "calls", method="GET")["total"])
