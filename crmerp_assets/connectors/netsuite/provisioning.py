"""Custom fields: NetSuite's REST API cannot create them, so the exact steps for an administrator are given."""

from __future__ import annotations

from collections.abc import Sequence

from crmerp_assets.connectors.kinds import misfit
from crmerp_assets.connectors.netsuite.metadata import Metadata
from crmerp_assets.connectors.netsuite.objects import native_object
from crmerp_assets.connectors.protocol import FieldSpec, ProvisionStep

_MENUS = {"customer": "Entity Fields", "contact": "Entity Fields", "item": "Item Fields"}
_TRANSACTIONS = "Transaction Body Fields"
_TYPES = {
    "text": "Free-Form Text",
    "number": "Decimal Number",
    "currency": "Currency",
    "date": "Date",
    "checkbox": "Check Box",
    "picklist": "List/Record",
    "url": "Hyperlink",
}
_HOLDING = {
    "text": ("text",),
    "url": ("text",),
    "picklist": ("text", "reference"),
    "number": ("number",),
    "currency": ("number",),
    "date": ("date",),
    "checkbox": ("boolean",),
}
_APPLIES = {
    "customer": "Customer",
    "contact": "Contact",
    "item": "Inventory, Non-inventory, Service, Other Charge, Kit and Assembly Item",
    "salesOrder": "Sale",
    "invoice": "Sale",
    "creditMemo": "Sale",
    "customerPayment": "Customer Payment",
}


def field_menu(object: str) -> str:
    """Where an administrator makes a custom field for that object."""
    return f"Customization > Lists, Records, & Fields > {_MENUS.get(object, _TRANSACTIONS)} > New"


def steps(metadata: Metadata, specs: Sequence[FieldSpec]) -> list[ProvisionStep]:
    """One step per field: done where the account has it and it holds the values, else what to enter where."""
    return [_step(metadata, spec) for spec in specs]


def _step(metadata: Metadata, spec: FieldSpec) -> ProvisionStep:
    native = native_object(spec.object)
    if spec.name in native.columns:
        return ProvisionStep(spec, done=True)
    field = metadata.describe(native).get(spec.name)
    if field is None:
        return ProvisionStep(spec, done=False, manual=_manual(spec))
    wrong = misfit(spec, field, _HOLDING)
    return ProvisionStep(spec, done=wrong is None, manual=_change(spec, wrong) if wrong else None)


def _manual(spec: FieldSpec) -> str:
    """NetSuite puts the prefix (custentity and so on) before the id that is entered."""
    prefix, _, rest = spec.name.partition("_")
    values = f", with a custom list of {', '.join(spec.values)}" if spec.values else ""
    return (
        f"{field_menu(spec.object)}: label {spec.label!r}, id _{rest} (it becomes {prefix}_{rest}), "
        f"type {_TYPES[spec.type]}{values}, Store Value on, applies to {_APPLIES.get(spec.object, spec.object)}; "
        "or deploy the same field with SuiteCloud (SDF)."
    )


def _change(spec: FieldSpec, wrong: str) -> str:
    """NetSuite changes no field's type once it is saved."""
    return (
        f"{field_menu(spec.object).removesuffix(' > New')}: {spec.name} {wrong}. Delete it and make it again as "
        f"{_TYPES[spec.type]}, or map another field; then run `crmerp check`."
    )
