"""Golden records laid out as an entity of the ERP, for a CRM that shows its documents as records of its own."""

from crmerp_assets.canonical import ENTITIES
from crmerp_assets.mapping.matrix import EntityMap, FieldMap


class Projection(EntityMap):
    """The map of an entity that no object of the system holds: nothing is read for it there, and nothing written."""


def projection(system: str, entity: str) -> Projection:
    """All fields of the entity under their canonical names, read only."""
    fields = {
        field.name: FieldMap(native=(field.name,), ref=field.ref, write="never") for field in ENTITIES[entity].fields
    }
    return Projection(name=entity, entity=entity, system=system, object=entity, operations=(), fields=fields)
