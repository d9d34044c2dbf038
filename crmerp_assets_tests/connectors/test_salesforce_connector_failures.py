from __future__ import annotations

import json

import httpx
import pytest

from crmerp_assets.connectors import errors
from crmerp_assets.connectors.salesforce.failures import Failure, classify, judge


def answer(status: int, code: str, message: str = "") -> httpx.Response:
    return httpx.Response(status, content=json.dumps([{"errorCode": code, "message": message}]))


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (401, "INVALID_SESSION_ID", "Session expired or invalid", errors.AuthFailed),
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", errors.QuotaSpent),
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit", errors.Throttled),
        (403, "API_DISABLED_FOR_ORG", "", errors.ConfigError),
        (404, "NOT_FOUND", "The requested resource does not exist", errors.ConfigError),
        (400, "INVALID_TYPE", "sObject type 'Accunt' is not supported.", errors.ConfigError),
        (400, "MALFORMED_QUERY", "", errors.ConfigError),
        (400, "QUERY_TIMEOUT", "", errors.Transient),
        (410, "UNSUPPORTED_API_VERSION", "", errors.ConfigError),
        (429, "", "", errors.Throttled),
        (503, "SERVER_UNAVAILABLE", "", errors.Transient),
        (500, "UNKNOWN_EXCEPTION", "", errors.Transient),
    ],
)
def test_an_answer_is_named_by_what_to_do_next(status: int, code: str, message: str, kind: type[Exception]) -> None:
    assert type(judge(answer(status, code, message))) is kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("UNABLE_TO_LOCK_ROW", errors.Transient),
        ("REQUIRED_FIELD_MISSING", errors.Rejected),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", errors.Rejected),
        ("ENTITY_IS_DELETED", errors.Gone),
        ("DUPLICATE_VALUE", errors.Duplicate),
        ("DUPLICATES_DETECTED", errors.Duplicate),
        ("INVALID_FIELD_FOR_INSERT_UPDATE", errors.ConfigError),
        ("SOMETHING_NEW", errors.Rejected),
    ],
)
def test_a_rows_error_is_named_by_what_to_do_next(code: str, kind: type[Exception]) -> None:
    error = classify(Failure(code, "", ()), "Account", "001x")
    assert type(error) is kind
    assert (error.object, error.record) == ("Account", "001x")
    assert "Account 001x" in str(error)


def test_a_maintenance_page_in_html_is_transient() -> None:
    assert isinstance(judge(httpx.Response(503, content=b"<html>Down for maintenance</html>")), errors.Transient)


def test_a_missing_field_is_named_with_its_object_and_the_three_ways_out() -> None:
    message = (
        "\nSELECT Foo__c FROM Account\n       ^\nERROR at Row:1:Column:8\nNo such column 'Foo__c' on entity 'Account'."
    )
    error = judge(answer(400, "INVALID_FIELD", message))
    assert str(error) == (
        "Salesforce has no field Foo__c on Account that the integration user may see: "
        "provision it, grant field-level security for it, or remove it from the mapping."
    )


def test_a_duplicate_names_the_record_that_has_the_value() -> None:
    failure = Failure(
        "DUPLICATE_VALUE", "duplicate value found: Key__c duplicates value on record with id: 001000000000abc"
    )
    error = classify(failure, "Account", "k-1")
    assert isinstance(error, errors.Duplicate)
    assert error.existing_id == "001000000000abc"


def test_an_error_holds_no_value_of_the_record() -> None:
    failure = Failure("INVALID_EMAIL_ADDRESS", "Email: invalid email address: ann@example.com", ("Email",))
    error = classify(failure, "Contact", "003x")
    assert isinstance(error, errors.Rejected)
    assert error.field == "Email"
    assert "ann" not in str(error) + error.reason
