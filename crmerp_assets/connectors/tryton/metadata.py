"""What a database has beyond the connector's table: fields of other modules, their types and lengths.

A path that the table lacks is looked up in Tryton's own description of the model, so that the field of a module that
a company has written can be mapped by its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.protocol import FieldInfo
from crmerp_assets.connectors.tryton.fields import SYSTEM, Child, Column, NativeObject, computed, plain
from crmerp_assets.connectors.tryton.rpc import Rpc
from crmerp_assets.connectors.tryton.values import Kind

_KINDS: Mapping[str, Kind] = {
    "char": "text",
    "text": "text",
    "selection": "text",
    "numeric": "decimal",
    "float": "float",
    "integer": "float",
    "date": "date",
    "boolean": "boolean",
    "many2one": "reference",
}


@dataclass(frozen=True, slots=True)
class Selection:
    """The fields asked of one object: what Tryton is asked for, and how each path comes out of it."""

    native: NativeObject
    columns: Mapping[str, Column]
    children: Mapping[str, tuple[Child, dict[str, Column]]]
    asks: tuple[str, ...]

    @property
    def of_company(self) -> bool:
        """Whether values depend on the company's own currency."""
        return self.native.model in ("currency.currency.rate", "account.move.line")


class Metadata:
    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._fields: dict[str, Mapping[str, Any]] = {}

    def select(self, native: NativeObject, paths: Sequence[str]) -> Selection:
        """What `paths` mean; ConfigError for one that nothing is known of."""
        columns: dict[str, Column] = {}
        children: dict[str, tuple[Child, dict[str, Column]]] = {}
        for path in dict.fromkeys(paths):
            name = path.partition(".")[0]
            child = native.children.get(name)
            if child is not None and path in child.columns:
                children.setdefault(name, (child, {}))[1][path] = child.columns[path]
            elif child is None or path != name:
                columns[path] = self.column(native, path)
        asks = [ask for column in columns.values() for ask in column.asks]
        asks += [ask for child, _ in children.values() for ask in child.asks]
        return Selection(native, columns, children, tuple(dict.fromkeys(asks)))

    def column(self, native: NativeObject, path: str) -> Column:
        found = native.columns.get(path)
        if found is not None:
            return found
        field = self.fields(native).get(path.partition(".")[0])
        if field is None:
            message = (
                f"Tryton {native.name} has no field {path!r}; correct the path in the mapping, or install the Tryton "
                "module that adds it."
            )
            raise ConfigError(message, system=SYSTEM, object=native.name)
        return plain(path, _KINDS.get(field["type"], "text")) if "." not in path else computed(path)

    def fields(self, native: NativeObject) -> Mapping[str, Any]:
        """The model's own description of its fields."""
        if native.model not in self._fields:
            self._fields[native.model] = self._rpc.read(f"model.{native.model}.fields_get", None)
        return self._fields[native.model]

    def forget(self) -> None:
        self._fields.clear()

    def describe(self, native: NativeObject) -> dict[str, FieldInfo]:
        """The paths of the table, and every field of the model."""
        found = {name: _info(name, field) for name, field in self.fields(native).items()}
        known = {path: found.get(column.target or path) for path, column in native.columns.items()}
        listed = {
            path: FieldInfo(path, path, "text", writeable=native.columns[path].part is not None)
            for path, info in known.items()
            if info is None or path not in found
        }
        lines = {
            path: FieldInfo(path, path, "text", writeable=column.part is not None)
            for child in native.children.values()
            for path, column in child.columns.items()
        }
        return {**found, **listed, **lines}


def _info(name: str, field: Mapping[str, Any]) -> FieldInfo:
    selection = field.get("selection")
    values = tuple(str(value[0]) for value in selection if value[0]) if isinstance(selection, list) else ()
    size, relation = field.get("size"), field.get("relation")
    return FieldInfo(
        name=name,
        label=str(field.get("string") or name),
        type=str(field["type"]),
        length=int(str(size)) if str(size).isdigit() else None,
        required=field.get("required") is True,
        readable=True,
        writeable=field.get("readonly") is not True,
        values=values,
        reference_to=(relation,) if isinstance(relation, str) else (),
    )
