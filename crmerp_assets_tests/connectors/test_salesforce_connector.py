"""What is particular to Salesforce, against its sandbox; what every connector promises is in the contract suite."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from crmerp_assets.connectors.errors import AuthFailed, ConfigError, QuotaSpent, Rejected, Throttled, Transient
from crmerp_assets.connectors.protocol import FieldSpec, Needs, Ref, Value, Write
from crmerp_assets.connectors.salesforce import SalesforceConnector
from crmerp_assets.contract.case import Admin
from crmerp_assets.sandbox.salesforce import SalesforceSandbox
from crmerp_assets_tests.contract.salesforce_case import KEY, KEY_SPEC, Person, connector_to, provision

CONTACT_KEY = FieldSpec("Contact", KEY, "Golden Id", "text", length=64, external_id=True)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SalesforceSandbox]:
    with SalesforceSandbox(tmp_path / "salesforce") as started:
        yield started


@pytest.fixture
def admin(sandbox: SalesforceSandbox) -> Iterator[Admin]:
    made = Admin(sandbox.url)
    yield made
    made.close()


@pytest.fixture
def person(sandbox: SalesforceSandbox, admin: Admin) -> Iterator[Person]:
    made = Person(sandbox.url, admin)
    yield made
    made.close()


@pytest.fixture
def connector(sandbox: SalesforceSandbox) -> Iterator[SalesforceConnector]:
    connect = connector_to(sandbox)
    provision(connect)
    made = connect(sleep=lambda seconds: None)
    yield made
    made.close()


def create(object: str, key: str, values: dict[str, Value]) -> Write:
    return Write(f"intent-{key}", object, "create", KEY, key, None, values)


def push_one(connector: SalesforceConnector, write: Write) -> None:
    """A failure of the whole call and one of its only row are the same to these tests."""
    (result,) = connector.push(write.object, [write])
    if result.error is not None:
        raise result.error


def test_a_username_and_a_key_are_as_good_as_a_secret(sandbox: SalesforceSandbox) -> None:
    credentials = sandbox.credentials
    connector = SalesforceConnector(
        "salesforce",
        credentials["SALESFORCE_URL"],
        credentials["SALESFORCE_CLIENT_ID"],
        username=credentials["SALESFORCE_USERNAME"],
        private_key=Path(credentials["SALESFORCE_PRIVATE_KEY_FILE"]).read_text(),
        clock=lambda: datetime.now(UTC),
    )
    assert "Name" in connector.describe("Account")
    connector.close()


def test_wrong_credentials_are_refused_with_what_to_check(sandbox: SalesforceSandbox) -> None:
    url, client = sandbox.url, sandbox.credentials["SALESFORCE_CLIENT_ID"]
    connector = SalesforceConnector("salesforce", url, client, "not the secret", clock=lambda: datetime.now(UTC))
    with pytest.raises(AuthFailed) as caught:
        connector.ids("Account")
    assert "client secret" in str(caught.value)
    assert "not the secret" not in str(caught.value)
    assert [finding.ok for finding in connector.check({})] == [False]
    connector.close()


def test_a_connection_without_secret_and_key_says_what_to_set() -> None:
    with pytest.raises(ConfigError, match="client_secret, or a username and a private key"):
        SalesforceConnector("salesforce", "https://acme.my.salesforce.com", "id", clock=lambda: datetime.now(UTC))


def test_an_opportunity_is_read_with_its_account_and_its_lines(
    connector: SalesforceConnector, person: Person, admin: Admin
) -> None:
    opportunity = deal(person)
    admin.reset_calls()
    fields = ["Name", "Amount", "CloseDate", "IsWon", "Account.Name", "OpportunityLineItems.Quantity"]
    fields += ["OpportunityLineItems.UnitPrice", "OpportunityLineItems.Product2.ProductCode"]
    (page,) = connector.pull("Opportunity", fields, None)
    (row,) = page.rows
    assert (row["_id"], row["Account.Name"], row["IsWon"], row["CloseDate"]) == (
        opportunity,
        "Acme",
        "true",
        "2026-11-20",
    )
    lines = json.loads(row["OpportunityLineItems"] or "")
    assert [
        (line["Product2.ProductCode"], Decimal(line["Quantity"]), Decimal(line["UnitPrice"])) for line in lines
    ] == [("P-1", Decimal(2), Decimal("49.5"))]
    assert all(line["Id"].startswith("00k") for line in lines)
    assert connector.fetch("Opportunity", fields, [opportunity]) == [row]
    assert admin.calls() == 3


def deal(person: Person) -> str:
    account = person.create("Account", {"Name": "Acme"})
    book = person.create("Pricebook2", {"Name": "Book", "IsActive": True})
    product = person.create("Product2", {"Name": "Widget", "ProductCode": "P-1", "IsActive": True})
    standard = standard_book(person)
    for pricebook in (standard, book):
        price = {"Pricebook2Id": pricebook, "Product2Id": product, "UnitPrice": 50, "IsActive": True}
        entry = person.create("PricebookEntry", {**price, "CurrencyIsoCode": "USD"})
    values = {"Name": "Deal", "StageName": "Closed Won", "CloseDate": "2026-11-20", "AccountId": account}
    opportunity = person.create("Opportunity", {**values, "Pricebook2Id": book, "CurrencyIsoCode": "USD"})
    line = {"OpportunityId": opportunity, "PricebookEntryId": entry, "Quantity": 2, "UnitPrice": 49.5}
    person.create("OpportunityLineItem", line)
    return opportunity


def standard_book(person: Person) -> str:
    return person.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true")[0]["Id"]


def test_money_is_written_and_read_digit_by_digit(connector: SalesforceConnector) -> None:
    amount = Decimal("12345678901234.56")
    (result,) = connector.push("Account", [create("Account", "k-1", {"Name": "Acme", "AnnualRevenue": amount})])
    (row,) = connector.fetch("Account", ["AnnualRevenue"], [str(result.native_id)])
    assert row["AnnualRevenue"] == "12345678901234.56"


def test_a_reference_goes_by_id_or_by_key(connector: SalesforceConnector) -> None:
    connector.provision([CONTACT_KEY], dry_run=False)
    (account,) = connector.push("Account", [create("Account", "k-1", {"Name": "Acme"})])
    by_id = Ref("Account", native_id=account.native_id)
    by_key = Ref("Account", key_field=KEY, key="k-1")
    writes = [create("Contact", f"c-{n}", {"LastName": "X", "AccountId": ref}) for n, ref in enumerate((by_id, by_key))]
    results = connector.push("Contact", writes)
    assert [result.error for result in results] == [None, None]
    rows = connector.fetch("Contact", ["AccountId", f"Account.{KEY}"], [str(result.native_id) for result in results])
    assert [(row["AccountId"], row[f"Account.{KEY}"]) for row in rows] == [(account.native_id, "k-1")] * 2


def test_a_parent_and_its_child_can_be_pushed_together(connector: SalesforceConnector) -> None:
    parent = Ref("Account", key_field=KEY, key="k-1")
    writes = [
        create("Account", "k-1", {"Name": "Parent"}),
        create("Account", "k-2", {"Name": "Child", "ParentId": parent}),
    ]
    results = connector.push("Account", writes)
    assert [result.error for result in results] == [None, None]
    (row,) = connector.fetch("Account", ["ParentId"], [str(results[1].native_id)])
    assert row["ParentId"] == results[0].native_id


def test_a_reference_to_nothing_is_rejected_alone(connector: SalesforceConnector) -> None:
    writes = [
        create("Account", "k-1", {"Name": "Acme", "ParentId": Ref("Account")}),
        create("Account", "k-2", {"Name": "Other"}),
    ]
    nowhere, fine = connector.push("Account", writes)
    assert isinstance(nowhere.error, Rejected)
    assert nowhere.error.field == "ParentId"
    assert fine.error is None


def test_a_blank_clears_a_field(connector: SalesforceConnector) -> None:
    (made,) = connector.push("Account", [create("Account", "k-1", {"Name": "Acme", "Phone": "1"})])
    native_id = str(made.native_id)
    connector.push("Account", [Write("u", "Account", "update", KEY, "k-1", native_id, {"Phone": None})])
    (row,) = connector.fetch("Account", ["Phone", "Name"], [native_id])
    assert (row["Phone"], row["Name"]) == (None, "Acme")


def test_the_daily_limit_stops_a_push_before_anything_is_sent(connector: SalesforceConnector, admin: Admin) -> None:
    connector.describe("Account")
    admin.daily_limit(0)
    with pytest.raises(QuotaSpent):
        connector.push("Account", [create("Account", "k-1", {"Name": "Acme"})])
    assert admin.count("Account") == 0


def test_a_failing_call_leaves_the_rest_unsent(connector: SalesforceConnector, admin: Admin) -> None:
    admin.fault("throttle", "/composite", times=-1, skip=1)
    writes = [create("Account", f"k-{number}", {"Name": "Acme"}) for number in range(601)]
    results = connector.push("Account", writes)
    assert [result.error is None for result in results] == [True] * 200 + [False] * 401
    assert all(isinstance(result.error, Throttled | Transient) for result in results[200:])
    assert "Account k-600" in str(results[600].error)
    assert admin.count("Account") == 200


def test_a_field_that_cannot_be_seen_is_a_matter_of_configuration(connector: SalesforceConnector) -> None:
    with pytest.raises(ConfigError, match="Shoe_Size__c"):
        push_one(connector, create("Account", "k-1", {"Name": "Acme", "Shoe_Size__c": "44"}))


def test_an_object_that_does_not_exist_is_named(connector: SalesforceConnector) -> None:
    with pytest.raises(ConfigError, match="Accunt"):
        connector.describe("Accunt")
    with pytest.raises(ConfigError, match="Accunt"):
        connector.ids("Accunt")


SPECS = [
    FieldSpec("Account", "ERP_Balance__c", "ERP Balance", "currency", length=18, scale=2),
    FieldSpec("Account", "Payment_Terms__c", "Payment Terms", "picklist", values=("Net 15", "Net 30")),
    FieldSpec("Account", "Primary__c", "Primary", "checkbox"),
    FieldSpec("Account", "Due__c", "Due", "date"),
    FieldSpec("Account", "Portal__c", "Portal", "url"),
    FieldSpec("Account", "Rank__c", "Rank", "number", length=6, scale=0),
    KEY_SPEC,
]


def test_provisioning_makes_and_grants_what_is_missing_once(connector: SalesforceConnector) -> None:
    planned = connector.provision(SPECS, dry_run=True)
    assert [step.done for step in planned] == [False] * 6 + [True]
    assert "ERP_Balance__c" not in connector.describe("Account")
    assert [step.done for step in connector.provision(SPECS, dry_run=False)] == [True] * 7
    fields = connector.describe("Account")
    assert all(fields[spec.name].writeable and fields[spec.name].custom for spec in SPECS)
    assert fields["Payment_Terms__c"].values == ("Net 15", "Net 30")
    assert fields[KEY].unique
    before = connector.calls()
    assert [step.done for step in connector.provision(SPECS, dry_run=False)] == [True] * 7
    assert connector.calls() == before


def test_a_missing_permission_set_is_a_manual_step(sandbox: SalesforceSandbox) -> None:
    credentials = sandbox.credentials
    connector = SalesforceConnector(
        "salesforce",
        sandbox.url,
        credentials["SALESFORCE_CLIENT_ID"],
        credentials["SALESFORCE_CLIENT_SECRET"],
        clock=lambda: datetime.now(UTC),
        permission_set="Nobodys_Set",
    )
    (step,) = connector.provision([KEY_SPEC], dry_run=False)
    assert not step.done
    assert "Nobodys_Set" in (step.manual or "")
    assert [f.what for f in connector.check({}) if not f.ok] == ["permission set Nobodys_Set"]
    connector.close()


def test_a_check_follows_paths_through_references_and_lists(connector: SalesforceConnector) -> None:
    needs = Needs(frozenset({"Account.Name", "OpportunityLineItems.Quantity", "Account.Nope"}), frozenset({"IsWon"}))
    wrong = [finding.what for finding in connector.check({"Opportunity": needs}) if not finding.ok]
    assert wrong == ["read Opportunity.Account.Nope", "write Opportunity.IsWon"]


def test_limits_come_with_the_answers(connector: SalesforceConnector) -> None:
    limits = connector.limits()
    assert limits.allowed is not None
    assert limits.used is not None
    assert 0 < limits.used < limits.allowed


def test_keys_with_quotes_are_found(connector: SalesforceConnector) -> None:
    key = 'O\'Hara \\ "Sons"'
    connector.push("Account", [create("Account", key, {"Name": "Acme"})])
    assert list(connector.find_by_key("Account", KEY, [key])) == [key]
