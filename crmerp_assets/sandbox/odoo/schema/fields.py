"""Fields and models as data."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Compute = Callable[[Any, list[int]], dict[int, Any]]
NUMBERS = ("integer", "float", "monetary")
TEXTS = ("char", "text", "html", "selection")
_SQL = {"integer": "INTEGER", "many2one": "INTEGER", "boolean": "INTEGER", "float": "REAL", "monetary": "REAL"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field. A one2many has an inverse, a related one a path, a computed one a function of its record ids.

    `digits` are the decimals a float is rounded to when it is stored, `default` a value or a function of the database.
    """

    type: str
    string: str = ""
    relation: str | None = None
    inverse: str | None = None
    selection: tuple[tuple[str, str], ...] = ()
    required: bool = False
    readonly: bool = False
    related: str | None = None
    compute: Compute | None = None
    default: Any = None
    digits: int | None = None
    custom: bool = False
    size: int | None = None

    @property
    def stored(self) -> bool:
        """Whether the field is a column of its table."""
        return self.type != "one2many" and self.related is None and self.compute is None

    @property
    def sql(self) -> str:
        """The type of its column."""
        return _SQL.get(self.type, "TEXT")


@dataclass(slots=True)
class Model:
    """One model: `inherits` is the many2one to the record that it delegates its related fields to."""

    name: str
    label: str
    fields: dict[str, Field]
    order: str = "id"
    rec_name: str = "name"
    inherits: str | None = None
    transient: bool = False

    @property
    def table(self) -> str:
        """The name of its table."""
        return self.name.replace(".", "_")


def char(string: str = "", **options: Any) -> Field:
    return Field("char", string, **options)


def text(string: str = "", **options: Any) -> Field:
    return Field("text", string, **options)


def boolean(string: str = "", **options: Any) -> Field:
    return Field("boolean", string, **options)


def integer(string: str = "", **options: Any) -> Field:
    return Field("integer", string, **options)


def number(string: str = "", **options: Any) -> Field:
    return Field("float", string, **options)


def monetary(string: str = "", **options: Any) -> Field:
    return Field("monetary", string, **options)


def date(string: str = "", **options: Any) -> Field:
    return Field("date", string, **options)


def moment(string: str = "", **options: Any) -> Field:
    return Field("datetime", string, **options)


def choice(string: str, *values: str, **options: Any) -> Field:
    """A selection whose labels are its keys made readable."""
    labels = tuple((value, value.replace("_", " ").capitalize()) for value in values)
    return Field("selection", string, selection=labels, **options)


def one(relation: str, string: str = "", **options: Any) -> Field:
    return Field("many2one", string, relation, **options)


def children(relation: str, inverse: str, string: str = "") -> Field:
    return Field("one2many", string, relation, inverse)


def many(relation: str, string: str = "", **options: Any) -> Field:
    return Field("many2many", string, relation, **options)


def shown(path: str, type: str, relation: str | None = None, string: str = "") -> Field:
    """A field of another record, read through this one."""
    return Field(type, string, relation, related=path, readonly=True)
