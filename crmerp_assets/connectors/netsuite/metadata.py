"""What the account itself says of a record type: the metadata catalog, read once per type.

The catalog knows the custom fields of this account; the table in objects.py knows how the standard ones are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from crmerp_assets.connectors.http import HttpClient
from crmerp_assets.connectors.netsuite.answers import read_json
from crmerp_assets.connectors.netsuite.fields import Column, Kind, NativeObject, is_custom
from crmerp_assets.connectors.protocol import FieldInfo

PATH = "/services/rest/record/v1/metadata-catalog"
_FORMATS: Mapping[str, Kind] = {"date": "date", "date-time": "moment"}
_TYPES: Mapping[str, Kind] = {"boolean": "boolean", "number": "number", "integer": "number", "object": "reference"}


class Metadata:
    """Properties of record types by name."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http
        self._schemas: dict[str, dict[str, dict[str, Any]]] = {}
        self._lock = Lock()

    def properties(self, record_type: str) -> dict[str, dict[str, Any]]:
        """The JSON schema's properties of one record type."""
        with self._lock:
            if record_type not in self._schemas:
                headers = {"Accept": "application/schema+json"}
                response = self._http.request("GET", f"{PATH}/{record_type}", headers=headers)
                self._schemas[record_type] = dict(read_json(response).get("properties", {}))
            return self._schemas[record_type]

    def forget(self) -> None:
        with self._lock:
            self._schemas.clear()

    def custom(self, native: NativeObject, fields: Sequence[str]) -> dict[str, Column]:
        """The custom fields among `fields` that exist; no call is made where none is asked for."""
        asked = [path for path in fields if is_custom(path)]
        known = self.properties(native.record_type) if asked else {}
        return {path: _custom_column(path, known[path]) for path in asked if path in known}

    def describe(self, native: NativeObject) -> dict[str, FieldInfo]:
        """Every field path of an object: the table's, and the account's own custom fields."""
        properties = self.properties(native.record_type)
        fields = {path: _known(native, path, column, properties) for path, column in native.columns.items()}
        for child in native.children.values():
            fields |= {path: _known(native, path, column, {}) for path, column in child.columns.items()}
        custom = {path: _own(path, about) for path, about in properties.items() if is_custom(path)}
        return fields | custom


def _custom_column(path: str, about: Mapping[str, Any]) -> Column:
    return Column(f"t.{path.lower()}", _kind(about), body=path)


def _kind(about: Mapping[str, Any]) -> Kind:
    return _FORMATS.get(str(about.get("format"))) or _TYPES.get(str(about.get("type")), "text")


def _known(native: NativeObject, path: str, column: Column, properties: Mapping[str, Mapping[str, Any]]) -> FieldInfo:
    about = properties.get(column.body or path, {})
    return FieldInfo(
        name=path,
        label=str(about.get("title") or path),
        type=column.kind,
        length=_length(about),
        required=about.get("nullable") is False,
        unique=path in ("id", "externalId", native.natural_key),
        writeable=column.writeable,
        reference_to=(column.points_to,) if column.points_to else (),
    )


def _own(path: str, about: Mapping[str, Any]) -> FieldInfo:
    label, writeable = str(about.get("title") or path), about.get("readOnly") is not True
    return FieldInfo(path, label, _kind(about), _length(about), custom=True, writeable=writeable)


def _length(about: Mapping[str, Any]) -> int | None:
    length = str(about.get("maxLength") or "")
    return int(length) if length.isdigit() else None
