"""Many records in one call, each with its own result; the answer is 200 even if all rows fail."""

from collections import Counter
from collections.abc import Callable
from itertools import groupby
from typing import Any

from crmerp_assets.sandbox.salesforce.errors import (
    SalesforceError,
    malformed_json,
    no_external_id,
    rolled_back,
)
from crmerp_assets.sandbox.salesforce.http.call import Answer, Call
from crmerp_assets.sandbox.salesforce.http.record import as_json, saved
from crmerp_assets.sandbox.salesforce.http.service import Service
from crmerp_assets.sandbox.salesforce.ids import normal_id
from crmerp_assets.sandbox.salesforce.schema import Field

_ROWS, _CHUNKS, _READ = 200, 10, 2000
Result = dict[str, Any]
Row = dict[str, Any]
SaveRow = Callable[[Row], Result]


class _RollBack(Exception):
    """Not all rows were valid."""


def create(service: Service, call: Call) -> Answer:
    def save(row: Row) -> Result:
        return saved(service.records.create(service.catalog.object(type_of(row)), row, call.actor))

    rows, all_or_none = _rows(call)
    return Answer(200, save_all(service, rows, all_or_none, _unlocked(call, rows, save)))


def update(service: Service, call: Call) -> Answer:
    def save(row: Row) -> Result:
        id_ = next((value for name, value in row.items() if name.lower() == "id"), None)
        if not id_:
            raise SalesforceError("MISSING_ARGUMENT", "Id not specified in an update call", [])
        service.records.update(service.catalog.object(type_of(row)), str(id_), row, call.actor)
        return saved(normal_id(str(id_)) or str(id_))

    rows, all_or_none = _rows(call)
    return Answer(200, save_all(service, rows, all_or_none, _unlocked(call, rows, save)))


def upsert(service: Service, call: Call) -> Answer:
    kind = service.catalog.object(call.match["object"])
    field = service.records.seen_field(kind, call.match["field"], call.actor)
    rows, all_or_none = _rows(call)
    several = repeated_keys(rows, field)

    def save(row: Row) -> Result:
        if type_of(row).lower() != kind.name.lower():
            raise SalesforceError("INVALID_TYPE", f"all records must be of type {kind.name}", [])
        if not field.finds:
            raise no_external_id(field.name, kind.name)
        key, values = split_key(row, field)
        if _key(key, field) in several:
            raise SalesforceError("DUPLICATE_VALUE", "duplicate external id value specified", [field.name])
        id_, created = service.records.upsert(kind, field, key, values, call.actor)
        return {**saved(id_), "created": created}

    return Answer(200, save_all(service, rows, all_or_none, _unlocked(call, rows, save)))


def delete(service: Service, call: Call) -> Answer:
    ids = [id_.strip() for id_ in call.needed("ids").split(",")]
    _check_size(ids)

    def remove(row: Row) -> Result:
        normal = normal_id(row["id"])
        kind = service.catalog.of_id(normal) if normal else None
        if normal is None or kind is None:
            raise SalesforceError("MALFORMED_ID", f"malformed id {row['id']}", [])
        service.removal.delete(kind, normal, call.actor)
        return saved(normal)

    rows = [{"id": id_} for id_ in ids]
    return Answer(200, save_all(service, rows, call.flag("allOrNone"), remove))


def read(service: Service, call: Call) -> Answer:
    """Records in the order asked for, null for those that are not there."""
    kind = service.catalog.readable(call.match["object"], call.actor.everything)
    asked = call.json() if call.method == "POST" else {k: call.needed(k).split(",") for k in ("ids", "fields")}
    ids, names = [normal_id(str(id_)) for id_ in asked.get("ids", ())], list(asked.get("fields", ()))
    if len(ids) > _READ:
        raise SalesforceError("EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {_READ} records")
    marks = ", ".join("?" * len(ids))
    rows = service.organisation.select(kind, f'"Id" IN ({marks}) AND "IsDeleted" = 0', ids)
    found = {
        row["Id"]: as_json(service.catalog, call.actor, kind, row, call.base, ["Id", *names] if names else ["Id"])
        for row in rows
    }
    return Answer(200, [found.get(id_) if id_ else None for id_ in ids])


def _unlocked(call: Call, rows: list[Row], save: SaveRow) -> SaveRow:
    """`save`, where the fault `partial` lets it: somebody else has the rows of the second half just now."""
    held = {id(row) for row in rows[len(rows) // 2 :]} if call.fault == "partial" else set()

    def unless_held(row: Row) -> Result:
        if id(row) in held:
            raise SalesforceError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", [])
        return save(row)

    return unless_held


def save_all(service: Service, rows: list[Row], all_or_none: bool, save: SaveRow) -> list[Result]:
    """Every row in a savepoint of its own; with `all_or_none` one failure undoes the others."""
    results: list[Result] = []
    try:
        with service.organisation.store.writing():
            results.extend(_result(service, row, save) for row in rows)
            if all_or_none and not all(result["success"] for result in results):
                raise _RollBack
    except _RollBack:
        service.catalog.forget()
        undone = {"success": False, "errors": [rolled_back().row()]}
        return [undone if result["success"] else result for result in results]
    return results


def type_of(row: Row) -> str:
    attributes = row.get("attributes")
    if not isinstance(attributes, dict) or not attributes.get("type"):
        raise SalesforceError("INVALID_TYPE", "The type of each record must be given in its attributes", [])
    return str(attributes["type"])


def repeated_keys(rows: list[Row], field: Field) -> set[str]:
    """The keys that more than one row has."""
    counts = Counter(_key(split_key(row, field)[0], field) for row in rows)
    return {key for key, count in counts.items() if count > 1 and key}


def split_key(row: Row, field: Field) -> tuple[Any, Row]:
    """(the value of the key field, the other values)."""
    wanted = field.name.lower()
    key = next((value for name, value in row.items() if name.lower() == wanted), None)
    return key, {name: value for name, value in row.items() if name.lower() != wanted}


def _key(key: Any, field: Field) -> str:
    text = "" if key is None else str(key)
    return text if field.case_sensitive or field.type == "id" else text.lower()


def _result(service: Service, row: Row, save: SaveRow) -> Result:
    try:
        with service.organisation.store.writing():
            return save(row)
    except SalesforceError as error:
        return {"success": False, "errors": [error.row()]}


def _rows(call: Call) -> tuple[list[Row], bool]:
    body = call.json()
    rows = body.get("records")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise malformed_json("A list of records is required at [line:1, column:1]")
    _check_size(rows)
    chunks = len(list(groupby(rows, lambda row: (row.get("attributes") or {}).get("type"))))
    if chunks > _CHUNKS:
        message = f"Cannot have more than {_CHUNKS} chunks in a single operation."
        raise SalesforceError("LIMIT_EXCEEDED", f"{message} Please rearrange the data to reduce chunking.")
    return rows, bool(body.get("allOrNone", False))


def _check_size(rows: list[Any]) -> None:
    if len(rows) > _ROWS:
        message = f"record limit reached. cannot submit more than {_ROWS} records in this request"
        raise SalesforceError("EXCEEDED_ID_LIMIT", message)
