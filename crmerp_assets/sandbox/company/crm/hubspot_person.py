"""HubSpot's API as a person's client uses it: objects, their associations, new properties as an administrator."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from crmerp_assets.sandbox.company.client import Person

OBJECTS = "/crm/v3/objects"
CONTACT_OF, DEAL_OF, CHILD_OF, LINE_OF = 1, 5, 14, 20
"""Association types: a contact's and a deal's primary company, a company's parent, a line item's deal."""
_PAGE, _LINKS = 100, 1000
_GROUP = {"name": "crmerp", "label": "ERP sync"}


class HubSpot(Person):
    """A person in HubSpot."""

    def create(self, object: str, values: Mapping[str, Any], links: Mapping[int, str] | None = None) -> str:
        """Create one record, linked to others by association type, and return its id. Raises Refused."""
        return str(self.call("POST", f"{OBJECTS}/{object}", _input(values, links or {})).json()["id"])

    def create_all(self, object: str, rows: Sequence[tuple[Mapping[str, Any], Mapping[int, str]]]) -> None:
        """Create records together. Raises Refused."""
        for some in _chunks(rows, _PAGE):
            self.call("POST", f"{OBJECTS}/{object}/batch/create", {"inputs": [_input(*row) for row in some]})

    def change(self, object: str, id_: str, values: Mapping[str, Any]) -> None:
        """Change properties of one record. Raises Refused."""
        self.call("PATCH", f"{OBJECTS}/{object}/{id_}", {"properties": dict(values)})

    def read(self, object: str, id_: str, *properties: str) -> dict[str, str | None]:
        """Properties of one record."""
        answer = self.call("GET", f"{OBJECTS}/{object}/{id_}", properties=",".join(properties)).json()
        return dict(answer["properties"])

    def all(self, object: str, *properties: str) -> Iterator[dict[str, str | None]]:
        """Properties of every record, by id, which is in `hs_object_id`."""
        after: dict[str, str] = {}
        while True:
            path = f"{OBJECTS}/{object}"
            page = self.call("GET", path, None, None, properties=",".join(properties), limit=str(_PAGE), **after).json()
            yield from (dict(one["properties"]) for one in page["results"])
            if "paging" not in page:
                return
            after = {"after": page["paging"]["next"]["after"]}

    def some(self, object: str, ids: Iterable[str], *properties: str) -> dict[str, dict[str, str | None]]:
        """id -> properties of some records."""
        found: dict[str, dict[str, str | None]] = {}
        for chunk in _chunks(list(ids), _PAGE):
            body = {"inputs": [{"id": id_} for id_ in chunk], "properties": list(properties)}
            page = self.call("POST", f"{OBJECTS}/{object}/batch/read", body).json()
            found |= {str(one["id"]): one["properties"] for one in page["results"]}
        return found

    def linked(self, object: str, to: str, ids: Iterable[str]) -> dict[str, list[str]]:
        """id -> ids of what it is linked to; a record that is linked to nothing is left out."""
        found: dict[str, list[str]] = {}
        for chunk in _chunks(list(ids), _LINKS):
            body = {"inputs": [{"id": id_} for id_ in chunk]}
            page = self.call("POST", f"/crm/v4/associations/{object}/{to}/batch/read", body).json()
            found |= {str(row["from"]["id"]): [str(t["toObjectId"]) for t in row["to"]] for row in page["results"]}
        return found

    def ensure_text(self, object: str, name: str, label: str) -> None:
        """Make a property for text unless the object has it."""
        path = f"/crm/v3/properties/{object}"
        if any(found["name"] == name for found in self.call("GET", path).json()["results"]):
            return
        if not any(found["name"] == _GROUP["name"] for found in self.call("GET", f"{path}/groups").json()["results"]):
            self.call("POST", f"{path}/groups", _GROUP)
        body = {"name": name, "label": label, "type": "string", "fieldType": "text", "groupName": _GROUP["name"]}
        self.call("POST", path, body)


def _chunks(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _input(values: Mapping[str, Any], links: Mapping[int, str]) -> dict[str, Any]:
    associations = [
        {"to": {"id": to}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}]}
        for kind, to in links.items()
    ]
    return {"properties": dict(values), "associations": associations}
