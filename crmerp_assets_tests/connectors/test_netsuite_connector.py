"""The NetSuite connector on its sandbox: what it reads, what it writes, and what it does when things go wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from crmerp_assets.connectors.errors import (
    AuthFailed,
    ConfigError,
    Duplicate,
    Rejected,
    Throttled,
    Transient,
    Unknown,
)
from crmerp_assets.connectors.netsuite import NetSuiteConnector, suiteql
from crmerp_assets.connectors.protocol import FieldSpec, Needs, Ref, Result, Row, Value, Write
from crmerp_assets.contract.case import Admin
from crmerp_assets.sandbox.netsuite import NetSuiteSandbox
from crmerp_assets_tests.contract.netsuite_case import Person

ADDRESS_FIELDS = [f"{side}.{part}" for side in ("billing", "shipping") for part in ("addr1", "city", "country")]


@dataclass(slots=True)
class Account:
    """One sandbox with its back door, a person at work in it, and connectors to it."""

    sandbox: NetSuiteSandbox
    admin: Admin
    person: Person
    connect: Callable[..., NetSuiteConnector]
    connector: NetSuiteConnector

    def make(self, object: str, key: str, **values: Value) -> str:
        (result,) = self.connector.push(object, [create(object, key, **values)])
        assert result.error is None
        assert result.native_id is not None
        return result.native_id

    def change(self, object: str, native_id: str, values: dict[str, Value]) -> Result:
        (result,) = self.connector.push(object, [update(object, native_id, values)])
        return result

    def one(self, object: str, fields: Sequence[str], native_id: str) -> Row:
        (row,) = self.connector.fetch(object, fields, [native_id])
        return row

    def order(self, key: str = "so-1") -> str:
        """A sales order of 3 x 49.50 and 1 x 10.10 for a new customer."""
        customer = self.make("customer", f"cust-{key}", companyName=f"Acme {key}", subsidiary="1")
        for sku, price in (("SKU-1", "49.50"), ("SKU-2", "10.10")):
            self.connector.push("item", [create("item", sku, itemId=sku, basePrice=Decimal(price))])
        lines: list[dict[str, Value]] = [
            {
                "line": "1",
                "item": Ref("item", None, "externalId", "SKU-1"),
                "quantity": Decimal(3),
                "rate": Decimal("49.50"),
                "amount": Decimal("148.50"),
                "description": "First",
            },
            {
                "line": "2",
                "item": Ref("item", None, "externalId", "SKU-2"),
                "quantity": Decimal(1),
                "rate": Decimal("10.10"),
                "amount": Decimal("10.10"),
                "description": "Second",
            },
        ]
        return self.make("salesOrder", key, entity=Ref("customer", customer), tranDate="2026-11-20", item=list(lines))


def create(object: str, key: str, **values: Value) -> Write:
    return Write(f"intent-{object}-{key}", object, "create", "externalId", key, None, dict(values))


def update(object: str, native_id: str, values: dict[str, Value], id: str = "intent-update") -> Write:
    return Write(id, object, "update", "externalId", f"key-{native_id}", native_id, values)


def customers(count: int, start: int = 0) -> list[Write]:
    return [
        create("customer", f"cust-{number}", companyName=f"Acme {number}", subsidiary="1")
        for number in range(start, start + count)
    ]


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    with NetSuiteSandbox(tmp_path) as sandbox, opened(sandbox) as made:
        yield made


@contextmanager
def opened(sandbox: NetSuiteSandbox, **settings: Any) -> Iterator[Account]:
    admin = Admin(sandbox.url)
    person = Person(sandbox.url, admin)
    connect = connector_to(sandbox, **settings)
    connector = connect()
    yield Account(sandbox, admin, person, connect, connector)
    for one in (connector, person, admin):
        one.close()


def connector_to(sandbox: NetSuiteSandbox, **settings: Any) -> Callable[..., NetSuiteConnector]:
    credentials = sandbox.credentials

    def connect(**more: Any) -> NetSuiteConnector:
        chosen: dict[str, Any] = {
            "url": credentials["NETSUITE_URL"],
            "account": credentials["NETSUITE_ACCOUNT"],
            "client_id": credentials["NETSUITE_CLIENT_ID"],
            "certificate_id": credentials["NETSUITE_CERTIFICATE_ID"],
            "private_key": Path(credentials["NETSUITE_PRIVATE_KEY_FILE"]).read_text(),
            "clock": lambda: datetime.now(UTC),
            "sleep": lambda seconds: time.sleep(min(seconds, 0.05)),
        }
        return NetSuiteConnector("erp", **{**chosen, **settings, **more})

    return connect


def pull(
    connector: NetSuiteConnector, object: str, fields: Sequence[str], since: str | None = None
) -> tuple[list[Row], str]:
    pages = list(connector.pull(object, fields, since))
    return [row for page in pages for row in page.rows], pages[-1].cursor


def test_a_customer_comes_back_as_it_was_written(account: Account) -> None:
    values: dict[str, Value] = {
        "companyName": "Acme",
        "email": "ap@acme.example",
        "creditLimit": Decimal("1234.50"),
        "terms.name": "Net 30",
        "currency.symbol": "USD",
        "subsidiary": "1",
        "isInactive": False,
        "billing.addr1": "1 Main St",
        "billing.city": "Reno",
        "billing.country": "US",
        "shipping.addr1": "2 Dock Rd",
        "shipping.country": "CA",
    }
    native_id = account.make("customer", "cust-1", **values)
    row = account.one("customer", ["externalId", *values], native_id)
    expected = {**values, "externalId": "cust-1", "creditLimit": "1234.5", "isInactive": "false"}
    assert {path: row[path] for path in expected} == expected
    assert (row["_id"], row["_modified_by"]) == (native_id, None)
    assert str(row["_modified"]).endswith("Z")


def test_an_item_keeps_its_unit_and_price(account: Account) -> None:
    native_id = account.make(
        "item",
        "sku-1",
        itemId="SKU-1",
        description="A widget",
        **{"saleUnit.name": "Hour", "basePrice": Decimal("9.90")},
    )
    fields = ["itemId", "saleUnit.name", "basePrice", "itemType"]
    row = account.one("item", fields, native_id)
    assert [row[field] for field in fields] == ["SKU-1", "Hour", "9.9", "NonInvtPart"]
    assert account.change("item", native_id, {"basePrice": Decimal("11.25")}).error is None
    assert account.one("item", ["basePrice"], native_id)["basePrice"] == "11.25"


def test_an_item_is_updated_under_the_record_type_it_has(account: Account) -> None:
    native_id = account.person.create("inventoryItem", {"itemId": "WIDGET", "description": "Old"})
    assert account.change("item", native_id, {"description": "New"}).error is None
    assert account.one("item", ["description"], native_id)["description"] == "New"


def test_a_contact_finds_its_customer_and_role_by_name(account: Account) -> None:
    customer = account.make("customer", "cust-1", companyName="Acme", subsidiary="1")
    company = Ref("customer", None, "externalId", "cust-1")
    contact = account.make(
        "contact", "ct-1", firstName="Ann", lastName="Lee", company=company, **{"contactRole.name": "Decision Maker"}
    )
    row = account.one("contact", ["company", "contactRole.name", "lastName"], contact)
    assert (row["company"], row["contactRole.name"], row["lastName"]) == (customer, "Decision Maker", "Lee")


def test_a_name_that_no_list_holds_rejects_its_record_alone(account: Account) -> None:
    writes = customers(3)
    writes[1].values["terms.name"] = "Net 31"
    results = account.connector.push("customer", writes)
    assert [result.error is None for result in results] == [True, False, True]
    assert isinstance(results[1].error, Rejected)
    assert results[1].error.field == "terms.name"
    assert "Net 31" not in str(results[1].error)


def test_order_lines_are_read_as_the_document_shows_them(account: Account) -> None:
    order = account.order()
    fields = ["tranId", "status", "total", "currency.symbol", "tranDate", "item.line", "item.quantity", "item.amount"]
    row = account.one("salesOrder", [*fields, "item.rate", "item.description"], order)
    assert (row["status"], row["total"], row["currency.symbol"], row["tranDate"]) == ("B", "158.6", "USD", "2026-11-20")
    assert json.loads(row["item"] or "") == [
        {"line": "1", "quantity": "3", "amount": "148.5", "rate": "49.5", "description": "First"},
        {"line": "2", "quantity": "1", "amount": "10.1", "rate": "10.1", "description": "Second"},
    ]


def test_updating_the_lines_of_an_order_replaces_them(account: Account) -> None:
    order = account.order()
    line: dict[str, Value] = {"line": "1", "item": Ref("item", None, "externalId", "SKU-1"), "quantity": Decimal(5)}
    line |= {"rate": Decimal("49.50"), "amount": Decimal("247.50")}
    for _ in range(2):
        assert account.change("salesOrder", order, {"item": [line], "memo": "Five now"}).error is None
        row = account.one("salesOrder", ["total", "item.quantity", "memo"], order)
        assert (row["total"], row["item"], row["memo"]) == ("247.5", '[{"quantity":"5"}]', "Five now")
    assert account.change("salesOrder", order, {"memo": "Still five"}).error is None
    assert account.one("salesOrder", ["item.quantity"], order)["item"] == '[{"quantity":"5"}]'


def test_an_invoice_names_its_order_and_a_payment_its_invoice(account: Account) -> None:
    order = account.order()
    invoice = account.person.transform("salesOrder", order, "invoice")
    customer = account.one("salesOrder", ["entity"], order)["entity"]
    account.person.create(
        "customerPayment",
        {
            "customer": {"id": customer},
            "payment": 100,
            "apply": {"items": [{"doc": {"id": invoice}, "apply": True, "amount": 100}]},
        },
    )
    row = account.one("invoice", ["createdFrom", "entity", "total", "amountPaid", "amountRemaining", "status"], invoice)
    assert (row["createdFrom"], row["entity"]) == (order, customer)
    assert [row[field] for field in ("total", "amountPaid", "amountRemaining", "status")] == [
        "158.6",
        "100",
        "58.6",
        "A",
    ]
    (payment,), _ = pull(
        account.connector, "customerPayment", ["entity", "payment", "unapplied", "apply.doc", "apply.amount"]
    )
    assert (payment["entity"], payment["payment"], payment["unapplied"]) == (customer, "100", "0")
    assert json.loads(payment["apply"] or "") == [{"doc": invoice, "amount": "100"}]


def test_a_credit_memo_shows_what_it_is_applied_to(account: Account) -> None:
    invoice = account.person.transform("salesOrder", account.order(), "invoice")
    memo = account.person.transform("invoice", invoice, "creditMemo")
    row = account.one("creditMemo", ["total", "apply.doc", "apply.amount", "item.quantity"], memo)
    assert row["total"] == "158.6"
    assert json.loads(row["item"] or "") == [{"quantity": "3"}, {"quantity": "1"}]
    assert all(application["doc"] == invoice for application in json.loads(row["apply"] or ""))


def test_lines_of_many_orders_are_paged_without_loss(account: Account) -> None:
    account.order()
    item = account.connector.find_by_key("item", "externalId", ["SKU-1"])["SKU-1"]["_id"]
    customer = account.connector.ids("customer")[0]
    lines = [{"item": {"id": item}, "quantity": number + 1, "rate": 2} for number in range(3)]
    account.admin.seed("salesOrder", [{"entity": {"id": customer}, "item": {"items": lines}} for _ in range(500)])
    account.admin.reset_calls()
    rows, _ = pull(account.connector, "salesOrder", ["total", "item.quantity"])
    assert account.admin.calls() <= 1 + 2 + 1
    quantities = [[line["quantity"] for line in json.loads(row["item"] or "")] for row in rows[1:]]
    assert quantities == [["1", "2", "3"]] * 500


def test_exchange_rates_are_read_with_their_currencies(account: Account) -> None:
    fields = ["baseCurrency.symbol", "transactionCurrency.symbol", "effectiveDate", "exchangeRate"]
    rows, _ = pull(account.connector, "currencyRate", fields)
    assert {row["transactionCurrency.symbol"] for row in rows} == {"GBP", "CAD", "EUR"}
    assert {row["baseCurrency.symbol"] for row in rows} == {"USD"}


def test_changing_one_of_two_equal_addresses_leaves_the_other(account: Account) -> None:
    address: dict[str, Value] = {}
    for side in ("billing", "shipping"):
        address |= {f"{side}.addr1": "1 Main St", f"{side}.city": "Reno", f"{side}.country": "US"}
    native_id = account.make("customer", "cust-1", companyName="Acme", subsidiary="1", **address)
    assert len(account.person.get("customer", native_id)["addressBook"]["items"]) == 1
    for _ in range(2):
        assert account.change("customer", native_id, {"billing.addr1": "9 Main St"}).error is None
        row = account.one("customer", ADDRESS_FIELDS, native_id)
        assert [row[field] for field in ADDRESS_FIELDS] == ["9 Main St", "Reno", "US", "1 Main St", "Reno", "US"]
    assert len(account.person.get("customer", native_id)["addressBook"]["items"]) == 2


def test_creating_twice_leaves_one_address(account: Account) -> None:
    for _ in range(2):
        native_id = account.make(
            "customer", "cust-1", companyName="Acme", subsidiary="1", **{"billing.addr1": "1 Main St"}
        )
    assert len(account.person.get("customer", native_id)["addressBook"]["items"]) == 1


def test_a_value_is_cleared_by_null_and_only_then(account: Account) -> None:
    native_id = account.make(
        "customer", "cust-1", companyName="Acme", subsidiary="1", phone="+1 212 555 0100", url="a.example"
    )
    assert account.change("customer", native_id, {"phone": None}).error is None
    row = account.one("customer", ["phone", "url", "companyName"], native_id)
    assert (row["phone"], row["companyName"]) == (None, "Acme")
    assert row["url"] is not None


def test_a_batch_keeps_order_so_that_a_child_may_follow_its_parent(account: Account) -> None:
    writes = customers(101)
    for write in writes[1:]:
        write.values["parent"] = Ref("customer", None, "externalId", "cust-0")
    results = account.connector.push("customer", writes)
    assert [result.error for result in results] == [None] * 101
    row = account.one("customer", ["parent"], str(results[100].native_id))
    assert row["parent"] == results[0].native_id


def test_a_child_of_a_refused_parent_waits_instead_of_being_refused(account: Account) -> None:
    writes = customers(5)
    del writes[0].values["companyName"]
    writes[1].values["parent"] = Ref("customer", None, "externalId", "cust-0")
    for some in (writes[:2], writes):
        results = account.connector.push("customer", some)
        assert isinstance(results[0].error, Rejected)
        assert isinstance(results[1].error, Transient)
        assert [result.error for result in results[2:]] == [None] * (len(some) - 2)


def test_a_batch_that_failed_can_be_sent_again_once_the_cause_is_gone(account: Account) -> None:
    writes = [
        create("contact", f"ct-{n}", lastName=f"Lee {n}", company=Ref("customer", None, "externalId", "cust-0"))
        for n in range(5)
    ]
    refused = account.connector.push("contact", writes)
    assert all(isinstance(result.error, Rejected) for result in refused)
    account.make("customer", "cust-0", companyName="Acme", subsidiary="1")
    for _ in range(2):
        results = account.connector.push("contact", writes)
        assert [result.error for result in results] == [None] * 5
    assert account.admin.count("contact") == 5


@pytest.mark.parametrize("kind", ["stopped", "failed"])
def test_a_batch_of_which_nothing_was_saved_can_be_sent_again_although_netsuite_knows_its_key(
    account: Account, kind: str
) -> None:
    """The second time that it goes wrong is that of the job after the one that NetSuite names."""
    for skip in (0, 1):
        account.admin.fault(kind, "PUT .*/record/v1/customer", skip=skip)
        results = account.connector.push("customer", customers(4))
        assert [type(result.error) for result in results] == [Transient] * 4
    assert account.admin.fault_hits() == 2
    results = account.connector.push("customer", customers(4))
    assert [result.error for result in results] == [None] * 4
    assert account.admin.count("customer") == 4


def test_the_records_that_a_job_did_not_come_to_are_told_from_those_that_it_saved(account: Account) -> None:
    account.admin.fault("partial", "PUT .*/record/v1/customer")
    results = account.connector.push("customer", customers(5))
    assert [type(result.error) for result in results] == [type(None)] * 2 + [Transient] * 3


def test_updates_in_a_batch_report_the_one_that_failed(account: Account) -> None:
    made = account.connector.push("customer", customers(6))
    writes = [
        update("customer", str(one.native_id), {"phone": "+1 212 555 0101"}, f"u{n}") for n, one in enumerate(made)
    ]
    writes[2].values["parent"] = "999999"
    results = account.connector.push("customer", writes)
    assert [result.write_id for result in results] == [f"u{n}" for n in range(6)]
    assert [result.error is None for result in results] == [n != 2 for n in range(6)]
    assert isinstance(results[2].error, Rejected)
    assert results[2].error.field == "parent"


@pytest.mark.parametrize("count", [1, 5])
def test_a_key_that_another_kind_of_entity_holds_is_a_duplicate(account: Account, count: int) -> None:
    account.make("customer", "shared-0", companyName="Acme", subsidiary="1")
    results = account.connector.push(
        "contact", [create("contact", f"shared-{n}", lastName="Lee") for n in range(count)]
    )
    assert isinstance(results[0].error, Duplicate)
    assert results[0].error.existing_id is None


def test_a_duplicate_name_leads_to_the_record_that_has_it(account: Account) -> None:
    existing = account.person.create("nonInventorySaleItem", {"itemId": "SKU-1"})
    (result,) = account.connector.push("item", [create("item", "item-1", itemId="SKU-1")])
    assert isinstance(result.error, Duplicate)
    assert result.error.existing_id == existing


def test_a_misspelt_field_is_named_and_nothing_is_written(account: Account) -> None:
    (result,) = account.connector.push(
        "customer", [create("customer", "c1", companyName="A", subsidiary="1", shoeSize="9")]
    )
    assert isinstance(result.error, Rejected)
    assert result.error.field == "shoeSize"
    assert account.admin.count("customer") == 0


def test_a_key_that_a_url_cannot_carry_is_rejected_before_it_is_sent(account: Account) -> None:
    (result,) = account.connector.push("customer", [create("customer", "a|b", companyName="A", subsidiary="1")])
    assert isinstance(result.error, Rejected)
    assert account.connector.calls() == 0


def test_keys_are_found_whatever_their_case(account: Account) -> None:
    native_id = account.make("customer", "Cust-One", companyName="Acme", subsidiary="1")
    found = account.connector.find_by_key("customer", "externalId", ["CUST-ONE", "other"], ["companyName"])
    assert [(key, row["_id"], row["companyName"]) for key, row in found.items()] == [("CUST-ONE", native_id, "Acme")]


@pytest.mark.parametrize("kind", ["cut_after", "server_error"])
def test_a_batch_whose_submission_got_no_answer_is_sent_again_under_the_same_key(account: Account, kind: str) -> None:
    account.admin.fault(kind, r"PUT .*/record/v1/customer")
    results = account.connector.push("customer", customers(5))
    assert [result.error for result in results] == [None] * 5
    assert account.admin.count("customer") == 5


@pytest.mark.parametrize("kind", ["cut_after", "server_error"])
def test_a_batch_whose_submission_never_gets_an_answer_is_unknown(account: Account, kind: str) -> None:
    account.admin.fault(kind, r"PUT .*/record/v1/customer", times=-1)
    results = account.connector.push("customer", customers(5))
    assert all(isinstance(result.error, Unknown) for result in results)
    assert {result.error.record for result in results if result.error} == {f"cust-{n}" for n in range(5)}


def test_refusals_for_concurrency_are_waited_out_and_then_reported(account: Account) -> None:
    pauses: list[float] = []
    connector = account.connect(sleep=pauses.append, jitter=lambda: 1.0)
    account.admin.fault("throttle", r"PUT ", times=2)
    (result,) = connector.push("customer", customers(1))
    assert (result.error, pauses) == (None, [0.5, 1.0])
    account.admin.fault("throttle", r"PUT ", times=-1)
    (result,) = connector.push("customer", customers(1, start=1))
    assert isinstance(result.error, Throttled)
    connector.close()


def test_a_wrong_certificate_is_an_authentication_failure_that_sends_nothing(account: Account) -> None:
    connector = account.connect(certificate_id="not-this-one")
    with pytest.raises(AuthFailed, match="certificate"):
        connector.push("customer", customers(1))
    (finding,) = connector.check({})
    assert not finding.ok
    connector.close()


def test_a_key_that_is_none_is_a_configuration_error(account: Account) -> None:
    with pytest.raises(ConfigError, match="private_key_file"):
        account.connect(private_key="not a key")


def test_an_rsa_key_signs_too(account: Account) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    connector = account.connect(private_key=pem, certificate_id="rsa")
    with pytest.raises(AuthFailed):
        connector.limits()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    certificate = {"id": "rsa", "public_key": public}
    httpx.post(f"{account.sandbox.url}/_sandbox/certificates", json=certificate).raise_for_status()
    assert connector.limits().concurrent == 5
    connector.close()


def test_the_token_is_used_until_it_expires(account: Account) -> None:
    for _ in range(3):
        account.connector.limits()
    assert account.connector.calls() == 3


def test_a_custom_field_is_read_and_written_once_it_exists(account: Account) -> None:
    with pytest.raises(ConfigError, match="custentity_tier"):
        pull(account.connector, "customer", ["custentity_tier"])
    spec = FieldSpec("customer", "custentity_tier", "Tier", "text")
    (step,) = account.connector.provision([spec], dry_run=True)
    assert not step.done
    assert "Customization > Lists, Records, & Fields > Entity Fields > New" in str(step.manual)
    httpx.post(
        f"{account.sandbox.url}/_sandbox/customfields",
        json={"record": "customer", "id": "custentity_tier", "type": "text"},
    ).raise_for_status()
    (step,) = account.connector.provision([spec], dry_run=False)
    assert step.done
    (other,) = account.connector.provision([replace(spec, type="currency")], dry_run=True)
    assert not other.done, "a field of another kind holds no such values"
    assert "custentity_tier is of the type text, where currency is meant. Delete it" in str(other.manual)
    native_id = account.make("customer", "cust-1", companyName="Acme", subsidiary="1", custentity_tier="Gold")
    assert account.one("customer", ["custentity_tier"], native_id)["custentity_tier"] == "Gold"
    assert account.connector.describe("customer")["custentity_tier"].custom


def test_a_check_names_each_thing_that_is_missing(account: Account) -> None:
    account.make("customer", "cust-1", companyName="Acme", subsidiary="1")
    needs = Needs(frozenset({"companyName", "billing.city"}), frozenset({"balance", "billing.city", "custentity_x"}))
    findings = account.connector.check({"customer": needs, "purchaseOrder": Needs()})
    wrong = {finding.what: finding.now for finding in findings if not finding.ok}
    assert len(wrong) == 3
    assert "Entity Fields" in wrong["customer.custentity_x cannot be written"]
    assert "customer.balance cannot be written" in wrong
    assert [finding.what for finding in findings if "at once" in finding.what]


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Kolkata"])
def test_times_are_utc_whatever_the_accounts_zone(tmp_path: Path, zone: str) -> None:
    with (
        NetSuiteSandbox(tmp_path, account_timezone=zone) as sandbox,
        opened(sandbox, account_timezone=zone) as account,
    ):
        seeded = {"companyName": "Acme", "subsidiary": {"id": "1"}, "lastModifiedDate": "2026-01-05T08:00:00Z"}
        account.admin.seed("customer", [seeded])
        rows, cursor = pull(account.connector, "customer", ["companyName", "lastModifiedDate"])
        assert [row["_modified"] for row in rows] == ["2026-01-05T08:00:00Z"]
        assert rows[0]["lastModifiedDate"] == "2026-01-05T08:00:00Z"
        assert pull(account.connector, "customer", ["companyName"], cursor)[0] == []
        account.connector.push("customer", customers(1))
        assert len(pull(account.connector, "customer", ["companyName"], cursor)[0]) == 1
        assert all(finding.ok for finding in account.connector.check({}))
        mistaken = connector_to(sandbox, account_timezone="UTC")()
        assert [finding.ok for finding in mistaken.check({}) if "hours off" in finding.what] == [False]
        mistaken.close()


def test_changes_in_the_hour_that_autumn_repeats_are_read(tmp_path: Path) -> None:
    """There the account's clock says 01:50, 01:10, 01:30 of three moments in a row."""
    zone = "America/Los_Angeles"
    moments = [datetime(2026, 11, 1, 8, 50, tzinfo=UTC) + timedelta(minutes=20 * number) for number in (2, 0, 1)]
    with (
        NetSuiteSandbox(tmp_path, account_timezone=zone) as sandbox,
        opened(sandbox, account_timezone=zone) as account,
    ):
        now = datetime(2026, 11, 1, 9, 40, tzinfo=UTC)
        account.admin.clock(int((now - datetime.now(UTC)).total_seconds()))
        account.admin.seed(
            "customer",
            [
                {"companyName": f"C{n}", "subsidiary": {"id": "1"}, "lastModifiedDate": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
                for n, at in enumerate(moments)
            ],
        )
        since = json.dumps({"mode": "done", "started": "2026-11-01T08:00:00Z", "since": None, "id": None})
        rows, _ = pull(account.connector, "customer", ["companyName"], since)
    assert [row["companyName"] for row in rows] == ["C0", "C1", "C2"]


def test_the_log_of_deletions_is_read_once_for_all_objects_page_by_page(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records of two objects may have one id, and each object hears of its own, from where it goes on."""
    monday, tuesday, wednesday = (f"2026-01-{day:02} 09:00:00" for day in (5, 6, 7))
    log = [(7, "customer", monday), (7, "noninventorysaleitem", monday), (7, "salesorder", tuesday)]
    log += [(8, "customer", wednesday), (8, "noninventorysaleitem", wednesday), (8, "vendor", wednesday)]
    with account.sandbox.jobs.account.writing(1) as db:
        db.executemany("INSERT INTO deletedrecord (recordid, type, deleteddate) VALUES (?, ?, ?)", log)
    ended = json.dumps({"mode": "done", "started": "2026-01-06T00:00:00Z"})
    asked = {"customer": None, "item": ended, "salesOrder": ended, "contact": None}
    before = account.connector.calls()
    account.connector.logged(asked)
    assert account.connector.calls() - before == 2, "the list, and once the clock"
    for page in (1, 2, 3, 4, 100):
        monkeypatch.setattr(suiteql, "PAGE", page)
        found = account.connector.logged(asked)
        gone = {object: [one.native_id for one in some] for object, (some, _) in found.items()}
        assert gone == {"customer": ["7", "8"], "item": ["8"], "salesOrder": ["7"], "contact": []}
