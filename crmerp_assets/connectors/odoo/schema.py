"""What a database's models look like, by `fields_get`: names that changed between versions are looked up, not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmerp_assets.connectors.errors import ConfigError
from crmerp_assets.connectors.odoo.answers import SYSTEM
from crmerp_assets.connectors.odoo.api import OdooApi
from crmerp_assets.connectors.protocol import FieldInfo

_ATTRIBUTES = [
    "type",
    "string",
    "required",
    "readonly",
    "store",
    "relation",
    "relation_field",
    "selection",
    "size",
    "manual",
]
Definition = Mapping[str, Any]


class Schema:
    """Definitions of fields, kept for the life of the process or until something is missing."""

    def __init__(self, api: OdooApi) -> None:
        self._api = api
        self._known: dict[str, Mapping[str, Definition]] = {}

    def fields(self, model: str) -> Mapping[str, Definition]:
        """The fields of a model that the user may see."""
        if model not in self._known:
            self._known[model] = self._api.read(model, "fields_get", {"attributes": _ATTRIBUTES})
        return self._known[model]

    def field(self, model: str, name: str) -> Definition:
        """One field; ConfigError names one that is not there."""
        if name not in self.fields(model):
            self.forget(model)
        found = self.fields(model).get(name)
        if found is None:
            now = "run `crmerp provision`" if name.startswith("x_") else "correct the mapping"
            message = f"{self._api.name}: {model} has no field {name!r} that the user may see; {now}."
            raise ConfigError(message, system=SYSTEM, object=model)
        return found

    def first(self, model: str, names: Sequence[str]) -> str | None:
        """The one of several names that this version uses."""
        known = self.fields(model)
        return next((name for name in names if name in known), None)

    def forget(self, model: str) -> None:
        self._known.pop(model, None)


def info(name: str, definition: Definition) -> FieldInfo:
    """A definition in the words of the protocol."""
    kind, selection = str(definition["type"]), definition.get("selection") or []
    size, relation = definition.get("size"), definition.get("relation")
    return FieldInfo(
        name=name,
        label=str(definition.get("string") or name),
        type=kind,
        length=int(size) if size else None,
        required=bool(definition.get("required")),
        custom=bool(definition.get("manual")) or name.startswith("x_"),
        writeable=not definition.get("readonly"),
        values=tuple(str(key) for key, _ in selection),
        reference_to=(str(relation),) if relation else (),
    )
