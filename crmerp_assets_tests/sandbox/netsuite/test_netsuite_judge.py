"""The `netsuite` package from PyPI, unchanged, works against the sandbox: it signs, we check.

It builds its host from the account id; `hostname` is a cached property, so the sandbox's address is set on the
instance, and the sandbox's certificate is trusted the way httpx documents, by SSL_CERT_FILE.
"""

import asyncio
import warnings

import pytest

from crmerp_assets.sandbox.netsuite import NetSuiteSandbox

# The package passes text as httpx's `data` and uses authlib with httpx: both libraries announce changes.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:The httpx module is deprecated")


@pytest.fixture
def client(tmp_path, monkeypatch):
    with warnings.catch_warnings(record=True):
        from netsuite import Config, NetSuiteRestApi, TokenAuth

    with NetSuiteSandbox(tmp_path, tls=True) as sandbox:
        given = sandbox.credentials
        auth = TokenAuth(
            consumer_key=given["NETSUITE_CLIENT_ID"],
            consumer_secret=given["NETSUITE_CONSUMER_SECRET"],
            token_id=given["NETSUITE_TOKEN_ID"],
            token_secret=given["NETSUITE_TOKEN_SECRET"],
        )
        monkeypatch.setenv("SSL_CERT_FILE", str(sandbox.ca_file))
        api = NetSuiteRestApi(Config(account=given["NETSUITE_ACCOUNT"], auth=auth))
        api.hostname = sandbox.url.removeprefix("https://")
        yield api


def test_the_netsuite_package_creates_reads_changes_queries_and_deletes(client):
    async def story():
        body = {"companyName": "Judged", "subsidiary": {"id": "1"}, "externalId": "judge-1"}
        assert await client.post("/record/v1/customer", json=body) is None
        found = await client.suiteql("SELECT id, companyname FROM customer", limit=10)
        assert found["items"][0]["companyname"] == "Judged"
        id_ = found["items"][0]["id"]
        await client.patch(f"/record/v1/customer/{id_}", json={"comments": "seen"})
        record = await client.get(f"/record/v1/customer/{id_}", params={"expandSubResources": "true"})
        assert (record["comments"], record["externalId"]) == ("seen", "judge-1")
        assert await client.delete(f"/record/v1/customer/{id_}") is None
        assert (await client.get("/record/v1/customer"))["totalResults"] == 0

    asyncio.run(story())


def test_the_netsuite_package_takes_an_order_to_money(client):
    async def made(path, body):
        await client.post(f"/record/v1/{path}", json=body)
        found = await client.suiteql("SELECT MAX(id) id FROM transaction")
        return found["items"][0]["id"]

    async def story():
        await client.post("/record/v1/customer", json={"companyName": "Judged", "subsidiary": {"id": "1"}})
        await client.post("/record/v1/nonInventorySaleItem", json={"itemId": "GOODS"})
        customer = {"id": (await client.get("/record/v1/customer"))["items"][0]["id"]}
        item = {"id": (await client.get("/record/v1/nonInventorySaleItem"))["items"][0]["id"]}
        line = {"item": item, "quantity": 2, "rate": 5}
        order = await made("salesOrder", {"entity": customer, "item": {"items": [line]}})
        await made("customerDeposit", {"customer": customer, "payment": 4, "salesOrder": {"id": order}})
        await made(f"salesOrder/{order}/!transform/itemFulfillment", {})
        assert (await client.get(f"/record/v1/salesOrder/{order}"))["status"]["refName"] == "Pending Billing"
        await made(f"salesOrder/{order}/!transform/invoice", {})
        rows = await client.suiteql("SELECT type, foreigntotal, foreignamountunpaid FROM transaction ORDER BY id")
        assert [row["type"] for row in rows["items"]] == ["SalesOrd", "CustDep", "ItemShip", "CustInvc", "DepAppl"]
        assert rows["items"][3]["foreignamountunpaid"] == "6"

    asyncio.run(story())


def test_the_netsuite_package_reads_the_metadata(client):
    schema = asyncio.run(client.jsonschema("salesOrder"))
    assert "otherRefNum" in schema["properties"]
    api = asyncio.run(client.openapi(["customer", "invoice"]))
    assert set(api["components"]["schemas"]) == {"customer", "invoice"}


def test_a_wrong_secret_is_refused(client):
    from netsuite.exceptions import NetsuiteAPIRequestError

    client._config.auth.token_secret = "wrong"
    with pytest.raises(NetsuiteAPIRequestError, match="INVALID_LOGIN"):
        asyncio.run(client.get("/record/v1/customer"))


def test_hmac_sha1_is_no_longer_accepted(client):
    from netsuite.exceptions import NetsuiteAPIRequestError

    client._signature_method = "HMAC-SHA1"
    with pytest.raises(NetsuiteAPIRequestError, match="INVALID_LOGIN"):
        asyncio.run(client.get("/record/v1/customer"))
