"""The only reader of the environment: where things are, how to connect, and what the company has decided.

Secrets stand in configuration files as ${NAME} and nowhere else, so that the files can be shared and reviewed. All
mistakes of all files are told at once, each with file, line, field and what to do.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from pydantic import SecretStr
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict

from crmerp_assets.canonical import MIRRORS, ecb
from crmerp_assets.mapping import ConfigurationError, EntityRules, Matrix, load_governance, load_matrix, retirement
from crmerp_assets.mapping.document import At, Document, did_you_mean, merged, read
from crmerp_assets.mapping.validation import parse
from crmerp_assets.merge.lanes import ALONE, Lane, LaneConfig, lanes
from crmerp_assets.merge.policy import Policy
from crmerp_assets.merge.three_way import Role
from crmerp_assets.systems import ConnectionConfig, SystemFault, find, folders, known, names
from crmerp_assets.systems.lanes import KEY as LANES
from crmerp_assets.systems.lanes import governed, read_lanes, unmapped

Environment: TypeAlias = Mapping[str, str]
Loaded = TypeVar("Loaded")

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_SECRETS = ("client_secret", "private_key", "token", "refresh_token", "password", "secret", "account_key", "api_key")


class Settings(BaseSettings):
    """Variables named CRMERP_*, from the environment or from `.env`.

    `env_file` holds the variables that connections.yaml refers to, for those that the environment lacks. `lane` is the
    one to work in where there are several; ledger, warehouse and reports are that lane's own.
    """

    model_config = SettingsConfigDict(env_prefix="CRMERP_", env_file=".env", extra="ignore", frozen=True)

    state: Path = Path(".crmerp")
    config: Path = Path("config")
    env_file: Path = Path(".env")
    ledger_url: SecretStr | None = None
    lane: str | None = None

    def within(self, lane: str | None) -> Settings:
        """The same settings in a lane; an empty name is the lane without one."""
        return self.model_copy(update={"lane": lane or None})

    @property
    def home(self) -> Path:
        """The folder of what a lane has for itself: the state folder, unless there are several lanes."""
        return self.state / "lanes" / self.lane if self.lane else self.state

    @property
    def ledger(self) -> str:
        """The ledger's database URL: SQLite in the state folder unless another one is given; a schema for each lane."""
        if self.ledger_url is None:
            return f"sqlite:///{self.home / 'ledger.sqlite'}"
        return _in_schema(self.ledger_url.get_secret_value(), f"lane_{self.lane}" if self.lane else None)

    @property
    def common(self) -> str:
        """The URL of what all lanes count and claim together; the ledger itself where there is one lane."""
        if self.lane is None:
            return self.ledger
        if self.ledger_url is None:
            return f"sqlite:///{self.state / 'common.sqlite'}"
        return _in_schema(self.ledger_url.get_secret_value(), "lanes_common")

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.home / "warehouse.duckdb"

    @property
    def reports(self) -> Path:
        """The folder of published reports."""
        return self.home / "reports"


