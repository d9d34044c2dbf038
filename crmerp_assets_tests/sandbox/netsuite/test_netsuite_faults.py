"""Faults strike in NetSuite's own words, and what was applied before the connection broke stays applied."""

import httpx
import pytest


@pytest.fixture(autouse=True)
def _no_fault_left(api):
    yield
    api.http.delete("/_sandbox/faults")


def fault(api, kind, match, **rest):
    api.admin("faults", kind=kind, match=match, **rest)


def test_a_throttled_call_gets_429_without_a_time_to_wait(api):
    fault(api, "throttle", "serverTime")
    response = api.request("GET", "/services/rest/system/v1/serverTime")
    assert response.status_code == 429
    assert response.json()["o:errorDetails"][0]["o:errorCode"] == "CONCURRENCY_LIMIT_EXCEEDED"
    assert "Retry-After" not in response.headers


def test_a_revoked_token_is_an_invalid_login(api):
    fault(api, "revoke", "serverTime")
    assert api.refusal("GET", "/services/rest/system/v1/serverTime")[:2] == (401, "INVALID_LOGIN")


def test_a_server_error_is_unexpected_and_names_an_id(api):
    fault(api, "server_error", "serverTime", status=500)
    status, code, detail = api.refusal("GET", "/services/rest/system/v1/serverTime")
    assert (status, code) == (500, "UNEXPECTED_ERROR")
    assert "Error ID" in detail


def test_a_call_cut_off_after_it_was_applied_is_found_by_its_key(api):
    fault(api, "cut_after", "eid:cut-1")
    with pytest.raises(httpx.TransportError):
        api.request("PUT", "customer/eid:cut-1", {"companyName": "Cut", "subsidiary": {"id": "1"}})
    assert api.read("customer", "eid:cut-1")["companyName"] == "Cut"


def test_a_short_page_lacks_rows_though_its_count_says_otherwise(api):
    fault(api, "short_page", "suiteql")
    page = api.suiteql("SELECT id FROM term ORDER BY id").json()
    assert (page["count"], len(page["items"])) == (4, 2)


def test_a_repeated_page_is_the_one_before(api):
    q = "SELECT id FROM term WHERE id > {} ORDER BY id"
    first = api.query(q.format(0), page="?limit=2")
    fault(api, "repeat_page", "suiteql")
    assert api.query(q.format(2), page="?limit=2") == first
    assert api.query(q.format(2), page="?limit=2") == [{"id": "3"}, {"id": "4"}]
