"""Asynchronous calls and batches: accepted at once, worked off in order, read back task by task."""

import pytest

ASYNC = {"Prefer": "respond-async"}
BATCH = ASYNC | {"Content_Type": "application/vnd.oracle.resource+json; type=collection"}


def results(api, response):
    job = response.headers["Location"]
    api.finished(job)
    items = api.request("GET", f"{job}/task").json()["items"]
    return [api.request("GET", item["links"][0]["href"] + "/result") for item in items]


def body(name, **rest):
    return {"companyName": name, "subsidiary": {"id": "1"}, **rest}


def test_an_asynchronous_create_is_accepted_and_its_result_is_the_synchronous_answer(api):
    response = api.request("POST", "customer", body("Later"), **ASYNC)
    assert response.status_code == 202
    assert response.headers["Preference-Applied"] == "respond-async"
    assert "/services/rest/async/v1/job/" in response.headers["Location"]
    (result,) = results(api, response)
    assert result.status_code == 204
    assert api.read("customer", result.headers["Location"].rpartition("/")[2])["companyName"] == "Later"
    state = api.finished(response.headers["Location"])
    assert (state["completed"], state["progress"]) == (True, "succeeded")
    task = api.request("GET", f"{response.headers['Location']}/task/1").json()
    assert (task["completed"], task["progress"], task["id"]) == (True, "succeeded", "1")


def test_a_result_is_not_there_before_the_task_is_done(sandbox, api):
    response = api.request("POST", "customer", body("Pending"), **ASYNC)
    api.finished(response.headers["Location"])
    assert api.request("GET", f"{response.headers['Location']}/task/2/result").status_code == 404


def test_a_second_call_with_the_same_key_points_to_the_first_job(api):
    keyed = ASYNC | {"X_NetSuite_Idempotency_Key": "key-1"}
    first = api.request("POST", "customer", body("Once", externalId="once-1"), **keyed)
    second = api.request("POST", "customer", body("Once", externalId="once-2"), **keyed)
    assert second.status_code == 400
    assert second.json()["title"] == "Conflict"
    assert second.json()["o:errorDetails"][0]["o:errorCode"] == "IDEMPOTENCY_ERROR"
    assert second.headers["Location"] == first.headers["Location"]
    api.finished(first.headers["Location"])
    assert api.request("GET", "customer/eid:once-2").status_code == 404


def test_the_key_is_ignored_on_a_synchronous_call(api):
    ids = []
    for _ in range(2):
        response = api.request("POST", "customer", body("Twice"), X_NetSuite_Idempotency_Key="key-2")
        ids.append(response.headers["Location"])
    assert ids[0] != ids[1]


def test_a_failed_task_holds_the_refusal(api):
    response = api.request("POST", "customer", {"companyName": "No subsidiary"}, **ASYNC)
    (result,) = results(api, response)
    assert result.status_code == 400
    assert result.json()["o:errorDetails"][0]["o:errorCode"] == "USER_ERROR"
    assert api.finished(response.headers["Location"])["progress"] == "failed"


def test_a_batch_is_worked_off_in_order_and_one_bad_record_fails_alone(api):
    items = [
        body("Parent", externalId="batch-parent"),
        body("Child", externalId="batch-child", parent={"externalId": "batch-parent"}),
        body("Bad", externalId="batch-bad", terms={"id": "99"}),
        {"companyName": "No key"},
        body("Last", externalId="batch-last"),
    ]
    response = api.request("PUT", "customer", {"items": items}, **BATCH)
    assert response.status_code == 202
    assert [result.status_code for result in results(api, response)] == [204, 204, 400, 400, 204]
    parent = api.read("customer", "eid:batch-parent")["id"]
    assert api.read("customer", "eid:batch-child")["parent"]["id"] == parent


def test_a_batch_patches_reads_and_deletes_by_either_id(api):
    first, second = api.customer(externalId="either-1"), api.customer(externalId="either-2")
    items = [{"id": first, "comments": "a"}, {"externalId": "either-2", "comments": "b"}]
    assert [r.status_code for r in results(api, api.request("PATCH", "customer", {"items": items}, **BATCH))] == [
        204,
        204,
    ]
    read = results(api, api.request("GET", f"customer?ids={first},eid:either-2&expandRecords=true", **BATCH))
    assert [(r.json()["id"], r.json()["comments"]) for r in read] == [(first, "a"), (second, "b")]
    deleted = results(api, api.request("DELETE", f"customer?ids={first},{second},9999999", **BATCH))
    assert [r.status_code for r in deleted] == [204, 204, 404]


def test_a_batch_replaces_lines_when_asked_to(api):
    customer, item = api.customer(), api.item(3.0)
    order = {"externalId": "batch-so", "entity": {"id": customer}, "item": {"items": [{"item": {"id": item}}]}}
    for _ in range(2):
        assert (
            results(api, api.request("PUT", "salesOrder?replace=item", {"items": [order]}, **BATCH))[0].status_code
            == 204
        )
    assert api.read("salesOrder", "eid:batch-so")["total"] == 3.0


@pytest.mark.parametrize("size", [0, 101])
def test_a_batch_holds_from_one_to_a_hundred_records(api, size):
    items = [body(f"Many {number}") for number in range(size)]
    assert api.refusal("POST", "customer", {"items": items}, **BATCH)[0] == 400


def test_a_batch_must_be_asynchronous(api):
    headers = {"Content_Type": BATCH["Content_Type"]}
    assert api.refusal("POST", "customer", {"items": [body("Now")]}, **headers)[1] == "INVALID_HEADER"


@pytest.mark.parametrize(("kind", "done"), [("partial", 2), ("stopped", 0)])
def test_a_job_that_ends_too_early_has_tasks_without_a_result(api, kind, done):
    api.admin("faults", kind=kind, match="PUT .*/customer")
    names = [f"{kind}-{number}" for number in range(4)]
    response = api.request("PUT", "customer", {"items": [body(name, externalId=name) for name in names]}, **BATCH)
    assert [one.status_code for one in results(api, response)] == [204] * done + [404] * (4 - done)
    state = api.finished(response.headers["Location"])
    assert (state["completed"], state["progress"]) == (True, "failed")
    last = api.request("GET", f"{response.headers['Location']}/task/4").json()
    assert (last["completed"], last["progress"]) == (False, "pending")
    found = [api.request("GET", f"customer/eid:{name}").status_code for name in names]
    assert found == [200] * done + [404] * (4 - done)


def test_a_task_that_netsuite_fails_at_has_that_for_its_result(api):
    api.admin("faults", kind="failed", match="PUT .*/customer")
    response = api.request("PUT", "customer", {"items": [body("Failed", externalId="failed-1")]}, **BATCH)
    assert [one.status_code for one in results(api, response)] == [500]
    assert api.finished(response.headers["Location"])["progress"] == "failed"
    assert api.request("GET", "customer/eid:failed-1").status_code == 404
