"""The rights of a Salesforce integration user: objects and fields by its permission set, and the API itself.

What a user may do is seen in what describe shows to it: an object or a field without the right is not there. The rest
stands in UserPermissionAccess, which every user may ask about itself, and in the object permissions of the user's
permission sets, which only a user with View Setup and Configuration may read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from crmerp_assets.connectors.errors import ConfigError, ConnectorError, Rejected
from crmerp_assets.connectors.protocol import Needs, Right
from crmerp_assets.connectors.rights import by_field, excess, told
from crmerp_assets.connectors.salesforce.api import SalesforceApi
from crmerp_assets.connectors.salesforce.schema import Schema

_SETS = "Setup > Permission Sets > {0}"
_API, _SETUP = "API Enabled", "View Setup and Configuration"
_SYSTEM = {_API: "PermissionsApiEnabled", _SETUP: "PermissionsViewSetup"}
_BEYOND = {
    "Modify All Data": "PermissionsModifyAllData",
    "View All Data": "PermissionsViewAllData",
    "Customize Application": "PermissionsCustomizeApplication",
    "Manage Users": "PermissionsManageUsers",
    "Author Apex": "PermissionsAuthorApex",
}
_ONCE = "only for `crmerp provision --yes`, for that one time"
_READ, _CREATE, _EDIT, _DELETE = "Read", "Create", "Edit", "Delete"
_SHOWN = {_CREATE: "createable", _EDIT: "updateable", _DELETE: "deletable"}
_ALL = "View All Records"
_PARENTS = {"OpportunityLineItems": "Pricebook2"}
"""Child lists that come with the rights of their parent, and what reading them takes besides."""


def asked(needs: Mapping[str, Needs], permission_set: str) -> list[Right]:
    """The rights that these needs take, before anybody has looked which of them are there."""
    sets = _SETS.format(permission_set)
    found = [
        Right(_API, f"{sets} > System Permissions", why="every call"),
        Right(_SETUP, f"{sets} > System Permissions", why="the day's limit, the permission set, and this list"),
    ]
    for object_, need in sorted(needs.items()):
        found += _of_object(object_, need, f"{sets} > Object Settings > {object_}")
    lists = {path.partition(".")[0] for need in needs.values() for path in need.read | need.write}
    for name in sorted(lists & _PARENTS.keys()):
        other = _PARENTS[name]
        found.append(Right(f"{other}: {_READ}", f"{sets} > Object Settings > {other}", why=f"to read {name}"))
    return found


def _of_object(object_: str, need: Needs, where: str) -> Iterator[Right]:
    verbs = [_READ, *([_CREATE] if need.write and need.creates else []), *([_EDIT] if need.write else [])]
    yield from (Right(f"{object_}: {verb}", where, object=object_) for verb in verbs)
    yield Right(f"{object_}: {_ALL}", where, why="a record that sharing hides looks as if it were deleted")
    for verb, paths in ((_READ, need.read), (_EDIT, need.write)):
        if paths:
            yield Right(
                f"{object_}: {verb} fields", f"{where} > Field Permissions", object=object_, fields=tuple(sorted(paths))
            )


class Rights:
    """Looks at the rights of the user that the connection logs in as."""

    def __init__(self, api: SalesforceApi, schema: Schema, permission_set: str) -> None:
        self._api, self._schema, self._permission_set = api, schema, permission_set

    def rights(self, needs: Mapping[str, Needs]) -> list[Right]:
        self._schema.forget_all()
        system, everything = self._system(), self._everything()
        sets = _SETS.format(self._permission_set)
        found = [
            judged for right in asked(needs, self._permission_set) for judged in self._judged(right, system, everything)
        ]
        beyond = [
            excess(name, f"{sets} > System Permissions, or its profile", why=_ONCE if "Customize" in name else "")
            for name, field in _BEYOND.items()
            if system.get(field)
        ]
        return [
            *found,
            *beyond,
            *(right for object_, need in sorted(needs.items()) for right in self._more(object_, need)),
        ]

    def _judged(
        self, right: Right, system: Mapping[str, bool], everything: Mapping[str, bool] | None
    ) -> Iterator[Right]:
        object_, _, verb = right.name.partition(": ")
        if right.name in _SYSTEM:
            yield told(right, system.get(_SYSTEM[right.name]) if system else None)
        elif right.fields:
            yield from by_field(right, lambda path: self._may(object_, path, verb))
        elif verb == _ALL:
            yield told(right, None if everything is None else everything.get(object_, False))
        else:
            yield told(right, self._has(object_, verb))

    def _has(self, object_: str, verb: str) -> bool:
        try:
            shown = self._schema.described(object_)
        except ConfigError:
            return False
        return bool(shown.get(_SHOWN[verb])) if verb in _SHOWN else True

    def _may(self, object_: str, path: str, verb: str) -> bool:
        try:
            owner = self._schema.owner(object_, path)
            field = self._schema.fields(owner[0]).get(owner[1]) if owner else None
        except ConfigError:
            return False
        return field is not None and (verb.startswith(_READ) or field.writeable)

    def _more(self, object_: str, need: Needs) -> Iterator[Right]:
        needed = {_CREATE: bool(need.write) and need.creates, _EDIT: bool(need.write), _DELETE: False}
        where = f"{_SETS.format(self._permission_set)} > Object Settings > {object_}, or its profile"
        for verb, wanted in needed.items():
            if not wanted and self._has(object_, verb):
                yield excess(f"{object_}: {verb}", where)

    def _system(self) -> dict[str, bool]:
        """The user's system permissions; empty where this organisation does not tell."""
        fields = [*_SYSTEM.values(), *_BEYOND.values()]
        try:
            rows = self._api.rows(f"SELECT {', '.join(fields)} FROM UserPermissionAccess")
        except (ConfigError, Rejected):
            return {}
        return {field: bool(rows[0].get(field)) for field in fields} if rows else {}

    def _everything(self) -> dict[str, bool] | None:
        """Object -> whether some permission set or the profile lets the user see all its records; None: not told."""
        try:
            user = self._api.user_id()
            rows = self._api.rows(
                "SELECT SobjectType, PermissionsViewAllRecords FROM ObjectPermissions WHERE ParentId IN (SELECT "
                f"PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '{user}')"
            )
        except ConnectorError:
            return None
        found: dict[str, bool] = {}
        for row in rows:
            name = str(row["SobjectType"])
            found[name] = found.get(name, False) or bool(row["PermissionsViewAllRecords"])
        return found
