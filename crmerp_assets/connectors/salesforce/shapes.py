"""Is a field that is there the kind that the mapping needs, and if not, what an administrator changes in Setup.

Exactly-once rests on the key: an upsert by a field that is no external id is refused, and one by an external id that
is not unique makes two records of one wherever two calls cross.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from crmerp_assets.connectors.protocol import FieldSpec

_TEXT = frozenset({"string", "textarea", "url", "email", "phone", "picklist", "combobox"})
_NUMBER = frozenset({"double", "currency", "percent", "int"})
_HOLDING: Mapping[str, Collection[str]] = {
    "text": _TEXT,
    "url": _TEXT,
    "picklist": _TEXT,
    "number": _NUMBER,
    "currency": _NUMBER,
    "date": {"date"},
    "checkbox": {"boolean"},
}
"""The types of describe that hold the values of a spec, whatever else they are; only text can be our key."""
_SIZED = frozenset({"string", "textarea"})
_KEY_LENGTH = 64


def key_step(object: str, name: str, field: Mapping[str, Any]) -> str | None:
    """What to do with a field that cannot be our key; None where it can."""
    return step(FieldSpec(object, name, name, "text", external_id=True), field)


def step(spec: FieldSpec, field: Mapping[str, Any]) -> str | None:
    """What to do with a field of this description where it is not as the spec asks; None where it is."""
    place = f"In Setup > Object Manager > {spec.object} > Fields & Relationships > {spec.name}"
    if field.get("calculated") or field.get("autoNumber"):
        return f"{place} > Delete: Salesforce computes its values. Then provision it again."
    changes = list(_changes(spec, field))
    if not changes:
        return None
    return f"{place} > Edit {' and '.join(changes)}; then run `crmerp check`."


def _changes(spec: FieldSpec, field: Mapping[str, Any]) -> Iterator[str]:
    if field["type"] not in (("string",) if spec.external_id else _HOLDING[spec.type]):
        yield f"change the field type to {_in_setup(spec)}"
    else:
        yield from _size(spec, field)
        yield from _values(spec, field)
    ticks = [name for name, key in (("External ID", "externalId"), ("Unique", "unique")) if not field.get(key)]
    if spec.external_id and ticks:
        free = " (possible once no two records have the same value)" if "Unique" in ticks else ""
        yield f"tick {' and '.join(f'{name!r}' for name in ticks)}{free}"


def _in_setup(spec: FieldSpec) -> str:
    if spec.type == "text":
        return f"Text with the length {spec.length or (_KEY_LENGTH if spec.external_id else 255)}"
    return spec.type.upper() if spec.type == "url" else spec.type.capitalize()


def _size(spec: FieldSpec, field: Mapping[str, Any]) -> Iterator[str]:
    if spec.length is not None and field["type"] in _SIZED and int(field["length"]) < spec.length:
        yield f"set the length to {spec.length}"
    if spec.type not in ("number", "currency") or field["type"] == "int":
        return
    precision, scale = int(field["precision"]), int(field["scale"])
    wanted = spec.scale or 0
    if spec.length is not None and precision - scale < spec.length - wanted:
        yield f"set the length to {spec.length - wanted}"
    if scale < wanted:
        yield f"set the decimal places to {wanted}"


def _values(spec: FieldSpec, field: Mapping[str, Any]) -> Iterator[str]:
    """A list that is not restricted takes any value."""
    if not field.get("restrictedPicklist"):
        return
    there = {item["value"] for item in field.get("picklistValues") or () if item.get("active", True)}
    lacking = [value for value in spec.values if value not in there]
    if lacking:
        yield f"add the values {', '.join(lacking)}"
