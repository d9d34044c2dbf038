"""One write as a row of a collections call."""

from __future__ import annotations

from typing import Any, Protocol

from crmerp_assets.connectors.errors import Rejected
from crmerp_assets.connectors.protocol import Ref, Write
from crmerp_assets.connectors.salesforce.auth import SYSTEM


class Relationships(Protocol):
    """The relationship name of a reference field, which describe knows."""

    def relationship(self, object: str, field: str) -> str | None: ...


def payload(write: Write, schema: Relationships) -> dict[str, Any]:
    """Raises Rejected for a value that Salesforce has no field form of."""
    body: dict[str, Any] = {"attributes": {"type": write.object}}
    for field, value in write.values.items():
        if isinstance(value, Ref):
            body.update(_reference(write, field, value, schema))
        elif isinstance(value, list):
            raise _rejected(write, field, "a list of rows is written as records of its own object")
        else:
            body[field] = value
    if write.operation == "create":
        body[write.key_field] = write.key
    elif write.native_id:
        body["id"] = write.native_id
    else:
        raise _rejected(write, None, "an update needs the record's id")
    return body


def _reference(write: Write, field: str, ref: Ref, schema: Relationships) -> dict[str, Any]:
    """By id when it is known, otherwise through the relationship by external key."""
    if ref.native_id is not None:
        return {field: ref.native_id}
    if ref.key is None or ref.key_field is None:
        raise _rejected(write, field, "the reference has neither an id nor a key")
    relationship = schema.relationship(write.object, field)
    if relationship is None:
        raise _rejected(write, field, "the field is not a reference")
    return {relationship: {ref.key_field: ref.key}}


def _rejected(write: Write, field: str | None, reason: str) -> Rejected:
    record = write.native_id or write.key
    named = f" at {field}" if field else ""
    message = f"{write.object} {record} was not sent{named}: {reason}; correct the plan or the mapping, then retry it."
    return Rejected(
        message, system=SYSTEM, object=write.object, record=record, field=field, reason=reason, code="NOT_SENT"
    )
