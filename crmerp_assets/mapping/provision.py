"""What a system must have before the matrix can be used: custom fields to create.

Plain values with the attributes of the connector protocol's FieldSpec, which this package may not import.
"""

from collections.abc import Iterator
from dataclasses import dataclass

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
