"""Salesforce's REST API as a person's client uses it: query, create, change, and new fields as an administrator."""

from collections.abc import Mapping, Sequence
from typing import Any

from crmerp_assets.sandbox.company.client import Person

ROOT = "/services/data/v68.0"
_PERMISSION_SET = "Crmerp_Integration"
_COLLECTION = 200


class Salesforce(Person):
    """A person in Salesforce."""

    def query(self, soql: str) -> list[dict[str, Any]]:
        """All records of a query."""
        page = self.call("GET", f"{ROOT}/query", q=soql).json()
        records: list[dict[str, Any]] = page["records"]
        while not page["done"]:
            page = self.call("GET", page["nextRecordsUrl"]).json()
            records += page["records"]
        return records

    def create(self, object: str, fields: Mapping[str, Any]) -> str:
        """Create one record and return its id. Raises Refused."""
        return str(self.call("POST", f"{ROOT}/sobjects/{object}", dict(fields)).json()["id"])

    def create_all(self, object: str, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Create records together, all or none. Raises ValueError naming what was refused."""
        ids: list[str] = []
        for start in range(0, len(records), _COLLECTION):
            typed = [{"attributes": {"type": object}, **record} for record in records[start : start + _COLLECTION]]
            body = {"allOrNone": True, "records": typed}
            rows = self.call("POST", f"{ROOT}/composite/sobjects", body).json()
            refused = [row["errors"] for row in rows if not row["success"]]
            if refused:
                raise ValueError(f"{object} records were refused: {refused[:3]}")
            ids += [row["id"] for row in rows]
        return ids

    def change(self, object: str, id_: str, fields: Mapping[str, Any]) -> None:
        """Change fields of one record. Raises Refused."""
        self.call("PATCH", f"{ROOT}/sobjects/{object}/{id_}", dict(fields))

    def field_types(self, object: str) -> dict[str, str]:
        """The fields that the object has, and their types."""
        described = self.call("GET", f"{ROOT}/sobjects/{object}/describe").json()
        return {field["name"]: field["type"] for field in described["fields"]}

    def ensure_field(self, object: str, name: str, label: str, length: int = 255) -> bool:
        """Make a custom text field and grant it to the integration, unless the object has it; whether it was made."""
        if name in self.field_types(object):
            return False
        full_name = f"{object}.{name}"
        metadata = {"label": label, "type": "Text", "length": length}
        self.call("POST", f"{ROOT}/tooling/sobjects/CustomField", {"FullName": full_name, "Metadata": metadata})
        (permission_set,) = self.query(f"SELECT Id FROM PermissionSet WHERE Name = '{_PERMISSION_SET}'")
        grant = {"SobjectType": object, "Field": full_name, "PermissionsRead": True, "PermissionsEdit": True}
        self.create("FieldPermissions", {"ParentId": permission_set["Id"], **grant})
        return True

    def standard_price_book(self) -> str:
        """The id of the standard price book."""
        (book,) = self.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true")
        return str(book["Id"])


def quoted(text: str) -> str:
    """A SOQL string literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
