"""Canonical changes as native values: the way out.

Values are worked out column by column; only the last step, one dict a record, goes row by row. A reference is a dict
under REF, because connectors and this package do not know each other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

import polars as pl

from crmerp_assets.canonical import Field
from crmerp_assets.mapping.matrix import EntityMap, FieldMap, LineMap, Operation, Reference, Target
from crmerp_assets.mapping.values import context, outward
from crmerp_assets.standardise import subdivisions

REF = "$ref"
NativeRef: TypeAlias = dict[str, str | None]
NativeValue: TypeAlias = "str | bool | Decimal | dict[str, NativeRef] | list[dict[str, NativeValue]] | None"
Native: TypeAlias = dict[str, NativeValue]
Change: TypeAlias = Mapping[str, str | None]
Refs: TypeAlias = Mapping[tuple[str, str], str | None]


def outbound(
    entity_map: EntityMap,
    changes: Sequence[Change],
    refs: Refs,
    operation: Operation,
    around: Sequence[Change] | None = None,
) -> list[Native]:
    """Native values for each change (canonical field -> text or None), in the same order.

    `refs` gives native ids by (entity, golden id); a record without one is referred to by our key. `around` may give
    the whole golden records, for values that are written within the region of their row. Fields that the map does not
    write in this operation are left out. Numbers become Decimal, booleans bool, references `{"$ref": {"object",
    "native_id", "key_field", "key"}}`, lines a list of dicts.
    """
    fields = {name: f for name, f in entity_map.fields.items() if f.writes_on(operation)}
    models = {field.name: field for field in entity_map.model.fields}
    natives = _natives(entity_map, fields, models, changes, refs, around or changes)
    _add_lines(entity_map, natives, changes, refs, operation)
    if operation == "create":
        defaults = {path: _default(value) for path, value in entity_map.defaults.items()}
        natives = [defaults | native for native in natives]
    return natives


def _natives(
    entity_map: EntityMap,
    fields: Mapping[str, FieldMap],
    models: Mapping[str, Field],
    changes: Sequence[Change],
    refs: Refs,
    around: Sequence[Change],
) -> list[Native]:
    natives: list[Native] = [{} for _ in changes]
    for name, field_map in fields.items():
        rows = [number for number, change in enumerate(changes) if name in change]
        values = [changes[number][name] for number in rows]
        if models[name].kind == "ref":
            columns = [[_reference(entity_map, models[name], value, refs) for value in values]]
        else:
            regions = [_region(field_map, changes[number], around[number]) for number in rows]
            columns = _columns(entity_map, models[name], field_map, values, regions)
        for native, column in zip(field_map.native, columns, strict=True):
            for number, value in zip(rows, column, strict=True):
                if value is not None or models[name].kind != "bool":
                    natives[number][native] = value
    return natives


def _region(field_map: FieldMap, change: Change, around: Change) -> str | None:
    """The region of the row: as changed, as it is, or as a subdivision's own code says."""
    name = field_map.region
    if name is None:
        return None
    for known in (change, around):
        if name in known:
            return known[name]
    codes = (re.match(subdivisions.SHAPE, value) for value in change.values() if value)
    coded = field_map.transform in ("subdivision", "subdivision_code")
    return next((found[1] for found in codes if found), None) if coded else None


def _columns(
    entity_map: EntityMap,
    field: Field,
    field_map: FieldMap,
    values: Sequence[str | None],
    regions: Sequence[str | None],
) -> list[list[NativeValue]]:
    """One list of native values for each native field."""
    region = field_map.region or "region"
    schema = {field.name: pl.String, region: pl.String}
    frame = pl.DataFrame({field.name: values, region: regions}, schema=schema)
    around = context(field_map, entity_map.surroundings.default_region)
    found = outward(field, field_map, pl.col(field.name), around)
    texts = frame.select(expr.alias(str(number)) for number, expr in enumerate(found))
    return [[typed(field, value) for value in column.to_list()] for column in texts.iter_columns()]


def typed(field: Field, value: str | None) -> NativeValue:
    """A native text as the type that its canonical kind has; text that does not fit its kind stays text."""
    if value is None or field.name == "position":
        return value
    if field.kind == "bool" and value in ("true", "false"):
        return value == "true"
    if field.kind in ("money", "decimal"):
        try:
            return Decimal(value)
        except InvalidOperation:
            return value
    return value


def _reference(entity_map: EntityMap, field: Field, golden_id: str | None, refs: Refs) -> NativeValue:
    if golden_id is None:
        return None
    entity = field.ref or ""
    target = entity_map.surroundings.targets.get(entity, Target(entity, None))
    native_id = refs.get((entity, golden_id))
    return {REF: {"object": target.object, "native_id": native_id, "key_field": target.key, "key": golden_id}}


def _default(value: bool | Reference | str) -> NativeValue:
    if isinstance(value, Reference):
        return {REF: {"object": value.object, "native_id": value.id, "key_field": None, "key": None}}
    return value


def _add_lines(
    entity_map: EntityMap, natives: list[Native], changes: Sequence[Change], refs: Refs, operation: Operation
) -> None:
    """Put the list of native lines under the child's name, for all records in one go."""
    line_map, name = entity_map.lines, entity_map.lines_field
    if line_map is None or name is None or line_map.write not in ("always", operation):
        return
    owners: list[int] = []
    lines: list[Change] = []
    for number, change in enumerate(changes):
        if name in change:
            natives[number][line_map.child] = []
            parsed = json.loads(change[name] or "[]")
            owners += [number] * len(parsed)
            lines += parsed
    for number, row in zip(owners, _native_lines(entity_map, line_map, lines, refs), strict=True):
        rows = natives[number][line_map.child]
        assert isinstance(rows, list)
        rows.append(row)


def _native_lines(entity_map: EntityMap, line_map: LineMap, lines: Sequence[Change], refs: Refs) -> list[Native]:
    fields = {name: f for name, f in line_map.fields.items() if f.write != "never"}
    models = {field.name: field for field in entity_map.line_model}
    return _natives(entity_map, fields, models, lines, refs, lines)
