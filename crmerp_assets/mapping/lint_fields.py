"""Faults of one mapped field on its own: value lists, lengths, fields to provision, and what is lost on the way in."""

from collections import Counter
from collections.abc import Iterator
from typing import Literal

from crmerp_assets.canonical import (
    INVOICE_STATUSES,
    ORDER_STATUSES,
    PAYMENT_TERMS,
    Field,
)
from crmerp_assets.mapping.matrix import FieldMap, SpecType, transform_name
from crmerp_assets.standardise import TRANSFORMS

Fault = tuple[Literal["error", "warning", "note"], str]

_CLOSED_LISTS = {
    "payment_terms": PAYMENT_TERMS,
    "order_status": ORDER_STATUSES,
    "invoice_status": INVOICE_STATUSES,
    "status": INVOICE_STATUSES,
}
_TYPES: dict[str, tuple[SpecType, ...]] = {
    "text": ("text", "picklist", "url"),
    "money": ("currency", "number", "text"),
    "decimal": ("number",),
    "date": ("date",),
    "bool": ("checkbox",),
    "ref": ("text",),
}
LONGEST_TEXT = 255


def field_faults(field: Field, field_map: FieldMap) -> Iterator[Fault]:
    """Level and sentence for each fault."""
    yield from _value_list(field, field_map)
    yield from _provision(field, field_map)
    if field_map.length is not None and field_map.length < 1:
        yield "error", "length must be at least 1"


def _value_list(field: Field, field_map: FieldMap) -> Iterator[Fault]:
    if field_map.values is None:
        return
    counts = Counter(native for natives in field_map.values.values() for native in natives)
    for native, count in counts.items():
        if count > 1:
            yield "error", f"'{native}' stands for {count} values; which one is read is not defined"
    for known, natives in field_map.values.items():
        if len(natives) > 1:
            read = ", ".join(f"'{native}'" for native in natives[1:])
            yield "note", f"{read} is read as {known} and would be written back as '{natives[0]}'"
    closed = _CLOSED_LISTS.get(field.name)
    for known in field_map.values:
        if closed and known not in closed:
            yield "error", f"'{known}' is not a value of {field.name}; use {', '.join(closed)}"


def _provision(field: Field, field_map: FieldMap) -> Iterator[Fault]:
    wanted = field_map.provision
    if wanted is None:
        return
    allowed = _TYPES.get(field.kind, ())
    if wanted.type not in allowed:
        yield "error", f"a {wanted.type} field cannot hold {field.kind}; provision {' or '.join(allowed)}"
    if wanted.type == "text" and not 1 <= (wanted.length or 0) <= LONGEST_TEXT:
        yield "error", f"a text field to provision needs a length from 1 to {LONGEST_TEXT}"
    if wanted.type in ("currency", "number") and (wanted.length is None or wanted.scale is None):
        yield "error", f"a {wanted.type} field to provision needs length and scale"
    if wanted.type == "picklist" and field_map.values is None:
        yield "error", "a picklist to provision needs values"
    if field_map.length is not None and wanted.length is not None and field_map.length > wanted.length:
        yield "error", f"length {field_map.length} is more than the {wanted.length} that is provisioned"


def losses(field: Field, field_map: FieldMap) -> Iterator[str]:
    """What people enter in the system and would not see again, should the field be written from here."""
    if field_map.write == "never":
        return
    loss = TRANSFORMS[transform_name(field_map, field.kind)].loss
    if loss and field.kind != "ref" and field_map.values is None:
        yield loss
    if field_map.folded_to:
        yield f"lines beyond {field_map.folded_to}, which join the last one after commas"
