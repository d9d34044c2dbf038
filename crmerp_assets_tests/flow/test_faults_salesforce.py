"""Every fault in every form of writing to Salesforce, at every point: one record for each intent in the end.

Removed once: looking creates up by their key when they are settled. Nothing fails here, as an upsert by key makes one
record however often it is sent; that nothing is sent again needlessly is held by test_settling.py.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from bench import Case, Fault, Form
from faults import Calls, all_faults
from vendor_bench import VendorBench, make_bench

pytestmark = pytest.mark.timeout(1200)
WRITE, READ = r"^PATCH .*/composite/sobjects", r"^(GET .*/query|POST .*/composite/sobjects)"


def _items(bench: VendorBench, names: list[str]) -> None:
    rows = [{"itemId": f"SKU {name}", "displayName": name} for name in names]
    bench.world.seed("erp", "nonInventorySaleItem", rows)


def _deactivate_items(bench: VendorBench, updated: Sequence[Case]) -> None:
    items = {row["displayname"]: row["id"] for row in bench.world.suiteql("SELECT id, displayname FROM item")}
    products = {row["Name"]: row["Id"] for row in bench.world.soql("SELECT Id, Name FROM Product2")}
    for case in updated:
        case.natives = [products[name] for name in case.names]
        for name in case.names:
            bench.bob.change("nonInventorySaleItem", items[name], {"isInactive": True})


def _contacts(bench: VendorBench, names: list[str]) -> None:
    parent = bench.world.suiteql("SELECT id FROM customer WHERE companyname = 'Parent'")[0]["id"]
    rows = [{"lastName": name, "entityId": name, "company": {"id": parent}} for name in names]
    bench.world.seed("erp", "contact", rows)


def _accounts(bench: VendorBench, names: list[str]) -> None:
    bench.world.seed("crm", "Account", [{"Name": name, "CurrencyIsoCode": "USD"} for name in names])


def _first_accounts(bench: VendorBench, names: list[str]) -> None:
    _accounts(bench, [name for name in names if name.endswith(" 0")])


def _limit_credit(bench: VendorBench, updated: Sequence[Case]) -> None:
    customers = {row["companyname"]: row["id"] for row in bench.world.suiteql("SELECT id, companyname FROM customer")}
    accounts = {row["Name"]: row["Id"] for row in bench.world.soql("SELECT Id, Name FROM Account")}
    for case in updated:
        known = [name for name in case.names if name in accounts]
        case.natives = [accounts[name] for name in known]
        for name in known:
            bench.bob.change_customer(customers[name], creditLimit=5000)


def _limit_credit_and_add(bench: VendorBench, updated: Sequence[Case]) -> None:
    """Each case updates its first account and gets its second from a new customer: two calls of one push."""
    _limit_credit(bench, updated)
    made = [{"companyName": case.names[1], "creditLimit": 5000} for case in updated]
    bench.world.seed("erp", "customer", [row | {"subsidiary": {"id": "1"}, "currency": {"id": "1"}} for row in made])


LIMIT = {"credit": 5000}
FORMS = [
    Form("create", "product", "salesforce", 2, "create", _items, {"active": True}),
    Form("update", "product", "salesforce", 2, "update", _items, {"active": False}, _deactivate_items),
    Form("create-referring", "contact", "salesforce", 2, "create", _contacts, {"account": "Parent"}),
    Form("update", "customer", "salesforce", 2, "update", _accounts, LIMIT, _limit_credit),
    Form("update-after-create", "customer", "salesforce", 2, "both", _first_accounts, LIMIT, _limit_credit_and_add),
]


def _faults(form: Form) -> Iterator[Fault]:
    yield from all_faults(
        Calls(WRITE, READ, checks=int(form.operation != "create"), writes=form.operation == "both", parts=True)
    )


CASES = [Case(form, fault) for form in FORMS for fault in _faults(form)]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What Salesforce holds, by name, after every case was tried and recovered, and planning plans nothing."""
    with make_bench(tmp_path_factory.mktemp("salesforce") / "state") as bench:
        bench.run(CASES)
        return _found(bench)


def _found(bench: VendorBench) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in bench.world.soql("SELECT Name, Crmerp_Id__c, IsActive FROM Product2"):
        found.setdefault(row["Name"], []).append({"key": row["Crmerp_Id__c"], "active": row["IsActive"]})
    for row in bench.world.soql("SELECT LastName, Crmerp_Id__c, Account.Name FROM Contact"):
        account = (row["Account"] or {}).get("Name")
        found.setdefault(row["LastName"], []).append({"key": row["Crmerp_Id__c"], "account": account})
    for row in bench.world.soql("SELECT Name, Crmerp_Id__c, Credit_Limit__c FROM Account"):
        found.setdefault(row["Name"], []).append({"key": row["Crmerp_Id__c"], "credit": row["Credit_Limit__c"]})
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_each_intent_has_one_record_after_recovery(case: Case, records: dict[str, list[dict[str, Any]]]) -> None:
    case.holds(records)
