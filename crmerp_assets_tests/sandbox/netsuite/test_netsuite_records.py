"""One record by the REST API: created without a body, found by external id, refused in the vendor's words."""

import pytest


def test_a_create_answers_204_with_a_location_and_no_body(api):
    response = api.request("POST", "customer", {"companyName": "Acme", "subsidiary": {"id": "1"}})
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["Location"].startswith(f"{api.sandbox.url}/services/rest/record/v1/customer/")


def test_a_record_reads_back_as_it_was_written(api):
    id_ = api.customer(companyName="Wayne", email="bruce@wayne.example", terms={"id": "2"}, creditLimit=1000.5)
    record = api.read("customer", id_)
    assert record["id"] == id_
    assert (record["companyName"], record["email"], record["creditLimit"]) == ("Wayne", "bruce@wayne.example", 1000.5)
    assert (record["terms"]["id"], record["terms"]["refName"]) == ("2", "Net 30")
    assert record["entityId"].startswith("CUST")
    assert record["isInactive"] is False
    assert record["lastModifiedDate"].endswith("Z")


def test_only_the_fields_asked_for_come_back(api):
    record = api.read("customer", api.customer(companyName="Few"), "?fields=companyName,currency")
    assert set(record) == {"links", "id", "companyName", "currency"}


def test_choices_are_objects_unless_the_simple_format_is_asked_for(api):
    order = api.order(api.customer(), {"item": {"id": api.item()}})
    assert api.read("salesOrder", order)["orderStatus"] == {"id": "B", "refName": "Pending Fulfillment"}
    assert api.read("salesOrder", order, "?simpleEnumFormat=true")["orderStatus"] == "B"


def test_a_put_by_external_id_creates_once_and_then_changes(api):
    body = {"companyName": "Upserted", "subsidiary": {"id": "1"}}
    first = api.request("PUT", "customer/eid:UP-1", body)
    second = api.request("PUT", "customer/eid:up-1", body | {"companyName": "Changed"})
    assert first.status_code == second.status_code == 204
    assert first.headers["Location"] == second.headers["Location"]
    assert api.read("customer", "eid:Up-1")["companyName"] == "Changed"


def test_a_put_needs_an_external_id(api):
    assert api.refusal("PUT", f"customer/{api.customer()}", {})[:2] == (400, "INVALID_REQUEST")


def test_an_external_id_in_the_url_has_only_letters_digits_underscores_and_hyphens(api):
    assert api.refusal("GET", "customer/eid:a%7Cb")[:2] == (400, "INVALID_PARAMETER")


def test_a_post_with_a_taken_external_id_is_refused_whatever_its_case(api):
    api.customer(externalId="Taken-1")
    body = {"companyName": "Other", "subsidiary": {"id": "1"}, "externalId": "TAKEN-1"}
    assert api.refusal("POST", "customer", body) == (
        400,
        "USER_ERROR",
        "Error while accessing a resource. This entity already exists.",
    )


def test_entities_share_one_pool_of_external_ids_and_so_do_transactions(api):
    customer = api.customer(externalId="pool-1")
    assert api.refusal("POST", "contact", {"lastName": "Kent", "externalId": "pool-1"})[1] == "USER_ERROR"
    line = {"item": {"id": api.item(externalId="pool-1")}}
    api.order(customer, line, externalId="pool-1")
    body = {"entity": {"id": customer}, "item": {"items": [line]}, "externalId": "pool-1"}
    assert api.refusal("POST", "invoice", body)[1] == "USER_ERROR"
    assert api.refusal("GET", "invoice/eid:pool-1")[:2] == (404, "NONEXISTENT_ID")


def test_null_clears_and_an_omitted_field_stays(api):
    id_ = api.customer(phone="+1 555 123 4567", comments="keep")
    api.change("customer", id_, phone=None)
    record = api.read("customer", id_)
    assert "phone" not in record
    assert record["comments"] == "keep"


def test_an_unknown_property_is_refused_only_when_asked_to(api):
    body = {"companyName": "Typo", "subsidiary": {"id": "1"}, "compnyNme": "x"}
    response = api.request("POST", "customer", body)
    assert response.json()["o:errorDetails"][0]["o:errorCode"] == "NONEXISTENT_FIELD"
    assert response.json()["o:errorDetails"][0]["o:errorPath"] == "compnyNme"
    warned = api.request("POST", "customer", body, X_NetSuite_PropertyNameValidation="warning")
    assert warned.status_code == 204
    assert "compnyNme" in warned.headers["X-NetSuite-PropertyNameValidation-Warning"]
    ignored = api.request("POST", "customer", body, X_NetSuite_PropertyNameValidation="ignore")
    assert "X-NetSuite-PropertyNameValidation-Warning" not in ignored.headers


def test_a_wrong_reference_names_its_path(api):
    body = {"entity": {"id": api.customer()}, "item": {"items": [{"item": {"id": "9999999"}}]}}
    response = api.request("POST", "salesOrder", body)
    assert response.json() == {
        "type": "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.4.1",
        "title": "Bad Request",
        "status": 400,
        "o:errorDetails": [
            {
                "detail": "Error while accessing resource: You have entered an Invalid Field Value 9999999"
                " for the following field: item",
                "o:errorPath": "item.items[0].item",
                "o:errorCode": "INVALID_CONTENT",
            }
        ],
    }
    assert response.headers["Content-Type"].startswith("application/vnd.oracle.resource+json; type=error")


def test_missing_mandatory_fields_are_listed(api):
    assert api.refusal("POST", "customer", {}) == (
        400,
        "USER_ERROR",
        "Error while accessing a resource. Please enter value(s) for: Company Name, Primary Subsidiary.",
    )