def _in_schema(url: str, schema: str | None) -> str:
    """The URL of a schema of its own."""
    from crmerp_assets.ledger.engine import in_schema  # SQLAlchemy is slow to import, and most commands ask for less

    return url if schema is None else in_schema(url, schema)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that the configuration folder says, on top of what is packaged.

    Where it says several lanes, `lanes` holds what counts in each of them: its two connections, its policy and its
    mapping. `lane` is the one that this is of.
    """

    connections: tuple[ConnectionConfig, ...]
    policy: Policy
    matrix: Matrix
    governance: Mapping[str, EntityRules]
    lane: Lane = ALONE
    lanes: tuple[Configuration, ...] = ()

    @property
    def each(self) -> tuple[Configuration, ...]:
        """One configuration a lane; this one itself where there is only one."""
        return self.lanes or (self,)

    def side(self, role: Role) -> str:
        """The name of the lane's connection with this role."""
        return next(connection.name for connection in self.connections if connection.role == role)

    @property
    def mirrors(self) -> tuple[str, ...]:
        """The entities that show the ERP's documents in this lane's CRM."""
        crm = next((connection.type for connection in self.connections if connection.role == "crm"), "")
        return self.matrix.mirrors(crm)

    @property
    def planned(self) -> tuple[str, ...]:
        """The entities that are merged, planned and written in this lane."""
        return (*self.lane.entities, *self.mirrors)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the lanes; none where there is only one."""
        return tuple(one.lane.name for one in self.lanes)


def load_configuration(settings: Settings, environment: Environment | None = None) -> Configuration:
    """Read the configuration folder; every file in it is optional, and a missing folder means the defaults.

    ConfigurationError lists all mistakes. `environment` replaces the process's own variables and the `.env` file.
    """
    variables = _variables(settings.env_file) if environment is None else environment
    problems: list[str] = []
    _collected(problems, lambda: _policy(settings.within(None)))
    connections, found = _collected(problems, lambda: _connections(settings.config, variables)) or ((), ())
    whole = _collected(problems, lambda: _part(settings.within(None), () if found else connections))
    parts = [
        _collected(problems, partial(_in_lane, settings, connections, *one))
        for one in zip(lanes(found), found, strict=True)
    ]
    if problems or whole is None:
        raise ConfigurationError(dict.fromkeys(problems))
    return replace(whole, connections=connections, lanes=tuple(part for part in parts if part is not None))


def _part(settings: Settings, connections: tuple[ConnectionConfig, ...]) -> Configuration:
    """Policy, mapping and rules as they are outside of any lane, or in the lane of the settings."""
    problems: list[str] = []
    policy = _collected(problems, lambda: _policy(settings)) or Policy()
    matrix = _collected(problems, lambda: matrix_of(settings, policy.default_region))
    governance = _collected(problems, lambda: load_governance(overrides(settings)))
    if matrix is not None:
        matrix = matrix.without(set(MIRRORS) - set(policy.mirror.entities))
        problems += _unmirrored(policy, matrix, connections)
        problems += policy.deletions.unfit(partial(_can_deactivate, matrix, connections))
    if problems or matrix is None or governance is None:
        raise ConfigurationError(problems)
    return Configuration(connections, policy, matrix, governance)


def _in_lane(
    settings: Settings, connections: tuple[ConnectionConfig, ...], lane: Lane, config: LaneConfig
) -> Configuration:
    """What counts in one of several lanes: what is said for all of them, with what its own folder says on top."""
    part = _part(settings.within(lane.name), tuple(one for one in connections if one.name in config.ends))
    if problems := unmapped(lane, config, part.connections, part.matrix):
        raise ConfigurationError(problems)
    return replace(
        part, lane=lane, matrix=part.matrix.carrying(lane.canonical), governance=governed(lane, part.governance)
    )


def overrides(settings: Settings) -> list[Path]:
    """The folders of the user's files, the later ones on top: the configuration folder, and in it that of a lane."""
    return [settings.config, *([settings.config / LANES / settings.lane] if settings.lane else [])]


def matrix_of(settings: Settings, default_region: str | None = None) -> Matrix:
    """The mapping matrix: the packaged maps, those that the configured systems bring, and the user's on top."""
    return load_matrix(overrides(settings), default_region, folders(roles(settings.config)))


def lane_names(config: Path) -> list[str]:
    """The names of the lanes as connections.yaml says, without looking at anything else there."""
    path = config / "connections.yaml"
    entries = read(path).data.get(LANES) if path.exists() else None
    found = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return [str(one["name"]) for one in found if "name" in one]


def roles(config: Path) -> dict[str, Role]:
    """system -> role as connections.yaml says, without looking at anything else there: no secret is needed for it."""
    path = config / "connections.yaml"
    entries = read(path).data.get("connections") if path.exists() else None
    found = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return {str(one.get("type")): one["role"] for one in found if one.get("role") in ("crm", "erp")}


def _can_deactivate(matrix: Matrix, connections: tuple[ConnectionConfig, ...], entity: str, role: Role) -> bool:
    """Whether the system in this role lets records be taken out of use; without connections, nobody can say."""
    system = next((connection.type for connection in connections if connection.role == role), None)
    entity_map = matrix.find(system, entity) if system else None
    return system is None or (entity_map is not None and retirement(entity_map) is not None)


def _unmirrored(policy: Policy, matrix: Matrix, connections: tuple[ConnectionConfig, ...]) -> list[str]:
    """What the policy wants mirrored into CRMs that have no records for it; without connections, nobody can say."""
    crms = dict.fromkeys(connection.type for connection in connections if connection.role == "crm")
    return [problem for crm in crms for problem in policy.mirror.unmapped(matrix.mirrors(crm), crm)]


def _variables(env_file: Path) -> Environment:
    found = DotEnvSettingsSource(Settings, env_file=env_file, case_sensitive=True).env_vars
    return {name: value for name, value in found.items() if value is not None} | dict(os.environ)


def _collected(problems: list[str], load: Callable[[], Loaded]) -> Loaded | None:
    try:
        return load()
    except ConfigurationError as error:
        problems += error.problems
        return None


def _policy(settings: Settings) -> Policy:
    files = [path for folder in overrides(settings) if (path := folder / "policy.yaml").exists()]
    if not files:
        return Policy()
    document = read(files[0])
    for file in files[1:]:
        document = merged(document, read(file))
    return _with_rates(parse(Policy, document), document, settings.config)


