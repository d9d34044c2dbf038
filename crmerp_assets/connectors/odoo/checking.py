"""Whether this connection can do what the mapping asks of it, and what to do where it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from crmerp_assets.connectors.errors import AuthFailed, ConfigError, ConnectorError
from crmerp_assets.connectors.odoo.api import MODULE, OdooApi
from crmerp_assets.connectors.odoo.home import Home
from crmerp_assets.connectors.odoo.keys import DATA
from crmerp_assets.connectors.odoo.rights import GRANTS
from crmerp_assets.connectors.odoo.schema import Schema
from crmerp_assets.connectors.odoo.selection import select
from crmerp_assets.connectors.odoo.views import DELIVERY, KEY, VIEWS, View, view_of
from crmerp_assets.connectors.protocol import Finding, Needs

NOTHING = "Nothing to do."
_COMPUTED = {"currency_id.name", "state", "date_order.day", "state_id.code", "name.first", "name.last"}


class Checker:
    """Looks at login, models, fields and rights without changing anything."""

    def __init__(self, connection: str, api: OdooApi, schema: Schema, home: Home) -> None:
        self._connection, self._api, self._schema, self._home = connection, api, schema, home

    def check(self, needs: Mapping[str, Needs]) -> list[Finding]:
        try:
            who = self._api.call("res.users", "context_get", {}, repeatable=True)
        except AuthFailed as failure:
            return [Finding(False, f"Login to {self._connection} is refused", str(failure))]
        except ConnectorError as failure:
            return [Finding(False, f"{self._connection} does not answer as it should", str(failure))]
        findings = [Finding(True, f"Login to {self._connection} works (user {who['uid']})", NOTHING), self._keys()]
        findings.append(self._days())
        for object, need in sorted(needs.items()):
            findings += self._object(object, need)
        return findings

    def _keys(self) -> Finding:
        domain = [["module", "=", MODULE]]
        try:
            self._api.read(DATA, "search_count", {"domain": domain, "limit": 1})
        except ConnectorError as failure:
            now = "Give the user Settings: Access Rights, which lets it read external ids."
            return Finding(False, f"External ids cannot be read: {failure}", now)
        return Finding(True, "External ids can be read", NOTHING)

    def _days(self) -> Finding:
        """Whose days the days of orders are: an order of an evening belongs to a month by it."""
        try:
            return Finding(True, f"Days of documents are those of {self._home.zone().key}", NOTHING)
        except ConnectorError as failure:
            return Finding(False, f"The time zone of documents is not known: {failure}", "Give time_zone.")

    def _object(self, object: str, need: Needs) -> Iterator[Finding]:
        try:
            view = view_of(object)
            self._schema.forget(view.model)
            self._api.read(view.model, "search_count", {"domain": view.domain, "limit": 1})
        except ConnectorError as failure:
            known = VIEWS[object].model if object in VIEWS else object
            grant = GRANTS.get(known, f"read access to {known}")
            yield Finding(False, f"{object} cannot be read: {failure}", f"Install the app, or grant {grant}.")
            return
        yield Finding(True, f"{object} can be read", NOTHING)
        yield from self._readable(view, need)
        yield from self._writeable(view, need)

    def _readable(self, view: View, need: Needs) -> Iterator[Finding]:
        bad = []
        for path in sorted(need.read):
            try:
                select(view, [path], self._schema)
            except ConfigError as failure:
                bad.append(Finding(False, f"{view.name}.{path} cannot be read: {failure}", _remedy(path)))
        yield from bad or [Finding(True, f"{len(need.read)} fields of {view.name} to read", NOTHING)]

    def _writeable(self, view: View, need: Needs) -> Iterator[Finding]:
        if not need.write:
            return
        bad = [path for path in sorted(need.write) if not self._can_write(view, path)]
        yield from (Finding(False, f"{view.name}.{path} cannot be written", _remedy(path)) for path in bad)
        if not bad:
            yield Finding(True, f"{len(need.write)} fields of {view.name} to write", NOTHING)

    def _can_write(self, view: View, path: str) -> bool:
        name = path.partition(".")[0]
        derived = view.derived.get(path)
        if path == KEY or path in _COMPUTED or name == DELIVERY or name in view.lists:
            return True
        if derived is not None:
            return derived.writeable
        definition = self._schema.fields(view.model).get(name)
        return definition is not None and not definition.get("readonly")


def _remedy(path: str) -> str:
    if path.startswith("x_"):
        return "Run `crmerp provision`, which creates it, with a user that has Settings: Access Rights."
    return "Correct the field name in the mapping, or leave the field out."
