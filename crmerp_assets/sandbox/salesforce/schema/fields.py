"""What a field and an object are, in the vendor's describe terms."""

from dataclasses import dataclass, field, replace
from typing import Any

TEXT_TYPES = frozenset({"string", "textarea", "email", "phone", "url", "picklist", "multipicklist"})
NUMBER_TYPES = frozenset({"double", "currency", "percent"})


@dataclass(frozen=True, slots=True)
class Field:
    """`relationship` names the parent in a path, `children` the list of these records on the parent."""

    name: str
    label: str
    type: str = "string"
    length: int = 0
    precision: int = 0
    scale: int = 0
    required: bool = False
    createable: bool = True
    updateable: bool = True
    default: Any = None
    unique: bool = False
    external_id: bool = False
    case_sensitive: bool = False
    values: tuple[str, ...] = ()
    restricted: bool = False
    reference_to: str | None = None
    relationship: str | None = None
    children: str | None = None
    calculated: bool = False
    name_field: bool = False
    custom: bool = False

    @property
    def column(self) -> str:
        """The column's SQLite definition; text compares without case, as the vendor's does."""
        return f'"{self.name}" {self._storage}'

    @property
    def finds(self) -> bool:
        """Whether records may be upserted by it."""
        return self.external_id or self.name == "Id"

    @property
    def indexed(self) -> bool:
        return self.external_id or self.unique or (self.type == "reference" and self.children is not None)

    @property
    def _storage(self) -> str:
        if self.type in ("boolean", "int"):
            return "INTEGER"
        if self.type in NUMBER_TYPES:
            return "REAL"
        insensitive = self.type in TEXT_TYPES and not self.case_sensitive
        return "TEXT COLLATE NOCASE" if insensitive else "TEXT"


@dataclass(slots=True)
class ObjectType:
    """`cascades` are the child lists that are deleted with their parent."""

    name: str
    label: str
    prefix: str
    fields: dict[str, Field] = field(default_factory=dict)
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    mergeable: bool = False
    tooling: bool = False
    cascades: tuple[str, ...] = ()

    def find(self, name: str) -> Field | None:
        """A field by its name, whatever the case."""
        exact = self.fields.get(name)
        if exact is not None:
            return exact
        lower = name.lower()
        return next((found for key, found in self.fields.items() if key.lower() == lower), None)

    @property
    def name_field(self) -> str:
        return next((name for name, found in self.fields.items() if found.name_field), "Id")


def text(name: str, label: str, length: int = 255, **more: Any) -> Field:
    return Field(name, label, "string", length, **more)


def picklist(name: str, label: str, values: tuple[str, ...] = (), **more: Any) -> Field:
    return Field(name, label, "picklist", 255, values=values, **more)


def money(name: str, label: str, **more: Any) -> Field:
    return Field(name, label, "currency", precision=18, scale=2, **more)


def number(name: str, label: str, precision: int = 18, scale: int = 2, **more: Any) -> Field:
    return Field(name, label, "double", precision=precision, scale=scale, **more)


def checkbox(name: str, label: str, default: bool = False, **more: Any) -> Field:
    return Field(name, label, "boolean", default=default, **more)


def lookup(name: str, label: str, target: str, children: str | None = None, **more: Any) -> Field:
    parent = name.removesuffix("Id")
    return Field(name, label, "reference", 18, reference_to=target, relationship=parent, children=children, **more)


def computed(found: Field) -> Field:
    """The same field, for reading only."""
    return replace(found, createable=False, updateable=False, required=False)
