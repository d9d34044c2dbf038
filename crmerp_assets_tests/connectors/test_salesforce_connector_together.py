"""Many rows in one composite call, each with its own result.

| taken away                                              | caught by                                                  |
|---------------------------------------------------------|------------------------------------------------------------|
| the parts are matched by their names                    | an answer in another order is matched by name              |
| a part without an answer is unknown                     | a part without an answer is unknown                        |
| a 5xx of a part is unknown                              | a part that broke off is unknown and the others are not    |
| the resend of rows refused for want of room             | rows that met a shared limit are sent again alone          |
| the turns of `groups_of`                                | a child goes in a call behind its parent's                 |
| values like `@{` go alone                               | a value that looks like a reference is written as it is    |
| the pace limits how many go together                    | an organisation that takes long gets smaller calls         |
| a query that a call did not answer is asked by itself   | a query that a call did not answer is asked by itself      |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crmerp_assets.connectors.errors import ConfigError, QuotaSpent, Rejected, Throttled, Transient, Unknown
from crmerp_assets.connectors.protocol import Ref, Result, Value, Write
from crmerp_assets.connectors.salesforce import SalesforceConnector
from crmerp_assets.connectors.salesforce.sending import Sending
from crmerp_assets.contract.case import Admin
from crmerp_assets.sandbox.salesforce import SalesforceSandbox
from crmerp_assets_tests.contract.salesforce_case import KEY, connector_to, provision

Fault = Callable[..., None]


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
def connector(sandbox: SalesforceSandbox) -> Iterator[SalesforceConnector]:
    """One that knows already that rows take no time."""
    connect = connector_to(sandbox)
    provision(connect)
    made = connect(sleep=lambda seconds: None)
    made.push("Account", creates(200, "warm"))
    yield made
    made.close()


def creates(count: int, prefix: str = "k", **values: Value) -> list[Write]:
    return [
        Write(f"{prefix}-{n}", "Account", "create", KEY, f"{prefix}-{n}", None, {"Name": "Acme", **values})
        for n in range(count)
    ]


def failed(results: list[Result], kind: type[Exception]) -> list[int]:
    assert all(result.error is None or isinstance(result.error, kind) for result in results)
    return [number for number, result in enumerate(results) if result.error is not None]


def composites(sandbox: SalesforceSandbox) -> int:
    calls: dict[str, int] = sandbox.meter.report()["by_call"]  # type: ignore[assignment]
    return calls.get("POST /services/data/v68.0/composite", 0)


def part_fault(sandbox: SalesforceSandbox, **fault: Any) -> None:
    sandbox.administration._add_part_fault(fault)


def test_a_thousand_rows_are_one_call(connector: SalesforceConnector, admin: Admin) -> None:
    admin.reset_calls()
    results = connector.push("Account", creates(1000))
    assert admin.calls() == 1
    assert failed(results, Unknown) == []
    assert len({result.native_id for result in results}) == 1000
    found = connector.find_by_key("Account", KEY, [f"k-{n}" for n in range(1000)])
    assert {f"k-{n}": result.native_id for n, result in enumerate(results)} == {k: r["_id"] for k, r in found.items()}


def test_a_query_that_a_call_did_not_answer_is_asked_by_itself(
    connector: SalesforceConnector, sandbox: SalesforceSandbox, admin: Admin
) -> None:
    """A hundred and thirty such keys fill an address, so that all are three queries, and these one call."""
    writes = creates(300, "long-" * 10)
    made = connector.push("Account", writes)
    admin.reset_calls()
    part_fault(sandbox, match="GET .*query", skip=1)
    found = connector.find_by_key("Account", KEY, [write.key for write in writes], ("Name",))
    assert {write.key: result.native_id for write, result in zip(writes, made, strict=True)} == {
        key: row["_id"] for key, row in found.items()
    }
    assert (composites(sandbox), admin.calls()) == (1, 2)
    with pytest.raises(ConfigError, match="Shoe_Size__c"):
        connector.find_by_key("Account", KEY, [write.key for write in writes], ("Shoe_Size__c",))


def test_rejected_rows_leave_the_others_of_every_collection(connector: SalesforceConnector) -> None:
    writes = creates(450)
    for number in (0, 250, 449):
        writes[number].values["Name"] = None
    assert failed(connector.push("Account", writes), Rejected) == [0, 250, 449]


def test_a_lost_answer_leaves_every_row_unknown_and_the_next_rows_go_alone(
    connector: SalesforceConnector, admin: Admin, sandbox: SalesforceSandbox
) -> None:
    admin.fault("cut_after", "POST .*/composite$")
    results = connector.push("Account", creates(1400))
    assert failed(results, Unknown) == list(range(1000))
    assert admin.count("Account") == 1600
    assert composites(sandbox) == 1


def test_a_part_that_broke_off_is_unknown_and_the_others_are_not(
    connector: SalesforceConnector, sandbox: SalesforceSandbox
) -> None:
    part_fault(sandbox, code="UNKNOWN_EXCEPTION", status=500, skip=1)
    results = connector.push("Account", creates(600))
    assert failed(results, Unknown) == list(range(200, 400))
    assert "Account k-200" in str(results[200].error)


def test_a_throttled_part_is_told_and_stops_what_follows(
    connector: SalesforceConnector, sandbox: SalesforceSandbox, admin: Admin
) -> None:
    part_fault(sandbox, code="REQUEST_LIMIT_EXCEEDED", message="ConcurrentRequests Limit exceeded.", status=403, skip=4)
    results = connector.push("Account", creates(1200))
    assert failed(results, Throttled) == list(range(800, 1200))
    assert admin.count("Account") == 200 + 800


def test_a_part_refused_for_the_configuration_is_an_error_of_its_rows(
    connector: SalesforceConnector, sandbox: SalesforceSandbox
) -> None:
    part_fault(sandbox, code="INVALID_TYPE", status=400, skip=2)
    assert failed(connector.push("Account", creates(600)), ConfigError) == list(range(400, 600))


def test_what_concerns_all_rows_is_raised_while_none_was_sent(
    connector: SalesforceConnector, sandbox: SalesforceSandbox, admin: Admin
) -> None:
    part_fault(sandbox, code="INVALID_TYPE", status=400, times=5)
    with pytest.raises(ConfigError):
        connector.push("Account", creates(1000))
    admin.daily_limit(0)
    with pytest.raises(QuotaSpent):
        connector.push("Account", creates(1000))
    assert admin.count("Account") == 200


def test_rows_that_met_a_shared_limit_are_sent_again_alone(
    connector: SalesforceConnector, sandbox: SalesforceSandbox, admin: Admin
) -> None:
    limit = {"code": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "message": "System.LimitException: Too many SOQL: 101"}
    sandbox.administration._add_row_fault({"object": "Account", "times": 300, "skip": 300, **limit})
    admin.reset_calls()
    assert failed(connector.push("Account", creates(1400)), Transient) == []
    assert (composites(sandbox), admin.calls()) == (1, 1 + 2 + 2)
    assert admin.count("Account") == 1600


def test_a_shared_limit_that_a_collection_alone_meets_too_is_tried_later(
    connector: SalesforceConnector, sandbox: SalesforceSandbox
) -> None:
    limit = {"code": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "message": "Apex CPU time limit exceeded"}
    sandbox.administration._add_row_fault({"object": "Account", "times": -1, **limit})
    assert failed(connector.push("Account", creates(400)), Transient) == list(range(400))


def test_a_child_goes_in_a_call_behind_its_parents(connector: SalesforceConnector, sandbox: SalesforceSandbox) -> None:
    parent = Ref("Account", key_field=KEY, key="k-7")
    results = connector.push("Account", [*creates(300), *creates(300, "child", ParentId=parent)])
    assert failed(results, Rejected) == []
    assert composites(sandbox) == 2


def test_a_value_that_looks_like_a_reference_is_written_as_it_is(
    connector: SalesforceConnector, sandbox: SalesforceSandbox
) -> None:
    writes = creates(1000)
    writes[300].values["Name"] = "@{batch0[0].id}"
    results = connector.push("Account", writes)
    assert failed(results, Rejected) == []
    (row,) = connector.fetch("Account", ["Name"], [str(results[300].native_id)])
    assert row["Name"] == "@{batch0[0].id}"


class Told:
    """Stands where the API is, and answers as it is told."""

    base = "/services/data/v68.0"

    def __init__(self, answer: Callable[[list[dict[str, Any]]], Any], seconds: float = 0.0) -> None:
        self._answer = answer
        self._seconds = seconds
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.sizes: list[int] = []

    def write(self, method: str, path: str, body: Any) -> Any:
        parts = body.get("compositeRequest") or [{"body": body}]
        self.sizes.append(len(parts))
        self.now += timedelta(seconds=self._seconds * sum(len(part["body"]["records"]) for part in parts))
        return self._answer(parts) if method == "POST" else rows(parts[0])


def rows(part: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": record[KEY], "success": True, "errors": []} for record in part["body"]["records"]]


def parts_of(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"referenceId": one["referenceId"], "httpStatusCode": 200, "body": rows(one)} for one in requests]


def sent(api: Told, count: int) -> list[Any]:
    writes = creates(count)
    bodies = {write.id: {KEY: write.key} for write in writes}
    batches = [writes[start : start + 200] for start in range(0, count, 200)]
    sending = Sending(api, lambda: api.now)  # type: ignore[arg-type]
    return [
        answer for call in sending.calls("Account", batches, bodies) for answer in sending.send("Account", call, bodies)
    ]


def test_an_answer_in_another_order_is_matched_by_name() -> None:
    answers = sent(Told(lambda requests: {"compositeResponse": parts_of(requests)[::-1]}), 1200)
    assert [answer["id"] for answer in answers] == [f"k-{n}" for n in range(1200)]


@pytest.mark.parametrize("answer", [None, [], {}, {"compositeResponse": None}, {"compositeResponse": ["?"]}])
def test_an_answer_that_makes_no_sense_leaves_every_row_unknown(answer: Any) -> None:
    answers = sent(Told(lambda requests: answer), 600)
    assert [isinstance(one, Unknown) for one in answers] == [False] * 200 + [True] * 400


def test_a_part_without_an_answer_is_unknown() -> None:
    answers = sent(Told(lambda requests: {"compositeResponse": parts_of(requests)[1:]}), 600)
    assert [isinstance(one, Unknown) for one in answers] == [False] * 200 + [True] * 200 + [False] * 200


@pytest.mark.parametrize(("seconds", "sizes"), [(0.0, [1, 5, 1]), (0.03, [1, 3, 3]), (0.06, [1] * 7), (0.5, [1] * 7)])
def test_an_organisation_that_takes_long_gets_smaller_calls(seconds: float, sizes: list[int]) -> None:
    api = Told(lambda requests: {"compositeResponse": parts_of(requests)}, seconds)
    sent(api, 1400)
    assert api.sizes == sizes
