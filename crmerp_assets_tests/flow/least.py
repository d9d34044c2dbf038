"""What an administrator does with the rights that `crmerp check --rights` prints: grants them, and nothing else."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from crmerp_assets.connectors.protocol import Right
from crmerp_assets.sync.rights import Privileges, privileges
from crmerp_assets_tests.flow.world import World

SALES_OBJECTS = ("Account", "Contact", "Opportunity", "OpportunityLineItem", "Pricebook2", "PricebookEntry", "Product2")
_CHILDREN = {"OpportunityLineItems": "OpportunityLineItem", "PricebookEntries": "PricebookEntry"}
_SYSTEM = {"API Enabled": "ApiEnabled", "View Setup and Configuration": "ViewSetup"}


def looked_at(world: World, connection: str) -> Privileges:
    with world.platform() as used:
        return next(one for one in privileges(used) if one.connection == connection)


def needed(found: Privileges) -> list[Right]:
    return [right for right in found.rights if right.needed]


def missing(found: Privileges) -> dict[str, str]:
    """Name -> where to grant it."""
    return {right.name: right.where for right in found.rights if right.needed and right.granted is False}


def beyond(found: Privileges) -> list[str]:
    return [right.name for right in found.rights if not right.needed]


def without(right: Right, name: str, field: str) -> Right:
    """The right of that name without one of its fields, any other as it is."""
    return replace(right, fields=tuple(one for one in right.fields if one != field)) if right.name == name else right


def grant_in_salesforce(world: World, rights: Iterable[Right]) -> None:
    """The permission set as it is printed; what it does not name is not granted."""
    objects: dict[str, dict[str, Any]] = {name: _nothing() for name in SALES_OBJECTS}
    system = []
    for right in rights:
        name, _, verb = right.name.partition(": ")
        if right.name in _SYSTEM:
            system.append(_SYSTEM[right.name])
        elif right.fields:
            for path in right.fields:
                first, _, rest = path.partition(".")
                target = objects[_CHILDREN[first] if rest else name]
                target["fields"][verb.split()[0].lower()].append(rest or first)
        else:
            objects[name]["view_all" if verb.startswith("View All") else verb.lower()] = True
    for name, granted in objects.items():
        world.admin("crm", "rights", {"object": name, **granted})
    world.admin("crm", "systempermissions", {"granted": system})


def _nothing() -> dict[str, Any]:
    granted: dict[str, Any] = dict.fromkeys(("read", "create", "edit", "delete", "view_all"), False)
    return {**granted, "fields": {"read": [], "edit": []}}
