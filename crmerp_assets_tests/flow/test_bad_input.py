"""What is wrong in one place is said there, with what to do, and does not stop the rest."""

import sqlite3
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from world import GO_LIVE, World, sold

from crmerp_assets.bootstrap import utc_now
from crmerp_assets.cli.failures import exit_code
from crmerp_assets.cli.runs import RunFailed, run_job
from crmerp_assets.connectors.errors import AuthFailed, ConfigError
from crmerp_assets.ledger import Ledger, LedgerBusy
from crmerp_assets.mapping import ConfigurationError
from crmerp_assets.settings import Settings, load_configuration
from crmerp_assets.sync.push import push
from crmerp_assets.sync.review import open_reviews


@pytest.mark.parametrize(
    ("variable", "named"), [("SALESFORCE_CLIENT_SECRET", "alesforce"), ("NETSUITE_CERTIFICATE_ID", "netsuite")]
)
def test_wrong_credentials_are_named_with_the_next_step(
    world: World, monkeypatch: pytest.MonkeyPatch, variable: str, named: str
) -> None:
    monkeypatch.setenv(variable, "wrong")

    with pytest.raises(AuthFailed) as refused:
        world.pass_through()

    assert named in str(refused.value)
    assert "check" in str(refused.value)
    assert "wrong" not in str(refused.value)
    assert exit_code(refused.value) == 3


