"""The deciding parts of the NetSuite connector, on values alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmerp_assets.connectors.errors import (
    AuthFailed,
    ConfigError,
    ConnectorError,
    Duplicate,
    Gone,
    Rejected,
    Throttled,
    Transient,
    Unknown,
    VersionConflict,
)
from crmerp_assets.connectors.http import HttpClient
from crmerp_assets.connectors.netsuite.addresses import Entry, changed_book, new_book
from crmerp_assets.connectors.netsuite.answers import Judge, Subject, error_in, reason_without_values
from crmerp_assets.connectors.netsuite.batches import idempotency_key
from crmerp_assets.connectors.netsuite.bodies import Bodies
from crmerp_assets.connectors.netsuite.connector import account_url
from crmerp_assets.connectors.netsuite.fields import Column
from crmerp_assets.connectors.netsuite.jobs import Jobs
from crmerp_assets.connectors.netsuite.names import Names
from crmerp_assets.connectors.netsuite.objects import OBJECTS, native_object
from crmerp_assets.connectors.netsuite.preparing import Prepared, Preparer
from crmerp_assets.connectors.netsuite.pushing import Pusher
from crmerp_assets.connectors.netsuite.statements import select, statement, text_of
from crmerp_assets.connectors.netsuite.suiteql import SuiteQL
from crmerp_assets.connectors.netsuite.times import ServerClock, WallClock
from crmerp_assets.connectors.protocol import Write, unheard


class Pages(httpx.BaseTransport):
    """Answers SuiteQL with pages given in advance: the ids on the page, and how many it says there are in all."""

    def __init__(self, *pages: tuple[Sequence[int], int]) -> None:
        self._pages = list(pages)
        self.asked = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        ids, total = self._pages[min(self.asked, len(self._pages) - 1)]
        self.asked += 1
        items = [{"links": [], "id": str(id)} for id in ids]
        return httpx.Response(200, json={"count": len(items), "totalResults": total, "items": items})


def suiteql(pages: Pages) -> SuiteQL:
    def clock() -> datetime:
        return datetime(2026, 11, 20, tzinfo=UTC)

    http = HttpClient(
        "https://erp.example", httpx.Auth(), "erp", clock, system="netsuite", judge=Judge("erp"), transport=pages
    )
    return SuiteQL(http, "erp")


def read(pages: Pages, after: int = 0) -> list[str | None]:
    page = suiteql(pages).page("SELECT t.id AS id FROM item t", key=lambda raw: (int(raw["id"] or 0),), after=(after,))
    return [item["id"] for item in page.items]


@pytest.mark.parametrize(
    ("broken", "after"),
    [
        (([1, 2], 3), 0),
        (([], 3), 0),
        (([1, 2, 2], 3), 0),
        (([1, 2, 3], 3), 3),
    ],
)
def test_a_page_that_does_not_add_up_is_read_again(broken: tuple[list[int], int], after: int) -> None:
    whole = [after + 1, after + 2, after + 3]
    pages = Pages(broken, (whole, 3))
    assert read(pages, after) == [str(id) for id in whole]
    assert pages.asked == 2


def test_a_page_that_stays_broken_stops_the_pull() -> None:
    pages = Pages(([1, 2], 3))
    with pytest.raises(Transient, match="short, repeated"):
        read(pages)
    assert pages.asked == 3


BOTH = frozenset({"billing", "shipping"})
SUBJECT = Subject("netsuite", "customer", "cust-1", frozenset({"Acme Holding", "9999"}))


def answer(status: int, code: str = "", detail: str = "", path: str | None = None) -> httpx.Response:
    entry = {"detail": detail, "o:errorCode": code, **({"o:errorPath": path} if path else {})}
    return httpx.Response(status, content=json.dumps({"status": status, "o:errorDetails": [entry]}))


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (answer(400, "INVALID_CONTENT", "bad", "item.items[0].item"), Rejected),
        (answer(400, "USER_ERROR", "Please enter value(s) for: Company Name."), Rejected),
        (answer(400, "USER_ERROR", "This record already exists"), Duplicate),
        (answer(400, "NONEXISTENT_FIELD", "no", "shoeSize"), Rejected),
        (answer(400, "RCRD_HAS_BEEN_CHANGED", "Record has been changed"), VersionConflict),
        (answer(401, "INVALID_LOGIN", "no"), AuthFailed),
        (answer(403, "INSUFFICIENT_PERMISSION", "no"), ConfigError),
        (answer(404, "NONEXISTENT_ID", "Record does not exist."), Gone),
        (answer(404, "NONEXISTENT_RECORD_TYPE", "no"), ConfigError),
        (answer(409, "RCRD_HAS_BEEN_CHANGED", "no"), VersionConflict),
        (answer(429, "CONCURRENCY_LIMIT_EXCEEDED", "no"), Throttled),
        (answer(500, "UNEXPECTED_ERROR", "no"), Transient),
        (httpx.Response(502, content=b"<html>"), Transient),
    ],
)
def test_an_error_answer_is_named_by_what_to_do_next(response: httpx.Response, error: type[ConnectorError]) -> None:
    found = error_in(response, SUBJECT)
    assert type(found) is error
    assert found.system == "netsuite"


def test_a_rejection_names_the_field_and_the_record_but_no_value() -> None:
    detail = "Error while accessing resource: You entered an Invalid Field Value 9999 for the following field: item"
    found = error_in(answer(400, "INVALID_CONTENT", detail, "item.items[0].item"), SUBJECT)
    assert isinstance(found, Rejected)
    assert (found.field, found.code, found.record) == ("item.items[0].item", "INVALID_CONTENT", "cust-1")
    assert "9999" not in str(found)
    assert "following field: item" in str(found)


def test_a_field_is_found_in_the_text_where_the_answer_has_no_path() -> None:
    found = error_in(answer(400, "USER_ERROR", "Please enter value(s) for: Company Name."), SUBJECT)
    assert isinstance(found, Rejected)
    assert found.field == "Company Name"


@given(st.text(alphabet="abcdefghijklmnop", min_size=3), st.text(alphabet="0123456789", min_size=3))
def test_no_sent_value_stays_in_a_reason(word: str, number: str) -> None:
    reason = reason_without_values(f"XX {word} of {word}@example.com, call {number} or '{word}'", {word})
    assert word not in reason.split()
    assert number not in reason
    assert "@" not in reason


def test_each_refusal_in_a_row_doubles_the_wait() -> None:
    judge = Judge("netsuite", jitter=lambda: 1.0)
    waits = [error.wait for _ in range(8) if isinstance(error := judge(answer(429)), Throttled)]
    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30]
    judge(httpx.Response(200))
    again = judge(answer(429))
    assert isinstance(again, Throttled)
    assert again.wait == 0.5


def test_wall_time_is_read_as_the_instant_it_stands_for() -> None:
    wall = WallClock("America/Los_Angeles")
    assert wall.instant("2026-11-20 10:11:00") == "2026-11-20T18:11:00Z"
    assert wall.instant("2026-07-01 10:11:00") == "2026-07-01T17:11:00Z"


def test_an_unknown_time_zone_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="IANA"):
        WallClock("Pacific")


@given(st.integers(0, 6 * 3600), st.integers(0, 6 * 3600))
def test_no_later_change_reads_before_the_start_of_a_pull(first: int, later: int) -> None:
    autumn = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)
    wall = WallClock("America/Los_Angeles")
    start = autumn + timedelta(seconds=first)
    change = start + timedelta(seconds=later)
    reading = change.astimezone(wall._zone).strftime("%Y-%m-%d %H:%M:%S")
    assert reading >= wall.not_after(start)


def test_the_servers_clock_is_asked_once_in_a_while() -> None:
    ours = [datetime(2026, 11, 20, 10, 0, tzinfo=UTC)]
    asked: list[datetime] = []

    def ask() -> datetime:
        asked.append(ours[0])
        return ours[0] + timedelta(hours=2)

    clock = ServerClock(ask, lambda: ours[0])
    assert clock.now() == ours[0] + timedelta(hours=2)
    ours[0] += timedelta(seconds=200)
    assert clock.now() == ours[0] + timedelta(hours=2)
    ours[0] += timedelta(seconds=200)
    clock.now()
    assert len(asked) == 2


def test_the_host_follows_from_the_account() -> None:
    assert account_url("1234567_SB1") == "https://1234567-sb1.suitetalk.api.netsuite.com"


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_every_field_path_makes_a_statement_with_the_joins_it_needs(name: str) -> None:
    native = native_object(name)
    query = statement(select(native, list(native.columns), {}), [], None)
    for path, column in native.columns.items():
        if column.sql.startswith("(SELECT"):
            continue
        alias = column.sql.partition(".")[0]
        assert f" {alias} " in f"{query} ", path


def test_an_unknown_object_or_field_is_named() -> None:
    with pytest.raises(ConfigError, match="purchaseOrder"):
        native_object("purchaseOrder")
    with pytest.raises(ConfigError, match="shoeSize"):
        select(native_object("customer"), ["shoeSize"], {})


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("boolean", "T", "true"),
        ("boolean", "F", "false"),
        ("negated", "-2", "2"),
        ("negated", "5.50", "-5.50"),
        ("negated", "0.0", "0.0"),
        ("magnitude", "-7.1", "7.1"),
        ("moment", "2026-11-20 10:11:00", "2026-11-20T10:11:00Z"),
        ("text", "", None),
        ("number", "0.10", "0.10"),
    ],
)
def test_a_suiteql_value_becomes_the_text_of_the_protocol(kind: str, value: str, text: str | None) -> None:
    assert text_of(Column("t.x", kind), value, WallClock("UTC")) == text  # type: ignore[arg-type]


def test_equal_addresses_of_a_new_customer_share_one_entry() -> None:
    parts: dict[str, str | None] = {"addr1": "1 Main St", "country": "US"}
    (item,) = new_book({"billing": parts, "shipping": dict(parts)})
    assert (item["defaultBilling"], item["defaultShipping"]) == (True, True)
    assert list(item["addressBookAddress"]) == ["country", "addr1"]
    assert item["addressBookAddress"]["country"] == {"id": "US"}


def test_different_addresses_of_a_new_customer_get_an_entry_each() -> None:
    billing, shipping = new_book({"billing": {"addr1": "1 Main St"}, "shipping": {"addr1": "2 Dock Rd"}})
    assert (billing["defaultBilling"], billing["defaultShipping"]) == (True, False)
    assert (shipping["defaultBilling"], shipping["defaultShipping"]) == (False, True)


def test_an_entry_that_serves_one_side_is_changed_in_place() -> None:
    book = [Entry("7", frozenset({"billing"}), {"addr1": "1 Main St", "city": "Reno"})]
    (item,) = changed_book(book, {"billing": {"addr1": "9 Main St"}})
    assert item["id"] == "7"
    assert item["addressBookAddress"] == {"addr1": "9 Main St", "city": "Reno"}


@pytest.mark.parametrize(("side", "other"), [("billing", "shipping"), ("shipping", "billing")])
def test_a_shared_entry_is_split_and_stays_with_the_side_that_keeps_it(side: str, other: str) -> None:
    book = [Entry("7", BOTH, {"addr1": "1 Main St", "city": "Reno"})]
    kept, moved = changed_book(book, {side: {"addr1": "9 Main St"}})
    assert kept == {"id": "7", f"default{side.title()}": False, f"default{other.title()}": True}
    assert "id" not in moved
    assert (moved[f"default{side.title()}"], moved[f"default{other.title()}"]) == (True, False)
    assert moved["addressBookAddress"] == {"addr1": "9 Main St", "city": "Reno"}


def test_a_shared_entry_that_changes_on_both_sides_alike_stays_shared() -> None:
    book = [Entry("7", BOTH, {"addr1": "1 Main St"})]
    (item,) = changed_book(book, {"billing": {"addr1": "9 Main St"}, "shipping": {"addr1": "9 Main St"}})
    assert (item["id"], item["defaultBilling"], item["defaultShipping"]) == ("7", True, True)


def test_clearing_one_side_of_a_shared_entry_leaves_the_other() -> None:
    book = [Entry("7", BOTH, {"addr1": "1 Main St"})]
    (kept,) = changed_book(book, {"billing": {"addr1": None}})
    assert kept == {"id": "7", "defaultBilling": False, "defaultShipping": True}


def test_an_address_that_never_was_and_stays_empty_sends_nothing() -> None:
    assert changed_book([], {"billing": {"addr1": None}}) == []
    assert new_book({"billing": {"addr1": None}}) == []


@pytest.fixture
def batch() -> Callable[[str], list[Prepared]]:
    def make(total: str) -> list[Prepared]:
        write = Write("intent-1", "customer", "create", "externalId", "cust-1", None, {})
        return [Prepared(write, "customer", {"creditLimit": Decimal(total)}, ())]

    return make


def test_the_idempotency_key_follows_from_the_intents_and_their_values(batch: Callable[[str], list[Prepared]]) -> None:
    assert idempotency_key(batch("100.10")) == idempotency_key(batch("100.10"))
    assert idempotency_key(batch("100.10")) != idempotency_key(batch("100.20"))


class Silent(httpx.BaseTransport):
    """Takes every write without a word, and answers no query."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(204 if request.method == "PUT" else 503)


def test_a_create_whose_id_nobody_says_is_to_be_settled_and_does_not_pass_for_applied() -> None:
    """Oracle promises no Location for an upsert. Without an id there is nothing to link, and the ledger refuses it."""

    def clock() -> datetime:
        return datetime(2026, 11, 20, tzinfo=UTC)

    with closing(
        HttpClient(
            *("https://erp.example", httpx.Auth(), "erp", clock),
            system="netsuite",
            judge=Judge("erp"),
            transport=Silent(),
            sleep=lambda seconds: None,
        )
    ) as http:
        asked = SuiteQL(http, "erp")
        preparer = Preparer("erp", asked, Bodies("erp", Names(asked, clock)))
        pusher = Pusher(http, "erp", asked, WallClock("UTC"), ServerClock(clock, clock), preparer, Jobs(http, "erp"), 1)
        (result,) = pusher.push(
            "customer", [Write("1", "customer", "create", "externalId", "cust-1", None, {})], unheard
        )

    assert isinstance(result.error, Unknown)
