"""Least privilege: what every connection's user needs, what of it was granted, and what it has beyond.

The needs come from maps, governance and policy, whatever the system; each connector says them in its system's rights.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from crmerp_assets.connectors.errors import ConnectorError
from crmerp_assets.connectors.protocol import Needs, Privileged, Right
from crmerp_assets.connectors.rights import named
from crmerp_assets.mapping import FieldNeed, Matrix, field_needs
from crmerp_assets.mapping.governance import EntityRules
from crmerp_assets.mapping.needs import STAGES
from crmerp_assets.merge.policy import Policy
from crmerp_assets.merge.three_way import Role
from crmerp_assets.sync.platform import Connection, Platform

UNTOLD = "This system's connector does not know its rights: compare the user's with the fields below by hand."


@dataclass(frozen=True, slots=True)
class Privileges:
    """One connection: the fields that it needs, its rights, and why they could not be looked at."""

    connection: str
    system: str
    needs: list[FieldNeed]
    rights: list[Right]
    problem: str | None = None


def privileges(platform: Platform) -> list[Privileges]:
    """Every connection in the order of the configuration. Nothing is changed in any system."""
    return [of_connection(platform, connection) for connection in platform.connections.values()]


def of_connection(platform: Platform, connection: Connection) -> Privileges:
    """One connection. Nothing is changed in its system."""
    fields = needs_of(platform, connection)
    if not isinstance(connection.connector, Privileged):
        return Privileges(connection.name, connection.system, fields, [], UNTOLD)
    try:
        rights = connection.connector.rights(by_object(fields))
    except ConnectorError as error:
        return Privileges(connection.name, connection.system, fields, [], str(error))
    return Privileges(connection.name, connection.system, fields, rights)


def needs_of(platform: Platform, connection: Connection) -> list[FieldNeed]:
    """The fields that a configured connection works with."""
    return needed(platform.matrix, platform.governance, platform.policy, connection.system, connection.role)


def needed(
    matrix: Matrix, governance: Mapping[str, EntityRules], policy: Policy, system: str, role: Role
) -> list[FieldNeed]:
    """The fields that a connection to this system in this role works with."""
    return field_needs(matrix.maps(system), governance, role, created(policy, role))


def created(policy: Policy, role: Role) -> frozenset[str]:
    """The entities of which the policy makes records on this side; orders in the ERP are what all is for."""
    rules = policy.create
    made = {name for name in ("customer", "contact", "product") if getattr(rules, name).of(role) != "never"}
    orders = role == "erp" or rules.order.crm == "always"
    shown = policy.mirror.entities if role == "crm" else ()
    return frozenset({*made, *shown, *(("order",) if orders else ())})


def by_object(fields: Iterable[FieldNeed]) -> dict[str, Needs]:
    """The same needs as connectors take them."""
    found: dict[str, list[FieldNeed]] = {}
    for need in fields:
        found.setdefault(need.object, []).append(need)
    return {
        object_: Needs(
            read=frozenset(need.field for need in some if need.read),
            write=frozenset(need.field for need in some if need.create or need.update),
            creates=any(need.create for need in some),
            updates=any(need.update for need in some),
        )
        for object_, some in found.items()
    }


NEEDS = ("connection", "object", "field", "access", "for", "stages")
RIGHTS = ("connection", "right", "state", "for", "where")


def needs_table(found: Iterable[Privileges]) -> pl.DataFrame:
    """One row per connection, object and field."""
    rows = [
        (one.connection, need.object, need.field, _access(need), ", ".join(need.serves), ", ".join(need.stages))
        for one in found
        for need in one.needs
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(NEEDS, pl.String), orient="row")


def rights_table(found: Iterable[Privileges]) -> pl.DataFrame:
    """One row per connection and right; those that are missing come first."""
    rows = [
        (one.connection, named(right), state(right), reason(right, one.needs), right.where)
        for one in found
        for right in sorted(one.rights, key=lambda right: _ORDER.index(state(right)))
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(RIGHTS, pl.String), orient="row")


def document(found: Iterable[Privileges]) -> list[dict[str, Any]]:
    """The same for scripts, connection by connection."""
    return [
        {
            "connection": one.connection,
            "system": one.system,
            "problem": one.problem,
            "needs": needs_table([one]).drop("connection").to_dicts(),
            "rights": rights_table([one]).drop("connection").to_dicts(),
        }
        for one in found
    ]


MISSING, UNKNOWN, GRANTED, MORE = "missing", "not told", "granted", "more than needed"
ADVICE = {
    MISSING: "grant it in {0}",
    UNKNOWN: "the system does not tell; look at it in {0}",
    MORE: "take it away in {0}",
}
_ORDER = (MISSING, MORE, UNKNOWN, GRANTED)


def state(right: Right) -> str:
    """In one word for people."""
    if not right.needed:
        return MORE
    return {True: GRANTED, False: MISSING, None: UNKNOWN}[right.granted]


def reason(right: Right, needs: Iterable[FieldNeed]) -> str:
    """What the right is for: golden fields where it is about fields, else entities and stages, else its own words."""
    if right.why or right.object is None:
        return right.why
    of_object = [need for need in needs if need.object == right.object]
    if right.fields:
        return ", ".join(dict.fromkeys(_serves(of_object, right.fields)))
    entities = dict.fromkeys(serves.partition(".")[0].partition(" ")[0] for n in of_object for serves in n.serves)
    found = {stage for need in of_object for stage in need.stages}
    return f"{', '.join(entities)}: {', '.join(stage for stage in STAGES if stage in found)}"


def _serves(needs: Iterable[FieldNeed], fields: tuple[str, ...]) -> Iterator[str]:
    for need in needs:
        if need.field in fields:
            yield from need.serves


def _access(need: FieldNeed) -> str:
    return ", ".join(name for name in ("read", "create", "update") if getattr(need, name))
