"""Bad records are parked with a reason, doubtful ones flagged, and the others go on.

Removed once: the types, and the nulls of the identity, from what the quick look asks (a_frame_...); its rules (most).
"""

import time

import polars as pl
import pytest

from crmerp_assets.canonical import ENTITIES, frames
from crmerp_assets.canonical.validate import Validated, validate

CUSTOMER = {
    "native_id": "1",
    "name": "Acme",
    "phone": "+14155550100",
    "email": "billing@acme.com",
    "tax_id": "911144442",
    "billing_country": "US",
    "billing_subdivision": "US-CA",
    "currency": "USD",
    "credit_limit": "100",
    "payment_terms": "NET30",
}
ORDER = {
    "native_id": "1",
    "name": "Deal",
    "won": "true",
    "close_date": "2024-05-01",
    "amount": "10",
    "currency": "USD",
    "lines": '[{"quantity":"1"}]',
}
INVOICE = {"native_id": "1", "number": "INV1", "total": "10", "currency": "USD", "exchange_rate": "1", "status": "open"}
RATE = {"native_id": "1", "base_currency": "USD", "currency": "EUR", "rate_date": "2024-01-01", "rate": "1.1"}


def _validated(entity: str, *records: dict[str, str | None], stage="conformed") -> Validated:
    frame = pl.DataFrame(list(records), schema=dict.fromkeys(records[0], pl.String))
    return validate(entity, stage, frames.typed(entity, frame))


@pytest.mark.parametrize(
    ("entity", "record"), [("customer", CUSTOMER), ("order", ORDER), ("invoice", INVOICE), ("exchange_rate", RATE)]
)
def test_a_good_record_passes_without_remarks(entity, record) -> None:
    result = _validated(entity, record)
    assert (result.valid.height, result.parked.height, result.flags.height) == (1, 0, 0)
    assert "issues" not in result.valid.columns


@pytest.mark.parametrize(
    ("entity", "record", "field", "value", "reason"),
    [
        ("customer", CUSTOMER, "name", None, "name is missing"),
        ("customer", CUSTOMER, "currency", "XXY", "currency is not a currency of ISO 4217 ('XXY')"),
        ("customer", CUSTOMER, "credit_limit", "-5", "credit_limit is negative ('-5')"),
        ("customer", CUSTOMER, "credit_limit", "a lot", "credit_limit is not an amount"),
        ("order", ORDER, "close_date", None, "close_date is missing on a won deal"),
        ("order", ORDER, "close_date", "0001-01-01", "close_date lies before 1900 ('0001-01-01')"),
        ("order", ORDER, "close_date", "soon", "close_date is not a date"),
        ("order", ORDER, "won", "perhaps", "won is neither true nor false"),
        ("order", ORDER, "amount", "-1", "amount is negative ('-1')"),
        ("order", ORDER, "lines", "{}", "lines are not readable as lines"),
        ("order", ORDER, "lines", '[{"amount":"1"}]', "lines have a line without a quantity"),
        ("order", ORDER, "lines", '[{"quantity":"-1"}]', "lines have a line with a negative quantity"),
        (
            "order",
            ORDER,
            "lines",
            '[{"quantity":"1"},{"quantity":"1","unit_price":"free"}]',
            "lines have a line with an amount or quantity that is not a number",
        ),
        ("invoice", INVOICE, "total", None, "total is missing"),
        ("invoice", INVOICE, "total", "ten", "total is not an amount"),
        ("exchange_rate", RATE, "rate", "0", "rate is not above zero ('0')"),
        ("exchange_rate", RATE, "base_currency", None, "base_currency is missing"),
    ],
)
def test_an_unusable_record_is_parked_with_its_reason(entity, record, field, value, reason) -> None:
    result = _validated(entity, record | {"native_id": "bad", field: value}, record)
    assert result.parked.rows() == [("bad", reason)]
    assert result.valid["native_id"].to_list() == ["1"]


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("billing_country", "Atlantis", "billing_country is not a known country ('Atlantis')"),
        ("billing_subdivision", "Avalon", "billing_subdivision is not a known state or province ('Avalon')"),
        ("billing_subdivision", "DE-BY", "billing_subdivision is not in billing_country ('DE-BY')"),
        ("payment_terms", "Net 90", "payment_terms is none of NET15, NET30, NET60, RECEIPT ('Net 90')"),
        ("phone", "call me", "phone is not a phone number in E.164"),
        ("email", "nobody", "email is not a valid e-mail address"),
        ("tax_id", "12", "tax_id fails its country's checks"),
    ],
)
def test_a_doubtful_value_is_flagged_and_kept_and_personal_values_are_not_shown(field, value, reason) -> None:
    result = _validated("customer", CUSTOMER | {field: value})
    assert ("1", field, reason) in result.flags.rows()
    assert result.valid[field].to_list() == [value]


