"""The only reader of the environment: where things are, how to connect, and what the company has decided.

Secrets stand in configuration files as ${NAME} and nowhere else, so that the files can be shared and reviewed. All
mistakes of all files are told at once, each with file, line, field and what to do.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from pydantic import SecretStr
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict

from crmerp_assets.canonical import ecb
from crmerp_assets.mapping import ConfigurationError, EntityRules, Matrix, load_governance, load_matrix, retirement
from crmerp_assets.mapping.document import At, Document, did_you_mean, read
from crmerp_assets.mapping.validation import parse
from crmerp_assets.merge.policy import Policy
from crmerp_assets.merge.three_way import Role
from crmerp_assets.systems import ConnectionConfig, SystemFault, find, folders, known, names

Environment: TypeAlias = Mapping[str, str]
Loaded = TypeVar("Loaded")

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_SECRETS = ("client_secret", "private_key", "token", "refresh_token", "password", "secret", "account_key", "api_key")


class Settings(BaseSettings):
    """Variables named CRMERP_*, from the environment or from `.env`.

    `env_file` holds the variables that connections.yaml refers to, for those that the environment lacks.
    """

    model_config = SettingsConfigDict(env_prefix="CRMERP_", env_file=".env", extra="ignore", frozen=True)

    state: Path = Path(".crmerp")
    config: Path = Path("config")
    env_file: Path = Path(".env")
    ledger_url: SecretStr | None = None

    @property
    def ledger(self) -> str:
        """The ledger's database URL: SQLite in the state folder unless another one is given."""
        return self.ledger_url.get_secret_value() if self.ledger_url else f"sqlite:///{self.state / 'ledger.sqlite'}"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.state / "warehouse.duckdb"

    @property
    def reports(self) -> Path:
        """The folder of published reports."""
        return self.state / "reports"


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that the configuration folder says, on top of what is packaged."""

    connections: tuple[ConnectionConfig, ...]
    policy: Policy
    matrix: Matrix
    governance: Mapping[str, EntityRules]


def load_configuration(settings: Settings, environment: Environment | None = None) -> Configuration:
    """Read the configuration folder; every file in it is optional, and a missing folder means the defaults.

    ConfigurationError lists all mistakes. `environment` replaces the process's own variables and the `.env` file.
    """
    variables = _variables(settings.env_file) if environment is None else environment
    problems: list[str] = []
    policy = _collected(problems, lambda: _policy(settings.config)) or Policy()
    connections = _collected(problems, lambda: _connections(settings.config, variables)) or ()
    matrix = _collected(problems, lambda: matrix_of(settings, policy.default_region))
    governance = _collected(problems, lambda: load_governance(settings.config))
    if matrix is not None:
        problems += policy.deletions.unfit(partial(_can_deactivate, matrix, connections))
    if problems or matrix is None or governance is None:
        raise ConfigurationError(dict.fromkeys(problems))
    return Configuration(connections, policy, matrix, governance)


def matrix_of(settings: Settings, default_region: str | None = None) -> Matrix:
    """The mapping matrix: the packaged maps, those that the configured systems bring, and the user's on top."""
    return load_matrix(settings.config, default_region, folders(roles(settings.config)))


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


def _variables(env_file: Path) -> Environment:
    found = DotEnvSettingsSource(Settings, env_file=env_file, case_sensitive=True).env_vars
    return {name: value for name, value in found.items() if value is not None} | dict(os.environ)


def _collected(problems: list[str], load: Callable[[], Loaded]) -> Loaded | None:
    try:
        return load()
    except ConfigurationError as error:
        problems += error.problems
        return None


def _policy(config: Path) -> Policy:
    path = config / "policy.yaml"
    if not path.exists():
        return Policy()
    document = read(path)
    return _with_rates(parse(Policy, document), document, config)


def _with_rates(policy: Policy, document: Document, config: Path) -> Policy:
    """With the place of the fallback's file, which must be there and be one."""
    if policy.currencies.fallback == "none":
        return policy
    file = config / policy.currencies.file
    if wrong := ecb.problem(file):
        raise ConfigurationError([document.problem(("currencies", "file"), wrong)])
    return policy.model_copy(update={"currencies": policy.currencies.model_copy(update={"file": file})})


def _connections(config: Path, environment: Environment) -> tuple[ConnectionConfig, ...]:
    path = config / "connections.yaml"
    if not path.exists():
        return ()
    document = read(path)
    problems = [
        document.problem((key,), f"'{key}' is not a key here{did_you_mean(key, ['connections'])}")
        for key in document.data
        if key != "connections"
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
        problems += _together(document, found)
    if problems:
        raise ConfigurationError(problems)
    return found


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


def _together(document: Document, connections: tuple[ConnectionConfig, ...]) -> list[str]:
    """Problems between connections: names twice, roles twice or missing."""
    names = [connection.name for connection in connections]
    roles = [connection.role for connection in connections]
    problems = [
        document.problem(("connections", n, "name"), f"'{name}' is the name of two connections; rename one")
        for n, name in enumerate(names)
        if name in names[:n]
    ]
    for role in ("crm", "erp"):
        if connections and roles.count(role) != 1:
            what = f"{roles.count(role)} connections have the role {role}; exactly one must"
            problems.append(document.problem(("connections",), what))
    return problems


def child_environment(extra: Environment) -> dict[str, str]:
    """The environment for a process that we start: ours, with `extra` on top."""
    return dict(os.environ) | dict(extra)
