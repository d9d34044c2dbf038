"""Custom fields: rows of ir.model.fields, which a user with the right to settings may create over the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from crmerp_assets.connectors.errors import ConfigError, Rejected
from crmerp_assets.connectors.kinds import misfit
from crmerp_assets.connectors.odoo.api import OdooApi
from crmerp_assets.connectors.odoo.drafts import NAME_PARTS
from crmerp_assets.connectors.odoo.schema import Schema, info
from crmerp_assets.connectors.odoo.views import view_of
from crmerp_assets.connectors.protocol import FieldSpec, ProvisionStep

_TYPES = {
    "text": "char",
    "url": "char",
    "picklist": "char",
    "number": "float",
    "currency": "float",
    "date": "date",
    "checkbox": "boolean",
}
_TEXT, _NUMBER = ("char", "text", "html", "selection"), ("float", "monetary", "integer")
_HOLDING = {
    "text": _TEXT,
    "url": _TEXT,
    "picklist": _TEXT,
    "number": _NUMBER,
    "currency": ("float", "monetary"),
    "date": ("date",),
    "checkbox": ("boolean",),
}
_PLACE = "on the model {0}, for all who may read it; in no view until somebody puts it there"


class Provisioning:
    """Makes the fields that the mapping needs. What is there already is left as it is, and told where it is unfit."""

    def __init__(self, api: OdooApi, schema: Schema) -> None:
        self._api, self._schema = api, schema

    def provision(self, specs: Sequence[FieldSpec], dry_run: bool) -> list[ProvisionStep]:
        return [self._step(spec, dry_run) for spec in specs]

    def _step(self, spec: FieldSpec, dry_run: bool) -> ProvisionStep:
        model = view_of(spec.object).model
        spec_of_field = replace(spec, name=NAME_PARTS.get(spec.name, spec.name))
        return replace(self._of_field(model, spec_of_field, dry_run), spec=spec)

    def _of_field(self, model: str, spec: FieldSpec, dry_run: bool) -> ProvisionStep:
        self._schema.forget(model)
        there = self._schema.fields(model).get(spec.name)
        if there is not None:
            wrong = misfit(spec, info(spec.name, there), _HOLDING)
            return ProvisionStep(spec, done=wrong is None, manual=_change(model, spec, wrong) if wrong else None)
        if dry_run:
            return ProvisionStep(spec, done=False, place=_PLACE.format(model))
        try:
            self._create(model, spec)
        except (ConfigError, Rejected):
            return ProvisionStep(spec, done=False, manual=_manual(model, spec))
        self._schema.forget(model)
        return ProvisionStep(spec, done=True)

    def _create(self, model: str, spec: FieldSpec) -> None:
        params = {"domain": [["model", "=", model]], "fields": ["id"], "limit": 1}
        (found,) = self._api.read("ir.model", "search_read", params)
        values: dict[str, Any] = {
            "name": spec.name,
            "model_id": int(found["id"]),
            "field_description": spec.label,
            "ttype": _TYPES[spec.type],
            "state": "manual",
        }
        if spec.length and _TYPES[spec.type] == "char":
            values["size"] = spec.length
        self._api.call("ir.model.fields", "create", {"vals_list": [values]})


def _manual(model: str, spec: FieldSpec) -> str:
    return (
        f"Settings > Technical > Database Structure > Fields (developer mode) > New: name {spec.name}, label "
        f"{spec.label!r}, model {model}, type {_TYPES[spec.type]}; or let a user with Settings: Access Rights run this."
    )


def _change(model: str, spec: FieldSpec, wrong: str) -> str:
    return (
        f"Settings > Technical > Database Structure > Fields (developer mode): {spec.name} of {model} {wrong}. Change "
        "or delete it there, or map another field; then provision again."
    )
