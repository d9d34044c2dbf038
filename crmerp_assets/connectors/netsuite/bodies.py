"""Values of a write as the JSON body that the record API takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crmerp_assets.connectors.errors import Rejected
from crmerp_assets.connectors.netsuite.fields import SYSTEM, Child, Column, NativeObject
from crmerp_assets.connectors.netsuite.names import Names
from crmerp_assets.connectors.protocol import Ref, Value, Write

Body = dict[str, Any]
BASE_PRICE_LEVEL = "1"
_SWITCHES = {"true": True, "false": False}


@dataclass(slots=True)
class Draft:
    """A body in the making: `address` holds the changes per side, `replace` the sublists that the body states whole."""

    body: Body = field(default_factory=dict)
    address: dict[str, dict[str, str | None]] = field(default_factory=dict)
    replace: tuple[str, ...] = ()


class Bodies:
    """Turns writes into drafts; a value that cannot be sent is Rejected for its record alone."""

    def __init__(self, connection: str, names: Names) -> None:
        self._connection = connection
        self._names = names

    def draft(self, native: NativeObject, write: Write) -> Draft:
        draft = Draft()
        for path, value in write.values.items():
            if value is None and write.operation == "create":
                continue
            self._put(draft, native, write, path, value)
        if write.operation == "create":
            draft.body[write.key_field] = write.key
        return draft

    def _put(self, draft: Draft, native: NativeObject, write: Write, path: str, value: Value) -> None:
        column = native.columns.get(path) or Column(path, body=path)
        if path in native.children:
            draft.body[path] = {"items": self._lines(native.children[path], path, write, value)}
            draft.replace += (path,)
        elif not column.writeable:
            raise self._rejected(write, path, "is computed by NetSuite and cannot be written", "READ_ONLY")
        elif column.kind == "address":
            side, _, part = path.partition(".")
            draft.address.setdefault(side, {})[part] = value if isinstance(value, str) else None
        elif column.kind == "price":
            draft.body["price"] = self._price(value)
        else:
            draft.body[column.body or path] = self._json(column, path, write, value)

    def _json(self, column: Column, path: str, write: Write, value: Value) -> Any:
        if isinstance(value, Ref):
            return _reference(value)
        if value is None:
            return None
        if column.kind == "named":
            return {"id": self._named(column, path, write, str(value))}
        if column.kind == "reference":
            return {"id": str(value)}
        if column.kind == "boolean" and isinstance(value, str):
            return _SWITCHES.get(value, value)
        return value

    def _named(self, column: Column, path: str, write: Write, name: str) -> str:
        lookup = column.lookup or ""
        found = self._names.id_of(lookup, name)
        if found is None:
            reason = f"has a name that is not in NetSuite's list of {lookup} entries"
            raise self._rejected(write, path, reason, "UNKNOWN_NAME")
        return found

    def _lines(self, child: Child, name: str, write: Write, value: Value) -> list[Body]:
        rows = value if isinstance(value, list) else []
        return [
            {part: self._line_value(child, f"{name}.{part}", write, item) for part, item in row.items()} for row in rows
        ]

    def _line_value(self, child: Child, path: str, write: Write, value: Value) -> Any:
        column = child.columns.get(path) or Column(path, body=path)
        if path.endswith(".line") and isinstance(value, str) and value.isdigit():
            return int(value)
        return self._json(column, path, write, value)

    def _price(self, value: Value) -> Body:
        currency = {"id": self._names.base_currency()}
        return {"items": [{"priceLevel": {"id": BASE_PRICE_LEVEL}, "currency": currency, "price": value}]}

    def _rejected(self, write: Write, path: str, reason: str, code: str) -> Rejected:
        now = "correct the value or the mapping"
        message = f"{self._connection}: {path} of {write.object} {write.key} {reason}; {now}."
        return Rejected(
            message, system=SYSTEM, reason=reason, code=code, field=path, object=write.object, record=write.key
        )


def referenced_keys(write: Write) -> set[str]:
    """The external keys that a write leans on, in its body and in its lines."""
    return set(_keys(list(write.values.values())))


def sent_values(write: Write) -> frozenset[str]:
    """Every text in a write, to be kept out of messages; references and keys may be named."""
    return frozenset(_texts(list(write.values.values())))


def _reference(ref: Ref) -> Mapping[str, str | None]:
    return {"id": ref.native_id} if ref.native_id is not None else {"externalId": ref.key}


def _keys(value: Any) -> list[str]:
    if isinstance(value, Ref):
        return [value.key.lower()] if value.native_id is None and value.key else []
    children = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    return [key for child in children for key in _keys(child)]


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if len(value.strip()) > 1 else []
    children = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    return [text for child in children for text in _texts(child)]
