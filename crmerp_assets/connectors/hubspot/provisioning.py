"""Making the properties that the mapping needs. Whether values are unique can be said only when one is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from crmerp_assets.connectors.errors import ConfigError, Duplicate, Rejected
from crmerp_assets.connectors.hubspot.api import HubSpotApi
from crmerp_assets.connectors.hubspot.objects import CHILDREN, LINE_KEY
from crmerp_assets.connectors.hubspot.schema import Schema
from crmerp_assets.connectors.kinds import misfit
from crmerp_assets.connectors.protocol import FieldInfo, FieldSpec, ProvisionStep

GROUP = "crmerp"
_TYPES = {
    "text": ("string", "text"),
    "url": ("string", "text"),
    "number": ("number", "number"),
    "currency": ("number", "number"),
    "date": ("date", "date"),
    "checkbox": ("bool", "booleancheckbox"),
    "picklist": ("enumeration", "select"),
}
_HOLDING = {
    "text": ("string", "enumeration"),
    "url": ("string", "enumeration"),
    "picklist": ("enumeration", "string"),
    "number": ("number",),
    "currency": ("number",),
    "date": ("date",),
    "checkbox": ("bool",),
}
_LABEL = "ERP sync"
_PLACE = f"in the property group {_LABEL}, for all who see the object; on no card until somebody puts it there"


class Provisioning:
    def __init__(self, api: HubSpotApi, schema: Schema) -> None:
        self._api, self._schema = api, schema

    def provision(self, specs: Sequence[FieldSpec], dry_run: bool) -> list[ProvisionStep]:
        """`done` says whether the property is there as it should be, in a dry run without changing anything.

        With deals come the line items' own key, by which they are made once.
        """
        wanted = [*specs, *_line_keys(specs)]
        if dry_run:
            return [self._planned(spec) for spec in wanted]
        missing = [spec for spec in wanted if not self._done(spec)]
        for object in dict.fromkeys(spec.object for spec in missing):
            self._make_group(object)
        steps = {id(spec): self._step(spec) for spec in missing}
        return [steps.get(id(spec), ProvisionStep(spec, True)) for spec in wanted]

    def _done(self, spec: FieldSpec) -> bool:
        field = self._schema.fields(spec.object).get(spec.name)
        fits = field is not None and misfit(spec, field, _HOLDING) is None
        return field is not None and fits and field.writeable and (field.unique or not spec.external_id)

    def _planned(self, spec: FieldSpec) -> ProvisionStep:
        field = self._schema.fields(spec.object).get(spec.name)
        if field is None or self._done(spec):
            return ProvisionStep(spec, field is not None, place=_PLACE)
        return ProvisionStep(spec, False, _change(spec, field))

    def _step(self, spec: FieldSpec) -> ProvisionStep:
        there = self._schema.fields(spec.object).get(spec.name)
        if there is not None:
            return ProvisionStep(spec, False, _change(spec, there))
        try:
            self._api.write(self._api.paths.properties(spec.object), _body(spec))
        except Duplicate:
            pass
        except (ConfigError, Rejected):
            return ProvisionStep(spec, False, _make(spec))
        self._schema.forget(spec.object)
        return ProvisionStep(spec, True)

    def _make_group(self, object: str) -> None:
        """A group that is there already is as good; where it cannot be made, neither can its properties."""
        try:
            self._api.write(self._api.paths.properties(object, "/groups"), {"name": GROUP, "label": _LABEL})
        except (Duplicate, ConfigError, Rejected):
            return


def _line_keys(specs: Iterable[FieldSpec]) -> list[FieldSpec]:
    objects = {child.object for spec in specs for child in CHILDREN.get(spec.object, {}).values()}
    return [FieldSpec(object, LINE_KEY, "ERP line key", "text", 255, external_id=True) for object in sorted(objects)]


def _body(spec: FieldSpec) -> dict[str, Any]:
    type_, field_type = _TYPES[spec.type]
    values = ("true", "false") if spec.type == "checkbox" else spec.values
    options = [
        {"label": _shown(value), "value": value, "displayOrder": at, "hidden": False} for at, value in enumerate(values)
    ]
    return {
        "name": spec.name,
        "label": spec.label,
        "type": type_,
        "fieldType": field_type,
        "groupName": GROUP,
        **({"options": options} if options else {}),
        **({"hasUniqueValue": True} if spec.external_id else {}),
    }


def _shown(value: str) -> str:
    return {"true": "Yes", "false": "No"}.get(value, value)


def _make(spec: FieldSpec) -> str:
    unique = " that requires unique values" if spec.external_id else ""
    return (
        f"In Settings > Properties > {spec.object} make a {spec.type} property{unique} with the label {spec.label!r} "
        f"and the internal name {spec.name}, or give the app the scope crm.schemas.{spec.object}.write and provision "
        "again."
    )


def _change(spec: FieldSpec, field: FieldInfo) -> str:
    wrong = misfit(spec, field, _HOLDING)
    if field.type not in _HOLDING[spec.type]:
        return (
            f"In Settings > Properties > {spec.object} delete {spec.name}, which {wrong}, or map another property; "
            "then provision again."
        )
    if spec.external_id:
        return (
            f"In Settings > Properties > {spec.object} delete {spec.name}, which does not require unique values (that "
            "cannot be changed), then provision again."
        )
    values = f" with the options {', '.join(spec.values)}" if spec.values else ""
    return f"In Settings > Properties > {spec.object} let {spec.name} be edited{values}."
