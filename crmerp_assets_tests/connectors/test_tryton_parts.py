"""Parts of the Tryton connector that need no server."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmerp_assets.connectors import exactjson
from crmerp_assets.connectors.errors import Duplicate, Rejected, Transient, VersionConflict
from crmerp_assets.connectors.tryton.batching import Batches
from crmerp_assets.connectors.tryton.billing import booked_rate, invoice_status, progress
from crmerp_assets.connectors.tryton.deleting import numbers, ranges
from crmerp_assets.connectors.tryton.failures import error_of
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


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (["UserError", ["A value is required.", "", None]], Rejected),
        (["UserError", ["The code on party must be unique.", "", None]], Duplicate),
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