def _with_rates(policy: Policy, document: Document, config: Path) -> Policy:
    """With the place of the fallback's file, which must be there and be one."""
    if policy.currencies.fallback == "none":
        return policy
    file = config / policy.currencies.file
    if wrong := ecb.problem(file):
        raise ConfigurationError([document.problem(("currencies", "file"), wrong)])
    return policy.model_copy(update={"currencies": policy.currencies.model_copy(update={"file": file})})


def _connections(config: Path, environment: Environment) -> tuple[tuple[ConnectionConfig, ...], tuple[LaneConfig, ...]]:
    path, keys = config / "connections.yaml", ("connections", LANES)
    if not path.exists():
        return (), ()
    document = read(path)
    problems = [
        document.problem((key,), f"'{key}' is not a key here{did_you_mean(key, keys)}")
        for key in document.data
        if key not in keys
    ]
    entries = document.data.get("connections") or []
    if not isinstance(entries, list):
        raise ConfigurationError([*problems, document.problem(("connections",), "a list of connections is expected")])
    document.data["connections"] = [
        _resolved(entry, ("connections", n), document, environment, problems) for n, entry in enumerate(entries)
    ]
    found: tuple[ConnectionConfig, ...] = ()
    for number in range(len(entries)):
        connection = _collected(problems, partial(_connection, document, number))
        found += (connection,) if connection else ()
    if not problems:
        problems += _twice(document, found)
    if problems:
        raise ConfigurationError(problems)
    return found, read_lanes(document, found)


def _connection(document: Document, number: int) -> ConnectionConfig:
    at: At = ("connections", number)
    entry = document.data["connections"][number]
    if not isinstance(entry, dict):
        raise ConfigurationError([document.problem(at, "a mapping of keys to values is expected here")])
    if "type" not in entry:
        raise ConfigurationError([document.problem(at, f"type is missing; say {' or '.join(names())}")])
    return _of_system(document, at, str(entry["type"]))


def _of_system(document: Document, at: At, kind: str) -> ConnectionConfig:
    if not known(kind):
        what = f"'{kind}' is not a type of connection{did_you_mean(kind, names())}"
        raise ConfigurationError([document.problem((*at, "type"), what)])
    try:
        system = find(kind)
    except SystemFault as fault:
        raise ConfigurationError([document.problem((*at, "type"), str(fault))]) from fault
    connection = parse(system.settings, document, at)
    if connection.role not in system.roles:
        what = f"{kind} can only be {' or '.join(system.roles)} here"
        raise ConfigurationError([document.problem((*at, "role"), what)])
    return connection


def _resolved(value: Any, at: At, document: Document, environment: Environment, problems: list[str]) -> Any:
    """The value with every ${NAME} replaced. A problem is noted for an unset one, and for a secret written out."""
    if isinstance(value, dict):
        return {k: _resolved(v, (*at, k), document, environment, problems) for k, v in value.items()}
    if at[-1] in _SECRETS and value is not None and not (isinstance(value, str) and _REFERENCE.fullmatch(value)):
        what = f"a secret must not be written here; put it in the environment and say {at[-1]}: ${{NAME}}"
        problems.append(document.problem(at, what))
        return "hidden"
    if not isinstance(value, str):
        return value
    for name in _REFERENCE.findall(value):
        if not environment.get(name):
            problems.append(document.problem(at, f"the variable {name} is not set; export it or add it to .env"))
    return _REFERENCE.sub(lambda found: environment.get(found[1]) or found[1], value)


def _twice(document: Document, connections: Sequence[ConnectionConfig]) -> list[str]:
    """Names or databases that two connections have."""
    names = [connection.name for connection in connections]
    problems = [
        document.problem(("connections", n, "name"), f"'{name}' is the name of two connections; rename one")
        for n, name in enumerate(names)
        if name in names[:n]
    ]
    places = [connection.place for connection in connections if connection.place]
    return problems + [
        document.problem(("connections",), f"{place} is that of two connections; connect each to a database of its own")
        for place in dict.fromkeys(places)
        if places.count(place) > 1
    ]


def use_lane(name: str | None) -> str | None:
    """Work in a lane from now on, in this process and those that it starts; returns the one before."""
    before = os.environ.pop("CRMERP_LANE", None)
    if name is not None:
        os.environ["CRMERP_LANE"] = name
    return before


def ends(settings: Settings, configuration: Configuration) -> dict[str, tuple[str, str, Path]]:
    """Each lane's CRM and ERP, and its folder of reports."""
    return {
        one.lane.name: (one.side("crm"), one.side("erp"), settings.within(one.lane.name).reports)
        for one in configuration.lanes
    }


def child_environment(extra: Environment) -> dict[str, str]:
    """The environment for a process that we start: ours, with `extra` on top."""
    return dict(os.environ) | dict(extra)
