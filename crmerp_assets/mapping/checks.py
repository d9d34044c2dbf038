"""What a file must get right before it can be used at all: names that exist, kinds that fit. Lint looks further."""

from collections.abc import Iterable, Iterator, Mapping

from crmerp_assets.canonical import CHILD_FIELDS, ENTITIES, Field
from crmerp_assets.mapping.document import At, Document, did_you_mean
from crmerp_assets.mapping.governance import EntityRules
from crmerp_assets.mapping.matrix import EntityMap, FieldMap


def map_problems(entity_map: EntityMap, document: Document) -> Iterator[str]:
    """Problems of one map, as sentences with file and line."""
    header = {field.name: field for field in entity_map.model.fields if field.kind != "lines"}
    yield from _fields(header, entity_map.fields, document, ("fields",))
    for name, field_map in entity_map.fields.items():
        if field_map.net_of and field_map.net_of not in entity_map.fields:
            yield document.problem(("fields", name, "net_of"), f"'{field_map.net_of}' is not a mapped field")
        if field_map.net_of and field_map.write == "always":
            what = "an amount less a discount is not changed; add write: never, or write: create"
            yield document.problem(("fields", name), what)
    for name in set(entity_map.constants) & set(entity_map.fields):
        yield document.problem(("constants", name), "is mapped under fields as well; keep one of the two")
    if entity_map.lines:
        yield from _lines(entity_map, document)


def _lines(entity_map: EntityMap, document: Document) -> Iterator[str]:
    assert entity_map.lines is not None
    if entity_map.lines_field is None:
        yield document.problem(("lines",), f"{entity_map.entity} has no lines; take this away")
        return
    if entity_map.lines.net_of and entity_map.lines.net_of not in entity_map.fields:
        yield document.problem(("lines", "net_of"), f"'{entity_map.lines.net_of}' is not a mapped field of the header")
    fields = {field.name: field for field in entity_map.line_model}
    yield from _fields(fields, entity_map.lines.fields, document, ("lines", "fields"))
    yield from _fields(fields, entity_map.lines.text, document, ("lines", "text"))
    for name, field_map in entity_map.lines.fields.items():
        at = ("lines", "fields", name)
        if len(field_map.native) != 1:
            yield document.problem(at, "a field of a line has one native field")
        if field_map.net_of and field_map.net_of not in entity_map.lines.fields:
            yield document.problem((*at, "net_of"), f"'{field_map.net_of}' is not mapped among the lines' fields")


def _fields(known: Mapping[str, Field], fields: Mapping[str, FieldMap], document: Document, at: At) -> Iterator[str]:
    for name, field_map in fields.items():
        if name in known:
            yield from _field(known[name], field_map, fields, document, (*at, name))


def _field(
    field: Field, field_map: FieldMap, fields: Mapping[str, FieldMap], document: Document, at: At
) -> Iterator[str]:
    if field_map.ref != field.ref:
        if field.ref is None:
            yield document.problem((*at, "ref"), f"{field.name} is no reference; take ref away")
        else:
            yield document.problem((*at, "ref"), f"{field.name} refers to a {field.ref}; say ref: {field.ref}")
    region = field_map.region
    if region is not None and region not in fields:
        mapped = did_you_mean(region, fields)
        yield document.problem((*at, "region"), f"'{region}' is not a mapped field of this file{mapped}")
    elif region is not None and fields[region].region is not None:
        yield document.problem((*at, "region"), f"'{region}' depends on a region itself")


def unknown_names(document: Document) -> Iterator[str]:
    """Names of canonical fields that do not exist; asked of the bare document, so that other mistakes hide none."""
    entity = str(document.data.get("entity"))
    if entity not in ENTITIES:
        return
    model = ENTITIES[entity]
    lines = [field.name for field in CHILD_FIELDS.get(entity, ())]
    governance = "system" not in document.data
    header = model.names() if governance else [name for name in model.names() if name not in model.names("lines")]
    places: list[tuple[At, Iterable[str], str]] = [(("fields",), header, entity), (("constants",), header, entity)]
    places += [(("lines", part), lines, f"the lines of {entity}") for part in ("fields", "text")]
    for at, known, where in places:
        yield from _unknown(known, document, at, where)


def _unknown(known: Iterable[str], document: Document, at: At, where: str) -> Iterator[str]:
    found: object = document.data
    for step in at:
        found = found.get(step) if isinstance(found, dict) else None
    for name in found if isinstance(found, dict) else ():
        if name not in known:
            yield document.problem((*at, name), f"'{name}' is not a field of {where}{did_you_mean(name, known)}")


def rules_problems(rules: EntityRules, document: Document) -> Iterator[str]:
    """Problems of one governance file, as sentences with file and line."""
    if rules.entity not in ENTITIES:
        hint = did_you_mean(rules.entity, ENTITIES)
        yield document.problem(("entity",), f"'{rules.entity}' is not an entity{hint}")
