"""From field paths to what must be asked of HubSpot, and from its records back to rows under those same paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from crmerp_assets.connectors.exactjson import scalar
from crmerp_assets.connectors.hubspot.api import Record
from crmerp_assets.connectors.hubspot.objects import (
    CHILDREN,
    DAYS,
    LINKS,
    PIPELINE,
    STAGE,
    STAGED,
    Child,
    Link,
    modified_property,
)
from crmerp_assets.connectors.protocol import Row

AUTHOR = "hs_updated_by_user_id"
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)")


@dataclass(frozen=True, slots=True)
class Selection:
    """The properties, references, stage fields, days and child lists (with their rows' properties) of one object."""

    object: str
    properties: tuple[str, ...]
    links: Mapping[str, Link] = field(default_factory=dict)
    staged: tuple[str, ...] = ()
    days: Mapping[str, str] = field(default_factory=dict)
    children: Mapping[str, tuple[Child, tuple[str, ...]]] = field(default_factory=dict)

    @property
    def asked(self) -> list[str]:
        """The properties to ask for."""
        system = [modified_property(self.object), AUTHOR]
        stage = [STAGE, PIPELINE] if self.staged else []
        return list(dict.fromkeys([*self.properties, *self.days.values(), *stage, *system]))

    @property
    def named(self) -> tuple[str, ...]:
        """The properties that the caller asks for, whether as they are or as days."""
        return (*self.properties, *self.days.values())

    @property
    def alone(self) -> bool:
        """Whether a record says everything by itself, without other records being read."""
        return not self.links and not self.children

    def row(self, record: Record) -> Row:
        """Without references, stage fields and child lists, which others put in."""
        values = record["properties"]
        row: Row = {path: text(values.get(path)) for path in self.properties}
        row["_id"] = str(record["id"])
        row["_modified"] = text(stamp_of(record, self.object))
        row["_modified_by"] = text(values.get(AUTHOR))
        return row


def select(object: str, fields: Sequence[str]) -> Selection:
    """Sort paths by what they lead to."""
    links, lists = LINKS.get(object, {}), CHILDREN.get(object, {})
    staged, days = STAGED.get(object, ()), DAYS.get(object, {})
    children: dict[str, list[str]] = {}
    properties: list[str] = []
    for path in dict.fromkeys(fields):
        first, _, rest = path.partition(".")
        if first in lists and rest:
            children.setdefault(first, []).append(rest)
        elif path not in links and path not in staged and path not in days:
            properties.append(path)
    return Selection(
        object,
        tuple(properties),
        {path: link for path, link in links.items() if path in fields},
        tuple(path for path in staged if path in fields),
        {path: moment for path, moment in days.items() if path in fields},
        {name: (lists[name], tuple(paths)) for name, paths in children.items()},
    )


def absent(records: Iterable[Record], properties: Sequence[str]) -> set[str]:
    """Properties that were asked for and are not even null: HubSpot leaves out those that it does not know."""
    asked = set(properties)
    return set().union(*(asked - record["properties"].keys() for record in records))


def stamp_of(record: Record, object: str) -> str:
    """When the record was changed, to the millisecond: by the property that search filters and sorts by.

    `updatedAt` is another clock's. Taken for where a search goes on, it would lead past rows that were not read.
    """
    return str(record["properties"].get(modified_property(object)) or record["updatedAt"])


def text(value: object) -> str | None:
    """The text of a native value; nothing is no text, and a timestamp becomes `YYYY-MM-DDTHH:MM:SSZ`."""
    plain = scalar(value) or None
    stamp = _TIMESTAMP.fullmatch(plain) if plain else None
    return f"{stamp[1]}Z" if stamp else plain
