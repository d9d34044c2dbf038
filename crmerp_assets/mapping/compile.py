"""What a map means for frames: which native fields to read, and what may be written."""

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl

from crmerp_assets.mapping.matrix import EntityMap, FieldMap, Operation
from crmerp_assets.mapping.values import doubt


def native_fields(entity_map: EntityMap) -> list[str]:
    """Every native path to read: our key, the fields, child lists as `list.path`."""
    paths = [entity_map.key] if entity_map.key else []
    for field in entity_map.fields.values():
        paths += read_paths(field)
    if entity_map.lines:
        paths += [f"{entity_map.lines.child}.{path}" for f in entity_map.lines.fields.values() for path in f.native]
        paths += [path for field in entity_map.lines.text.values() for path in field.native]
    return list(dict.fromkeys(paths))


def read_paths(field: FieldMap) -> Iterator[str]:
    """Every native path that one canonical field is read from."""
    yield from field.native
    if field.less:
        yield field.less
    if field.child:
        yield from field.child.same
        parts = (field.child.native, *field.child.where, *field.child.same)
        yield from (f"{field.child.list}.{path}" for path in parts)


def raw_columns(entity_map: EntityMap) -> list[str]:
    """The columns of the raw rows: the native fields, each child list as one column of JSON text."""
    lists = child_lists(entity_map)
    return list(dict.fromkeys(next((n for n in lists if p.startswith(f"{n}.")), p) for p in native_fields(entity_map)))


def child_lists(entity_map: EntityMap) -> list[str]:
    """The names of the child lists that the map reads."""
    lists = [field.child.list for field in entity_map.fields.values() if field.child]
    return list(dict.fromkeys([*lists, *([entity_map.lines.child] if entity_map.lines else [])]))


def writable(entity_map: EntityMap, operation: Operation) -> list[str]:
    """The canonical fields that a write of this kind may carry.

    On create the constants are among them, so that a record with another value is noticed by `fits`.
    """
    if operation not in entity_map.operations:
        return []
    names = [name for name, field in entity_map.fields.items() if field.writes_on(operation)]
    lines = entity_map.lines
    if lines and entity_map.lines_field and lines.write in ("always", operation):
        names.append(entity_map.lines_field)
    return names + (list(entity_map.constants) if operation == "create" else [])


class Retirement(NamedTuple):
    """How a record is taken out of use without deleting it: `field` becomes `value`, from one of `sources` (None: any).

    Both are canonical.
    """

    field: str
    value: str
    sources: tuple[str, ...] | None


def retirement(entity_map: EntityMap) -> Retirement | None:
    """How the system lets a record be taken out of use: cancelled, or made inactive; None where it cannot be."""
    if entity_map.cancel:
        return Retirement(entity_map.cancel.field, entity_map.cancel.value, entity_map.cancel.sources)
    return Retirement("active", "false", None) if "active" in writable(entity_map, "update") else None


def sendable(entity_map: EntityMap, changes: pl.DataFrame) -> pl.DataFrame:
    """The changes (field, after) without values that nobody understands, where the map says `unknown: skip`."""
    for name, field_map in entity_map.fields.items():
        if field_map.unknown == "skip":
            doubtful = doubt(entity_map.model.field(name), field_map, pl.col("after"), {})
            if doubtful is not None:
                changes = changes.filter(~((pl.col("field") == name) & doubtful.is_not_null()))
    return changes
