"""Single records: create, read, update, delete, and upsert by external id."""

from collections.abc import Mapping
from typing import Any

from crmerp_assets.sandbox.salesforce.engine import Actor, Row
from crmerp_assets.sandbox.salesforce.engine.stamps import parse_moment
from crmerp_assets.sandbox.salesforce.engine.values import shown
from crmerp_assets.sandbox.salesforce.errors import SalesforceError, deleted, not_found, unknown_column
from crmerp_assets.sandbox.salesforce.http.call import Answer, Call
from crmerp_assets.sandbox.salesforce.http.dates import http_date
from crmerp_assets.sandbox.salesforce.http.service import Service
from crmerp_assets.sandbox.salesforce.ids import normal_id
from crmerp_assets.sandbox.salesforce.schema import Catalog, Field, ObjectType

_UPSERT_ANSWERS_SINCE = 46.0


def create(service: Service, call: Call) -> Answer:
    kind = service.catalog.object(call.match["object"])
    body = call.json()
    _without(body, "Id")
    id_ = service.records.create(kind, body, call.actor)
    return Answer(201, saved(id_), {"Location": f"{call.base}/sobjects/{kind.name}/{id_}"})


def read(service: Service, call: Call) -> Answer:
    kind = service.catalog.object(call.match["object"])
    row = _existing(service, kind, call.match["id"])
    return _shown(service, call, kind, row)


def update(service: Service, call: Call) -> Answer:
    kind = service.catalog.object(call.match["object"])
    row = _existing(service, kind, call.match["id"])
    _check_unmodified(call, row)
    body = call.json()
    _without(body, "Id")
    service.records.update(kind, row["Id"], body, call.actor)
    return Answer(204)


def delete(service: Service, call: Call) -> Answer:
    kind = service.catalog.object(call.match["object"])
    service.removal.delete(kind, _existing(service, kind, call.match["id"])["Id"], call.actor)
    return Answer(204)


def upsert(service: Service, call: Call) -> Answer:
    """Created 201, updated 200 (204 in old versions), several matches 300."""
    kind, field, key = _by_key(service, call)
    body = call.json()
    _without(body, field.name)
    found = service.records.matching(kind, field, key)
    if len(found) > 1:
        return Answer(300, _urls(call, kind, found))
    if not found and call.flag("updateOnly"):
        raise not_found()
    id_, created = service.records.upsert(kind, field, key, body, call.actor)
    location = {"Location": f"{call.base}/sobjects/{kind.name}/{id_}"}
    if not created and float(call.version) < _UPSERT_ANSWERS_SINCE:
        return Answer(204)
    return Answer(201 if created else 200, {**saved(id_), "created": created}, location if created else {})


def read_by_key(service: Service, call: Call) -> Answer:
    kind, _, found = _found_by_key(service, call)
    if len(found) > 1:
        return Answer(300, _urls(call, kind, found))
    return _shown(service, call, kind, _existing(service, kind, found[0]))


def delete_by_key(service: Service, call: Call) -> Answer:
    kind, _, found = _found_by_key(service, call)
    if len(found) > 1:
        return Answer(300, _urls(call, kind, found))
    service.removal.delete(kind, found[0], call.actor)
    return Answer(204)


def saved(id_: str) -> dict[str, Any]:
    return {"id": id_, "success": True, "errors": []}


def as_json(catalog: Catalog, actor: Actor, kind: ObjectType, row: Row, base: str, names: list[str] | None) -> Row:
    """A record as the API shows it, all fields or those named. Raises INVALID_FIELD."""
    visible = catalog.visible(kind, actor.everything)
    record: Row = {"attributes": {"type": kind.name, "url": f"{base}/sobjects/{kind.name}/{row['Id']}"}}
    for name in visible if names is None else names:
        field = visible.get(name.strip().lower())
        if field is None:
            raise unknown_column(name, kind.name)
        record[field.name] = shown(field, row[field.name])
    return record


def _shown(service: Service, call: Call, kind: ObjectType, row: Row) -> Answer:
    modified = parse_moment(row["LastModifiedDate"])
    since = call.headers.get("if-modified-since")
    if since and modified <= http_date(since):
        return Answer(304)
    names = call.query["fields"].split(",") if call.query.get("fields") else None
    return Answer(200, as_json(service.catalog, call.actor, kind, row, call.base, names))


def _check_unmodified(call: Call, row: Row) -> None:
    since = call.headers.get("if-unmodified-since")
    if since and parse_moment(row["LastModifiedDate"]) > http_date(since):
        message = "Precondition Failed: the record was modified since the given time"
        raise SalesforceError("PRECONDITION_FAILED", message, status=412)


def _existing(service: Service, kind: ObjectType, id_: str) -> Row:
    """A live record; 404 for one that is deleted or never was."""
    normal = normal_id(id_)
    row = service.organisation.get(kind, normal) if normal else None
    if row is None:
        message = f"Provided external ID field does not exist or is not accessible: {id_}"
        raise not_found("The requested resource does not exist" if normal else message)
    if row["IsDeleted"]:
        raise deleted()
    return row


def _by_key(service: Service, call: Call) -> tuple[ObjectType, Field, str]:
    kind = service.catalog.object(call.match["object"])
    return kind, service.records.key_field(kind, call.match["field"], call.actor), call.match["key"]


def _found_by_key(service: Service, call: Call) -> tuple[ObjectType, Field, list[str]]:
    kind, field, key = _by_key(service, call)
    found = service.records.matching(kind, field, key)
    if not found:
        raise not_found()
    return kind, field, found


def _urls(call: Call, kind: ObjectType, ids: list[str]) -> list[str]:
    return [f"{call.base}/sobjects/{kind.name}/{id_}" for id_ in ids]


def _without(body: Mapping[str, Any], name: str) -> None:
    if any(key.lower() == name.lower() for key in body):
        message = f"The {name} field should not be specified in the sobject data."
        raise SalesforceError("INVALID_FIELD", message, [name])
