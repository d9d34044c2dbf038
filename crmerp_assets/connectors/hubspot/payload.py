"""One write as HubSpot takes it: properties as text, references as associations, lines as records of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from crmerp_assets.connectors.errors import Rejected
from crmerp_assets.connectors.hubspot.auth import SYSTEM
from crmerp_assets.connectors.hubspot.days import Days
from crmerp_assets.connectors.hubspot.objects import CHILDREN, DAYS, LINKS, PIPELINE, STAGE, STAGED, WON, Child, Link
from crmerp_assets.connectors.hubspot.schema import Schema
from crmerp_assets.connectors.protocol import Ref, Value, Write

Texts = dict[str, str]


@dataclass(slots=True)
class Payload:
    """`links` are the references to set, or to take away (None); `lines` the rows of each child list."""

    write: Write
    properties: Texts
    links: list[tuple[Link, str | None]] = field(default_factory=list)
    lines: list[tuple[Child, list[Texts]]] = field(default_factory=list)

    @property
    def plain(self) -> bool:
        return not self.links and not self.lines


Resolved = Mapping[Ref, str]


def payload(write: Write, schema: Schema, days: Days, resolved: Resolved) -> Payload:
    """Raises Rejected for a value that HubSpot has no form of. `resolved`: references by key -> native id."""
    made = Payload(write, {})
    links, lists = LINKS.get(write.object, {}), CHILDREN.get(write.object, {})
    moments = DAYS.get(write.object, {})
    for path, value in write.values.items():
        if path in links:
            made.links.append((links[path], _target(write, path, value, resolved)))
        elif path in lists and isinstance(value, list):
            made.lines.append((lists[path], [_line(write, path, row, resolved) for row in value]))
        elif path in moments:
            made.properties[moments[path]] = _day(write, path, value, days, schema)
        elif path not in STAGED.get(write.object, ()):
            made.properties[path] = _text(write, path, value, resolved)
    if write.values.get(WON) is True and STAGE not in made.properties:
        made.properties[STAGE] = schema.won_stage(made.properties.setdefault(PIPELINE, "default"))
    if write.operation == "create":
        made.properties[write.key_field] = write.key
        made.links = [(link, to) for link, to in made.links if to is not None]
    elif not write.native_id:
        raise rejected(write, None, "an update needs the record's id")
    elif made.lines:
        raise rejected(write, None, "line items are written when their deal is made; correct them in HubSpot")
    return made


def references(writes: Sequence[Write]) -> list[Ref]:
    """The references that say whom they mean by a key only."""
    rows = [value for write in writes for value in write.values.values() if isinstance(value, list)]
    lines = [value for row in rows for line in row for value in line.values()]
    found = [*(value for write in writes for value in write.values.values()), *lines]
    return [ref for ref in found if isinstance(ref, Ref) and ref.native_id is None and ref.key and ref.key_field]


def _line(write: Write, name: str, row: Mapping[str, Value], resolved: Resolved) -> Texts:
    return {path: _text(write, f"{name}.{path}", value, resolved) for path, value in row.items()}


def _target(write: Write, path: str, value: Value, resolved: Resolved) -> str | None:
    if value is None:
        return None
    if not isinstance(value, Ref):
        raise rejected(write, path, "a reference is expected")
    target = value.native_id or resolved.get(value)
    if target is None:
        raise rejected(write, path, f"HubSpot has no {value.object} with the key {value.key}")
    return target


def _day(write: Write, path: str, value: Value, days: Days, schema: Schema) -> str:
    try:
        return days.kept(str(value), schema.type_of(write.object, DAYS[write.object][path])) if value else ""
    except ValueError:
        raise rejected(write, path, "it is no date") from None


def _text(write: Write, path: str, value: Value, resolved: Resolved) -> str:
    """Nothing is written as the empty text, which clears."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Ref):
        return _target(write, path, value, resolved) or ""
    if isinstance(value, list):
        raise rejected(write, path, "a list of rows is written as records of its own object")
    return value


def rejected(write: Write, field: str | None, reason: str) -> Rejected:
    record = write.native_id or write.key
    named = f" at {field}" if field else ""
    message = f"{write.object} {record} was not sent{named}: {reason}; correct the plan or the mapping, then retry it."
    return Rejected(
        message, system=SYSTEM, object=write.object, record=record, field=field, reason=reason, code="NOT_SENT"
    )
