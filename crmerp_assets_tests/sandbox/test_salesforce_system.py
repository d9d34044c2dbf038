import time
from pathlib import Path

import httpx
import jwt
import pytest

TOKEN = "/services/oauth2/token"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def names(caller, object_name="Account"):
    return {field["name"] for field in caller.call("GET", f"/sobjects/{object_name}/describe").json()["fields"]}


def test_a_custom_field_is_invisible_until_it_is_granted(sf, ann):
    made = sf.custom_field("Account.Size__c", type="Number", precision=18, scale=2)
    assert (made.status_code, made.json()["success"], made.json()["warnings"]) == (201, True, [])
    assert "Size__c" not in names(sf)
    assert "Size__c" in names(ann)
    response = sf.call("GET", "/query", params={"q": "SELECT Size__c FROM Account"})
    assert response.json()[0]["errorCode"] == "INVALID_FIELD"
    assert sf.call("POST", "/sobjects/Account", {"Name": "A", "Size__c": 1}).json()[0]["errorCode"] == "INVALID_FIELD"
    assert sf.grant("Account.Size__c", edit=False).status_code == 201
    assert "Size__c" in names(sf)
    refused = sf.call("POST", "/sobjects/Account", {"Name": "A", "Size__c": 1})
    assert refused.json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    (row,) = sf.query("SELECT Id FROM FieldPermissions WHERE Field = 'Account.Size__c'")["records"]
    assert sf.update("FieldPermissions", row["Id"], PermissionsEdit=True).status_code == 204
    assert sf.get("Account", sf.create("Account", Name="A", Size__c=1.5))["Size__c"] == 1.5


def test_a_custom_field_is_made_once_and_can_be_removed(sf):
    sf.key("Account")
    assert sf.custom_field("Account.Ext__c").json()[0]["errorCode"] == "DUPLICATE_DEVELOPER_NAME"
    assert sf.custom_field("Account.Ext").json()[0]["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
    sf.admin("DELETE", "customfields", {"object": "Account", "field": "Ext__c"})
    assert "Ext__c" not in names(sf)
    sf.key("Account")


def test_a_custom_field_becomes_an_external_id_and_unique_once_no_two_records_share_a_value(sf):
    made = sf.custom_field("Account.Ext__c").json()["id"]
    sf.grant("Account.Ext__c")
    first, second = (sf.create("Account", Name="Acme", Ext__c="A-1") for _ in range(2))
    key = {"label": "Ext", "type": "Text", "length": 64, "externalId": True, "unique": True}
    path = f"/tooling/sobjects/CustomField/{made}"
    refused = sf.call("PATCH", path, {"Metadata": key})
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "FIELD_INTEGRITY_EXCEPTION")
    sf.update("Account", second, Ext__c="A-2")
    assert sf.call("PATCH", path, {"Metadata": key}).status_code == 204
    fields = {field["name"]: field for field in sf.call("GET", "/sobjects/Account/describe").json()["fields"]}
    assert [fields["Ext__c"][name] for name in ("externalId", "unique", "idLookup")] == [True, True, True]
    assert sf.update("Account", second, Ext__c="A-1").json()[0]["errorCode"] == "DUPLICATE_VALUE"
    (again,) = sf.upserted("Account", "Ext__c", {"Ext__c": "A-1", "Name": "Acme Inc"})
    assert (again["id"], again["created"]) == (first, False)


def test_describe_tells_what_a_field_takes(sf):
    values = [{"fullName": name, "label": name, "default": False} for name in ("Big", "Small")]
    definition = {"restricted": True, "valueSetDefinition": {"sorted": False, "value": values}}
    sf.custom_field("Account.Size__c", type="Picklist", length=None, valueSet=definition)
    sf.grant("Account.Size__c")
    described = sf.call("GET", "/sobjects/Account/describe").json()
    fields = {field["name"]: field for field in described["fields"]}
    assert (fields["Name"]["nillable"], fields["Name"]["length"], fields["Name"]["nameField"]) == (False, 255, True)
    assert fields["CurrencyIsoCode"]["defaultedOnCreate"] is True
    assert (fields["ParentId"]["referenceTo"], fields["ParentId"]["relationshipName"]) == (["Account"], "Parent")
    assert [value["value"] for value in fields["Size__c"]["picklistValues"]] == ["Big", "Small"]
    assert (fields["Size__c"]["custom"], fields["Size__c"]["restrictedPicklist"]) == (True, True)
    assert "Contacts" in {child["relationshipName"] for child in described["childRelationships"]}
    wrong = sf.call("POST", "/sobjects/Account", {"Name": "A", "Size__c": "Huge"}).json()[0]
    assert wrong["errorCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    everything = sf.call("GET", "/sobjects/").json()
    assert {"Account", "Opportunity", "CurrencyType"} <= {kind["name"] for kind in everything["sobjects"]}


def test_calls_are_counted_and_refused_when_the_day_is_used_up(sf):
    sf.admin("POST", "limits", {"daily_limit": 2})
    assert sf.call("GET", "/limits").headers["Sforce-Limit-Info"] == "api-usage=1/2"
    assert sf.call("GET", "/limits").json()["DailyApiRequests"] == {"Max": 2, "Remaining": 0}
    refused = sf.call("GET", "/limits")
    assert (refused.status_code, refused.json()) == (
        403,
        [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}],
    )
    sf.admin("POST", "clock", {"offset_seconds": 86400})
    assert sf.call("GET", "/limits").status_code == 200


