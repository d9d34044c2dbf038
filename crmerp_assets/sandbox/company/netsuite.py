"""NetSuite's REST API as a person's client uses it: records, transforms and SuiteQL."""

from collections.abc import Mapping
from typing import Any

from crmerp_assets.sandbox.company.client import Person

_RECORD = "/services/rest/record/v1"
_QUERY = "/services/rest/query/v1/suiteql"
_STRICT = {"X-NetSuite-PropertyNameValidation": "error"}
_PAGE = 1000


class NetSuite(Person):
    """A person in NetSuite."""

    def read(self, type_: str, id_: str) -> dict[str, Any]:
        """A record with its sublists."""
        record: dict[str, Any] = self.call("GET", f"{_RECORD}/{type_}/{id_}", expandSubResources="true").json()
        return record

    def create(self, type_: str, body: Mapping[str, Any]) -> str:
        """Create a record and return its id. Raises Refused."""
        return _made(self.call("POST", f"{_RECORD}/{type_}", dict(body), _STRICT).headers["Location"])

    def change(self, type_: str, id_: str, body: Mapping[str, Any]) -> None:
        """Change fields of a record. Raises Refused."""
        self.call("PATCH", f"{_RECORD}/{type_}/{id_}", dict(body), _STRICT)

    def transform(self, type_: str, id_: str, target: str, body: Mapping[str, Any], replace: str = "") -> str:
        """Make a transaction from another and return its id; `replace` names a list the body gives completely."""
        query = {"replace": replace} if replace else {}
        path = f"{_RECORD}/{type_}/{id_}/!transform/{target}"
        return _made(self.call("POST", path, dict(body), _STRICT, **query).headers["Location"])

    def query(self, suiteql: str, *params: str) -> list[dict[str, Any]]:
        """All rows of a query, numbers as text and empty columns left out."""
        rows: list[dict[str, Any]] = []
        while True:
            window = {"limit": str(_PAGE), "offset": str(len(rows))}
            body = {"q": suiteql, "params": list(params)}
            page = self.call("POST", _QUERY, body, {"Prefer": "transient"}, **window).json()
            rows += [{name: value for name, value in row.items() if name != "links"} for row in page["items"]]
            if not page["hasMore"]:
                return rows


def _made(location: str) -> str:
    return location.rpartition("/")[2]
