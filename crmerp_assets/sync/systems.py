"""Can the platform do its work in each system: credentials, permissions, fields."""

from dataclasses import asdict

from crmerp_assets.connectors.protocol import FieldSpec, Finding, Needs, ProvisionStep
from crmerp_assets.mapping.provision import fields_to_provision, needs
from crmerp_assets.sync.pauses import put_right
from crmerp_assets.sync.platform import Platform


def check(platform: Platform) -> list[tuple[str, Finding]]:
    """Findings per connection, in the order of the configuration; one that rested for its faults and passes goes on."""
    findings = [
        (connection.name, finding)
        for connection in platform.connections.values()
        for finding in connection.connector.check(
            {name: Needs(need.read, need.write) for name, need in needs(platform.matrix, connection.system).items()}
        )
    ]
    failing = {name for name, finding in findings if not finding.ok}
    for name in platform.connections:
        if name not in failing:
            put_right(platform, name)
    return findings


def provision(platform: Platform, *, dry_run: bool) -> list[tuple[str, ProvisionStep]]:
    """The custom fields of the mapping and whether each is there; creates missing ones unless `dry_run`.

    A connection that has them all after that goes on if it rested because one was missing.
    """
    steps = [
        (connection.name, step)
        for connection in platform.connections.values()
        for step in connection.connector.provision(
            [FieldSpec(**asdict(spec)) for spec in fields_to_provision(platform.matrix, connection.system)], dry_run
        )
    ]
    lacking = {name for name, step in steps if not step.done and not step.manual}
    for name in platform.connections:
        if not dry_run and name not in lacking:
            put_right(platform, name)
    return steps
