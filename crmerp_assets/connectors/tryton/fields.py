"""What the connector must know of a native object: its model, its field paths, and what its records consist of.

A path is what the mapping says: a field of the model (`description`), a name behind a reference (`currency.code`), or
a part of a record that Tryton keeps in records of its own (`billing.city`, `phone`). The table is in objects.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from crmerp_assets.connectors.tryton.values import Kind, text, truth

SYSTEM = "tryton"
Record: TypeAlias = Mapping[str, Any]
"""A record as Tryton sends it: fields by name, and what lies behind a reference or a list under `name.`"""
Domain: TypeAlias = list[Any]
Reading: TypeAlias = Callable[[Record], str | None]
Part: TypeAlias = Literal["field", "named", "address", "mechanism", "identifier", "key"]


@dataclass(frozen=True, slots=True)
class Column:
    """One path: the fields to ask for, and how its value comes out of the answer.

    `part` says where a value is written; None for a path that is read only. `target` is the field of the record or of
    its part, `lookup` the model and field in which a name is looked up, `find` the domain of the records that have one
    of some values, where that is not the path itself.
    """

    asks: tuple[str, ...]
    read: Reading
    part: Part | None = None
    target: str = ""
    kind: Kind = "text"
    lookup: tuple[str, str] | None = None
    find: Callable[[Sequence[str]], Domain] | None = None


@dataclass(frozen=True, slots=True)
class Child:
    """A child list: `rows` are the records of it that count, in their order, and `columns` their paths."""

    asks: tuple[str, ...]
    rows: Callable[[Record], Sequence[Record]]
    columns: Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class NativeObject:
    """One object of the protocol. `only` are the records of the model that belong to it; `parts` the lists, with their
    models, whose own records change without moving the record's time of change. `workflow`: its records are made step
    by step; those that are not `creatable` are made in Tryton by people. `joined_late`: a record may come to belong to
    it long after it got its id, as an invoice line does that pays later.
    """

    name: str
    model: str
    columns: Mapping[str, Column]
    only: Callable[[Mapping[str, Any]], Domain] = lambda _context: []
    parts: Mapping[str, str] = field(default_factory=dict)
    children: Mapping[str, Child] = field(default_factory=dict)
    writeable: bool = False
    creatable: bool = True
    merges: bool = False
    workflow: bool = False
    joined_late: bool = False


def plain(name: str, kind: Kind = "text") -> Column:
    """A field of the model that may be written."""

    def read(record: Record) -> str | None:
        value = record.get(name)
        return text(truth(value) if kind == "boolean" and value is not None else value)

    return Column((name,), read, "field", name, kind)


def computed(*asks: str, read: Reading | None = None) -> Column:
    """A field that is read only; of several fields, or of a form that only `read` knows."""
    return Column(asks, read or (lambda record: text(behind(record, asks[0]))))


def named(path: str, model: str) -> Column:
    """A reference known by what it leads to, such as `currency.code`."""
    target, _, by = path.partition(".")
    return Column((path,), lambda record: text(behind(record, path)), "named", target, "reference", (model, by))


def behind(record: Record, path: str) -> Any:
    """The value at a dotted path, None where a reference on the way is empty."""
    first, _, rest = path.partition(".")
    if not rest:
        return record.get(first)
    inner = record.get(f"{first}.")
    return behind(inner, rest) if isinstance(inner, Mapping) else None


def versions(native: NativeObject, record: Record) -> dict[str, str]:
    """The versions of a record and of its parts as they were read, by what Tryton calls them: it refuses a write that
    changes one of them after somebody else did."""
    found = {f"{native.model},{record['id']}": text(record.get("_timestamp"))}
    for name, model in native.parts.items():
        rows = record.get(f"{name}.")
        for row in rows if isinstance(rows, list) else [rows] if rows else []:
            found[f"{model},{row['id']}"] = text(row.get("_timestamp"))
    return {name: version for name, version in found.items() if version}


def listed(record: Record, name: str) -> list[Record]:
    """The records of a list, as far as they are in use."""
    return [row for row in record.get(f"{name}.") or [] if truth(row.get("active", True))]
