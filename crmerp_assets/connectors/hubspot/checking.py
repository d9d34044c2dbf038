"""Can this connection do what the mapping asks of it? One finding for each thing, with the next step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from crmerp_assets.connectors.errors import ConnectorError
from crmerp_assets.connectors.hubspot.api import HubSpotApi
from crmerp_assets.connectors.hubspot.schema import Schema
from crmerp_assets.connectors.protocol import Finding, Needs

_NOTHING = "nothing to do"
_MOST_USED = 0.8


class Checking:
    def __init__(self, api: HubSpotApi, schema: Schema) -> None:
        self._api, self._schema = api, schema

    def check(self, needs: Mapping[str, Needs]) -> list[Finding]:
        try:
            self._api.get(self._api.paths.account)
        except ConnectorError as error:
            return [Finding(False, "credentials", str(error))]
        findings = [Finding(True, "credentials", _NOTHING)]
        for object, need in sorted(needs.items()):
            findings.extend(self._object(object, need))
        return [*findings, self._limits()]

    def _object(self, object: str, need: Needs) -> Iterator[Finding]:
        try:
            self._schema.fields(object)
            self._api.get(self._api.paths.objects(object), {"limit": "1"})
        except ConnectorError as error:
            yield Finding(False, object, str(error))
            return
        yield Finding(True, object, _NOTHING)
        yield from self._fields(object, need.read, "read")
        yield from self._fields(object, need.write, "write")

    def _fields(self, object: str, paths: Iterable[str], verb: str) -> Iterator[Finding]:
        for path in sorted(paths):
            what, field = f"{verb} {object}.{path}", self._schema.field(object, path)
            if field is None:
                yield Finding(False, what, "provision it, let the app see it, or take it off the mapping")
            elif verb == "write" and not field.writeable:
                yield Finding(False, what, "HubSpot sets it itself; do not map it for writing")
            else:
                yield Finding(True, what, _NOTHING)

    def _limits(self) -> Finding:
        limits = self._api.limits()
        if limits.used is None or not limits.allowed:
            return Finding(True, "daily calls: an OAuth app has no limit", _NOTHING)
        what = f"daily calls: {limits.used} of {limits.allowed} used"
        if limits.used <= _MOST_USED * limits.allowed:
            return Finding(True, what, _NOTHING)
        return Finding(False, what, "wait for midnight in the portal's time zone, or buy the API limit increase")
