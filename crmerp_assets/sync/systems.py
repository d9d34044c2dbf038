"""Can the platform do its work in each system: credentials, permissions, fields."""

from dataclasses import asdict

import polars as pl

from crmerp_assets.connectors.errors import ConnectorError
from crmerp_assets.connectors.protocol import FieldSpec, Finding, ProvisionStep
from crmerp_assets.connectors.rights import findings
from crmerp_assets.mapping.provision import fields_to_provision
from crmerp_assets.sync.pauses import put_right
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets.sync.rights import UNTOLD, Privileges, by_object, needs_of, privileges


def check(platform: Platform) -> list[tuple[str, Finding]]:
    """Findings per connection, in the order of the configuration; one that rested for its faults and passes goes on."""
    found = [
        (one.connection, finding)
        for one in privileges(platform)
        for finding in _looked_at(platform, platform.connections[one.connection], one)
    ]
    failing = {name for name, finding in found if not finding.ok}
    for name in platform.connections:
        if name not in failing:
            put_right(platform, name)
    return found


def _looked_at(platform: Platform, connection: Connection, rights: Privileges) -> list[Finding]:
    """What the connector finds, then its rights; where the one already says that nothing works, the other is silent."""
    found = connection.connector.check(by_object(rights.needs))
    found.extend(_of_another_kind(platform, connection, found))
    if rights.problem is not None and rights.problem != UNTOLD and all(finding.ok for finding in found):
        found.append(Finding(False, f"The rights cannot be looked at: {rights.problem}", "Run `crmerp check` again."))
    return [*found, *findings(rights.rights)]


def _of_another_kind(platform: Platform, connection: Connection, found: list[Finding]) -> list[Finding]:
    """The custom fields that are there and not as the mapping needs them: a key that is not unique makes doubles.

    What is missing altogether, the connector has found already.
    """
    connector = connection.connector
    try:
        return [
            Finding(False, f"{step.spec.object}.{step.spec.name} is not as the mapping needs it", step.manual)
            for step in connector.provision(_specs(platform, connection), dry_run=True)
            if step.manual and not step.done and step.spec.name in connector.describe(step.spec.object)
        ]
    except ConnectorError as error:
        return [] if any(not finding.ok for finding in found) else [Finding(False, "custom fields", str(error))]


def _specs(platform: Platform, connection: Connection) -> list[FieldSpec]:
    return [FieldSpec(**asdict(spec)) for spec in fields_to_provision(platform.matrix, connection.system)]


def provision(platform: Platform, *, dry_run: bool) -> list[tuple[str, ProvisionStep]]:
    """The custom fields of the mapping and whether each is there; creates missing ones unless `dry_run`.

    A connection that has them all after that goes on if it rested because one was missing.
    """
    steps = [
        (connection.name, step)
        for connection in platform.connections.values()
        for step in connection.connector.provision(_specs(platform, connection), dry_run)
    ]
    lacking = {name for name, step in steps if not step.done}
    for name in platform.connections:
        if not dry_run and name not in lacking:
            put_right(platform, name)
    return steps


def provisioned(platform: Platform, steps: list[tuple[str, ProvisionStep]]) -> pl.DataFrame:
    """The steps as people read them: each field with its shape, what it is for, where it shows, what to do by hand."""
    serves = {
        (name, need.object, need.field): ", ".join(need.serves)
        for name, connection in platform.connections.items()
        for need in needs_of(platform, connection)
    }
    rows = [
        {
            "connection": name,
            "object": step.spec.object,
            "field": step.spec.name,
            "label": step.spec.label,
            "type": _shape(step.spec),
            "for": serves.get((name, step.spec.object, step.spec.name), "its own key"),
            "place": step.place or None,
            "done": step.done,
            "by_hand": step.manual,
        }
        for name, step in steps
    ]
    return pl.DataFrame(rows, schema=_PROVISIONED)


_PROVISIONED = dict.fromkeys(("connection", "object", "field", "label", "type", "for", "place"), pl.String()) | {
    "done": pl.Boolean(),
    "by_hand": pl.String(),
}


def _shape(spec: FieldSpec) -> str:
    size = ",".join(str(part) for part in (spec.length, spec.scale) if part is not None)
    shape = f"{spec.type}({size})" if size else spec.type
    values = f": {', '.join(spec.values)}" if spec.values else ""
    return f"{shape}{values}{', unique' if spec.external_id else ''}"