def test_a_run_refused_by_a_system_ends_the_command_with_a_sentence(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALESFORCE_CLIENT_SECRET", "wrong")

    with pytest.raises(RunFailed) as failed:
        run_job(Settings(), "won_deals")

    assert "raw/salesforce/" in str(failed.value)
    assert "check" in str(failed.value)
    assert exit_code(failed.value) == 1


def test_a_token_revoked_in_the_middle_is_replaced(world: World) -> None:
    world.policy(GO_LIVE)
    world.deals(world.accounts(2), world.catalogue(2), 5)
    for system, calls in (("crm", ("query", "PATCH .*composite")), ("erp", ("suiteql", "PUT .*salesOrder", "/job/"))):
        for match in calls:
            world.admin(
                system, "faults", {"kind": "revoke", "match": match, "skip": 1 if match in ("query", "suiteql") else 0}
            )

    world.settle()

    assert all(
        rule["hits"] for system in ("crm", "erp") for rule in world.admin(system, "faults", method="GET")["faults"]
    )
    assert world.orders()[:2] == (5, 5)
    assert world.open_intents().is_empty()


def test_a_field_removed_in_the_crm_stops_the_run_by_name_and_loses_nothing(world: World) -> None:
    accounts, entries, _ = sold(world, accounts=2)
    world.admin("crm", "customfields", {"object": "Account", "field": "ERP_Customer_Number__c"}, method="DELETE")
    world.deals(accounts[1:], entries, 1)

    with pytest.raises(ConfigError) as missing:
        world.pass_through()

    assert "ERP_Customer_Number__c" in str(missing.value)
    assert "provision" in str(missing.value)
    assert world.orders()[0] == 1
    world.provision()
    world.settle()
    assert world.orders()[:2] == (2, 2)
    assert world.open_intents().is_empty()
    numbers = world.soql("SELECT Id FROM Account WHERE ERP_Customer_Number__c != null")
    assert len(numbers) == 2


def test_malformed_yaml_is_told_with_its_file_and_line(world: World) -> None:
    folder = world.state / "config" / "mapping" / "matrix"
    folder.mkdir(parents=True)
    _write(folder / "customer.salesforce.yaml", "entity: customer", "fields:", "  phone: {transform: fone}")
    world.policy("go_live: soon\n")

    with pytest.raises(ConfigurationError) as wrong:
        load_configuration(Settings())

    told = "\n".join(wrong.value.problems)
    assert "customer.salesforce.yaml:3" in told
    assert "fone" in told
    assert "policy.yaml:1" in told
    assert exit_code(wrong.value) == 2

    _write(folder / "customer.salesforce.yaml", "entity: customer", "fields: {phone: [")
    with pytest.raises(ConfigurationError, match=r"customer\.salesforce\.yaml:[23]"):
        load_configuration(Settings())


def test_a_reconciliation_before_the_first_pull_says_what_to_do(world: World) -> None:
    with pytest.raises(RunFailed, match=r"nothing to compare; run `crmerp plan` first"):
        run_job(Settings(), "reconcile")


def test_deals_that_make_no_sense_are_parked_with_a_reason_and_the_others_go_on(world: World) -> None:
    world.policy(GO_LIVE)
    accounts, entries = world.accounts(1), world.catalogue(1)
    good = world.deals(accounts, entries, 2)
    early = world.deals(accounts, entries, 1, CloseDate="0001-01-01")[0]
    yen = [
        {"Product2Id": product["Product2Id"], "UnitPrice": 1000, "IsActive": True, "CurrencyIsoCode": "JPY"}
        | {"Pricebook2Id": world.price_book()}
        for product in world.soql("SELECT Product2Id FROM PricebookEntry")
    ]
    strange = world.deals(accounts, world.seed("crm", "PricebookEntry", yen), 1, CurrencyIsoCode="JPY")[0]

    world.settle()

    assert world.orders()[0] == len(good)
    parked = _parked(world)
    assert set(parked) == {early}
    assert "close_date" in parked[early]
    (held,) = world.open_intents("waiting").to_dicts()
    assert held["gate"] == "missing_rate"
    assert "no rate from JPY to USD" in held["reason"]
    assert "enter it in the ERP" in held["reason"]
    assert world.soql(f"SELECT Name FROM Opportunity WHERE Id = '{strange}'")


def test_a_name_too_long_for_the_erp_is_told_before_it_is_sent(world: World) -> None:
    world.policy(GO_LIVE)
    long = world.seed("crm", "Account", [{"Name": "A" * 250 + " Ltd", "CurrencyIsoCode": "USD"}])
    entries = world.catalogue(1)
    world.deals(long, entries, 1)
    world.deals(world.accounts(1), entries, 1)

    world.settle()

    waiting = {row["entity"]: row for row in world.open_intents("waiting").iter_rows(named=True)}
    assert waiting["customer"]["gate"] == "does_not_fit"
    assert "254 characters" in waiting["customer"]["reason"]
    assert "allows 83" in waiting["customer"]["reason"]
    assert waiting["order"]["gate"] == "no_customer"
    assert "allows 83" in waiting["order"]["reason"]
    assert world.orders()[0] == 1


def test_emoji_and_right_to_left_text_travel_intact(world: World) -> None:
    world.policy(GO_LIVE)
    names = ["מגדל תוכנה 🌟", "شركة النور", "株式会社 山田 👩‍🚀"]
    accounts = world.seed("crm", "Account", [{"Name": name, "CurrencyIsoCode": "USD"} for name in names])
    world.seed("crm", "Contact", [{"LastName": "Ωmega 🚀", "FirstName": "דוד", "AccountId": accounts[0]}])
    deals = world.deals(accounts, world.catalogue(1), 3, Description="x")

    world.settle()

    assert {row["companyname"] for row in world.suiteql("SELECT companyname FROM customer")} == set(names)
    assert world.suiteql("SELECT firstname, lastname FROM contact") == [
        {"links": [], "firstname": "דוד", "lastname": "Ωmega 🚀"}
    ]
    assert {row["Name"] for row in world.soql("SELECT Name FROM Account")} == set(names)
    assert world.orders()[0] == len(deals)


def test_a_customer_of_someone_else_under_our_key_is_an_error_of_that_record_only(world: World) -> None:
    world.policy(GO_LIVE)
    site = {"CurrencyIsoCode": "USD", "Website": "acme.test", "Name": "Acme"}
    accounts = world.seed("crm", "Account", [site])
    world.seed("erp", "customer", [{"companyName": "Acme", "url": "https://acme.test", "subsidiary": {"id": "1"}}])
    world.pass_through(push=False)
    key = world.open_intents("planned").filter((pl.col("entity") == "customer") & (pl.col("connection") == "netsuite"))
    assert key.height == 1
    taken = {"companyName": "Somebody Else", "externalId": key["golden_id"][0], "subsidiary": {"id": "1"}}
    world.seed("erp", "customer", [taken])
    world.deals(world.accounts(1), world.catalogue(1), 1)

    with world.platform() as used:
        push(used, "netsuite", "test")

    refused = world.open_intents("rejected")
    assert refused["entity"].to_list() == ["customer"]
    assert "already" in refused["error"][0]
    assert "link it or change the name" in refused["error"][0]
    world.settle()
    with world.platform() as used:
        asked = open_reviews(used, "ambiguous_link")
    assert asked["title"].to_list() == ["Is customer 'Acme' in the CRM the same as 'Somebody Else' in the ERP?"]
    assert world.open_intents()["id"].to_list() == refused["id"].to_list()
    assert world.orders()[0] == 1
    assert {row["companyname"] for row in world.suiteql("SELECT companyname FROM customer")} == {
        "Acme",
        "Somebody Else",
        "Company 0",
    }
    assert len(world.soql(f"SELECT Id FROM Account WHERE Id = '{accounts[0]}'")) == 1


def test_a_locked_ledger_says_who_holds_it_and_what_to_do(world: World) -> None:
    world.pass_through(push=False)
    ledger = Ledger.open(Settings().ledger, utc_now, busy_seconds=0.2)
    holder = sqlite3.connect(world.state / "ledger.sqlite", isolation_level=None)
    try:
        holder.execute("BEGIN EXCLUSIVE")
        with (
            pytest.raises(LedgerBusy, match=r"locked by another process.*try again.*fuser") as busy,
            ledger.begin() as tx,
        ):
            tx.cursors.put("salesforce", "Account", "pull", "{}")
    finally:
        holder.close()
        ledger.close()
    assert exit_code(busy.value) == 3
    assert world.pass_through(push=False) == 0


def _parked(world: World) -> dict[str, str]:
    with world.platform() as used, used.ledger.read() as tx:
        return {row["native_id"]: row["reason"] for row in tx.parked.list().iter_rows(named=True)}


def _write(path: Path, *lines: Any) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
