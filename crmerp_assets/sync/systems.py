"""Can the platform do its work in each system: credentials, permissions, fields."""

from dataclasses import asdict

from crmerp_assets.connectors.protocol import FieldSpec, Finding, Needs, ProvisionStep
from crmerp_assets.mapping.provision import fields_to_provision, needs
from crmerp_assets.sync.platform import Platform


def check(platform: Platform) -> list[tuple[str, Finding]]:
    """Findings per connection, in the order of the configuration."""
    return [
        (connection.name, finding)
        for connection in platform.connections.values()
        for finding in connection.connector.check(
            {name: Needs(need.read, need.write) for name, need in needs(platform.matrix, connection.system).items()}
        )
    ]


def provision(platform: Platform, *, dry_run: bool) -> list[tuple[str, ProvisionStep]]:
    """The custom fields of the mapping and whether each is there; creates missing ones unless `dry_run`."""
    return [
        (connection.name, step)
        for connection in platform.connections.values()
        for step in connection.connector.provision(
            [FieldSpec(**asdict(spec)) for spec in fields_to_provision(platform.matrix, connection.system)], dry_run
        )
    ]