@pytest.mark.parametrize(
    ("record", "field", "length"),
    [("customer", "companyName", 83), ("customer", "phone", 32), ("nonInventorySaleItem", "itemId", 60)],
)
def test_a_text_too_long_is_refused_with_the_length_allowed(api, record, field, length):
    body = {"companyName": "Long", "subsidiary": {"id": "1"}} if record == "customer" else {"itemId": "Long"}
    status, code, detail = api.refusal("POST", record, body | {field: "1" * (length + 1)})
    assert (status, code) == (400, "USER_ERROR")
    assert f"the maximum number ( {length} ) of characters allowed" in detail


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("email", "not an address", "INVALID_CONTENT"),
        ("phone", "12345", "USER_ERROR"),
        ("terms", {"id": "77"}, "INVALID_CONTENT"),
        ("creditLimit", "much", "INVALID_CONTENT"),
        ("isInactive", "perhaps", "INVALID_CONTENT"),
        ("parent", {"externalId": "nobody"}, "INVALID_CONTENT"),
    ],
)
def test_a_value_the_account_cannot_hold_is_refused(api, field, value, code):
    body = {"companyName": "Bad", "subsidiary": {"id": "1"}, field: value}
    assert api.refusal("POST", "customer", body)[:2] == (400, code)


def test_a_record_that_does_not_exist_is_404(api):
    assert api.refusal("GET", "customer/424242") == (404, "NONEXISTENT_ID", "Record does not exist.")
    assert api.refusal("GET", "unicorn/1")[0] == 404


def test_a_deleted_record_is_gone_and_listed_as_deleted(api):
    id_ = api.customer(externalId="to-delete")
    assert api.request("DELETE", f"customer/{id_}").status_code == 204
    assert api.request("GET", f"customer/{id_}").status_code == 404
    deleted = api.query("SELECT recordid, name, type FROM deletedrecord WHERE recordid = ?", id_)
    assert deleted == [{"recordid": id_, "name": deleted[0]["name"], "type": "customer"}]
    api.customer(externalId="to-delete")


def test_a_customer_with_transactions_cannot_be_deleted(api):
    customer = api.customer()
    api.order(customer, {"item": {"id": api.item()}})
    assert api.refusal("DELETE", f"customer/{customer}")[1] == "USER_ERROR"


def test_a_collection_returns_ids_and_links_only(api):
    id_ = api.customer(companyName="Queried & Sons", externalId="q-1")
    body = api.request("GET", 'customer?q=companyName START_WITH "Queried" AND externalId IS "q-1"').json()
    assert [item["id"] for item in body["items"]] == [id_]
    assert set(body["items"][0]) == {"id", "links"}
    assert (body["count"], body["hasMore"], body["totalResults"]) == (1, False, 1)


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ('lastModifiedDate AFTER "01/01/2020 10:00:00 AM"', True),
        ('lastModifiedDate BEFORE "01/01/2020"', False),
        ('creditLimit GREATER 76 AND companyName IS "Searchable"', True),
        ('creditLimit LESS 77 OR companyName CONTAIN "earchabl"', True),
        ('companyName CONTAIN_NOT "earchabl"', False),
        ("id ANY_OF [1, 2]", False),
        ("isInactive IS true", False),
        ("email EMPTY", True),
    ],
)
def test_a_collection_is_filtered_by_its_operators(api, q, found):
    id_ = api.customer(companyName="Searchable", creditLimit=77)
    ids = {item["id"] for item in api.request("GET", f"customer?q={q}").json()["items"]}
    assert (id_ in ids) is found


def test_a_filter_on_an_unknown_field_is_refused(api):
    assert api.refusal("GET", 'customer?q=shoeSize IS "44"')[:2] == (400, "INVALID_PARAMETER")


def test_a_stray_parameter_on_a_transform_names_the_valid_ones(api):
    order = api.order(api.customer(), {"item": {"id": api.item()}})
    status, code, detail = api.refusal("POST", f"salesOrder/{order}/!transform/invoice?id=1", {})
    assert (status, code) == (400, "INVALID_PARAMETER")
    assert "replace, expandSubResources, expand, fields" in detail


def test_custom_fields_exist_only_after_an_administrator_deploys_them(api):
    body = {"companyName": "Custom", "subsidiary": {"id": "1"}, "custentity_tier": "gold"}
    assert api.refusal("POST", "customer", body)[1] == "NONEXISTENT_FIELD"
    api.admin("customfields", record="customer", id="custentity_tier", type="text")
    id_ = api.create("customer", **body)
    assert api.read("customer", id_)["custentity_tier"] == "gold"
    assert api.query("SELECT custentity_tier FROM customer WHERE id = ?", id_) == [{"custentity_tier": "gold"}]
    schema = api.request("GET", "metadata-catalog/customer", Accept="application/schema+json").json()
    assert schema["properties"]["custentity_tier"]["x-ns-custom-field"] is True
    assert schema["properties"]["companyName"]["x-ns-custom-field"] is False


def test_the_catalog_lists_the_record_types(api):
    names = {item["name"] for item in api.request("GET", "metadata-catalog").json()["items"]}
    assert {"customer", "contact", "salesOrder", "invoice", "customerPayment", "creditMemo", "currencyRate"} <= names


def test_server_time_follows_the_clock_that_was_set(api):
    api.admin("clock", offset_seconds=7200)
    ahead = api.request("GET", "/services/rest/system/v1/serverTime").json()["serverTime"]
    api.admin("clock", offset_seconds=0)
    now = api.request("GET", "/services/rest/system/v1/serverTime").json()["serverTime"]
    assert ahead > now


def test_governance_limits_tell_the_concurrency(api):
    limits = api.request("GET", "/services/rest/system/v1/governanceLimits").json()
    assert limits["accountConcurrencyLimit"] == 5
