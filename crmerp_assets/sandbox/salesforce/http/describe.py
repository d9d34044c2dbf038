"""Describe: objects and their fields as the caller may see them."""

from typing import Any

from crmerp_assets.sandbox.salesforce.http.call import Answer, Call
from crmerp_assets.sandbox.salesforce.http.dates import http_date
from crmerp_assets.sandbox.salesforce.http.service import Service
from crmerp_assets.sandbox.salesforce.schema import Field, ObjectType

_SOAP = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
}


def everything(service: Service, call: Call) -> Answer:
    kinds = [_summary(service, call, kind) for kind in service.catalog.objects.values() if not kind.tooling]
    return _unless_known(service, call, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": kinds})


def describe(service: Service, call: Call) -> Answer:
    kind = service.catalog.readable(call.match["object"], call.actor.everything)
    visible = service.catalog.visible(kind, call.actor.everything)
    editable = None if call.actor.everything else service.catalog.editable(kind)
    body = {
        **_summary(service, call, kind),
        "fields": [field_json(kind, field, editable) for field in visible.values()],
        "childRelationships": _children(service, kind),
        "recordTypeInfos": [],
    }
    return _unless_known(service, call, body)


def basic(service: Service, call: Call) -> Answer:
    """The object's summary and its recent items."""
    kind = service.catalog.readable(call.match["object"], call.actor.everything)
    return Answer(200, {"objectDescribe": _summary(service, call, kind), "recentItems": []})


def field_json(kind: ObjectType, field: Field, editable: set[str] | None) -> dict[str, Any]:
    """`editable` are the fields that the caller may write, None for all."""
    may_write = editable is None or field.name.lower() in editable
    is_text = _SOAP.get(field.type) is None
    return {
        "name": field.name,
        "label": field.label,
        "type": field.type,
        "length": field.length,
        "byteLength": field.length * 3,
        "precision": 0 if field.type == "int" else field.precision,
        "digits": (field.precision or 9) if field.type == "int" else 0,
        "scale": field.scale,
        "nillable": not field.required and field.type not in ("boolean", "id"),
        "defaultedOnCreate": field.default is not None or (not field.createable and field.type != "id"),
        "createable": field.createable and kind.createable and may_write,
        "updateable": field.updateable and kind.updateable and may_write,
        "calculated": field.calculated,
        "autoNumber": False,
        "externalId": field.external_id,
        "unique": field.unique,
        "idLookup": field.external_id or field.type == "id",
        "caseSensitive": field.case_sensitive,
        "custom": field.custom,
        "picklistValues": [_value(value) for value in field.values],
        "restrictedPicklist": field.restricted,
        "dependentPicklist": False,
        "controllerName": None,
        "referenceTo": [field.reference_to] if field.reference_to else [],
        "relationshipName": field.relationship,
        "polymorphicForeignKey": False,
        "nameField": field.name_field,
        "filterable": not (field.type == "textarea" and field.length > 255),
        "sortable": not (field.type == "textarea" and field.length > 255),
        "groupable": is_text and field.type != "textarea",
        "soapType": _SOAP.get(field.type, "xsd:string"),
        "compoundFieldName": None,
        "encrypted": False,
        "defaultValue": bool(field.default) if field.type == "boolean" else None,
    }


def _value(value: str) -> dict[str, Any]:
    return {"active": True, "defaultValue": False, "label": value, "validFor": None, "value": value}


def _summary(service: Service, call: Call, kind: ObjectType) -> dict[str, Any]:
    url = f"{call.base}/sobjects/{kind.name}"
    rights = service.catalog.rights_on(kind, call.actor.everything)
    urls = {"sobject": url, "describe": f"{url}/describe", "rowTemplate": f"{url}/{{ID}}"}
    return {
        "name": kind.name,
        "label": kind.label,
        "labelPlural": f"{kind.label}s",
        "keyPrefix": kind.prefix,
        "custom": False,
        "createable": kind.createable and rights.create,
        "updateable": kind.updateable and rights.edit,
        "deletable": kind.deletable and rights.delete,
        "undeletable": kind.deletable,
        "mergeable": kind.mergeable,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": True,
        "triggerable": True,
        "urls": urls,
    }


def _children(service: Service, kind: ObjectType) -> list[dict[str, Any]]:
    return [
        {
            "childSObject": child.name,
            "field": field.name,
            "relationshipName": field.children,
            "cascadeDelete": field.children in kind.cascades,
        }
        for child, field in service.catalog.references(kind.name)
    ]


def _unless_known(service: Service, call: Call, body: dict[str, Any]) -> Answer:
    since = call.headers.get("if-modified-since")
    known = since is not None and service.catalog.changed_at.replace(microsecond=0) <= http_date(since)
    return Answer(304) if known else Answer(200, body)
