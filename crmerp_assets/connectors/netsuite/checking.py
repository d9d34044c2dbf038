"""Whether this connection can do what the mapping asks of it, and what to do where it cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from crmerp_assets.connectors.errors import AuthFailed, ConfigError, ConnectorError
from crmerp_assets.connectors.http import HttpClient
from crmerp_assets.connectors.netsuite.answers import read_json
from crmerp_assets.connectors.netsuite.fields import NativeObject, is_custom
from crmerp_assets.connectors.netsuite.metadata import Metadata
from crmerp_assets.connectors.netsuite.objects import native_object
from crmerp_assets.connectors.netsuite.provisioning import field_menu
from crmerp_assets.connectors.netsuite.suiteql import SuiteQL
from crmerp_assets.connectors.netsuite.times import WallClock
from crmerp_assets.connectors.netsuite.zonecheck import check_zone
from crmerp_assets.connectors.protocol import Finding, Limits, Needs

LIMITS_PATH = "/services/rest/system/v1/governanceLimits"
NOTHING = "Nothing to do."
_READ_RIGHTS = "Give the integration role the permissions that `crmerp check --rights` lists."


class Checker:
    """Looks at credentials, objects, fields, rights and limits without changing anything."""

    def __init__(
        self, http: HttpClient, connection: str, suiteql: SuiteQL, wall: WallClock, metadata: Metadata, concurrency: int
    ) -> None:
        self._http = http
        self._connection = connection
        self._suiteql = suiteql
        self._wall = wall
        self._metadata = metadata
        self._concurrency = concurrency

    def check(self, needs: Mapping[str, Needs]) -> list[Finding]:
        try:
            limits = self.limits()
        except AuthFailed as failure:
            return [Finding(False, f"Login to {self._connection} is refused", str(failure))]
        except ConnectorError as failure:
            return [Finding(False, f"{self._connection} does not answer as it should", str(failure))]
        findings = [
            Finding(True, f"Login to {self._connection} works", NOTHING),
            _places(limits.concurrent or 0, self._concurrency),
        ]
        self._metadata.forget()
        for object, need in needs.items():
            findings += self._object(object, need)
        return [*findings, check_zone(self._http, self._suiteql, self._wall)]

    def limits(self) -> Limits:
        answer = read_json(self._http.request("GET", LIMITS_PATH))
        allowed = answer.get("integrationConcurrencyLimit") or answer.get("accountUnallocatedConcurrencyLimit")
        return Limits(concurrent=int(allowed or answer["accountConcurrencyLimit"]))

    def _object(self, object: str, need: Needs) -> Iterator[Finding]:
        try:
            native = native_object(object)
            properties = frozenset(self._metadata.properties(native.record_type))
        except ConfigError as failure:
            return iter([Finding(False, f"{object} cannot be used: {failure}", _READ_RIGHTS)])
        return iter(
            [
                self._right(native),
                *self._fields(native, need.read, properties, self._readable, "read"),
                *self._fields(native, need.write, properties, self._writeable, "write"),
            ]
        )

    def _right(self, native: NativeObject) -> Finding:
        try:
            self._suiteql.rows(f"SELECT t.id AS id FROM {native.table} t WHERE t.id = 0")
        except ConnectorError as failure:
            return Finding(False, f"{native.name} cannot be read: {failure}", _READ_RIGHTS)
        return Finding(True, f"{native.name} can be read", NOTHING)

    def _fields(
        self,
        native: NativeObject,
        paths: frozenset[str],
        properties: frozenset[str],
        usable: Callable[[NativeObject, str, frozenset[str]], bool],
        verb: str,
    ) -> list[Finding]:
        bad = sorted(path for path in paths if not usable(native, path, properties))
        if not bad:
            return [Finding(True, f"{len(paths)} fields of {native.name} to {verb}", NOTHING)] if paths else []
        return [Finding(False, f"{native.name}.{path} cannot be {_PAST[verb]}", _remedy(native, path)) for path in bad]

    @staticmethod
    def _readable(native: NativeObject, path: str, properties: frozenset[str]) -> bool:
        if is_custom(path):
            return path in properties
        return path in native.columns or any(path in child.columns for child in native.children.values())

    @staticmethod
    def _writeable(native: NativeObject, path: str, properties: frozenset[str]) -> bool:
        column = native.columns.get(path)
        if column is not None:
            return column.writeable and (column.body is None or column.body in properties)
        return path.partition(".")[0] in native.children or path in properties


_PAST = {"read": "read", "write": "written"}


def _places(allowed: int, used: int) -> Finding:
    """One place is left to people's own tools and to other processes, where there are several."""
    what, best = f"{allowed} requests may run at once, {used} are used", max(1, allowed - 1)
    if used > allowed:
        now = f"Set concurrency to {best}, or give the integration record more concurrency in NetSuite."
        return Finding(False, what, now)
    return Finding(True, what, f"Set concurrency to {best} to use more." if used < best else NOTHING)


def _remedy(native: NativeObject, path: str) -> str:
    if is_custom(path):
        return f"Create it in {field_menu(native.name)} with the id {path} and apply it to {native.name}."
    return "Correct the field name in the mapping, or leave the field out."
