"""Parts of the Tryton connector that need no server.

Tried by removing what protects; each was caught by the test named:

| removed | caught by |
|---|---|
| a lost answer stops, and counts as sent | behind_a_lost_answer |
| only identifiers without a type | another_register |
| the whole form of a VAT number | form_of_a_vat_number |
| cutting a reason behind the redaction, white space in it | before_it_is_cut |
| the timeouts of a login | timeouts_of_its_call |
| naming what a login answers | credentials_are_wrong |
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.errors import (
    AuthFailed,
    ConfigError,
    Duplicate,
    Rejected,
    Transient,
    Unknown,
    VersionConflict,
)
from crmerp_assets.connectors.protocol import Write
from crmerp_assets.connectors.tryton.auth import SessionAuth
from crmerp_assets.connectors.tryton.batching import Batches
from crmerp_assets.connectors.tryton.billing import booked_rate, invoice_status, progress
from crmerp_assets.connectors.tryton.deleting import numbers, ranges
from crmerp_assets.connectors.tryton.failures import about, error_of
from crmerp_assets.connectors.tryton.parties import commands, identifier_of
from crmerp_assets.connectors.tryton.values import Kind, moment, text, wire

MONEY = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12)


def sent(value: Any) -> Any:
    """A value after a journey over the wire."""
    return exactjson.loads(exactjson.dumps(value))


@given(st.sets(st.integers(min_value=1, max_value=300)))
def test_ranges_hold_the_ids_that_they_were_made_of(ids: set[int]) -> None:
    found = ranges(ids)
    assert list(numbers(found)) == sorted(ids)
    assert all(one[1] + 1 < two[0] for one, two in pairwise(found))


@given(MONEY)
def test_money_keeps_its_digits_on_the_wire(amount: Decimal) -> None:
    assert text(sent(wire(amount, "decimal"))) == format(amount, "f")


@given(st.dates())
def test_a_day_comes_back_as_it_went(day: Any) -> None:
    assert text(sent(wire(day.isoformat(), "date"))) == day.isoformat()


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_comes_back_to_the_second(at: datetime) -> None:
    assert text(sent(moment(at))) == f"{at.replace(tzinfo=None, microsecond=0).isoformat()}Z"


@pytest.mark.parametrize(("value", "kind"), [("ten", "decimal"), ("2026-02-30", "date"), ("maybe", "boolean")])
def test_a_value_of_another_kind_is_refused(value: str, kind: Kind) -> None:
    with pytest.raises((ValueError, KeyError)):
        wire(value, kind)


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(min_value=1, max_value=20))
def test_bad_records_are_found_and_the_others_sent_once(bad: list[bool], size: int) -> None:
    made: list[int] = []

    def call(some: Any) -> list[int]:
        if any(bad[number] for number in some):
            raise Rejected("no", system="tryton", reason="no", code="no")
        made.extend(some)
        return list(some)

    done = Batches().send(range(len(bad)), size, call)
    assert [isinstance(one, Rejected) for one in done] == bad
    assert made == [number for number, refused in enumerate(bad) if not refused]


@pytest.mark.parametrize("later", [AuthFailed, Rejected])
def test_behind_a_lost_answer_nothing_is_sent_and_nothing_raised(later: Any) -> None:
    asked: list[int] = []

    def call(some: Any) -> list[int]:
        asked.extend(some)
        raise Unknown("lost", system="tryton") if some[0] == 0 else later("no", system="tryton")

    batches = Batches()
    done = batches.send(range(4), 2, call)
    assert asked == [0, 1]
    assert [type(one) for one in done] == [Unknown, Unknown, Transient, Transient]
    assert batches.sent


IDENTIFIERS: Any = [
    {"id": "1", "type": "de_handelsregisternummer", "code": "HRB 1", "active": True},
    {"id": "2", "type": None, "code": "crmerp:cust-1", "active": True},
]


def test_a_number_of_another_register_is_not_taken_for_the_tax_number() -> None:
    party = {"tax_identifier": None, "identifiers.": IDENTIFIERS}
    assert identifier_of(party) is None
    made = [["create", [{"type": None, "code": "12-345"}]]]
    assert commands(party, {"identifier": {"code": "12-345"}}) == {"identifiers": made}
    assert commands(party, {"identifier": {"code": None}}) == {}
    ours = {"id": "3", "type": None, "code": "12-345", "active": True}
    assert identifier_of({**party, "identifiers.": [*IDENTIFIERS, ours]}) is ours
    assert identifier_of({**party, "tax_identifier": "1"}) is IDENTIFIERS[0]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("DE136695976", "eu_vat"),
        ("DE 136.695.976", "eu_vat"),
        ("FRXX123456789", "eu_vat"),
        ("NL123456789B01", "eu_vat"),
        ("DESIGN-7", None),
        ("SE556000", None),
        ("ITEM 12345678901", None),
        ("12-3456789", None),
    ],
)
def test_only_what_has_the_form_of_a_vat_number_is_one(code: str, kind: str | None) -> None:
    assert commands(None, {"identifier": {"code": code}}) == {
        "identifiers": [["create", [{"type": kind, "code": code}]]]
    }


@pytest.mark.parametrize("name", ["Quite Confidential Holding", "Quite  Confidential\nHolding"])
@pytest.mark.parametrize("place", [0, 285, 500])
def test_a_name_is_taken_out_of_a_reason_before_it_is_cut(name: str, place: int) -> None:
    error = error_of("tryton", ["UserError", [f"{'word ' * (place // 5)}{name} is too long", "", None]])
    told = about(error, Write("w", "party.party", "create", "key", "cust-1", None, {"name": name}))
    assert isinstance(told, Rejected)
    assert "Quite" not in f"{told} {told.reason}"
    assert len(told.reason) <= 300
    assert told.reason in str(told)


def login(answer: httpx.Response) -> httpx.Request:
    """The request that a call makes when its login is answered so."""
    auth = SessionAuth("tryton", "http://tryton/demo/rpc/", "integration", "secret", lambda: datetime.now(UTC))
    flow = auth.auth_flow(httpx.Request("POST", "http://tryton/demo/rpc/", extensions={"timeout": {"read": 7.0}}))
    asked = next(flow)
    assert asked.extensions == {"timeout": {"read": 7.0}}
    return flow.send(answer)


def test_a_login_has_the_timeouts_of_its_call() -> None:
    signed = login(httpx.Response(200, json={"id": 0, "result": [5, "key", None]}))
    assert signed.headers["Authorization"].startswith("Session ")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(200, text="maintenance"), Transient),
        (httpx.Response(200, json={"error": ["OperationalError", "locked"]}), Transient),
        (httpx.Response(200, json={"error": ["LoginException", []]}), AuthFailed),
        (httpx.Response(200, json={"error": ["UserError", ["No.", "", None]]}), AuthFailed),
        (httpx.Response(200, json={"result": None}), AuthFailed),
        (httpx.Response(401), AuthFailed),
        (httpx.Response(502), Transient),
    ],
)
def test_a_login_that_fails_says_whether_the_credentials_are_wrong(answer: httpx.Response, error: Any) -> None:
    with pytest.raises(error, match="tryton"):
        login(answer)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (["UserError", ["A value is required.", "", None]], Rejected),
        (["UserError", ["The code on party must be unique.", "", None]], Duplicate),
        (["UserError", ['You are not allowed to access "Party".', "", None]], ConfigError),
        (["UserWarning", ["name", "Are you sure?", ""]], Rejected),
        (["ConcurrencyException", "Records have been modified"], VersionConflict),
        (["database is locked", ""], Transient),
        (["'KeyError'", ""], Rejected),
        ("something else", Rejected),
    ],
)
def test_errors_are_named_by_what_to_do_next(error: Any, kind: type[Exception]) -> None:
    assert type(error_of("tryton", error)) is kind


@pytest.mark.parametrize(
    ("state", "shipment", "invoice", "shown"),
    [
        ("draft", "none", "none", "draft"),
        ("confirmed", "none", "none", "confirmed"),
        ("processing", "waiting", "pending", "processing"),
        ("processing", "partially shipped", "awaiting payment", "partially shipped"),
        ("processing", "none", "pending", "to invoice"),
        ("processing", "sent", "awaiting payment", "invoiced"),
        ("done", "sent", "paid", "done"),
    ],
)
def test_progress_is_what_shipments_and_invoices_say(state: str, shipment: str, invoice: str, shown: str) -> None:
    assert progress({"state": state, "shipment_state": shipment, "invoice_state": invoice}) == shown


@pytest.mark.parametrize(
    ("by", "shown"), [("account.invoice,7", "credited"), ("account.move,7", "cancelled"), (None, "cancelled")]
)
def test_only_a_credit_note_makes_a_cancelled_invoice_credited(by: str | None, shown: str) -> None:
    record: Mapping[str, Any] = {"state": "cancelled", "cancel_move.": {"origin": by} if by else None}
    assert invoice_status(record) == shown


def test_the_rate_of_an_invoice_is_the_one_at_which_it_was_booked() -> None:
    def line(debit: str, amount: str | None) -> dict[str, Any]:
        money = {"debit": Decimal(debit), "credit": Decimal(0), "amount_second_currency": amount and Decimal(amount)}
        return {**money, "second_currency": amount and "2"}

    assert booked_rate({"lines_to_pay.": [line("125", "100"), line("62.50", "50")]}) == "1.25"
    assert booked_rate({"lines_to_pay.": [line("125", None)]}) is None
