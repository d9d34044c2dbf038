"""What a connection's user must be able to read and write, field by field, and what for: from maps and governance.

A field that its own side decides is read and never written there, so no right to write it is asked for; records that
the policy never makes on a side need no right to create them. Whoever translates these needs into a system's own rights
adds what the system wants besides.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from crmerp_assets.mapping.compile import read_paths, retirement, writable
from crmerp_assets.mapping.governance import EntityRules, FieldRule
from crmerp_assets.mapping.matrix import EntityMap, FieldMap

Role = Literal["crm", "erp"]
STAGES = KEY_STAGE, READ_STAGE, WRITE_STAGE = "links", "golden", "push"
"""Of the pipeline, in its order: where keys are read, where other values are, and where they are written."""


@dataclass(frozen=True, slots=True)
class FieldNeed:
    """One native field of one object: whether it is read, sent in creates, sent in updates; for which canonical fields
    (`customer.phone`), and in which stages of the pipeline.
    """

    object: str
    field: str
    read: bool
    create: bool
    update: bool
    serves: tuple[str, ...]
    stages: tuple[str, ...]


class _Use(NamedTuple):
    field: str
    serves: str
    stage: str
    read: bool = False
    create: bool = False
    update: bool = False


def field_needs(
    maps: Iterable[EntityMap], governance: Mapping[str, EntityRules], role: Role, created: Collection[str]
) -> list[FieldNeed]:
    """The needs of a connection with this role, each field of an object once, in the order of the maps.

    `created` are the entities of which the policy makes records there.
    """
    found: dict[tuple[str, str], list[_Use]] = {}
    for entity_map in maps:
        rules = governance[entity_map.entity].fields if entity_map.entity in governance else {}
        for use in _uses(entity_map, rules, role, entity_map.entity in created):
            found.setdefault((entity_map.object, use.field), []).append(use)
    return [_merged(object_, field, uses) for (object_, field), uses in found.items()]


def _merged(object_: str, field: str, uses: list[_Use]) -> FieldNeed:
    return FieldNeed(
        object_,
        field,
        read=any(use.read for use in uses),
        create=any(use.create for use in uses),
        update=any(use.update for use in uses),
        serves=tuple(dict.fromkeys(use.serves for use in uses)),
        stages=tuple(dict.fromkeys(use.stage for use in uses)),
    )


def _uses(entity_map: EntityMap, rules: Mapping[str, FieldRule], role: Role, created: bool) -> Iterator[_Use]:
    created = created and "create" in entity_map.operations
    updated, made = _written(entity_map, rules, role, created)
    entity = entity_map.entity
    if entity_map.key:
        yield _Use(entity_map.key, f"{entity} key", KEY_STAGE, read=True)
        if entity_map.operations:
            yield _Use(
                entity_map.key, f"{entity} key", WRITE_STAGE, create=created, update="update" in entity_map.operations
            )
    for name, field in entity_map.fields.items():
        yield from _of_field(field, f"{entity}.{name}", create=name in made, update=name in updated)
    yield from _of_lines(entity_map, create=entity_map.lines_field in made, update=entity_map.lines_field in updated)
    if created:
        yield from (_Use(path, f"{entity} default", WRITE_STAGE, create=True) for path in entity_map.defaults)
    yield from _of_cancel(entity_map)


def _written(
    entity_map: EntityMap, rules: Mapping[str, FieldRule], role: Role, created: bool
) -> tuple[set[str], set[str]]:
    """The canonical fields that updates and creates may carry there; with the one by which a record is retired."""
    updated = {name for name in writable(entity_map, "update") if name in rules and rules[name].owner != role}
    ends = retirement(entity_map)
    updated |= {ends.field} if ends and ends.field in entity_map.fields and entity_map.cancel is None else set()
    seeded = {name for name in rules if rules[name].seed or rules[name].owner != role}
    return updated, set(writable(entity_map, "create")) & seeded if created else set()


def _of_field(field: FieldMap, serves: str, create: bool, update: bool) -> Iterator[_Use]:
    yield from (_Use(path, serves, READ_STAGE, read=True) for path in read_paths(field))
    if create or update:
        yield from (_Use(path, serves, WRITE_STAGE, create=create, update=update) for path in field.native)


def _of_lines(entity_map: EntityMap, create: bool, update: bool) -> Iterator[_Use]:
    lines, entity = entity_map.lines, entity_map.entity
    if lines is None:
        return
    for name, field in lines.fields.items():
        serves = f"{entity}.{entity_map.lines_field}.{name}"
        for path in field.native:
            yield _Use(f"{lines.child}.{path}", serves, READ_STAGE, read=True)
            if field.write != "never" and (create or update):
                yield _Use(f"{lines.child}.{path}", serves, WRITE_STAGE, create=create, update=update)
    for name, field in lines.text.items():
        yield from (_Use(path, f"{entity}.{name}", READ_STAGE, read=True) for path in field.native)


def _of_cancel(entity_map: EntityMap) -> Iterator[_Use]:
    if entity_map.cancel:
        serves = f"{entity_map.entity} cancelled"
        yield from (_Use(path, serves, WRITE_STAGE, update=True) for path in entity_map.cancel.native)
