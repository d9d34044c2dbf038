"""What a system must have before the matrix can be used: custom fields to create, and rights to read and write.

Both are plain values with the attributes of the connector protocol's FieldSpec and Needs, which this package may not
import.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from crmerp_assets.mapping.compile import native_fields, writable
from crmerp_assets.mapping.matrix import EntityMap, FieldMap, Matrix, Provision, SpecType


@dataclass(frozen=True, slots=True)
class FieldToProvision:
    """A custom field of an object."""

    object: str
    name: str
    label: str
    type: SpecType
    length: int | None = None
    scale: int | None = None
    external_id: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NativeNeeds:
    """The native fields of one object that the maps read and write."""

    read: frozenset[str]
    write: frozenset[str]


def fields_to_provision(matrix: Matrix, system: str) -> list[FieldToProvision]:
    """The custom fields that a system's maps need, our key of each object first."""
    found = [spec for entity_map in matrix.maps(system) for spec in _of_map(entity_map)]
    return list(dict.fromkeys(found))


def _of_map(entity_map: EntityMap) -> Iterator[FieldToProvision]:
    if entity_map.key and entity_map.key_provision:
        yield _spec(entity_map, entity_map.key, entity_map.key_provision)
    text = entity_map.lines.text.values() if entity_map.lines else ()
    for field_map in (*entity_map.fields.values(), *text):
        if field_map.provision:
            yield _spec(entity_map, field_map.native[0], field_map.provision, _listed(field_map))


def _spec(entity_map: EntityMap, name: str, wanted: Provision, values: tuple[str, ...] = ()) -> FieldToProvision:
    return FieldToProvision(
        object=entity_map.object,
        name=name,
        label=wanted.label,
        type=wanted.type,
        length=wanted.length,
        scale=wanted.scale,
        external_id=wanted.external_id,
        values=values if wanted.type == "picklist" else (),
    )


def _listed(field_map: FieldMap) -> tuple[str, ...]:
    return tuple(natives[0] for natives in (field_map.values or {}).values())


def needs(matrix: Matrix, system: str) -> Mapping[str, NativeNeeds]:
    """What the system's user must be allowed to read and write, by object."""
    found: dict[str, NativeNeeds] = {}
    for entity_map in matrix.maps(system):
        before = found.get(entity_map.object, NativeNeeds(frozenset(), frozenset()))
        found[entity_map.object] = NativeNeeds(
            before.read | frozenset(native_fields(entity_map)), before.write | _written(entity_map)
        )
    return found


def _written(entity_map: EntityMap) -> frozenset[str]:
    if not entity_map.operations:
        return frozenset()
    names = {name for operation in entity_map.operations for name in writable(entity_map, operation)}
    natives = {path for name in names & set(entity_map.fields) for path in entity_map.fields[name].native}
    lines = entity_map.lines
    if lines and entity_map.lines_field in names:
        written = (field for field in lines.fields.values() if field.write != "never")
        natives |= {f"{lines.child}.{path}" for field in written for path in field.native}
    defaults = set(entity_map.defaults) if "create" in entity_map.operations else set()
    return frozenset(natives | defaults | ({entity_map.key} if entity_map.key else set()))
