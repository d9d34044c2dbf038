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


class NoLane(LookupError):
    """No lane was named though there are several, or one that there is not; the message says which there are."""

    def __init__(self, asked: str | None, names: tuple[str, ...]) -> None:
        said = f"There is no lane '{asked}'. " if asked else "There are several lanes. "
        known = f"Say --lane or CRMERP_LANE: {', '.join(names)}." if names else "connections.yaml has no `lanes`."
        super().__init__(said + known)


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
    configuration = in_lane(settings, load_configuration(settings))
    if not configuration.connections:
        raise NotConfigured(
            f"No connections are configured. Describe the CRM and the ERP in {settings.config}/connections.yaml "
            "(config/connections.yaml of the project is an example), or point CRMERP_CONFIG to your folder."
        )
    settings.home.mkdir(parents=True, exist_ok=True)
    _moved(settings)
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
    common = Ledger.open(settings.common, clock) if configuration.lane.name else None
    connections = {
        config.name: Connection(
            config.name,
            config.role,
            config.type,
            connector(config, clock, SharedBudget(common or ledger, config.name, config.type, budget, clock), sleep),
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
        lane=configuration.lane,
        common=common,
    )


def in_lane(settings: Settings, configuration: Configuration) -> Configuration:
    """The configuration of the lane that the settings name; of the only one where there is one. Raises NoLane."""
    found = next((one for one in configuration.each if one.lane.name == (settings.lane or "")), None)
    if found is None:
        raise NoLane(settings.lane, configuration.names)
    return found


def _moved(settings: Settings) -> None:
    """A ledger from before there were lanes belongs to one of them, and only a person knows to which."""
    before, now = settings.state / "ledger.sqlite", settings.home / "ledger.sqlite"
    if settings.lane and settings.ledger_url is None and before.exists() and not now.exists():
        raise NotConfigured(
            f"{before} is from before there were lanes. Move it into the lane whose two systems it is about, with the "
            f"warehouse and the reports: mv {settings.state}/ledger.sqlite* {settings.state}/warehouse.duckdb* "
            f"{settings.state}/reports {settings.state}/lanes/NAME/"
        )


def connector(config: ConnectionConfig, clock: Clock, meter: Meter, sleep: Sleep = time.sleep) -> Connector:
    """The connector of one connection; `meter` counts its calls, `sleep` is how it waits between attempts."""
    return find(config.type).connect(config, clock, meter, sleep)


class Platforms:
    """The platforms of one state of the configuration, one a lane, each built when it is first used."""

    def __init__(self) -> None:
        self._built: dict[str | None, Platform] = {}

    def of(self, settings: Settings, connect: Connect) -> Platform:
        """The platform of the settings' lane."""
        if settings.lane not in self._built:
            self._built[settings.lane] = build(settings, connect)
        return self._built[settings.lane]

    def close(self) -> None:
        """Close them all."""
        for platform in self._built.values():
            platform.close()


class Shared:
    """One platform a lane for a whole process: tokens, connections and lookups stay warm between runs.

    They are built anew when a configuration file changes, so that a new policy counts from the next run on.
    """

    _lock = threading.Lock()
    _built: tuple[tuple[object, ...], Platforms] | None = None

    @classmethod
    def platform(cls, settings: Settings, connect: Connect) -> Platform:
        """The process's platform for these settings."""
        stamp = (settings.state, settings.within(None).ledger, _stamp(settings.config))
        with cls._lock:
            if cls._built is None or cls._built[0] != stamp:
                if cls._built is None:
                    atexit.register(cls._close)
                cls._built = (stamp, Platforms())
            return cls._built[1].of(settings, connect)

    @classmethod
    def _close(cls) -> None:
        """Give back the calls that this process had reserved and did not make."""
        if cls._built is not None:
            cls._built[1].close()


def _stamp(folder: Path) -> tuple[tuple[str, int], ...]:
    files = sorted(path for path in folder.rglob("*.y*ml") if path.is_file()) if folder.exists() else []
    return tuple((str(path), path.stat().st_mtime_ns) for path in files)
