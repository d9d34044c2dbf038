"""Making the custom fields that the mapping needs, and letting the integration user see them.

A field made through the Tooling API is invisible until a permission set grants it, and an invisible field is
indistinguishable from one that does not exist. So making and granting belong together, and both can be repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from crmerp_assets.connectors.errors import ConfigError, ConnectorError, Duplicate, Rejected
from crmerp_assets.connectors.protocol import FieldSpec, ProvisionStep
from crmerp_assets.connectors.salesforce.api import SalesforceApi
from crmerp_assets.connectors.salesforce.schema import Schema
from crmerp_assets.connectors.salesforce.shapes import step
from crmerp_assets.connectors.salesforce.soql import literal

_PLACE = "read and edit access in the permission set {0}; on no page layout until somebody puts it there"
_EXISTS = ("DUPLICATE_DEVELOPER_NAME", "DUPLICATE_VALUE")


class Provisioning:
    def __init__(self, api: SalesforceApi, schema: Schema, permission_set: str) -> None:
        self._api = api
        self._schema = schema
        self._permission_set = permission_set

    def provision(self, specs: Sequence[FieldSpec], dry_run: bool) -> list[ProvisionStep]:
        """`done` says whether the field is there, granted and of the kind asked for, in a dry run without changing
        anything. One of another kind is left as it is, with what to do about it.
        """
        unfit = self._unfit(specs)
        missing = [spec for spec in specs if id(spec) not in unfit and not self._granted(spec)]
        parent = self.permission_set_id() if missing else None
        place = _PLACE.format(self._permission_set)
        if dry_run:
            without = _make_permission_set(self._permission_set) if missing and parent is None else None
            steps = {id(spec): ProvisionStep(spec, False, without, place) for spec in missing}
        else:
            steps = {id(spec): replace(self._step(spec, parent), place=place) for spec in missing}
            for spec in missing:
                self._schema.forget(spec.object)
        steps |= unfit
        return [steps.get(id(spec), ProvisionStep(spec, True)) for spec in specs]

    def permission_set_id(self) -> str | None:
        rows = self._api.rows(f"SELECT Id FROM PermissionSet WHERE Name = {literal(self._permission_set)}")
        return rows[0]["Id"] if rows else None

    def _unfit(self, specs: Sequence[FieldSpec]) -> dict[int, ProvisionStep]:
        """The specs whose field is of another kind, by their id; what was known before is asked again."""
        for spec in specs:
            if self._change(spec):
                self._schema.forget(spec.object)
        changes = {id(spec): (spec, self._change(spec)) for spec in specs}
        return {key: ProvisionStep(spec, False, change) for key, (spec, change) in changes.items() if change}

    def _change(self, spec: FieldSpec) -> str | None:
        """What to do with a field that can be seen and is of another kind."""
        field = self._schema.field(spec.object, spec.name)
        return step(spec, field) if field else None

    def _granted(self, spec: FieldSpec) -> bool:
        """Describe shows a field only to a user who may read it, and as writeable only where it may be written."""
        field = self._schema.fields(spec.object).get(spec.name)
        return field is not None and field.writeable

    def _step(self, spec: FieldSpec, parent: str | None) -> ProvisionStep:
        if parent is None:
            return ProvisionStep(spec, False, _make_permission_set(self._permission_set))
        try:
            made = self._create(spec)
        except (ConfigError, Rejected):
            return ProvisionStep(spec, False, _make_field(spec))
        try:
            self._grant(spec, parent)
        except (ConfigError, Rejected):
            return ProvisionStep(spec, False, _grant_field(spec, self._permission_set))
        return ProvisionStep(spec, True) if made else self._found(spec)

    def _found(self, spec: FieldSpec) -> ProvisionStep:
        """A field that was there and could not be seen before it was granted may be of any kind."""
        self._schema.forget(spec.object)
        change = self._change(spec)
        return ProvisionStep(spec, change is None, change)

    def _create(self, spec: FieldSpec) -> bool:
        """Whether it was made; False where one of that name exists."""
        body = {"FullName": f"{spec.object}.{spec.name}", "Metadata": _metadata(spec)}
        try:
            self._api.write("POST", "/tooling/sobjects/CustomField", body)
        except ConnectorError as error:
            if not _exists_already(error):
                raise
            return False
        return True

    def _grant(self, spec: FieldSpec, parent: str) -> None:
        field = f"{spec.object}.{spec.name}"
        rights = {"PermissionsRead": True, "PermissionsEdit": True}
        rows = self._api.rows(
            f"SELECT Id FROM FieldPermissions WHERE ParentId = {literal(parent)} AND Field = {literal(field)}"
        )
        if rows:
            self._api.write("PATCH", f"/sobjects/FieldPermissions/{rows[0]['Id']}", rights)
            return
        body = {"ParentId": parent, "SobjectType": spec.object, "Field": field, **rights}
        self._api.write("POST", "/sobjects/FieldPermissions", body)


def _exists_already(error: ConnectorError) -> bool:
    return isinstance(error, Duplicate) or (isinstance(error, Rejected) and error.code in _EXISTS)


def _metadata(spec: FieldSpec) -> dict[str, Any]:
    common: dict[str, Any] = {"label": spec.label}
    if spec.type == "text":
        key = {"externalId": True, "unique": True, "caseSensitive": False} if spec.external_id else {}
        return {**common, "type": "Text", "length": spec.length or 255, **key}
    if spec.type in ("number", "currency"):
        scale = 2 if spec.scale is None else spec.scale
        return {**common, "type": spec.type.capitalize(), "precision": spec.length or 18, "scale": scale}
    if spec.type == "checkbox":
        return {**common, "type": "Checkbox", "defaultValue": "false"}
    if spec.type == "picklist":
        return {**common, "type": "Picklist", "valueSet": _value_set(spec.values)}
    return {**common, "type": spec.type.capitalize()}


def _value_set(values: Sequence[str]) -> dict[str, Any]:
    entries = [{"fullName": value, "label": value, "default": False} for value in values]
    return {"restricted": True, "valueSetDefinition": {"sorted": False, "value": entries}}


def _make_permission_set(name: str) -> str:
    return (
        f"In Setup > Permission Sets make a permission set with the API name {name}, assign it to the integration "
        "user, then provision again."
    )


def _make_field(spec: FieldSpec) -> str:
    return (
        f"In Setup > Object Manager > {spec.object} > Fields make the {spec.type} field {spec.name} with the label "
        f"{spec.label!r}, or give the integration user the right Customize Application and provision again."
    )


def _grant_field(spec: FieldSpec, permission_set: str) -> str:
    return (
        f"In Setup > Permission Sets > {permission_set} > Object Settings > {spec.object} grant read and edit access "
        f"to {spec.name}."
    )
