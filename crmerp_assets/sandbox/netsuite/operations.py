"""One call of the record API as data, so that it runs the same now, in a job, or as one of a batch."""

import logging
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast

from crmerp_assets.sandbox.netsuite.engine import Records
from crmerp_assets.sandbox.netsuite.engine.draft import Draft, PropertyNames
from crmerp_assets.sandbox.netsuite.engine.render import View, render
from crmerp_assets.sandbox.netsuite.engine.transform import transform
from crmerp_assets.sandbox.netsuite.errors import NetSuiteError, forbidden, invalid_content, unexpected
from crmerp_assets.sandbox.netsuite.schema import RecordType

logger = logging.getLogger(__name__)
Kind = Literal["create", "read", "update", "upsert", "delete", "transform"]


@dataclass(frozen=True, slots=True)
class Operation:
    """`reference` is `123` or `eid:KEY`; `target` the record type a transform makes."""

    kind: Kind
    record: str
    reference: str = ""
    target: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    strict: PropertyNames = "warning"
    replace: tuple[str, ...] = ()
    expand: bool = False
    fields: tuple[str, ...] | None = None
    simple_enums: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Operation":
        lists = {name: tuple(data[name]) for name in ("replace", "fields") if data[name] is not None}
        return cls(**(data | lists))


@dataclass(frozen=True, slots=True)
class Answer:
    """What the call answers; `location` is a path below the server's root."""

    status: int
    location: str | None = None
    body: dict[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


def refused(error: NetSuiteError) -> Answer:
    return Answer(error.status, body=error.body(), headers=error.headers)


def perform(records: Records, operation: Operation, root: str, user: int) -> Answer:
    """Run it in a transaction of its own; a refusal rolls back and comes as the answer, as does a failure of ours."""
    try:
        level = "view" if operation.kind == "read" else "edit"
        for name in filter(None, (operation.record, operation.target)):
            if not records.account.may(user, records.type(name).name, level):
                raise forbidden(name)
        if operation.kind == "read":
            with records.account.reading():
                return _read(records, operation, root)
        with records.account.writing(user):
            return _write(records, operation)
    except NetSuiteError as error:
        return refused(error)
    except Exception:
        logger.exception("%s %s failed", operation.kind, operation.record)
        return refused(unexpected())


def _read(records: Records, operation: Operation, root: str) -> Answer:
    record = records.type(operation.record)
    id_ = records.resolve(record, operation.reference)
    fields = None if operation.fields is None else frozenset(operation.fields)
    view = View(f"{root}/services/rest/record/v1", operation.expand, fields, operation.simple_enums)
    return Answer(200, body=render(records.account, record, id_, view))


def _write(records: Records, operation: Operation) -> Answer:
    record = records.type(operation.record)
    if operation.kind == "delete":
        records.delete(record, records.resolve(record, operation.reference))
        return Answer(204)
    draft = _saved(records, record, operation)
    location = f"/services/rest/record/v1/{draft.type.name}/{draft.id}"
    return Answer(204, location, warnings=tuple(draft.warnings))


def _saved(records: Records, record: RecordType, operation: Operation) -> Draft:
    replace, strict = frozenset(operation.replace), operation.strict
    if operation.kind == "create":
        return records.create(record, operation.body, strict)
    if operation.kind == "upsert":
        key = operation.reference.removeprefix("eid:")
        return records.upsert(record, key, operation.body, strict, replace)
    id_ = records.resolve(record, operation.reference)
    if operation.kind == "transform":
        target = records.type(operation.target)
        return transform(records, record, id_, target, operation.body, strict, replace)
    return records.update(record, id_, operation.body, strict, replace)


def batch_item(kind: Kind, record: str, body: dict[str, Any], strict: str, replace: tuple[str, ...]) -> Operation:
    """The operation one item of a batch stands for. Raises NetSuiteError if the item does not say which record."""
    names = cast(PropertyNames, strict)
    if kind == "create":
        return Operation(kind, record, body=body, strict=names)
    key = body.get("externalId")
    if kind == "upsert":
        if key is None or "id" in body:
            raise invalid_content("externalId", "Error while accessing a resource. Provide an externalId and no id.")
        return Operation(kind, record, f"eid:{key}", body=body, strict=names, replace=replace)
    reference = str(body["id"]) if body.get("id") is not None else f"eid:{key}"
    return Operation(kind, record, reference, body=body, strict=names, replace=replace)
