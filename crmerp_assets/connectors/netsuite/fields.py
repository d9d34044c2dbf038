"""What the connector must know of a native object: how each REST field path is read by SuiteQL and written.

SuiteQL and REST name the same thing differently (`companyName` is `companyname`, `currency.symbol` needs a join, a
billing address lives three tables away). The table in objects.py says it once, in these words, for both directions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

SYSTEM = "netsuite"

Kind = Literal[
    "text", "number", "magnitude", "negated", "boolean", "date", "moment", "reference", "named", "address", "price"
]
"""magnitude: a number whose sign is left away; negated: one that SuiteQL stores with the sign turned round, as it does
for sales lines; moment: a date with time, in the account's time zone."""

CUSTOM_PREFIXES = ("custentity", "custbody", "custitem", "custcol")
ADDRESS_SIDES = ("billing", "shipping")
FOR_SALE = "Sale"
"""The use of an item that tells none."""
ADDRESS_PARTS = ("addressee", "addr1", "addr2", "city", "state", "zip", "country")


@dataclass(frozen=True, slots=True)
class Column:
    """One field path: `sql` over alias `t` and the joins it needs; `body` is the REST property it is written to.

    `lookup` names the table that a named reference is looked up in; `points_to` the object a reference leads to.
    """

    sql: str
    kind: Kind = "text"
    joins: tuple[str, ...] = ()
    body: str | None = None
    lookup: str | None = None
    points_to: str | None = None

    @property
    def writeable(self) -> bool:
        return self.body is not None or self.kind in ("address", "price")


@dataclass(frozen=True, slots=True)
class Child:
    """A child list, read for up to 1,000 parents in one query.

    `unique` are the numbers that order the rows of all parents totally, `parent` the one that says whose they are,
    `order` the one that orders the rows of one parent.
    """

    source: str
    parent: str
    unique: tuple[str, ...]
    columns: Mapping[str, Column]
    order: str | None = None


@dataclass(frozen=True, slots=True)
class NativeObject:
    """One object of the protocol: its SuiteQL table, its REST record type, its fields and children.

    Where its records have several record types, `record_type` is the one of new records, and `record_types` has those
    of the others by kind, or by kind and use (`Service Resale`).
    """

    name: str
    table: str
    record_type: str
    columns: Mapping[str, Column]
    joins: Mapping[str, str] = field(default_factory=dict)
    only: str | None = None
    modified_by: str | None = None
    children: Mapping[str, Child] = field(default_factory=dict)
    deleted_types: tuple[str, ...] = ()
    record_types: Mapping[str, str] = field(default_factory=dict)
    natural_key: str | None = None

    def record_type_of(self, kind: str, use: str | None) -> str | None:
        """The record type of that kind of record; None where records of the kind are not written."""
        return self.record_types.get(kind) or self.record_types.get(f"{kind} {use or FOR_SALE}")


def is_custom(path: str) -> bool:
    return path.startswith(CUSTOM_PREFIXES)


def plain(name: str, kind: Kind = "text", sql: str | None = None) -> Column:
    """A field that REST and SuiteQL know by one name, and that may be written."""
    return Column(sql or f"t.{name.lower()}", kind, body=name)


def computed(name: str, kind: Kind = "text") -> Column:
    """A field that NetSuite computes: read only. `name` is the SuiteQL column."""
    return Column(f"t.{name}", kind)


def reference(name: str, points_to: str | None = None, sql: str | None = None) -> Column:
    return Column(sql or f"t.{name.lower()}", "reference", body=name, points_to=points_to)


def named(name: str, join: str, sql: str, lookup: str) -> Column:
    """A reference known by the name of what it leads to, such as `terms.name`."""
    return Column(sql, "named", (join,), body=name, lookup=lookup)
