"""Faults of a matrix that loads and would still go wrong: values that cannot arrive, that collide, or that change.

Errors stop a release, warnings deserve a look, notes say what a round trip through a system loses.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from crmerp_assets.canonical import ENTITIES, Field
from crmerp_assets.mapping.governance import EntityRules, FieldRule
from crmerp_assets.mapping.lint_fields import field_faults, losses
from crmerp_assets.mapping.matrix import EntityMap, FieldMap, Matrix

Level = Literal["error", "warning", "note"]
Role = Literal["crm", "erp"]
ROLES: Mapping[str, Role] = {
    **dict.fromkeys(("salesforce", "hubspot", "odoo_crm"), "crm"),
    **dict.fromkeys(("netsuite", "odoo", "tryton"), "erp"),
}


@dataclass(frozen=True, slots=True)
class LintFinding:
    """`place` is the file and line, `field` the path in that file."""

    level: Level
    place: str
    field: str
    what: str

    def __str__(self) -> str:
        return f"{self.level}: {self.place}: {self.field}: {self.what}"


def lint(matrix: Matrix, governance: Mapping[str, EntityRules], roles: Mapping[str, Role] = ROLES) -> list[LintFinding]:
    """Everything found, errors first. `roles` says which system is the CRM and which the ERP."""
    found = [finding for entity_map in matrix.all() for finding in _of_map(entity_map)]
    for entity in ENTITIES:
        maps = [m for m in matrix.all() if m.entity == entity]
        if maps and entity not in governance:
            what = f"has no governance; add mapping/governance/{entity}.yaml"
            found.append(LintFinding("error", _place(maps[0], "entity"), entity, what))
        elif maps:
            found += _governed(governance[entity], maps, roles)
    return sorted(found, key=lambda finding: ("error", "warning", "note").index(finding.level))


def _place(entity_map: EntityMap, field: str) -> str:
    return entity_map.surroundings.places.get(field, f"{entity_map.name}.{entity_map.system}.yaml:1")


def _of_map(entity_map: EntityMap) -> Iterator[LintFinding]:
    yield from _collisions(entity_map)
    for prefix, model, fields in _field_groups(entity_map):
        lost: dict[str, list[str]] = {}
        for name, field_map in fields.items():
            at = f"{prefix}.{name}"
            for level, what in field_faults(model[name], field_map):
                yield LintFinding(level, _place(entity_map, at), at, what)
            for loss in losses(model[name], field_map):
                lost.setdefault(loss, []).append(name)
        for loss, names in lost.items():
            place = _place(entity_map, f"{prefix}.{names[0]}")
            yield LintFinding("note", place, f"{prefix}.{', '.join(names)}", f"not kept on the way in: {loss}")
    if "create" in entity_map.operations and entity_map.key is None:
        yield LintFinding("error", _place(entity_map, "object"), "key", "a map that creates records needs a key field")


def _field_groups(entity_map: EntityMap) -> Iterator[tuple[str, Mapping[str, Field], Mapping[str, FieldMap]]]:
    yield "fields", {field.name: field for field in entity_map.model.fields}, entity_map.fields
    if entity_map.lines:
        yield "lines.fields", {field.name: field for field in entity_map.line_model}, entity_map.lines.fields


def _collisions(entity_map: EntityMap) -> Iterator[LintFinding]:
    """Two canonical fields that write the same native field: the later one would win."""
    for prefix, _, fields in _field_groups(entity_map):
        written = [(name, path) for name, f in fields.items() if f.write != "never" for path in f.native]
        if prefix == "fields" and entity_map.key:
            written.append(("key", entity_map.key))
        counts = Counter(path for _, path in written)
        for name, path in written:
            if counts[path] > 1:
                others = ", ".join(other for other, same in written if same == path and other != name)
                at = f"{prefix}.{name}" if name != "key" else "key"
                yield LintFinding("error", _place(entity_map, at), at, f"writes {path}, and so does {others}")


def _governed(rules: EntityRules, maps: list[EntityMap], roles: Mapping[str, Role]) -> Iterator[LintFinding]:
    for entity_map in maps:
        lines = [entity_map.lines_field] if entity_map.lines_field else []
        for name in [*entity_map.fields, *entity_map.constants, *lines]:
            at = f"fields.{name}"
            if name not in rules.fields:
                what = f"has no rule; add it to mapping/governance/{entity_map.entity}.yaml"
                yield LintFinding("error", _place(entity_map, at), at, what)
            elif name in entity_map.fields:
                yield from _arrival(entity_map, name, rules.fields[name], maps, roles)
    for name, rule in rules.fields.items():
        if ENTITIES[rules.entity].field(name).personal and not rule.personal:
            place = f"mapping/governance/{rules.entity}.yaml"
            yield LintFinding("warning", place, f"fields.{name}", "is personal data; say personal: true")


def _arrival(
    entity_map: EntityMap, name: str, rule: FieldRule, maps: list[EntityMap], roles: Mapping[str, Role]
) -> Iterator[LintFinding]:
    """Whether a value has a way into this system, and a source outside of it."""
    role, field_map, at = roles.get(entity_map.system), entity_map.fields[name], f"fields.{name}"
    if role is None or not entity_map.operations or rule.owner == role:
        return
    others = {m.system for m in maps if roles.get(m.system) not in (None, role)}
    having = {m.system for m in maps if name in m.fields or name in m.constants}
    source = rule.derived or bool(others & having)
    given = rule.derived or any(native in entity_map.defaults for native in field_map.native)
    lacking = sorted(others - having)
    if field_map.required and "create" in entity_map.operations and not given and (lacking or not others):
        missed = f"{' and '.join(lacking)} lacks it" if others & having else "no other system has it"
        what = f"is required on create, and {missed}"
        yield LintFinding("error", _place(entity_map, at), at, what)
    elif not source:
        what = "is mapped here only; it is read, and nothing is ever written to it"
        yield LintFinding("note", _place(entity_map, at), at, what)
    elif field_map.write == "never":
        what = f"may be changed in another system (owner {rule.owner}), but is not written here"
        yield LintFinding("note" if field_map.child else "warning", _place(entity_map, at), at, what)
