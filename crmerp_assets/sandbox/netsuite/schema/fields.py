"""The words in which a record type is described; the REST API and SuiteQL name the same value differently."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "text", "email", "phone", "boolean", "integer", "number", "money", "rate", "date", "datetime", "reference", "choice"
]


@dataclass(frozen=True, slots=True)
class Field:
    """One body or line field: its REST name, its SuiteQL column and what a value of it must look like."""

    name: str
    kind: Kind
    column: str
    label: str
    length: int | None = None
    target: str | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    required: bool = False
    readonly: bool = False
    custom: bool = False


@dataclass(frozen=True, slots=True)
class Sublist:
    """A list inside a record; a written line is merged with the stored one of the same key, or added."""

    name: str
    fields: Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class RecordType:
    """One REST record type. `pool` names the group of types that share ids and external ids."""

    name: str
    label: str
    table: str
    pool: str
    code: str
    type_id: int
    fields: Mapping[str, Field]
    sublists: Mapping[str, Sublist] = field(default_factory=dict)
    modified: str | None = "lastmodifieddate"
    created: str | None = "createddate"
    readonly: bool = False

    @property
    def transaction(self) -> bool:
        return self.pool == "transaction"


def _label(name: str) -> str:
    return "".join(f" {c}" if c.isupper() else c for c in name).strip().title()


def _field(
    name: str,
    kind: Kind,
    column: str | None,
    label: str | None,
    length: int | None = None,
    *,
    target: str | None = None,
    choices: Mapping[str, str] | None = None,
    required: bool = False,
    readonly: bool = False,
) -> Field:
    return Field(
        name, kind, column or name.lower(), label or _label(name), length, target, choices or {}, required, readonly
    )


def text(
    name: str,
    length: int,
    column: str | None = None,
    label: str | None = None,
    required: bool = False,
    readonly: bool = False,
) -> Field:
    return _field(name, "text", column, label, length, required=required, readonly=readonly)


def email(name: str, length: int = 254) -> Field:
    return _field(name, "email", None, None, length)


def phone(name: str, length: int = 32) -> Field:
    return _field(name, "phone", None, None, length)


def boolean(name: str, column: str | None = None, readonly: bool = False) -> Field:
    return _field(name, "boolean", column, None, readonly=readonly)


def number(name: str, column: str | None = None, required: bool = False, readonly: bool = False) -> Field:
    return _field(name, "number", column, None, required=required, readonly=readonly)


def integer(name: str, column: str | None = None) -> Field:
    return _field(name, "integer", column, None)


def money(name: str, column: str | None = None, readonly: bool = False) -> Field:
    return _field(name, "money", column, None, readonly=readonly)


def rate(name: str, column: str | None = None) -> Field:
    """An amount, or a percentage written with its sign: -5 or "-10%"."""
    return _field(name, "rate", column, None)


def date(name: str, column: str | None = None, required: bool = False) -> Field:
    return _field(name, "date", column, None, required=required)


def datetime(name: str, column: str | None = None) -> Field:
    return _field(name, "datetime", column, None, readonly=True)


def reference(
    name: str,
    target: str,
    column: str | None = None,
    label: str | None = None,
    required: bool = False,
    readonly: bool = False,
) -> Field:
    return _field(name, "reference", column, label, target=target, required=required, readonly=readonly)


def choice(name: str, choices: Mapping[str, str], column: str | None = None, readonly: bool = False) -> Field:
    return _field(name, "choice", column, None, choices=choices, readonly=readonly)


def named(*fields: Field) -> dict[str, Field]:
    return {item.name: item for item in fields}
