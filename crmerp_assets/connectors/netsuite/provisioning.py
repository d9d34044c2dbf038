"""Custom fields: NetSuite's REST API cannot create them, so the exact steps for an administrator are given."""

from __future__ import annotations

from collections.abc import Sequence

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
    """One step per field: done where the account has it, else what to enter where."""
    return [_step(metadata, spec) for spec in specs]


def _step(metadata: Metadata, spec: FieldSpec) -> ProvisionStep:
    if _exists(metadata, spec):
        return ProvisionStep(spec, done=True)
    return ProvisionStep(spec, done=False, manual=_manual(spec))


def _exists(metadata: Metadata, spec: FieldSpec) -> bool:
    native = native_object(spec.object)
    return spec.name in native.columns or spec.name in metadata.properties(native.record_type)


def _manual(spec: FieldSpec) -> str:
    """NetSuite puts the prefix (custentity and so on) before the id that is entered."""
    prefix, _, rest = spec.name.partition("_")
    values = f", with a custom list of {', '.join(spec.values)}" if spec.values else ""
    return (
        f"{field_menu(spec.object)}: label {spec.label!r}, id _{rest} (it becomes {prefix}_{rest}), "
        f"type {_TYPES[spec.type]}{values}, Store Value on, applies to {_APPLIES.get(spec.object, spec.object)}; "
        "or deploy the same field with SuiteCloud (SDF)."
    )
