"""What record types and fields there are: as JSON schema for one, as OpenAPI for those selected."""

from typing import Any

from starlette.responses import Response

from crmerp_assets.sandbox.netsuite.errors import nonexistent_type
from crmerp_assets.sandbox.netsuite.http.answers import json_response, self_link
from crmerp_assets.sandbox.netsuite.http.call import Call
from crmerp_assets.sandbox.netsuite.http.services import Services
from crmerp_assets.sandbox.netsuite.schema import Field, RecordType

PATH = "/services/rest/record/v1/metadata-catalog"
_SCHEMA, _SWAGGER = "application/schema+json", "application/swagger+json"
_TYPES: dict[str, dict[str, Any]] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "format": "int64"},
    "number": {"type": "number", "format": "double"},
    "money": {"type": "number", "format": "double"},
    "rate": {"type": "number", "format": "double"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "email": {"type": "string", "format": "email"},
}


def catalog(services: Services, call: Call) -> Response:
    call.allow("select")
    chosen = {name.lower() for name in call.listed("select")}
    types = [t for key, t in services.account.registry.types.items() if not chosen or key in chosen]
    if _SWAGGER in call.header("Accept"):
        return json_response(_open_api(types), media_type=_SWAGGER)
    items = []
    for record in types:
        href = f"{call.root}{PATH}/{record.name}"
        links = [{"rel": "canonical", "href": href}]
        links += [{"rel": "describes", "href": f"{call.root}/services/rest/record/v1/{record.name}"}]
        links += [{"rel": "alternate", "href": href, "mediaType": media} for media in (_SWAGGER, _SCHEMA)]
        items.append({"name": record.name, "links": links})
    return json_response({"links": self_link(call.root + PATH), "items": items})


def one_type(services: Services, call: Call) -> Response:
    record = services.account.registry.find(call.path["type"])
    if record is None:
        raise nonexistent_type(call.path["type"])
    if _SWAGGER in call.header("Accept"):
        return json_response(_open_api([record]), media_type=_SWAGGER)
    return json_response(_schema(record), media_type=_SCHEMA)


def _schema(record: RecordType) -> dict[str, Any]:
    properties: dict[str, Any] = {"id": {"title": "Internal ID", "type": "string", "nullable": True}}
    properties |= {field.name: _property(field) for field in record.fields.values()}
    for name, sublist in record.sublists.items():
        line = {field.name: _property(field) for field in sublist.fields.values()}
        items = {"type": "array", "items": {"type": "object", "properties": line}}
        properties[name] = {"type": "object", "properties": {"items": items, "totalResults": {"type": "integer"}}}
    return {"type": "object", "properties": properties, "x-ns-filterable": _filterable(record)}


def _filterable(record: RecordType) -> list[str]:
    return ["id", *record.fields]


def _property(field: Field) -> dict[str, Any]:
    if field.kind == "reference":
        names = ("id", "refName", "externalId")
        shape: dict[str, Any] = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    elif field.kind == "choice":
        options = {"type": "string", "enum": list(field.choices)}
        shape = {"type": "object", "properties": {"id": options, "refName": {"type": "string"}}}
    else:
        shape = dict(_TYPES.get(field.kind, {"type": "string"}))
    if field.length is not None:
        shape["maxLength"] = field.length
    shape |= {"title": field.label, "nullable": not field.required, "x-ns-custom-field": field.custom}
    if field.readonly:
        shape["readOnly"] = True
    return shape


def _open_api(types: list[RecordType]) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for record in types:
        operations = {"get": {"tags": [record.name]}, "post": {"tags": [record.name]}}
        paths[f"/{record.name}"] = operations
        paths[f"/{record.name}/{{id}}"] = {verb: {"tags": [record.name]} for verb in ("get", "patch", "put", "delete")}
    return {
        "openapi": "3.0.1",
        "info": {"title": "NetSuite REST Record API", "version": "v1"},
        "paths": paths,
        "components": {"schemas": {record.name: _schema(record) for record in types}},
    }


ROUTES = [(PATH, ("GET",), catalog), (f"{PATH}/{{type}}", ("GET",), one_type)]
