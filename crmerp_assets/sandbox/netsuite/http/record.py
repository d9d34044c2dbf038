"""The record API: one record, a collection of ids, sublists, transforms; now or as a job."""

import re
from typing import cast

from starlette.responses import Response

from crmerp_assets.sandbox.netsuite.engine.render import View, sublist
from crmerp_assets.sandbox.netsuite.engine.search import where
from crmerp_assets.sandbox.netsuite.errors import forbidden, invalid_parameter, invalid_request, nonexistent_id
from crmerp_assets.sandbox.netsuite.http import batch
from crmerp_assets.sandbox.netsuite.http.answers import answer_response, json_response, page_links, self_link
from crmerp_assets.sandbox.netsuite.http.call import Call
from crmerp_assets.sandbox.netsuite.http.services import Services
from crmerp_assets.sandbox.netsuite.operations import Kind, Operation, perform
from crmerp_assets.sandbox.netsuite.suiteql.page import check_page

ROOT = "/services/rest/record/v1"
_KINDS = {"GET": "read", "PATCH": "update", "PUT": "upsert", "DELETE": "delete"}
_KEY = re.compile(r"eid:[A-Za-z0-9_-]+")
_WRITE = ("replace", "replaceSelectedFields")
_READ = ("expandSubResources", "expand", "fields", "simpleEnumFormat")
_TRANSFORM = ("replace", "expandSubResources", "expand", "fields")


def collection(services: Services, call: Call) -> Response:
    method = call.request.method
    if call.collection or call.query("ids") is not None:
        return batch.accept(services, call)
    if method == "POST":
        call.allow(*_WRITE)
        return _run(
            services, call, Operation("create", call.path["type"], body=call.json(), strict=call.property_names)
        )
    if method == "GET":
        return _ids(services, call)
    raise invalid_request("Provide the collection content type for a batch.")


def _ids(services: Services, call: Call) -> Response:
    """A collection holds ids and links, never fields."""
    call.allow("q", "limit", "offset")
    limit, offset = call.number("limit", 1000), call.number("offset", 0)
    check_page(limit, offset)
    record = services.records.type(call.path["type"])
    if not services.account.may(services.user_id(call), record.name, "view"):
        raise forbidden(record.name)
    with services.account.reading():
        condition, values = where(services.account, record, str(call.query("q"))) if call.query("q") else ("1", [])
        if record.table == "item":
            condition = f"({condition}) AND recordtype = '{record.name}'"
        elif record.transaction:
            condition = f"({condition}) AND type = '{record.code}'"
        sql = f'FROM "{record.table}" WHERE {condition}'
        count = services.account.rows(f"SELECT COUNT(*) AS n {sql}", *values)[0]["n"]
        rows = services.account.rows(f"SELECT id {sql} ORDER BY id LIMIT ? OFFSET ?", *values, limit, offset)
    url = f"{call.root}{ROOT}/{record.name}"
    items = [{"links": self_link(f"{url}/{row['id']}"), "id": str(row["id"])} for row in rows]
    return json_response(
        {
            "links": page_links(url, limit, offset, count),
            "count": len(items),
            "hasMore": offset + len(items) < count,
            "items": services.pages.served(call, f"{record.name} {call.query('q')}", items),
            "offset": offset,
            "totalResults": count,
        }
    )


def one(services: Services, call: Call) -> Response:
    kind = cast(Kind, _KINDS[call.request.method])
    reference = _reference(call)
    if kind == "upsert" and not reference.startswith("eid:"):
        raise invalid_request("PUT is supported with an external ID only: use eid:<external ID>.")
    call.allow(*(_READ if kind == "read" else _WRITE if kind in ("update", "upsert") else ()))
    operation = Operation(
        kind,
        call.path["type"],
        reference,
        body=call.json() if kind in ("update", "upsert") else {},
        strict=call.property_names,
        replace=call.listed("replace"),
        expand=call.flag("expandSubResources"),
        fields=call.listed("fields") or None,
        simple_enums=call.flag("simpleEnumFormat"),
    )
    return _run(services, call, operation)


def _reference(call: Call) -> str:
    reference = call.path["id"]
    if reference.startswith("eid:") and not _KEY.fullmatch(reference):
        detail = "Invalid external ID. Only letters, digits, underscores and hyphens are allowed in eid:."
        raise invalid_parameter("id", detail)
    return reference


def transform(services: Services, call: Call) -> Response:
    call.allow(*_TRANSFORM)
    operation = Operation(
        "transform",
        call.path["type"],
        _reference(call),
        call.path["target"],
        call.json(),
        call.property_names,
        call.listed("replace"),
    )
    return _run(services, call, operation)


def one_sublist(services: Services, call: Call) -> Response:
    records, account = services.records, services.account
    record = records.type(call.path["type"])
    if call.path["sublist"] not in record.sublists:
        raise nonexistent_id()
    with account.reading():
        id_ = records.resolve(record, _reference(call))
        body = sublist(account, record, id_, call.path["sublist"], View(call.root + ROOT, expand=True))
    return json_response(body)


def _run(services: Services, call: Call, operation: Operation) -> Response:
    """Now, or as a job of one task; the idempotency key counts only for the latter."""
    services.records.type(operation.record)
    if call.asynchronous:
        return batch.submit(services, call, [operation])
    answer = perform(services.records, operation, call.root, services.user_id(call))
    return answer_response(answer, call.root)


ROUTES = [
    (f"{ROOT}/{{type}}", ("GET", "POST", "PUT", "PATCH", "DELETE"), collection),
    (f"{ROOT}/{{type}}/{{id}}", ("GET", "PATCH", "PUT", "DELETE"), one),
    (f"{ROOT}/{{type}}/{{id}}/!transform/{{target}}", ("POST",), transform),
    (f"{ROOT}/{{type}}/{{id}}/{{sublist}}", ("GET",), one_sublist),
]
