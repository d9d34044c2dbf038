"""The `simple-salesforce` package from PyPI, unchanged, works against the sandbox over TLS."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound

from crmerp_assets.sandbox.salesforce import SalesforceSandbox


@pytest.fixture
def judge(tmp_path) -> Iterator[Salesforce]:
    with SalesforceSandbox(tmp_path, tls=True) as sandbox, requests.Session() as session:
        session.trust_env, session.verify = False, str(sandbox.ca_file)
        given = sandbox.credentials
        form = {
            "grant_type": "client_credentials",
            "client_id": given["SALESFORCE_CLIENT_ID"],
            "client_secret": given["SALESFORCE_CLIENT_SECRET"],
        }
        token = session.post(f"{sandbox.url}/services/oauth2/token", data=form, timeout=10).json()
        assert urlsplit(token["instance_url"]).scheme == "https"
        judge = Salesforce(
            instance_url=token["instance_url"], session_id=token["access_token"], session=session, version="68.0"
        )
        provision(judge)
        yield judge


def provision(judge: Salesforce) -> None:
    text = {"label": "Ext", "type": "Text", "length": 40, "externalId": True, "unique": True}
    judge.toolingexecute("sobjects/CustomField", "POST", json={"FullName": "Account.Ext__c", "Metadata": text})
    (parent,) = judge.query("SELECT Id FROM PermissionSet WHERE Name = 'Crmerp_Integration'")["records"]
    rights = {"PermissionsRead": True, "PermissionsEdit": True, "ParentId": parent["Id"]}
    judge.FieldPermissions.create({"SobjectType": "Account", "Field": "Account.Ext__c", **rights})


def test_records_are_made_read_changed_and_deleted(judge):
    made = judge.Account.create({"Name": "Acme"})
    assert made["success"]
    assert judge.Account.get(made["id"])["Name"] == "Acme"
    assert judge.Account.update(made["id"], {"Name": "Acme Inc"}) == 204
    assert judge.Account.upsert("Ext__c/A-1", {"Name": "New"}) == 201
    assert judge.Account.upsert("Ext__c/A-1", {"Name": "Newer"}) == 200
    assert judge.Account.get_by_custom_id("Ext__c", "A-1")["Name"] == "Newer"
    assert judge.Account.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound):
        judge.Account.get(made["id"])
    with pytest.raises(SalesforceMalformedRequest, match="REQUIRED_FIELD_MISSING"):
        judge.Account.create({"Phone": "1"})


def test_queries_and_describe(judge):
    rows = [{"attributes": {"type": "Account"}, "Name": f"{n:03}"} for n in range(200)]
    judge.restful("composite/sobjects", method="POST", json={"records": rows})
    assert judge.query("SELECT COUNT() FROM Account")["totalSize"] == 200
    page = judge.query_all("SELECT Id, Name, Owner.Name FROM Account ORDER BY Name")
    assert [row["Name"] for row in page["records"]] == [row["Name"] for row in rows]
    assert page["done"]
    assert "Ext__c" in {field["name"] for field in judge.Account.describe()["fields"]}
    assert judge.describe()["encoding"] == "UTF-8"
    assert judge.limits()["DailyApiRequests"]["Max"] > 0
    assert judge.api_usage["api-usage"].total > 0


def test_collections_inside_a_composite_call(judge):
    def part(name, *rows):
        records = [{"attributes": {"type": "Account"}, **row} for row in rows]
        url = "/services/data/v68.0/composite/sobjects/Account/Ext__c"
        return {"method": "PATCH", "url": url, "referenceId": name, "body": {"records": records}}

    requests = [part("a", {"Ext__c": "A-1", "Name": "A"}), part("b", {"Ext__c": "B-1"}, {"Ext__c": "B-2", "Name": "B"})]
    answer = judge.restful("composite", method="POST", json={"allOrNone": False, "compositeRequest": requests})
    first, second = answer["compositeResponse"]
    assert (first["referenceId"], first["httpStatusCode"], first["body"][0]["created"]) == ("a", 200, True)
    assert [row["success"] for row in second["body"]] == [False, True]
    assert judge.query("SELECT COUNT() FROM Account")["totalSize"] == 2


def test_bulk_two_upserts_and_reads(judge):
    records = [{"Ext__c": f"B-{n}", "Name": f"Bulk {n}"} for n in range(3)]
    (result,) = judge.bulk2.Account.upsert(records=records, external_id_field="Ext__c", wait=0)
    assert (result["numberRecordsTotal"], result["numberRecordsFailed"]) == (3, 0)
    pages = list(judge.bulk2.Account.query("SELECT Name FROM Account ORDER BY Name", wait=0))
    assert "".join(pages).splitlines() == ['"Name"', '"Bulk 0"', '"Bulk 1"', '"Bulk 2"']
