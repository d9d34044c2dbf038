"""A NetSuite sandbox in a thread and a client that speaks its API the plain way."""

import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from crmerp_assets.sandbox.netsuite import NetSuiteSandbox

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
RECORD = "/services/rest/record/v1"
_numbers = count(1)


def assertion(
    sandbox: NetSuiteSandbox,
    algorithm: str = "ES256",
    key: Any = None,
    kid: str = "",
    seconds: int = 3000,
    **claims: Any,
) -> str:
    """A signed assertion that ends `seconds` from now; `claims` replace what it says."""
    given = sandbox.credentials
    now = int(time.time())
    payload = {
        "iss": given["NETSUITE_CLIENT_ID"],
        "scope": ["restlets", "rest_webservices"],
        "aud": sandbox.url + TOKEN_PATH,
        "iat": now,
        "exp": now + seconds,
    }
    key = key or Path(given["NETSUITE_PRIVATE_KEY_FILE"]).read_text()
    return jwt.encode(payload | claims, key, algorithm, {"kid": kid or given["NETSUITE_CERTIFICATE_ID"]})


class Caller:
    """Calls that must succeed return what they made; `request` returns the response whatever it is."""

    def __init__(self, sandbox: NetSuiteSandbox) -> None:
        self.sandbox = sandbox
        self.http = httpx.Client(base_url=sandbox.url, timeout=30, verify=False)
        self.http.headers["Authorization"] = f"Bearer {self.token(assertion(sandbox)).json()['access_token']}"

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def on(self, sandbox: NetSuiteSandbox) -> "Caller":
        """The same client for another sandbox."""
        return Caller(sandbox)

    def token(self, signed: str) -> httpx.Response:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": signed,
        }
        return self.http.post(TOKEN_PATH, data=form)

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        named = {"X-NetSuite-PropertyNameValidation": "error"} | {k.replace("_", "-"): v for k, v in headers.items()}
        url = path if path.startswith(("/", "http")) else f"{RECORD}/{path}"
        return self.http.request(method, url, json=body, headers=named)

    def create(self, record: str, **body: Any) -> str:
        response = self.request("POST", record, body)
        assert response.status_code == 204, response.text
        return response.headers["Location"].rpartition("/")[2]

    def read(self, record: str, id_: str, query: str = "?expandSubResources=true") -> dict[str, Any]:
        response = self.request("GET", f"{record}/{id_}{query}")
        assert response.status_code == 200, response.text
        return response.json()

    def change(self, record: str, id_: str, **body: Any) -> None:
        response = self.request("PATCH", f"{record}/{id_}", body)
        assert response.status_code == 204, response.text

    def transform(self, record: str, id_: str, target: str, **body: Any) -> str:
        response = self.request("POST", f"{record}/{id_}/!transform/{target}", body)
        assert response.status_code == 204, response.text
        return response.headers["Location"].rpartition("/")[2]

    def query(self, q: str, *params: Any, page: str = "") -> list[dict[str, Any]]:
        response = self.suiteql(q, *params, page=page)
        assert response.status_code == 200, response.text
        return [{k: v for k, v in item.items() if k != "links"} for item in response.json()["items"]]

    def suiteql(self, q: str, *params: Any, page: str = "") -> httpx.Response:
        body = {"q": q, "params": list(params)}
        return self.request("POST", f"/services/rest/query/v1/suiteql{page}", body, Prefer="transient")

    def admin(self, call: str, **body: Any) -> Any:
        response = self.http.post(f"/_sandbox/{call}", json=body)
        assert response.status_code < 300, response.text
        return response.json() if response.content else None

    def seed(self, record: str, *bodies: dict[str, Any]) -> list[str]:
        return self.admin("records", object=record, records=list(bodies))["ids"]

    def customer(self, **body: Any) -> str:
        return self.create("customer", **{"companyName": f"Company {next(_numbers)}", "subsidiary": {"id": "1"}} | body)

    def item(self, price: float = 10.0, **body: Any) -> str:
        prices = {"items": [{"priceLevel": {"id": "1"}, "currency": {"id": "1"}, "price": price}]}
        return self.create("nonInventorySaleItem", itemId=f"SKU-{next(_numbers)}", price=prices, **body)

    def order(self, customer: str, *lines: dict[str, Any], **body: Any) -> str:
        return self.create("salesOrder", entity={"id": customer}, item={"items": list(lines)}, **body)

    def refusal(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str, str]:
        """Status, code and text of a call that must be refused."""
        response = self.request(method, path, body, **headers)
        details = response.json()["o:errorDetails"][0]
        return response.status_code, details["o:errorCode"], details["detail"]

    def assertion(self, algorithm: str = "ES256", key: Any = None, kid: str = "", **claims: Any) -> str:
        return assertion(self.sandbox, algorithm, key, kid, **claims)

    def finished(self, job_url: str) -> dict[str, Any]:
        for _ in range(400):
            state = self.request("GET", job_url).json()
            if state["completed"]:
                return state
            time.sleep(0.01)
        raise AssertionError("the job did not finish")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NetSuiteSandbox]:
    with NetSuiteSandbox(tmp_path_factory.mktemp("netsuite"), job_delay_seconds=0.01) as running:
        yield running


@pytest.fixture(scope="module")
def api(sandbox: NetSuiteSandbox) -> Iterator[Caller]:
    with Caller(sandbox) as caller:
        yield caller
