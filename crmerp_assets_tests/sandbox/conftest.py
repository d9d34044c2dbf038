"""A Salesforce sandbox in a thread, and callers that speak its REST API the plain way."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import httpx
import pytest

from crmerp_assets.sandbox.salesforce import SalesforceSandbox

BASE = "/services/data/v68.0"


class Caller:
    """One user of the organisation."""

    def __init__(self, sandbox: SalesforceSandbox, user: str) -> None:
        self.sandbox = sandbox
        self.http = httpx.Client(base_url=sandbox.url, verify=False, timeout=60)
        self.http.headers["Authorization"] = f"Bearer {sandbox.person_token(user)}"

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        content = {} if body is None else {"json": body}
        return self.http.request(method, BASE + path, **content, **options)

    def admin(self, method: str, path: str, body: Any) -> Any:
        response = self.http.request(method, f"/_sandbox/{path}", json=body)
        assert response.status_code < 300, response.text
        return response.json() if response.content else None

    def seed(self, name: str, *rows: dict[str, Any]) -> list[str]:
        ids: list[str] = self.admin("POST", "records", {"object": name, "records": list(rows)})["ids"]
        return ids

    def create(self, name: str, **values: Any) -> str:
        response = self.call("POST", f"/sobjects/{name}", values)
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def update(self, name: str, id_: str, **values: Any) -> httpx.Response:
        return self.call("PATCH", f"/sobjects/{name}/{id_}", values)

    def get(self, name: str, id_: str) -> dict[str, Any]:
        record: dict[str, Any] = self.call("GET", f"/sobjects/{name}/{id_}").json()
        return record

    def query(self, soql: str, everything: bool = False, **options: Any) -> dict[str, Any]:
        path = "/queryAll" if everything else "/query"
        page: dict[str, Any] = self.call("GET", path, params={"q": soql}, **options).json()
        return page

    def names(self, soql: str) -> list[Any]:
        return [record["Name"] for record in self.query(soql)["records"]]

    def more(self, page: dict[str, Any]) -> dict[str, Any]:
        following: dict[str, Any] = self.http.get(page["nextRecordsUrl"]).json()
        return following

    def upserted(self, name: str, field: str, *rows: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
        records = [{"attributes": {"type": name}, **row} for row in rows]
        response = self.call("PATCH", f"/composite/sobjects/{name}/{field}", {"records": records, **options})
        assert response.status_code == 200, response.text
        results: list[dict[str, Any]] = response.json()
        return results

    def custom_field(self, full_name: str, **metadata: Any) -> httpx.Response:
        text = {"label": full_name.partition(".")[2].removesuffix("__c"), "type": "Text", "length": 64}
        return self.call(
            "POST", "/tooling/sobjects/CustomField", {"FullName": full_name, "Metadata": {**text, **metadata}}
        )

    def grant(self, full_name: str, edit: bool = True) -> httpx.Response:
        (parent,) = self.query("SELECT Id FROM PermissionSet WHERE Name = 'Crmerp_Integration'")["records"]
        body = {"ParentId": parent["Id"], "SobjectType": full_name.partition(".")[0], "Field": full_name}
        return self.call(
            "POST", "/sobjects/FieldPermissions", {**body, "PermissionsRead": True, "PermissionsEdit": edit}
        )

    def key(self, name: str, **metadata: Any) -> None:
        """An external id field that the integration may use."""
        definition = {"externalId": True, "unique": True, "caseSensitive": False, **metadata}
        assert self.custom_field(f"{name}.Ext__c", **definition).status_code == 201
        assert self.grant(f"{name}.Ext__c").status_code == 201


@pytest.fixture(scope="session")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An organisation on its first day; making its keys takes longer than most tests."""
    directory = tmp_path_factory.mktemp("first_day")
    SalesforceSandbox(directory).stop()
    return directory


@pytest.fixture
def salesforce(tmp_path: Path, first_day: Path) -> Iterator[SalesforceSandbox]:
    copytree(first_day, tmp_path, dirs_exist_ok=True)
    with SalesforceSandbox(tmp_path, child_page=3) as sandbox:
        yield sandbox


@pytest.fixture
def sf(salesforce: SalesforceSandbox) -> Iterator[Caller]:
    """The integration user."""
    caller = Caller(salesforce, "integration")
    yield caller
    caller.http.close()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, first_day: Path) -> Iterator[Caller]:
    """The integration user of an organisation that a module's tests share, so they only read what one of them seeds."""
    directory = tmp_path_factory.mktemp("reader")
    copytree(first_day, directory, dirs_exist_ok=True)
    with SalesforceSandbox(directory, child_page=3) as sandbox:
        caller = Caller(sandbox, "integration")
        yield caller
        caller.http.close()


@pytest.fixture
def ann(salesforce: SalesforceSandbox) -> Iterator[Caller]:
    """A person of the organisation."""
    caller = Caller(salesforce, "ann")
    yield caller
    caller.http.close()


@pytest.fixture
def deal(sf: Caller) -> dict[str, str]:
    """A deal without lines, and a price book entry for each of two products."""
    (book,) = [row["Id"] for row in sf.query("SELECT Id FROM Pricebook2 WHERE IsStandard = TRUE")["records"]]
    (account,) = sf.seed("Account", {"Name": "Acme"})
    (bolt, nut) = sf.seed("Product2", {"Name": "Bolt", "ProductCode": "B-1"}, {"Name": "Nut", "ProductCode": "N-1"})
    entries = sf.seed(
        "PricebookEntry",
        {"Pricebook2Id": book, "Product2Id": bolt, "UnitPrice": 10.1, "IsActive": True},
        {"Pricebook2Id": book, "Product2Id": nut, "UnitPrice": 0.2, "IsActive": True},
    )
    stage = {"StageName": "Proposal", "CloseDate": "2026-12-01", "AccountId": account, "Pricebook2Id": book}
    past = {"SystemModstamp": "2026-01-05T08:00:00Z", "Amount": 500}
    (opportunity,) = sf.seed("Opportunity", {"Name": "Big", **stage, **past})
    names = {"account": account, "bolt": bolt, "nut": nut, "book": book, "opportunity": opportunity}
    return {**names, "bolt_price": entries[0], "nut_price": entries[1]}
