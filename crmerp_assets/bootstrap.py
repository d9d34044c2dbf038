"""The composition root: settings become connectors, a ledger, a warehouse and a clock."""

import atexit
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from crmerp_assets.connectors.http import Meter
from crmerp_assets.connectors.protocol import Connector
from crmerp_assets.ledger import Ledger
from crmerp_assets.settings import Configuration, Settings, load_configuration
from crmerp_assets.sync.budget import SharedBudget
from crmerp_assets.sync.platform import Connection, Platform
from crmerp_assets.systems import Clock, ConnectionConfig, Sleep, find
from crmerp_assets.warehouse import Warehouse, file_connection, prepare_file

Connect = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]


class NotConfigured(RuntimeError):
    """There is no connection to work with; the message says where to describe one."""


def utc_now() -> datetime:
    """The wall clock, the only one of the platform."""
    return datetime.now(UTC)  # noqa: TID251


def build(
    settings: Settings,
    connect: Connect | None = None,
    clock: Clock = utc_now,
    sleep: Sleep = time.sleep,
) -> Platform:
    """Build the platform of a configuration. Raises ConfigurationError, NotConfigured, or the ledger's errors."""
    configuration = load_configuration(settings)
    if not configuration.connections:
        raise NotConfigured(
            f"No connections are configured. Describe the CRM and the ERP in {settings.config}/connections.yaml "
            "(config/connections.yaml of the project is an example), or point CRMERP_CONFIG to your folder."
        )
    settings.state.mkdir(parents=True, exist_ok=True)
    prepare_file(settings.warehouse)
    return assemble(settings, configuration, connect or file_connection(settings.warehouse), clock, sleep)


def assemble(
    settings: Settings,
    configuration: Configuration,
    connect: Connect,
    clock: Clock,
    sleep: Sleep = time.sleep,
) -> Platform:
    """Put the parts of an already loaded configuration together."""
    ledger, budget = Ledger.open(settings.ledger, clock), configuration.policy.budget
    connections = {
        config.name: Connection(
            config.name,
            config.role,
            config.type,
            connector(config, clock, SharedBudget(ledger, config.name, config.type, budget, clock), sleep),
        )
        for config in configuration.connections
    }
    return Platform(
        connections=connections,
        warehouse=Warehouse(connect),
        ledger=ledger,
        matrix=configuration.matrix,
        governance=configuration.governance,
        policy=configuration.policy,
        clock=clock,
    )


def connector(config: ConnectionConfig, clock: Clock, meter: Meter, sleep: Sleep = time.sleep) -> Connector:
    """The connector of one connection; `meter` counts its calls, `sleep` is how it waits between attempts."""
    return find(config.type).connect(config, clock, meter, sleep)


class Shared:
    """One platform for a whole process: tokens, connections and lookups stay warm between runs.

    It is built anew when a configuration file changes, so that a new policy counts from the next run on.
    """

    _lock = threading.Lock()
    _built: tuple[tuple[object, ...], Platform] | None = None

    @classmethod
    def platform(cls, settings: Settings, connect: Connect) -> Platform:
        """The process's platform for these settings."""
        stamp = (settings.state, settings.ledger, _stamp(settings.config))
        with cls._lock:
            if cls._built is None or cls._built[0] != stamp:
                if cls._built is None:
                    atexit.register(cls._close)
                cls._built = (stamp, build(settings, connect))
            return cls._built[1]

    @classmethod
    def _close(cls) -> None:
        """Give back the calls that this process had reserved and did not make."""
        if cls._built is not None:
            cls._built[1].close()


def _stamp(folder: Path) -> tuple[tuple[str, int], ...]:
    files = sorted(path for path in folder.rglob("*.y*ml") if path.is_file()) if folder.exists() else []
    return tuple((str(path), path.stat().st_mtime_ns) for path in files)
