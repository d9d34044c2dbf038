"""The mapping matrix as models: one map for each entity and system, as its YAML file says it.

`Matrix` holds all maps; a map knows the other maps of its system, because a reference is written with the object and
key of what it points to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from pydantic import PrivateAttr, field_validator, model_validator

from crmerp_assets.canonical import CHILD_FIELDS, ENTITIES, MIRRORS
from crmerp_assets.canonical.entities import EntityModel, Field
from crmerp_assets.mapping.document import did_you_mean
from crmerp_assets.mapping.validation import Strict
from crmerp_assets.standardise import TRANSFORMS

Operation: TypeAlias = Literal["create", "update"]
WriteRule: TypeAlias = Literal["always", "create", "fill", "never"]
SpecType: TypeAlias = Literal["text", "number", "currency", "date", "checkbox", "picklist", "url"]

_BY_KIND = {"money": "money", "decimal": "decimal", "date": "date", "bool": "boolean"}
_SHOWN = {"salesforce": "Salesforce", "netsuite": "NetSuite", "hubspot": "HubSpot", "odoo": "Odoo", "tryton": "Tryton"}
_SHOWN |= {"odoo_crm": "Odoo CRM"}


class Provision(Strict):
    """A custom field that the system must be given before the map can use it."""

    type: SpecType
    label: str
    length: int | None = None
    scale: int | None = None
    external_id: bool = False


class ChildValue(Strict):
    """One value out of a child list: the first row that has the values of `where`, and in the fields named by `same`
    the same value as the record itself.
    """

    list: str
    native: str
    where: Mapping[str, str] = {}
    same: tuple[str, ...] = ()
    pick: Literal["first"] = "first"

    @field_validator("where", mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        return {key: _text(item) for key, item in value.items()} if isinstance(value, Mapping) else value


class FieldMap(Strict):
    """One canonical field in a system. `phone: Phone` is short for `phone: {native: Phone}`.

    Several natives take one line of the text each. `values` lists canonical -> native; of several natives the first
    is written. `net_of` names the field beside it with the percentage that is off this one, `less` another
    native amount that is taken off. `unknown: skip` does not
    send a value that the transform keeps without understanding it.
    """

    native: tuple[str, ...] = ()
    child: ChildValue | None = None
    transform: str | None = None
    ref: str | None = None
    region: str | None = None
    values: dict[str, tuple[str, ...]] | None = None
    length: int | None = None
    scale: int | None = None
    max_lines: int | None = None
    net_of: str | None = None
    less: str | None = None
    required: bool = False
    unknown: Literal["write", "skip"] = "write"
    write: WriteRule = "always"
    provision: Provision | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        value = {"native": value} if isinstance(value, str) else value
        if isinstance(value, dict) and isinstance(value.get("native"), str):
            value = {**value, "native": (value["native"],)}
        return value

    @field_validator("values", mode="before")
    @classmethod
    def _value_list(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {key: tuple(map(_text, item if isinstance(item, list) else [item])) for key, item in value.items()}

    @field_validator("transform")
    @classmethod
    def _known_transform(cls, value: str | None) -> str | None:
        if value is not None and value not in TRANSFORMS:
            raise ValueError(f"'{value}' is not a transform{did_you_mean(value, TRANSFORMS)}")
        return value

    @field_validator("ref")
    @classmethod
    def _known_entity(cls, value: str | None) -> str | None:
        if value is not None and value not in ENTITIES:
            raise ValueError(f"'{value}' is not an entity{did_you_mean(value, ENTITIES)}")
        return value

    @model_validator(mode="after")
    def _one_source(self) -> FieldMap:
        if bool(self.native) == (self.child is not None):
            raise ValueError("give either native or child")
        if self.child is not None and self.write != "never":
            raise ValueError("a value out of a child list is read only; add write: never")
        if self.less is not None and self.write != "never":
            raise ValueError("an amount less another is read only; add write: never")
        return self

    def writes_on(self, operation: Operation) -> bool:
        """Whether a value may be sent in this kind of write."""
        return self.write in ("always", "fill") or self.write == operation

    @property
    def folded_to(self) -> int | None:
        """How many lines of text the field can hold, when it is not any number."""
        return self.max_lines or (len(self.native) if len(self.native) > 1 else None)

    @property
    def places(self) -> int | None:
        """Digits after the decimal point that the field can hold."""
        return self.scale if self.scale is not None else self.provision.scale if self.provision else None


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


class LineMap(Strict):
    """The child list that holds an order's lines, what an invoice bills, or a payment's applications.

    `text` makes one line of quantity 1 out of a header text, for an order that has no lines. `net_of` names the field
    of the header with the percentage that is off every line.
    """

    child: str
    fields: dict[str, FieldMap]
    text: Mapping[str, FieldMap] = {}
    net_of: str | None = None
    write: WriteRule = "always"


class Reference(Strict):
    """A fixed reference, such as the subsidiary of new customers."""

    object: str
    id: str


class CreateTarget(Strict):
    """Where new records are made, when that is another object than the one read."""

    object: str


class Cancel(Strict):
    """How a record is cancelled where the system reads its status from one field and takes it in another.

    `field` becomes `value` (canonical), from one of `sources`; `native` is what is written for it.
    """

    field: str
    value: str
    sources: tuple[str, ...]
    native: Mapping[str, str]


class EntityMap(Strict):
    """One entity in one system. `constants` are canonical values that every record of the map has; `defaults` are
    native values that go along on create.
    """

    name: str
    entity: str
    system: str
    object: str
    key: str | None = None
    key_provision: Provision | None = None
    operations: tuple[Operation, ...] = ("create", "update")
    create: CreateTarget | None = None
    fields: dict[str, FieldMap]
    constants: Mapping[str, str] = {}
    defaults: Mapping[str, bool | Reference | str] = {}
    lines: LineMap | None = None
    cancel: Cancel | None = None
    _surroundings: Surroundings = PrivateAttr(default_factory=lambda: Surroundings())

    @field_validator("entity")
    @classmethod
    def _known_entity(cls, value: str) -> str:
        if value not in ENTITIES:
            raise ValueError(f"'{value}' is not an entity{did_you_mean(value, ENTITIES)}")
        return value

    @property
    def model(self) -> EntityModel:
        """The canonical entity."""
        return ENTITIES[self.entity]

    @property
    def lines_field(self) -> str | None:
        """The canonical field that the lines go into."""
        return next(iter(self.model.names("lines")), None) if self.lines else None

    @property
    def line_model(self) -> tuple[Field, ...]:
        """The canonical fields of one line."""
        return CHILD_FIELDS.get(self.entity, ())

    @property
    def create_object(self) -> str:
        """The native object that new records are made of."""
        return self.create.object if self.create else self.object

    @property
    def label(self) -> str:
        """The system's name as its vendor writes it."""
        return _SHOWN.get(self.system, self.system)

    @property
    def surroundings(self) -> Surroundings:
        """What the map knows beyond its own file."""
        return self._surroundings

    def placed(self, surroundings: Surroundings) -> EntityMap:
        """The same map with other surroundings."""
        copy = self.model_copy()
        copy._surroundings = surroundings
        return copy


