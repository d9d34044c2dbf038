import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from crmerp_assets.sandbox.salesforce import SalesforceSandbox
from crmerp_assets.sandbox.salesforce.ids import make_id, normal_id, to_18

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000")


def error(response):
    (only,) = response.json()
    return response.status_code, only["errorCode"], only["message"]


def test_ids_have_the_vendors_checksum():
    assert to_18("0015g00000abcde") == "0015g00000abcdeAAA"
    assert to_18("001D000000IqhSL") == "001D000000IqhSLIAZ"
    assert normal_id("001D000000IqhSL") == "001D000000IqhSLIAZ"
    assert normal_id("001D000000IqhSLAAA") is None
    assert make_id("001", 61) < make_id("001", 62)


def test_a_record_is_created_read_changed_and_deleted(sf):
    id_ = sf.create("Account", Name="  Acme  ", NumberOfEmployees=12, AnnualRevenue=1.005)
    record = sf.get("Account", id_)
    assert record["attributes"] == {"type": "Account", "url": f"/services/data/v68.0/sobjects/Account/{id_}"}
    assert (record["Name"], record["NumberOfEmployees"], record["AnnualRevenue"]) == ("Acme", 12, 1.01)
    assert record["CurrencyIsoCode"] == "USD"
    assert record["Phone"] is None
    assert STAMP.fullmatch(record["SystemModstamp"])
    changed = sf.update("Account", id_, Phone="1")
    assert (changed.status_code, changed.content) == (204, b"")
    assert sf.call("DELETE", f"/sobjects/Account/{id_}").status_code == 204
    assert error(sf.call("GET", f"/sobjects/Account/{id_}")) == (404, "ENTITY_IS_DELETED", "entity is deleted")
    assert error(sf.call("GET", "/sobjects/Account/0015g00000zzzzzAAA"))[:2] == (404, "NOT_FOUND")


def test_a_15_character_id_is_the_same_record(sf):
    id_ = sf.create("Account", Name="Acme")
    assert sf.get("Account", id_[:15])["Id"] == id_
    assert sf.names(f"SELECT Name FROM Account WHERE Id = '{id_[:15]}'") == ["Acme"]


def test_authors_are_people_of_the_organisation(sf, ann):
    id_ = ann.create("Account", Name="Acme")
    sf.update("Account", id_, Phone="1")
    record = sf.query("SELECT CreatedBy.Name, LastModifiedBy.Username FROM Account")["records"][0]
    assert record["CreatedBy"]["Name"] == "Ann"
    assert record["LastModifiedBy"]["Username"] == "integration@example.com"


