"""What every use case is given: the configured connections and the state they work on."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from pydantic import BaseModel

from crmerp_assets import __version__
from crmerp_assets.canonical import ENTITIES
from crmerp_assets.connectors.protocol import Connector
from crmerp_assets.ledger import Ledger
from crmerp_assets.mapping import EntityMap, EntityRules, Matrix, projection
from crmerp_assets.merge.lanes import ALONE, Lane
from crmerp_assets.merge.policy import Policy
from crmerp_assets.merge.three_way import Role
from crmerp_assets.warehouse import Warehouse

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def in_one_transaction(
    stage: Callable[Concatenate["Platform", Parameters], Result],
) -> Callable[Concatenate["Platform", Parameters], Result]:
    """A stage that stores all of its work in the warehouse, or nothing. It must not call an API."""

    @wraps(stage)
    def whole(platform: "Platform", *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        with platform.warehouse.open():
            return stage(platform, *args, **kwargs)

    return whole  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Connection:
    """One configured system and the connector that speaks to it."""

    name: str
    role: Role
    system: str
    connector: Connector


@dataclass(frozen=True, slots=True)
class Platform:
    """The composition root's product; use cases take it first and read nothing else.

    It has two sides. Where there are several lanes each has a platform, with a ledger and a warehouse of its own;
    `common` is the ledger in which all of them count calls and claim deals.
    """

    connections: Mapping[str, Connection]
    warehouse: Warehouse
    ledger: Ledger
    matrix: Matrix
    governance: Mapping[str, EntityRules]
    policy: Policy
    clock: Callable[[], datetime]
    lane: Lane = ALONE
    common: Ledger | None = None

    @property
    def shared(self) -> Ledger:
        """The ledger of all lanes together; with one lane, its own."""
        return self.common or self.ledger

    def prefix(self, entity: str) -> str:
        """How the golden ids of an entity begin, and with them the keys that are ours."""
        return self.lane.prefix(ENTITIES[entity].key_prefix)

    def consumer(self, stage: str, *configuration: BaseModel | str | None) -> str:
        """The name under which a stage remembers what it has processed.

        It changes with the configuration that the stage works by and with the release: then all is processed again.
        """
        given = [part for part in configuration if part is not None]
        read = [__version__, *(part if isinstance(part, str) else part.model_dump_json() for part in given)]
        return f"{stage}@{hashlib.sha256('|'.join(read).encode()).hexdigest()[:12]}"

    def side(self, role: Role) -> Connection:
        """The connection with this role."""
        return next(connection for connection in self.connections.values() if connection.role == role)

    def map(self, connection: str, name: str) -> EntityMap:
        """The map called `name` for the system of `connection`."""
        return self.matrix.map(self.connections[connection].system, name)

    def entity_map(self, connection: Connection, entity: str) -> EntityMap | None:
        """The map that carries `entity` on this connection, or None where the system does not hold it."""
        if connection.role == "erp" and entity in self.mirrors:
            return projection(connection.system, entity)
        return self.matrix.find(connection.system, entity)

    @property
    def mirrors(self) -> tuple[str, ...]:
        """The entities that show documents of the ERP in the CRM."""
        return self.matrix.mirrors(self.side("crm").system)

    def close(self) -> None:
        """Close the ledger and every connector."""
        for connection in self.connections.values():
            connection.connector.close()
        self.ledger.close()
        if self.common is not None:
            self.common.close()