def transform_name(field_map: FieldMap, kind: str) -> str:
    """The transform of a field: the one it names, or the one of its canonical kind."""
    return field_map.transform or _BY_KIND.get(kind, "text")


@dataclass(frozen=True, slots=True)
class Target:
    """Where references to an entity lead in this system."""

    object: str
    key: str | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The other maps of the system by entity, where each field was written, and the region of numbers without one."""

    targets: Mapping[str, Target] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    default_region: str | None = None


class Matrix:
    """All maps, by system and name."""

    def __init__(self, maps: Sequence[EntityMap], default_region: str | None = None) -> None:
        targets: dict[str, dict[str, Target]] = {}
        for entity_map in maps:
            targets.setdefault(entity_map.system, {}).setdefault(
                entity_map.entity, Target(entity_map.object, entity_map.key)
            )
        self._maps = {
            (m.system, m.name): m.placed(Surroundings(targets[m.system], m.surroundings.places, default_region))
            for m in sorted(maps, key=lambda m: (m.system, list(ENTITIES).index(m.entity), m.name != m.entity, m.name))
        }

    @property
    def systems(self) -> tuple[str, ...]:
        """Systems that have maps."""
        return tuple(dict.fromkeys(system for system, _ in self._maps))

    def all(self) -> tuple[EntityMap, ...]:
        """Every map, by system and in the order of the entities."""
        return tuple(self._maps.values())

    def carrying(self, entities: Sequence[str]) -> Matrix:
        """The same matrix without the maps of other entities."""
        narrowed = Matrix([])
        narrowed._maps = {at: m for at, m in self._maps.items() if m.entity in entities}
        return narrowed

    def without(self, entities: Collection[str]) -> Matrix:
        """The same matrix without the maps of these entities."""
        return self.carrying([name for name in ENTITIES if name not in entities])

    def mirrors(self, crm: str) -> tuple[str, ...]:
        """The entities that show documents of the ERP in this system."""
        return tuple(entity for entity in MIRRORS if self.find(crm, entity) is not None)

    def maps(self, system: str) -> tuple[EntityMap, ...]:
        """The maps of a system in the order of the entities; none for a system without maps."""
        return tuple(m for m in self._maps.values() if m.system == system)

    def map(self, system: str, name: str) -> EntityMap:
        """The map of that name; KeyError when the system has none."""
        if (system, name) not in self._maps:
            known = ", ".join(m.name for m in self.maps(system)) or "none"
            raise KeyError(f"{system} has no map '{name}'; it has {known}")
        return self._maps[(system, name)]

    def find(self, system: str, entity: str) -> EntityMap | None:
        """The map that carries an entity in a system, the one named like the entity first."""
        return next((m for m in self.maps(system) if m.entity == entity), None)
