"""Whether a field that a system has can hold what the mapping means it for."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from crmerp_assets.connectors.protocol import FieldInfo, FieldSpec

Holding = Mapping[str, Collection[str]]
"""Type of a FieldSpec -> the system's own types that hold its values."""

_LISTS = ("enumeration", "selection")


def misfit(spec: FieldSpec, field: FieldInfo, holding: Holding) -> str | None:
    """What is wrong with a field, to be said after its name; None where it holds the values of the spec."""
    if field.type not in holding[spec.type]:
        return f"is of the type {field.type}, where {spec.type} is meant"
    if spec.type in ("text", "url") and spec.length and field.length and field.length < spec.length:
        return f"takes {field.length} characters, where {spec.length} are meant"
    listed = field.values or field.type in _LISTS
    lacking = [value for value in spec.values if value not in field.values] if listed else []
    return f"lacks the values {', '.join(lacking)}" if lacking else None
