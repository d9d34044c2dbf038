"""Can this connection do what the mapping asks of it? One finding for each thing, with the next step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from crmerp_assets.connectors.errors import ConfigError, ConnectorError
from crmerp_assets.connectors.protocol import Finding, Needs
from crmerp_assets.connectors.salesforce.api import SalesforceApi
from crmerp_assets.connectors.salesforce.provisioning import Provisioning
from crmerp_assets.connectors.salesforce.schema import Schema

_NOTHING = "nothing to do"
_MOST_USED = 0.8


class Checking:
    def __init__(self, api: SalesforceApi, schema: Schema, provisioning: Provisioning, permission_set: str) -> None:
        self._api = api
        self._schema = schema
        self._provisioning = provisioning
        self._permission_set = permission_set

    def check(self, needs: Mapping[str, Needs]) -> list[Finding]:
        try:
            version = self._version()
        except ConnectorError as error:
            return [Finding(False, "credentials", str(error))]
        findings = [Finding(True, "credentials", _NOTHING), version]
        for object, need in sorted(needs.items()):
            findings.extend(self._object(object, need))
        return [*findings, self._permissions(), self._limits()]

    def _version(self) -> Finding:
        what, versions = f"API version {self._api.version}", self._api.versions()
        if self._api.version in versions:
            return Finding(True, what, _NOTHING)
        return Finding(False, what, f"set api_version of the connection to one of {', '.join(versions[-3:])}")

    def _object(self, object: str, need: Needs) -> Iterator[Finding]:
        try:
            self._schema.fields(object)
        except ConnectorError as error:
            yield Finding(False, object, str(error))
            return
        yield Finding(True, object, _NOTHING)
        yield from self._fields(object, need.read, "read", "grant read access to it")
        yield from self._fields(object, need.write, "write", "grant edit access to it, or do not map it for writing")

    def _fields(self, object: str, paths: Iterable[str], verb: str, advice: str) -> Iterator[Finding]:
        for path in sorted(paths):
            what = f"{verb} {object}.{path}"
            owner = self._schema.owner(object, path)
            field = self._schema.fields(owner[0]).get(owner[1]) if owner else None
            if field is None:
                yield Finding(
                    False, what, "provision it, grant field-level security for it, or take it off the mapping"
                )
            elif verb == "write" and not field.writeable:
                yield Finding(False, what, advice)
            else:
                yield Finding(True, what, _NOTHING)

    def _permissions(self) -> Finding:
        what = f"permission set {self._permission_set}"
        try:
            there = self._provisioning.permission_set_id()
        except ConfigError as error:
            return Finding(False, what, str(error))
        if there:
            return Finding(True, what, _NOTHING)
        return Finding(False, what, "make it in Setup > Permission Sets and assign it to the integration user")

    def _limits(self) -> Finding:
        limits = self._api.limits()
        what = f"daily API requests: {limits.used} of {limits.allowed} used"
        if limits.used is None or not limits.allowed or limits.used <= _MOST_USED * limits.allowed:
            return Finding(True, what, _NOTHING)
        return Finding(False, what, "wait for the last 24 hours to roll on, or ask Salesforce for more requests")