def test_several_reasons_are_said_together_and_a_parked_record_gets_no_flags() -> None:
    result = _validated("customer", CUSTOMER | {"name": None, "credit_limit": "-1", "phone": "x"})
    assert result.parked["reason"].item() == "name is missing; credit_limit is negative ('-1')"
    assert result.flags.height == 0


def test_a_rule_about_a_field_the_system_does_not_keep_is_skipped() -> None:
    result = _validated("customer", {"native_id": "1", "phone": "+14155550100"})
    assert result.valid.height == 1
    assert all("name" not in check.name for check in result.checks)


def test_checks_say_how_many_of_how_many() -> None:
    result = _validated("customer", CUSTOMER, CUSTOMER | {"native_id": "2", "name": None})
    summary = next(check for check in result.checks if check.name == "name is missing")
    assert (summary.severity, summary.failed, summary.total) == ("park", 1, 2)


def test_golden_tables_are_told_by_golden_id() -> None:
    record = {"golden_id": "ct_1", "last_name": None, "first_name": None, "customer": None}
    result = _validated("contact", record, record | {"golden_id": "ct_2", "last_name": "Ng"}, stage="golden")
    assert result.parked.rows() == [("ct_1", "last_name is missing, and so is first_name")]
    assert result.flags.rows() == [("ct_2", "customer", "customer is missing")]


@pytest.mark.parametrize("stage", ["conformed", "golden"])
@pytest.mark.parametrize("entity", ENTITIES)
def test_no_records_are_no_problem(entity, stage) -> None:
    identity = "native_id" if stage == "conformed" else "golden_id"
    columns = dict.fromkeys((identity, *ENTITIES[entity].names()), pl.String)
    result = validate(entity, stage, frames.typed(entity, pl.DataFrame(schema=columns)))
    assert result.valid.columns == list(columns)
    assert result.parked.schema == {identity: pl.String, "reason": pl.String}
    assert result.flags.schema == {"id": pl.String, "field": pl.String, "reason": pl.String}
    assert len(result.checks) == len({check.name for check in result.checks})


def test_a_frame_that_was_not_typed_is_refused() -> None:
    with pytest.raises(ValueError, match="conformed order"):
        validate("order", "conformed", pl.DataFrame([ORDER]))


def test_a_frame_in_which_a_record_has_no_identity_is_refused() -> None:
    typed = frames.typed("order", pl.DataFrame([ORDER])).with_columns(native_id=pl.lit(None, pl.String))
    with pytest.raises(ValueError, match="conformed order"):
        validate("order", "conformed", typed)


def test_a_hundred_thousand_records_take_about_a_second() -> None:
    record = pl.DataFrame([CUSTOMER])
    many = pl.concat([record] * 100_000).with_columns(
        native_id=pl.int_range(100_000).cast(pl.String),
        email=pl.format("a{}@acme.com", pl.int_range(100_000)),
        name=pl.when(pl.int_range(100_000) % 100 > 0).then("name"),
    )
    typed = frames.typed("customer", many)
    start = time.perf_counter()
    result = validate("customer", "conformed", typed)
    assert (result.valid.height, result.parked.height) == (99_000, 1_000)
    assert time.perf_counter() - start < 5
