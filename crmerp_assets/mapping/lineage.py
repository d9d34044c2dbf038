"""Where the values of a canonical field come from: systems, objects and native fields."""

from collections.abc import Iterator

from crmerp_assets.canonical import ENTITIES
from crmerp_assets.mapping.matrix import EntityMap, Matrix

Source = tuple[str, str, str]


def lineage(matrix: Matrix, entity: str) -> dict[str, list[Source]]:
    """Canonical field -> [(system, native object, native field)], for the fields that any system maps."""
    found: dict[str, list[Source]] = {}
    for entity_map in (m for m in matrix.all() if m.entity == entity):
        for name, native in _natives(entity_map):
            source = (entity_map.system, entity_map.object, native)
            if source not in found.setdefault(name, []):
                found[name].append(source)
    return {name: found[name] for name in ENTITIES[entity].names() if name in found}


def _natives(entity_map: EntityMap) -> Iterator[tuple[str, str]]:
    for name, field_map in entity_map.fields.items():
        yield from ((name, native) for native in field_map.native)
        if field_map.child:
            yield name, f"{field_map.child.list}.{field_map.child.native}"
    lines, target = entity_map.lines, entity_map.lines_field
    if lines and target:
        for field_map in lines.fields.values():
            yield from ((target, f"{lines.child}.{native}") for native in field_map.native)
        for field_map in lines.text.values():
            yield from ((target, native) for native in field_map.native)
