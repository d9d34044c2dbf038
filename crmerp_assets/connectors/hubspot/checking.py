"""Can this connection do what the mapping asks of it? One finding for each thing, with the next step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from crmerp_assets.connectors.errors import ConnectorError
from crmerp_assets.connectors.hubspot.api import HubSpotApi
from crmerp_assets.connectors.hubspot.auth import Scopes
from crmerp_assets.connectors.hubspot.failures import GRANT
from crmerp_assets.connectors.hubspot.objects import CHILDREN, LINKS
from crmerp_assets.connectors.hubspot.schema import Schema
from crmerp_assets.connectors.protocol import Finding, Needs

_NOTHING = "nothing to do"
_MOST_USED = 0.8
_ALSO = {"products": ("e-commerce",), "line_items": ("e-commerce",)}
"""Older scopes that grant the same."""
_TOKEN_INFO = "/oauth/v2/private-apps/get/access-token-info"  # noqa: S105 - a path


class Checking:
    def __init__(self, api: HubSpotApi, schema: Schema, scopes: Scopes, token: str | None) -> None:
        self._api, self._schema, self._scopes, self._token = api, schema, scopes, token

    def check(self, needs: Mapping[str, Needs]) -> list[Finding]:
        try:
            self._api.get(self._api.paths.account)
        except ConnectorError as error:
            return [Finding(False, "credentials", str(error))]
        findings = [Finding(True, "credentials", _NOTHING), *self._granted(needs)]
        for object, need in sorted(needs.items()):
            findings.extend(self._object(object, need))
        return [*findings, self._limits()]

    def _granted(self, needs: Mapping[str, Needs]) -> Iterator[Finding]:
        """One finding for each scope. Where HubSpot does not tell, reading each object shows what can be read."""
        granted = self._told()
        for scope in scopes_needed(needs):
            if granted is None or granted & {scope, *_ALSO.get(scope.split(".")[2], ())}:
                yield Finding(True, f"scope {scope}", _NOTHING)
            else:
                yield Finding(False, f"scope {scope}", f"grant it in {GRANT}")

    def _told(self) -> frozenset[str] | None:
        if self._token is None:
            return self._scopes.granted
        try:
            return frozenset(self._api.read(_TOKEN_INFO, {"tokenKey": self._token})["scopes"])
        except (ConnectorError, KeyError, TypeError):
            return None

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


def scopes_needed(needs: Mapping[str, Needs]) -> list[str]:
    """Reading and writing each object, those it refers to, and its child lists."""
    found: set[str] = set()
    for object, need in needs.items():
        found.add(f"crm.objects.{object}.read")
        if need.write:
            found.add(f"crm.objects.{object}.write")
        for path in need.read | need.write:
            first = path.partition(".")[0]
            target = LINKS.get(object, {}).get(path) or CHILDREN.get(object, {}).get(first)
            if target:
                found.add(f"crm.objects.{target.object}.read")
        if any(path.partition(".")[0] in CHILDREN.get(object, {}) for path in need.write):
            found |= {f"crm.objects.{child.object}.write" for child in CHILDREN[object].values()}
    return sorted(found)