@pytest.mark.parametrize(
    ("values", "code", "message"),
    [
        ({"Name": None}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]"),
        ({"Name": "x" * 256}, "STRING_TOO_LONG", f"Account Name: data value too large: {'x' * 256} (max length=255)"),
        ({"Shoe__c": 1}, "INVALID_FIELD", "No such column 'Shoe__c' on sobject of type Account"),
        ({"AnnualRevenue": 1e17}, "NUMBER_OUTSIDE_VALID_RANGE", None),
        ({"AnnualRevenue": "many"}, "INVALID_TYPE_ON_FIELD_IN_RECORD", None),
        ({"CurrencyIsoCode": "XXX"}, "INVALID_CURRENCY_ISO_CODE", None),
        ({"ParentId": "nobody"}, "MALFORMED_ID", None),
        ({"ParentId": "0035g0000000001AAA"}, "FIELD_INTEGRITY_EXCEPTION", None),
        ({"ParentId": "0015g00000zzzzzAAA"}, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"),
        ({"SystemModstamp": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE", None),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(reader, values, code, message):
    response = reader.call("POST", "/sobjects/Account", {"Name": "Acme", **values})
    assert error(response)[:2] == (400, code)
    assert message is None or response.json()[0]["message"] == message
    assert reader.query("SELECT COUNT() FROM Account")["totalSize"] == 0


def test_emails_and_restricted_picklists_are_checked(sf, deal):
    wrong = sf.call("POST", "/sobjects/Contact", {"LastName": "Lee", "Email": "lee at acme"})
    assert error(wrong) == (400, "INVALID_EMAIL_ADDRESS", "Email: invalid email address: lee at acme")
    wrong = sf.update("Opportunity", deal["opportunity"], StageName="Dreaming")
    message = "Stage: bad value for restricted picklist field: Dreaming"
    assert error(wrong) == (400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message)


def test_upsert_creates_then_updates_and_never_guesses(sf):
    sf.key("Account", unique=False)
    made = sf.call("PATCH", "/sobjects/Account/Ext__c/A%2F1", {"Name": "Acme"})
    assert (made.status_code, made.json()["created"], made.json()["success"]) == (201, True, True)
    again = sf.call("PATCH", "/sobjects/Account/Ext__c/a%2F1", {"Name": "Acme Inc"})
    assert (again.status_code, again.json()["created"], again.json()["id"]) == (200, False, made.json()["id"])
    old = sf.http.patch("/services/data/v45.0/sobjects/Account/Ext__c/A%2F1", json={"Name": "Acme Inc"})
    assert (old.status_code, old.content) == (204, b"")
    sf.create("Account", Name="Other", Ext__c="A/1")
    several = sf.call("PATCH", "/sobjects/Account/Ext__c/A%2F1", {"Name": "Acme"})
    assert several.status_code == 300
    assert len(several.json()) == 2
    absent = sf.call("PATCH", "/sobjects/Account/Ext__c/B-1", {"Name": "B"}, params={"updateOnly": "true"})
    assert absent.status_code == 404
    twice = sf.call("PATCH", "/sobjects/Account/Ext__c/C-1", {"Name": "C", "Ext__c": "C-1"})
    assert error(twice)[:2] == (400, "INVALID_FIELD")


def test_a_second_record_with_the_same_unique_key_names_the_first(sf):
    sf.key("Account")
    first = sf.create("Account", Name="Acme", Ext__c="A-1")
    refused = sf.call("POST", "/sobjects/Account", {"Name": "Again", "Ext__c": "a-1"})
    message = f"duplicate value found: Ext__c duplicates value on record with id: {first}"
    assert error(refused) == (400, "DUPLICATE_VALUE", message)
    sf.call("DELETE", f"/sobjects/Account/{first}")
    sf.create("Account", Name="Again", Ext__c="a-1")


def test_a_record_refers_to_another_by_its_external_id(sf):
    sf.key("Account")
    account = sf.create("Account", Name="Acme", Ext__c="A-1")
    contact = sf.create("Contact", LastName="Lee", Account={"Ext__c": "A-1"})
    assert sf.get("Contact", contact)["AccountId"] == account
    lost = sf.call("POST", "/sobjects/Contact", {"LastName": "Lee", "Account": {"Ext__c": "A-2"}})
    message = "Foreign key external ID: A-2 not found for field Ext__c in entity Account"
    assert error(lost) == (400, "INVALID_FIELD", message)


def test_conditional_requests_compare_to_the_second(sf):
    id_ = sf.create("Account", Name="Acme")
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
    before = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    path = f"/sobjects/Account/{id_}"
    assert sf.call("GET", path, headers={"If-Modified-Since": soon}).status_code == 304
    assert sf.call("GET", path, headers={"If-Modified-Since": before}).status_code == 200
    changed = {"Phone": "1"}
    assert sf.call("PATCH", path, changed, headers={"If-Unmodified-Since": before}).status_code == 412
    assert sf.call("PATCH", path, changed, headers={"If-Unmodified-Since": soon}).status_code == 204
    assert sf.call("GET", "/sobjects/Account/describe", headers={"If-Modified-Since": soon}).status_code == 304


def test_a_merge_moves_the_losers_contacts_and_names_the_winner(sf):
    winner, loser = sf.seed("Account", {"Name": "Acme"}, {"Name": "ACME Inc"})
    past = {"SystemModstamp": "2026-01-05T08:00:00Z"}
    (contact,) = sf.seed("Contact", {"LastName": "Lee", "AccountId": loser, **past})
    sf.admin("POST", "merge", {"object": "Account", "winner": winner, "losers": [loser]})
    (gone,) = sf.query("SELECT Id, MasterRecordId FROM Account WHERE IsDeleted = TRUE", everything=True)["records"]
    assert (gone["Id"], gone["MasterRecordId"]) == (loser, winner)
    moved = sf.get("Contact", contact)
    assert moved["AccountId"] == winner
    assert moved["SystemModstamp"] > "2026-01-06"


def test_a_deleted_account_takes_its_contacts_along_and_brings_them_back(sf):
    (account,) = sf.seed("Account", {"Name": "Acme"})
    (contact,) = sf.seed("Contact", {"LastName": "Lee", "AccountId": account})
    sf.call("DELETE", f"/sobjects/Account/{account}")
    assert sf.query("SELECT COUNT() FROM Contact")["totalSize"] == 0
    sf.admin("POST", "undelete", {"object": "Account", "ids": [account]})
    assert sf.get("Contact", contact)["AccountId"] == account
    sf.call("DELETE", f"/sobjects/Account/{account}")
    sf.admin("POST", "purge", {"object": "Account", "ids": [account]})
    assert sf.query("SELECT COUNT() FROM Account", everything=True)["totalSize"] == 0


def test_changes_and_deletions_are_told_for_a_span_of_time(sf):
    now = datetime.now(UTC)
    at = {"SystemModstamp": (now - timedelta(minutes=30)).isoformat()}
    changed, removed = sf.seed("Account", {"Name": "A", **at}, {"Name": "B", **at})
    sf.call("DELETE", f"/sobjects/Account/{removed}")
    sf.admin("POST", "clock", {"offset_seconds": 60})
    span = {"start": (now - timedelta(hours=1)).isoformat(), "end": (now + timedelta(minutes=2)).isoformat()}
    updated = sf.call("GET", "/sobjects/Account/updated/", params=span).json()
    assert updated["ids"] == [changed]
    assert STAMP.fullmatch(updated["latestDateCovered"])
    deleted = sf.call("GET", "/sobjects/Account/deleted/", params=span).json()
    assert [row["id"] for row in deleted["deletedRecords"]] == [removed]
    short = sf.call("GET", "/sobjects/Account/updated/", params={"start": span["start"], "end": span["start"]})
    assert error(short)[:2] == (400, "INVALID_REPLICATION_DATE")


def test_a_restart_keeps_records_fields_and_sessions(sf, salesforce, tmp_path):
    sf.key("Account")
    sf.create("Account", Name="Acme", Ext__c="A-1")
    given = dict(salesforce.credentials)
    salesforce.stop()
    with SalesforceSandbox(tmp_path, port=int(salesforce.url.rsplit(":", 1)[1])) as again:
        assert again.credentials == given
        assert sf.names("SELECT Name FROM Account WHERE Ext__c = 'A-1'") == ["Acme"]
        assert sf.create("Account", Name="Next") > make_id("001", 1)
