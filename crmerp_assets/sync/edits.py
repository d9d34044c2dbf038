"""Change a planned write by hand, within the governance rules.

An edit counts as an edit made in the target system by that person: the write carries the edited value, the base of the
next three-way compare stays the value that was planned, so the edited one is seen as the target's own change and
reaches the other side like any other. That is sound only where the target may change the field at all. A field that
the other side owns is corrected there; any value written against its owner would be undone by the next plan.
"""

import json
from dataclasses import dataclass
from typing import Any

import polars as pl

from crmerp_assets.canonical import ENTITIES
from crmerp_assets.ledger.transitions import AT_REST
from crmerp_assets.mapping import EntityMap, FieldRule, fits
from crmerp_assets.mapping.single import standardised
from crmerp_assets.merge.three_way import Role
from crmerp_assets.sync import tables
from crmerp_assets.sync.decisions import NotDecidable
from crmerp_assets.sync.plan import MISFIT
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets.sync.translate import KEY, after, to_send


class NotEditable(NotDecidable):
    """The value may not be written by hand, or cannot be read; the message says what to do instead."""


@dataclass(frozen=True, slots=True)
class Edited:
    """The intent and, in a sentence, what happens next."""

    intent_id: str
    consequence: str


def edit(platform: Platform, intent_id: str, values: dict[str, str], by: str) -> Edited:
    """Let an intent send these values (canonical field -> text as typed) instead of the planned ones.

    Raises NotEditable, LookupError for an intent that does not exist, IllegalTransition for one that is in flight.
    """
    with platform.ledger.read() as tx:
        found = tx.intents.get([intent_id])
    if found.is_empty():
        raise LookupError(f"There is no planned write {intent_id}; `crmerp review parked` and `crmerp plan` list them.")
    intent = found.row(0, named=True)
    side = platform.connections[intent["connection"]]
    edits = json.loads(intent["edits"] or "{}")
    stamp = {"by": by, "at": platform.clock().isoformat()}
    for name, value in values.items():
        edits[name] = {"after": _allowed(platform, side, intent, name, value), **stamp}
    changed = intent | {"edits": json.dumps(edits, ensure_ascii=False)}
    _fitting(platform, side, changed)
    with platform.ledger.begin() as tx:
        tx.intents.edit(intent["id"], changed["edits"], by, f"edited {', '.join(values)}", over=MISFIT.name)
    return Edited(intent["id"], f"`crmerp apply` sends it to {side.name} with the new value of {', '.join(values)}.")


def find(platform: Platform, prefix: str) -> str:
    """The id of the one write at rest whose id starts like this. Raises LookupError."""
    with platform.ledger.read() as tx:
        ids = [id_ for id_ in tx.intents.open(states=AT_REST)["id"] if id_.startswith(prefix)]
    if len(ids) != 1:
        raise LookupError(f"{len(ids)} planned writes start with '{prefix}'; records are corrected in their system.")
    return str(ids[0])


def refusal(rule: FieldRule, role: Role, *, blank: bool) -> str | None:
    """Why a field of a write to this side may not be given another value, or None where it may."""
    other = "erp" if role == "crm" else "crm"
    if rule.owner == other:
        return f"the {other.upper()} decides it; correct it there, it comes here by itself"
    if rule.derived:
        return "it is computed from other records; correct those"
    if blank and rule.blank != "clear":
        return "its rule says that a blank clears nothing; give a value"
    return None


def _allowed(platform: Platform, side: Connection, intent: dict[str, Any], name: str, typed: str) -> str | None:
    """The canonical value to send. Raises NotEditable."""
    entity, entity_map = intent["entity"], platform.entity_map(side, intent["entity"])
    assert entity_map is not None
    planned = after(intent["changes"])
    if name not in planned or name == KEY:
        names = ", ".join(field for field in planned if field != KEY)
        raise NotEditable(f"This write to {side.name} has no field '{name}'; it has {names}.")
    if ENTITIES[entity].field(name).kind in ("ref", "lines"):
        raise NotEditable(f"{name} refers to other records; correct it in the system that decides it, then sync.")
    rule = platform.governance[entity].fields[name]
    if why := refusal(rule, side.role, blank=not typed.strip()):
        raise NotEditable(f"{entity} {name} in {side.name} cannot be edited: {why}.")
    return _read(platform, entity_map, intent, name, typed) if typed.strip() else None


def _read(platform: Platform, entity_map: EntityMap, intent: dict[str, Any], name: str, typed: str) -> str:
    region = entity_map.fields[name].region
    around = {region: _known(platform, intent, region)} if region else {}
    value, doubt = standardised(entity_map, name, typed, around)
    if value is None or doubt is not None:
        raise NotEditable(f"{doubt or f'{name}: this is understood as no value'}. Give it as it should be stored.")
    return value


def _known(platform: Platform, intent: dict[str, Any], name: str) -> str | None:
    """Another value of the record: as this write changes it, or as it is golden."""
    planned = to_send(intent)
    if name in planned:
        return planned[name]
    table = tables.compare(intent["entity"])
    with platform.warehouse.open() as con:
        row = con.execute(
            f'SELECT "golden.{name}" FROM {table.sql} WHERE golden_id = ?', [intent["golden_id"]]
        ).fetchone()
    return str(row[0]) if row and row[0] is not None else None


def _fitting(platform: Platform, side: Connection, intent: dict[str, Any]) -> None:
    """Raise NotEditable where the write, as edited, does not fit the target."""
    entity_map = platform.entity_map(side, intent["entity"])
    assert entity_map is not None
    changes = json.dumps({name: {"after": value} for name, value in to_send(intent).items()})
    frame = pl.DataFrame({"operation": [intent["operation"]], "changes": [changes]})
    if misfit := fits(entity_map, frame)[0]:
        raise NotEditable(f"This does not fit {side.name}: {misfit}.")
