"""The mapping document as tables of text: what Markdown, HTML and the workbook all show."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from crmerp_assets.canonical import ENTITIES, Field
from crmerp_assets.mapping.governance import EntityRules, FieldRule
from crmerp_assets.mapping.matrix import EntityMap, FieldMap, Matrix, transform_name

Row = tuple[str, ...]
RULE_COLUMNS = ("Field", "Meaning", "Owner", "Conflict", "Blank", "Personal")


@dataclass(frozen=True, slots=True)
class Section:
    """One entity: a heading, a sentence under it, and a table."""

    title: str
    about: str
    header: Row
    rows: list[Row]


def sections(matrix: Matrix, governance: Mapping[str, EntityRules]) -> list[Section]:
    """One section an entity that any system maps."""
    found = []
    for entity in ENTITIES:
        maps = [entity_map for entity_map in matrix.all() if entity_map.entity == entity]
        if maps:
            found.append(_section(entity, maps, governance.get(entity)))
    return found


def _section(entity: str, maps: list[EntityMap], rules: EntityRules | None) -> Section:
    header = (*RULE_COLUMNS, *(f"{m.label} {m.object}" for m in maps))
    rows = [
        (field.name, field.description, *_rule(rules, field.name), *(_cell(m, field) for m in maps))
        for field in ENTITIES[entity].fields
    ]
    rows += [
        (f"{name}.{field.name}", field.description, "", "", "", "", *(_line_cell(m, field) for m in maps))
        for name, field in _line_fields(maps)
    ]
    steward = rules.steward if rules else "nobody yet"
    keys = ", ".join(f"{m.label} {m.object}.{m.key}" for m in maps if m.key)
    return Section(
        entity.replace("_", " ").capitalize(), f"Steward: {steward}. Our key: {keys or 'none'}.", header, rows
    )


def _rule(rules: EntityRules | None, name: str) -> Row:
    rule = rules.fields.get(name) if rules else None
    return ("", "", "", "") if rule is None else _rule_cells(rule)


def _rule_cells(rule: FieldRule) -> Row:
    owner = f"{_said(rule.owner)} (computed from invoices)" if rule.derived else _said(rule.owner)
    conflict = _said(rule.conflict) if rule.owner == "shared" else "owner"
    return owner, conflict, rule.blank, "yes" if rule.personal else "no"


def _said(word: str) -> str:
    return word.upper() if word in ("crm", "erp") else word


def _cell(entity_map: EntityMap, field: Field) -> str:
    if field.name in entity_map.constants:
        return f"always {entity_map.constants[field.name]}"
    if field.name == entity_map.lines_field and entity_map.lines:
        return entity_map.lines.child
    field_map = entity_map.fields.get(field.name)
    return _native(field, field_map, bool(entity_map.operations)) if field_map else ""


def _line_fields(maps: list[EntityMap]) -> Iterator[tuple[str, Field]]:
    with_lines = [m for m in maps if m.lines]
    for field in with_lines[0].line_model if with_lines else ():
        yield with_lines[0].lines_field or "", field


def _line_cell(entity_map: EntityMap, field: Field) -> str:
    if entity_map.lines is None:
        return ""
    writes = bool(entity_map.operations) and entity_map.lines.write != "never"
    if field.name in entity_map.lines.fields:
        return _native(field, entity_map.lines.fields[field.name], writes)
    header = entity_map.lines.text.get(field.name)
    return f"{header.native[0]} of the {entity_map.object}, where it has no lines" if header else ""


def _native(field: Field, field_map: FieldMap, writes: bool) -> str:
    """The native field and how it is read and written, in a few words."""
    child = field_map.child
    name = f"{child.list}.{child.native}" if child else " + ".join(field_map.native)
    said = [name, f"-> {field.ref}" if field.ref else transform_name(field_map, field.kind)]
    said += [f"up to {field_map.length}"] if field_map.length else []
    said += ["required"] if field_map.required else []
    if not writes or field_map.write == "never":
        said.append("read only")
    elif field_map.write == "create":
        said.append("written on create")
    elif field_map.write == "fill":
        said.append("written where it is blank")
    said += ["provisioned"] if field_map.provision else []
    if field_map.values:
        said.append("; ".join(f"{known} = {' / '.join(natives)}" for known, natives in field_map.values.items()))
    return ", ".join(said)
