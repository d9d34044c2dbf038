"""Custom fields through the Tooling API. A field is made without any field-level security: nobody was granted it."""

import re
from typing import Any

from crmerp_assets.sandbox.salesforce.engine import Actor
from crmerp_assets.sandbox.salesforce.errors import SalesforceError, not_found
from crmerp_assets.sandbox.salesforce.http.call import Answer, Call
from crmerp_assets.sandbox.salesforce.http.record import saved
from crmerp_assets.sandbox.salesforce.http.service import Service
from crmerp_assets.sandbox.salesforce.ids import normal_id
from crmerp_assets.sandbox.salesforce.schema import Field, ObjectType

_NAME = re.compile(r"[A-Za-z](?!.*__.*__c)\w{0,39}__c")
_TYPES = {
    "Text": "string",
    "TextArea": "textarea",
    "LongTextArea": "textarea",
    "Number": "double",
    "Currency": "currency",
    "Percent": "percent",
    "Date": "date",
    "DateTime": "datetime",
    "Checkbox": "boolean",
    "Picklist": "picklist",
    "Url": "url",
    "Email": "email",
    "Phone": "phone",
    "Lookup": "reference",
}
_LENGTHS = {"Url": 255, "Email": 80, "Phone": 40, "TextArea": 255, "Picklist": 255, "Lookup": 18}
_EXTERNAL_IDS = 25


def create(service: Service, call: Call) -> Answer:
    body = call.json()
    object_name, _, name = str(body.get("FullName", "")).partition(".")
    kind = service.catalog.object(object_name)
    if kind.find(name):
        message = f"There is already a field named {name.removesuffix('__c')} on {kind.label}."
        raise SalesforceError("DUPLICATE_DEVELOPER_NAME", message, ["FullName"])
    field = _field(kind, name, body.get("Metadata") or {})
    with service.organisation.store.writing():
        service.catalog.add(kind, field)
        id_ = _registered(service, kind, field, call.actor)
    return Answer(201, {**saved(id_), "warnings": [], "infos": []})


def change(service: Service, call: Call) -> Answer:
    """Another length, other values, an external id, unique; a field of another type is removed and made anew."""
    object_name, name = _named(service, call)
    kind = service.catalog.object(object_name)
    field = _field(kind, name, call.json().get("Metadata") or {})
    if field.type != kind.fields[name].type:
        raise _invalid(f"Can not change the type of {name} to {field.type}")
    if field.unique and service.catalog.repeated(kind, field):
        raise _invalid(f"{name} can not be made unique: there are duplicate values for this field")
    service.catalog.change(kind, field)
    return Answer(204)


def remove(service: Service, call: Call) -> Answer:
    remove_field(service, *_named(service, call))
    return Answer(204)


def _named(service: Service, call: Call) -> tuple[str, str]:
    """The object and the field that an id stands for. Raises NOT_FOUND."""
    row = service.organisation.get(service.catalog.object("CustomField"), normal_id(call.match["id"]) or "")
    if row is None:
        raise not_found()
    object_name, _, name = row["FullName"].partition(".")
    return object_name, name


def remove_field(service: Service, object_name: str, name: str) -> None:
    """Remove a custom field with everything in it. Raises NOT_FOUND."""
    kind = service.catalog.object(object_name)
    field = kind.find(name)
    if field is None or not field.custom:
        raise not_found(f"No custom field {object_name}.{name}")
    service.catalog.remove(kind, field)


def _registered(service: Service, kind: ObjectType, field: Field, actor: Actor) -> str:
    row = {"DeveloperName": field.name.removesuffix("__c"), "TableEnumOrId": kind.name}
    full_name = {"FullName": f"{kind.name}.{field.name}"}
    return service.records.create(service.catalog.object("CustomField"), {**row, **full_name}, actor)


def _field(kind: ObjectType, name: str, metadata: dict[str, Any]) -> Field:
    """Raises FIELD_INTEGRITY_EXCEPTION for a definition that makes no field."""
    if not _NAME.fullmatch(name):
        raise _invalid(f"The field name {name} is not valid: it must end in __c and contain letters, digits and _")
    type_, external = str(metadata.get("type")), bool(metadata.get("externalId"))
    if type_ not in _TYPES or not metadata.get("label"):
        raise _invalid(f"Metadata needs a label and a known type, not {type_}")
    others = [field for field in kind.fields.values() if field.name != name]
    if external and sum(field.external_id for field in others) >= _EXTERNAL_IDS:
        raise _invalid(f"{kind.label} has reached the limit of {_EXTERNAL_IDS} external id fields")
    return Field(
        name=name,
        label=str(metadata["label"]),
        type=_TYPES[type_],
        required=bool(metadata.get("required")),
        unique=bool(metadata.get("unique")),
        external_id=external,
        case_sensitive=bool(metadata.get("caseSensitive")),
        custom=True,
        **_size(type_, metadata),
        **_values(type_, metadata),
        **_target(type_, name, metadata),
    )


def _size(type_: str, metadata: dict[str, Any]) -> dict[str, Any]:
    if type_ in ("Text", "LongTextArea"):
        length = metadata.get("length")
        if not isinstance(length, int) or not 1 <= length <= (255 if type_ == "Text" else 131072):
            raise _invalid(f"Can not specify length {length} for a CustomField of type {type_}")
        return {"length": length}
    if type_ in ("Number", "Currency", "Percent"):
        precision, scale = metadata.get("precision"), metadata.get("scale")
        if not isinstance(precision, int) or not isinstance(scale, int) or not 0 <= scale <= precision <= 18:
            raise _invalid(f"Must specify precision and scale for a CustomField of type {type_}")
        return {"precision": precision, "scale": scale}
    if type_ == "Checkbox" and str(metadata.get("defaultValue")).lower() not in ("true", "false"):
        raise _invalid("Must specify defaultValue for a CustomField of type Checkbox")
    return {"length": _LENGTHS.get(type_, 0)}


def _values(type_: str, metadata: dict[str, Any]) -> dict[str, Any]:
    if type_ == "Checkbox":
        return {"default": int(str(metadata.get("defaultValue")).lower() == "true")}
    if type_ != "Picklist":
        return {}
    value_set = metadata.get("valueSet") or {}
    entries = (value_set.get("valueSetDefinition") or {}).get("value") or []
    if not entries:
        raise _invalid("Must specify a valueSet for a CustomField of type Picklist")
    names = tuple(str(entry.get("fullName") or entry.get("valueName")) for entry in entries)
    return {"values": names, "restricted": bool(value_set.get("restricted"))}


def _target(type_: str, name: str, metadata: dict[str, Any]) -> dict[str, Any]:
    if type_ != "Lookup":
        return {}
    stem, children = name.removesuffix("__c"), metadata.get("relationshipName")
    target = {"reference_to": str(metadata.get("referenceTo")), "relationship": f"{stem}__r"}
    return {**target, "children": f"{children}__r" if children else None}


def _invalid(message: str) -> SalesforceError:
    return SalesforceError("FIELD_INTEGRITY_EXCEPTION", message, ["Metadata"])
