"""What a test or a demonstration does to the account from outside, and what survives a restart."""

import threading

import httpx

from crmerp_assets.sandbox.netsuite import NetSuiteSandbox


def test_a_merge_moves_transactions_without_touching_their_dates(api):
    winner, loser = api.customer(), api.customer(externalId="loser-1")
    order = api.order(loser, {"item": {"id": api.item()}})
    contact = api.create("contact", lastName="Lane", company={"id": loser})
    api.admin("late", object="salesOrder", id=order, seconds_ago=9000)
    before = api.read("salesOrder", order)["lastModifiedDate"]
    api.admin("merge", record="customer", winner=winner, losers=[loser])
    record = api.read("salesOrder", order)
    assert (record["entity"]["id"], record["lastModifiedDate"]) == (winner, before)
    assert api.read("contact", contact)["company"]["id"] == winner
    assert api.request("GET", f"customer/{loser}").status_code == 404
    assert api.query("SELECT type FROM deletedrecord WHERE recordid = ?", loser) == [{"type": "customer"}]


def test_seeded_records_keep_the_dates_they_are_given(api):
    row = {"companyName": "Old", "subsidiary": {"id": "1"}, "dateCreated": "2019-01-02T03:04:05Z"}
    (id_,) = api.seed("customer", row | {"lastModifiedDate": "2020-01-02T03:04:05Z"})
    record = api.read("customer", id_)
    assert (record["dateCreated"], record["lastModifiedDate"]) == ("2019-01-02T03:04:05Z", "2020-01-02T03:04:05Z")


def test_a_seed_is_all_or_nothing(api):
    before = api.http.get("/_sandbox/count?object=customer").json()
    rows = [{"companyName": "Good", "subsidiary": {"id": "1"}}, {"companyName": "No subsidiary"}]
    assert api.http.post("/_sandbox/records", json={"object": "customer", "records": rows}).status_code == 400
    assert api.http.get("/_sandbox/count?object=customer").json() == before


def test_calls_are_counted_by_user_and_admin_calls_are_not(api):
    api.http.delete("/_sandbox/calls")
    api.query("SELECT id FROM currency")
    api.http.get("/_sandbox/count?object=customer")
    calls = api.http.get("/_sandbox/calls").json()
    assert (calls["total"], calls["by_user"]) == (1, {"integration": 1})


def test_records_and_credentials_survive_a_restart(tmp_path, api):
    with NetSuiteSandbox(tmp_path) as first, api.on(first) as caller:
        id_ = caller.customer(externalId="kept-1")
        credentials = dict(first.credentials)
    with NetSuiteSandbox(tmp_path) as second, api.on(second) as caller:
        changed = {name for name in credentials if credentials[name] != second.credentials[name]}
        assert changed <= {"NETSUITE_URL"}
        assert caller.read("customer", "eid:kept-1")["id"] == id_
        assert int(caller.customer()) > int(id_)


def test_a_job_pending_at_a_stop_is_done_after_the_restart(tmp_path, api):
    with NetSuiteSandbox(tmp_path, job_delay_seconds=30) as first, api.on(first) as caller:
        body = {"companyName": "Patient", "subsidiary": {"id": "1"}}
        location = caller.request("PUT", "customer/eid:patient", body, Prefer="respond-async").headers["Location"]
        assert caller.request("GET", location).json()["progress"] == "pending"
    with NetSuiteSandbox(tmp_path, job_delay_seconds=0.0) as second, api.on(second) as caller:
        assert caller.finished(httpx.URL(location).path)["progress"] == "succeeded"
        assert caller.read("customer", "eid:patient")["companyName"] == "Patient"


def test_a_sandbox_can_be_stopped_and_started_again(tmp_path, api):
    sandbox = NetSuiteSandbox(tmp_path)
    for number in range(2):
        with sandbox, api.on(sandbox) as caller:
            caller.customer()
            assert sandbox.count("customer") == number + 1


def test_orders_wait_for_approval_when_the_account_asks_for_it(tmp_path, api):
    with NetSuiteSandbox(tmp_path, require_approval=True) as strict, api.on(strict) as caller:
        order = caller.order(caller.customer(), {"item": {"id": caller.item()}})
        assert caller.read("salesOrder", order)["orderStatus"]["id"] == "A"
        caller.change("salesOrder", order, orderStatus={"id": "B"})
        caller.transform("salesOrder", order, "invoice")


def test_too_many_calls_at_once_are_refused_by_their_number_and_not_by_their_rate(tmp_path, api):
    with NetSuiteSandbox(tmp_path, concurrency_limit=2, latency_seconds=0.2) as narrow, api.on(narrow) as caller:
        token = caller.http.headers["Authorization"]
        statuses: list[int] = []

        def call():
            url = f"{narrow.url}/services/rest/system/v1/serverTime"
            statuses.append(httpx.get(url, headers={"Authorization": token}).status_code)

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200, 200, 429, 429]
        refused = httpx.get(f"{narrow.url}/services/rest/system/v1/serverTime", headers={"Authorization": token})
        assert refused.status_code == 200


def test_a_role_may_lose_the_right_to_edit_and_to_view_a_record_type(api):
    id_ = api.customer()
    api.admin("permissions", record="customer", level="view")
    refused = api.request("PATCH", f"customer/{id_}", {"phone": "+1 212 555 0100"})
    assert (refused.status_code, refused.json()["o:errorDetails"][0]["o:errorCode"]) == (403, "INSUFFICIENT_PERMISSION")
    assert api.read("customer", id_)["id"] == id_
    api.admin("permissions", record="customer", level="none")
    assert api.request("GET", f"customer/{id_}").status_code == 403
    body = api.http.post(
        "/services/rest/query/v1/suiteql", json={"q": "SELECT id FROM customer"}, headers={"Prefer": "transient"}
    ).json()
    assert "Record 'customer' was not found." in body["o:errorDetails"][0]["detail"]
    api.admin("permissions", record="customer", level="edit")
    assert api.request("PATCH", f"customer/{id_}", {"phone": "+1 212 555 0100"}).status_code == 204
