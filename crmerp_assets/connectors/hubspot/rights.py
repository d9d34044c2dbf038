"""The rights of an app: its scopes, as the info of its token says them. They go by object, not by property."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from crmerp_assets.connectors.errors import ConnectorError
from crmerp_assets.connectors.hubspot.api import HubSpotApi
from crmerp_assets.connectors.hubspot.auth import Scopes
from crmerp_assets.connectors.hubspot.failures import GRANT
from crmerp_assets.connectors.hubspot.objects import CHILDREN, LINKS
from crmerp_assets.connectors.protocol import Needs, Right
from crmerp_assets.connectors.rights import excess, told

_ALSO = {"products": ("e-commerce",), "line_items": ("e-commerce",)}
"""Older scopes that grant the same."""
_TOKEN_INFO = "/oauth/v2/private-apps/get/access-token-info"  # noqa: S105 - a path
_SCHEMAS = "crm.schemas."
_EVERY_APP = "oauth"


def asked(needs: Mapping[str, Needs]) -> list[Right]:
    """Reading and writing each object, those it refers to, and its child lists, before anybody has looked."""
    found: dict[str, Right] = {}
    for object_, need in sorted(needs.items()):
        verbs = ("read", "write") if need.write else ("read",)
        for verb in verbs:
            found[_scope(object_, verb)] = Right(_scope(object_, verb), GRANT, object=object_)
    for object_, need in sorted(needs.items()):
        for target, verb, why in _beside(object_, need):
            found.setdefault(_scope(target, verb), Right(_scope(target, verb), GRANT, why=why))
    return [found[scope] for scope in sorted(found)]


def _scope(object_: str, verb: str) -> str:
    return f"crm.objects.{object_}.{verb}"


def _beside(object_: str, need: Needs) -> list[tuple[str, str, str]]:
    """What the fields of an object need of other objects: the other, what with it, and why."""
    links, children = LINKS.get(object_, {}), CHILDREN.get(object_, {})
    found = [
        (links[path].object, "read", f"{object_} refer to them") for path in need.read | need.write if path in links
    ]
    lists = {path.partition(".")[0] for path in need.read | need.write} & children.keys()
    found += [(children[name].object, "read", f"{object_} have them") for name in lists]
    written = {path.partition(".")[0] for path in need.write} & children.keys()
    return found + [(children[name].object, "write", f"{object_} are made with them") for name in written]


class Rights:
    """Looks at the scopes of the app that the connection's token belongs to."""

    def __init__(self, api: HubSpotApi, scopes: Scopes, token: str | None) -> None:
        self._api, self._scopes, self._token = api, scopes, token

    def rights(self, needs: Mapping[str, Needs]) -> list[Right]:
        granted, wanted = self._told(), asked(needs)
        if granted is None:
            return [replace(right, granted=None) for right in wanted]
        found = [told(right, bool(granted & {right.name, *_also(right.name)})) for right in wanted]
        known = {name for right in wanted for name in (right.name, *_also(right.name))}
        more = sorted(granted - known - {_EVERY_APP})
        once, other = [s for s in more if s.startswith(_SCHEMAS)], [s for s in more if not s.startswith(_SCHEMAS)]
        if once:
            found.append(excess("scopes", GRANT, once, "only for `crmerp provision --yes`, for that one time"))
        return [*found, *([excess("scopes", GRANT, other)] if other else [])]

    def _told(self) -> frozenset[str] | None:
        if self._token is None:
            self._api.get(self._api.paths.account)
            return self._scopes.granted
        try:
            return frozenset(self._api.read(_TOKEN_INFO, {"tokenKey": self._token})["scopes"])
        except (ConnectorError, KeyError, TypeError):
            return None


def _also(scope: str) -> tuple[str, ...]:
    return _ALSO.get(scope.split(".")[2], ())
