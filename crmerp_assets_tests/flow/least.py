"""What an administrator does with the rights that `crmerp check --rights` prints: grants them, and nothing else."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from crmerp_assets.connectors.netsuite.objects import ITEM
from crmerp_assets.connectors.protocol import Right
from crmerp_assets.sandbox.hubspot.auth import SCOPES
from crmerp_assets.sync.rights import Privileges, of_connection
from crmerp_assets_tests.flow.world import World
from crmerp_assets_tests.tryton.server import Person

SALES_OBJECTS = ("Account", "Contact", "Opportunity", "OpportunityLineItem", "Pricebook2", "PricebookEntry", "Product2")
_CHILDREN = {"OpportunityLineItems": "OpportunityLineItem", "PricebookEntries": "PricebookEntry"}
_SYSTEM = {"API Enabled": "ApiEnabled", "View Setup and Configuration": "ViewSetup"}


@contextmanager
def looking(world: World, connection: str) -> Iterator[Callable[[], Privileges]]:
    """What `crmerp check --rights` finds out about a connection, asked as often as wanted."""
    with world.platform() as used:
        yield lambda: of_connection(used, used.connections[connection])


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


_TABLES = {
    "Customers": ("customer", "customeraddressbook", "customeraddressbookentityaddress", "customercurrencybalance"),
    "Contacts": ("contact",),
    "Items": ("item", "pricing", *ITEM.record_types.values()),
    "Currency": ("currency", "currencyrate", "currencyRate"),
    "Accounting Lists": ("term",),
    "CRM Lists": ("contactrole",),
    "Units": ("unitstypeuom",),
    "Subsidiaries": ("subsidiary",),
    "Deleted Records": ("deletedrecord",),
    "Find Transaction": ("transaction", "transactionline", "previoustransactionlinelink", "nexttransactionlinelink"),
}
"""What a permission of NetSuite opens in the sandbox, by its name; a transaction's name is that of its record type."""
_EVERY_CALL = ("REST Web Services", "Log in using OAuth 2.0 Access Tokens", "SuiteAnalytics Workbook")


def grant_in_netsuite(world: World, rights: Iterable[Right]) -> None:
    """The role as it is printed; every permission that it does not name is not given."""
    levels = {}
    for right in rights:
        name, _, level = right.name.partition(" > ")[2].partition(": ")
        record = "".join(name.split())
        opened = () if name in _EVERY_CALL else _TABLES.get(name, (record[0].lower() + record[1:],))
        levels.update(dict.fromkeys(opened, level.lower()))
    world.admin("erp", "permissions", {"only": levels})


def grant_in_hubspot(world: World, scopes: Iterable[str]) -> None:
    """An app of these scopes; the portal knows no other."""
    world.admin("crm", "settings", {"scopes_withheld": sorted(set(SCOPES) - set(scopes))})


def grant_in_odoo(world: World, rights: Iterable[Right]) -> None:
    """A group with these accesses, model by model, as the user's only one."""
    granted: dict[str, list[str]] = {}
    for right in rights:
        model, _, verb = right.name.partition(": ")
        granted.setdefault(model, []).append(verb)
    world.admin("erp", "permissions", {"only": granted})


GROUP = "Integration, by the list"


def grant_in_tryton(person: Person, rights: Iterable[Right]) -> None:
    """A group with these accesses as the user's only one; it is denied every other model, which would be open else."""
    granted: dict[str, list[str]] = {}
    fields = []
    for right in rights:
        model, _, verb = right.name.partition(": ")
        granted.setdefault(model, []).append(verb)
        fields += [{"model": model, "field": one, "perm_read": True, "perm_write": True} for one in right.fields]
    (user,) = person.call("model.res.user.search", [["login", "=", "integration"]], 0, None, None)
    old = person.call("model.res.user.read", [user], ["groups"])[0]["groups"]
    (group,) = person.call("model.res.group.create", [{"name": f"{GROUP} {len(old)}"}])
    models = person.call("model.ir.model.search_read", [], 0, None, None, ["name"])
    person.call(
        "model.ir.model.access.create",
        [
            {"model": one["name"], "group": group}
            | {f"perm_{verb}": verb in granted.get(one["name"], ()) for verb in ("read", "write", "create", "delete")}
            for one in models
        ],
    )
    person.call("model.ir.model.field.access.create", [one | {"group": group} for one in fields])
    person.call("model.res.user.write", [user], {"groups": [["remove", old], ["add", [group]]]})
