"""The forms of writing to NetSuite: one record a call or a job of many, created or updated, with lines or without."""

from collections.abc import Iterator, Sequence
from typing import Any

from bench import Case, Fault, Form, Trouble
from faults import ALWAYS, Calls, all_faults, rule
from mortal import BETWEEN
from vendor_bench import VendorBench

PHONE, NEW_PHONE = "+12025550142", "+12025550199"
READ, JOB, TASKS = r"^POST .*/suiteql", r"^GET .*/async/v1/job/\d+$", r"^GET .*/async/v1/job/\d+/task"
RESULTS = rf"{TASKS}/\d+/result"
WRITES = {"customer": r"^(PUT|PATCH) .*/record/v1/customer", "order": r"^(PUT|PATCH) .*/record/v1/salesOrder"}
LINES = "/services/data/v68.0/sobjects/OpportunityLineItem"
Found = dict[str, list[dict[str, Any]]]


def cases(entity: str) -> list[Case]:
    """Every fault in every form of one entity."""
    return [Case(form, fault) for form in FORMS if form.entity == entity for fault in _faults(form)]


def _faults(form: Form) -> Iterator[Fault]:
    calls = Calls(WRITES[form.entity], READ, checks=int(form.operation == "update"))
    yield from all_faults(calls)
    if form.count > 3:
        yield from _on_jobs(calls)
    else:
        yield from _between_two(calls)


def _between_two(calls: Calls) -> Iterator[Fault]:
    """The first record was written; then the second call of the same push goes wrong."""
    for kind in ("revoke", "throttle", "server_error", "cut_after", "error_after"):
        yield Fault(kind, "in-the-second-call", Trouble((rule(kind, calls.write, times=ALWAYS, skip=1),)))


def _on_jobs(calls: Calls) -> Iterator[Fault]:
    """A job was accepted; then its polls, its results or the job itself fail, or the process dies meanwhile."""
    for kind in ("server_error", "cut_after", "revoke"):
        yield Fault(kind, "polling-the-job", Trouble((rule(kind, JOB, times=ALWAYS),)))
    confirming = rule("server_error", READ, times=ALWAYS, skip=calls.checks)
    yield Fault("no-results", "confirming", Trouble((confirming, rule("server_error", TASKS, times=ALWAYS))))
    part = rule("partial", calls.write)
    yield Fault("partial", "applied-in-part", Trouble((part,)))
    yield Fault("partial-no-results", "applied-in-part", Trouble((part, rule("server_error", RESULTS, times=ALWAYS))))
    yield Fault(
        "partial-then-killed", "applied-in-part", Trouble((part,), dies=BETWEEN), Trouble(dies="while-recording")
    )
    for kind in ("stopped", "failed"):
        yield Fault(kind, "not-applied", Trouble((rule(kind, calls.write),)))
    held = Trouble(hasty=True, held=True)
    yield Fault("job-held", "applied-after-giving-up", held)
    yield Fault("job-held-twice", "applied-after-giving-up", held, held)
    yield Fault("killed", BETWEEN, Trouble(dies=BETWEEN))
    yield Fault("killed-then-killed", BETWEEN, Trouble(dies=BETWEEN), Trouble(dies="while-recording"))


def _accounts(bench: VendorBench, names: list[str]) -> None:
    shared = {"CurrencyIsoCode": "USD", "Phone": PHONE, "ParentId": bench.parent}
    bench.world.seed("crm", "Account", [shared | {"Name": name} for name in names])


def _change_accounts(bench: VendorBench, updated: Sequence[Case]) -> None:
    customers = {row["companyname"]: row["id"] for row in bench.world.suiteql("SELECT id, companyname FROM customer")}
    accounts = {row["Name"]: row["Id"] for row in bench.world.soql("SELECT Id, Name FROM Account")}
    for case in updated:
        case.natives = [customers[name] for name in case.names]
        for name in case.names:
            bench.ann.change("Account", accounts[name], {"Phone": NEW_PHONE, "ParentId": bench.uncle})


def _deals(bench: VendorBench, names: list[str]) -> None:
    bench.deals(names)


def _change_deals(bench: VendorBench, updated: Sequence[Case]) -> None:
    """More of the first line, and the second line goes: what is sent must replace the lines that are there."""
    orders = {row["memo"]: row["id"] for row in bench.world.suiteql("SELECT id, memo FROM transaction")}
    asked = "SELECT Id, SortOrder, Opportunity.Name FROM OpportunityLineItem"
    lines = {(row["Opportunity"]["Name"], row["SortOrder"]): row["Id"] for row in bench.world.soql(asked)}
    for case in updated:
        case.natives = [orders[name] for name in case.names]
        for name in case.names:
            bench.ann.change("OpportunityLineItem", lines[name, 1], {"Quantity": 8})
            bench.ann.call("DELETE", f"{LINES}/{lines[name, 2]}")


NEW, CHANGED = {"phone": PHONE, "parent": "Parent"}, {"phone": NEW_PHONE, "parent": "Uncle"}
THREE, EIGHT = {"lines": ["3", "4"]}, {"lines": ["8"]}
FORMS = [
    Form("single-create", "customer", "netsuite", 2, "create", _accounts, NEW),
    Form("single-update", "customer", "netsuite", 2, "update", _accounts, CHANGED, _change_accounts),
    Form("async-create", "customer", "netsuite", 4, "create", _accounts, NEW),
    Form("async-update", "customer", "netsuite", 4, "update", _accounts, CHANGED, _change_accounts),
    Form("single-create-lines", "order", "netsuite", 2, "create", _deals, THREE),
    Form("single-update-lines", "order", "netsuite", 2, "update", _deals, EIGHT, _change_deals),
    Form("async-create-lines", "order", "netsuite", 4, "create", _deals, THREE),
    Form("async-update-lines", "order", "netsuite", 4, "update", _deals, EIGHT, _change_deals),
]


def customers(bench: VendorBench) -> Found:
    """The customers of NetSuite by name."""
    found: Found = {}
    rows = bench.world.suiteql("SELECT id, externalid, companyname, phone, parent FROM customer")
    names = {row["id"]: row["companyname"] for row in rows}
    for row in rows:
        phone = "+" + "".join(character for character in row.get("phone") or "" if character.isdigit())
        record = {"key": row["externalid"], "phone": phone, "parent": names.get(row.get("parent") or "")}
        found.setdefault(row["companyname"], []).append(record)
    return found


def orders(bench: VendorBench) -> Found:
    """The sales orders of NetSuite by memo, with the quantities of their lines."""
    asked = "SELECT transaction, item, quantity FROM transactionline WHERE mainline = 'F' AND taxline = 'F'"
    lines: dict[str, list[str]] = {}
    for row in bench.world.suiteql(f"{asked} ORDER BY linesequencenumber"):
        lines.setdefault(row["transaction"], []).append(row["quantity"].lstrip("-"))
    found: Found = {}
    for row in bench.world.suiteql("SELECT id, externalid, memo FROM transaction WHERE type = 'SalesOrd'"):
        found.setdefault(row["memo"], []).append({"key": row["externalid"], "lines": lines[row["id"]]})
    return found
