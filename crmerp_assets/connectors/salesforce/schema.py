"""What Salesforce says about its objects: fields, relationships, child lists. Asked once per object.

A field without field-level security is absent here exactly like one that does not exist.
"""

from __future__ import annotations

from typing import Any

from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.protocol import FieldInfo
from crmerp_assets.connectors.salesforce.api import Record, SalesforceApi
from crmerp_assets.connectors.salesforce.auth import SYSTEM
from crmerp_assets.connectors.salesforce.shapes import key_step


class Schema:
    def __init__(self, api: SalesforceApi) -> None:
        self._api = api
        self._described: dict[str, Record] = {}

    def fields(self, object: str) -> dict[str, FieldInfo]:
        return {field["name"]: _info(field) for field in self.described(object)["fields"]}

    def field(self, object: str, name: str) -> Record | None:
        """One field as describe has it."""
        return next((field for field in self.described(object)["fields"] if field["name"] == name), None)

    def require_key(self, object: str, name: str) -> None:
        """Raises ConfigError where records may not be made by this field. What was known before is asked again."""
        if self._key_step(object, name) is None:
            return
        self.forget(object)
        now = self._key_step(object, name)
        if now is not None:
            message = f"Nothing is written by {object}.{name}, which is no unique external id of type text. {now}"
            raise ConfigError(message, system=SYSTEM, object=object)

    def _key_step(self, object: str, name: str) -> str | None:
        field = self.field(object, name)
        if field is not None:
            return None if field["type"] == "id" else key_step(object, name, field)
        return (
            "The integration user sees no such field: provision it, grant field-level security for it, or correct the "
            "key of the mapping."
        )

    def children(self, object: str) -> dict[str, str]:
        """Child list name -> the object of its rows."""
        relations = self.described(object).get("childRelationships") or []
        return {item["relationshipName"]: item["childSObject"] for item in relations if item.get("relationshipName")}

    def relationship(self, object: str, field: str) -> str | None:
        """The relationship name of a reference field: AccountId -> Account."""
        for item in self.described(object)["fields"]:
            if item["name"] == field:
                name: str | None = item.get("relationshipName")
                return name
        return None

    def owner(self, object: str, path: str) -> tuple[str, str] | None:
        """The object and plain field that a path ends at, or None where a step does not exist."""
        first, _, rest = path.partition(".")
        if not rest:
            return object, first
        target = self.children(object).get(first) or self._parents(object).get(first)
        return self.owner(target, rest) if target else None

    def forget(self, object: str) -> None:
        self._described.pop(object, None)

    def forget_all(self) -> None:
        self._described.clear()

    def _parents(self, object: str) -> dict[str, str]:
        fields = self.described(object)["fields"]
        return {item["relationshipName"]: item["referenceTo"][0] for item in fields if item.get("referenceTo")}

    def described(self, object: str) -> Record:
        """What describe shows to the integration user."""
        if object not in self._described:
            self._described[object] = self._ask(object)
        return self._described[object]

    def _ask(self, object: str) -> Record:
        try:
            answer: Record = self._api.get(f"/sobjects/{object}/describe")
        except ConfigError as error:
            message = (
                f"Salesforce has no object {object} that the integration user may see: "
                "check its name in the mapping, or give the user access to it."
            )
            raise ConfigError(message, system=SYSTEM, object=object) from error
        return answer


def _info(field: dict[str, Any]) -> FieldInfo:
    return FieldInfo(
        name=field["name"],
        label=field.get("label") or field["name"],
        type=field["type"],
        length=_number(field.get("length")) or _number(field.get("precision")),
        scale=_number(field.get("scale")),
        required=not field.get("nillable") and not field.get("defaultedOnCreate") and bool(field.get("createable")),
        unique=bool(field.get("unique")),
        custom=bool(field.get("custom")),
        readable=True,
        writeable=bool(field.get("updateable") or field.get("createable")),
        values=tuple(item["value"] for item in field.get("picklistValues") or () if item.get("active", True)),
        reference_to=tuple(field.get("referenceTo") or ()),
    )


def _number(digits: str | None) -> int | None:
    return int(digits) if digits is not None else None