def test_trouble_has_the_vendors_words(sf):
    for kind, status, code in (
        ("throttle", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("revoke", 401, "INVALID_SESSION_ID"),
        ("server_error", 503, "SERVER_UNAVAILABLE"),
    ):
        sf.admin("POST", "faults", {"kind": kind})
        response = sf.call("GET", "/limits")
        assert (response.status_code, response.json()[0]["errorCode"]) == (status, code)


def test_versions_come_and_go(sf):
    versions = httpx.get(f"{sf.sandbox.url}/services/data/").json()
    assert versions[-1] == {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"}
    retired = sf.http.get("/services/data/v29.0/limits")
    assert (retired.status_code, retired.json()[0]["errorCode"]) == (410, "UNSUPPORTED_API_VERSION")
    assert sf.http.get("/services/data/v99.0/limits").status_code == 404
    assert sf.call("PUT", "/limits").status_code == 405


def test_client_credentials_give_a_token_without_an_expiry(sf):
    given = sf.sandbox.credentials
    form = {
        "grant_type": "client_credentials",
        "client_id": given["SALESFORCE_CLIENT_ID"],
        "client_secret": given["SALESFORCE_CLIENT_SECRET"],
    }
    token = sf.http.post(TOKEN, data=form).json()
    assert token["instance_url"] == sf.sandbox.url
    assert token["issued_at"].isdigit()
    assert "expires_in" not in token
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    assert httpx.get(f"{sf.sandbox.url}/services/data/v68.0/limits", headers=headers).status_code == 200
    refused = sf.http.post(TOKEN, data={**form, "client_secret": "guess"})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client")
    assert sf.http.post(TOKEN, data={**form, "client_id": "x"}).json()["error"] == "invalid_client_id"
    basic = {"data": {"grant_type": "client_credentials"}, "auth": (form["client_id"], form["client_secret"])}
    assert httpx.post(sf.sandbox.url + TOKEN, **basic).status_code == 200


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({}, 200),
        ({"aud": "https://test.salesforce.com"}, 200),
        ({"aud": "https://example.com"}, 400),
        ({"sub": "nobody@example.com"}, 400),
        ({"exp": 0}, 400),
    ],
)
def test_a_signed_assertion_gives_a_token(reader, claims, status):
    given = reader.sandbox.credentials
    said = {"iss": given["SALESFORCE_CLIENT_ID"], "sub": given["SALESFORCE_USERNAME"], "aud": reader.sandbox.url}
    key = Path(given["SALESFORCE_PRIVATE_KEY_FILE"]).read_text()
    assertion = jwt.encode({**said, "exp": int(time.time()) + 180, **claims}, key, algorithm="RS256")
    answer = reader.http.post(TOKEN, data={"grant_type": JWT_BEARER, "assertion": assertion})
    assert answer.status_code == status
    assert status == 200 or answer.json()["error"] == "invalid_grant"


def test_without_a_session_nothing_is_told(sf):
    response = httpx.get(f"{sf.sandbox.url}/services/data/v68.0/limits", headers={"Authorization": "Bearer x"})
    assert (response.status_code, response.json()) == (
        401,
        [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}],
    )


def test_calls_of_people_and_of_the_integration_are_counted_apart(sf, ann):
    sf.call("GET", "/limits")
    ann.call("GET", "/limits")
    assert sf.http.get("/_sandbox/calls").json()["by_user"] == {"integration": 1, "ann": 1}


def test_a_late_commit_appears_in_the_past(sf):
    (id_,) = sf.seed("Account", {"Name": "Acme"})
    now = sf.get("Account", id_)["SystemModstamp"]
    sf.admin("POST", "late", {"object": "Account", "id": id_, "seconds_ago": 300})
    assert sf.get("Account", id_)["SystemModstamp"] < now


def test_an_object_without_the_right_to_read_is_as_good_as_none_and_people_still_see_it(sf, ann):
    sf.seed("Account", {"Name": "Acme"})
    sf.admin("POST", "rights", {"object": "Account", "read": False, "edit": False})
    refused = sf.call("GET", "/query", params={"q": "SELECT Id FROM Account"})
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "INVALID_TYPE")
    assert sf.call("GET", "/sobjects/Account/describe").json()[0]["errorCode"] == "INVALID_TYPE"
    assert ann.names("SELECT Name FROM Account") == ["Acme"]


def test_an_object_without_the_right_to_edit_is_read_only(sf):
    (id_,) = sf.seed("Account", {"Name": "Acme"})
    sf.admin("POST", "rights", {"object": "Account", "edit": False})
    assert sf.update("Account", id_, Name="B").json()[0]["errorCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"
    made = sf.call("POST", "/sobjects/Account", {"Name": "C"}).json()[0]
    assert (made["errorCode"], made["message"]) == (
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "entity type cannot be inserted: Account",
    )
    assert sf.names("SELECT Name FROM Account") == ["Acme"]
