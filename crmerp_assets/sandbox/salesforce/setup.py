"""What an organisation has on its first day: a company, people, currencies, stages, a standard price book."""

from collections.abc import Iterable
from typing import Any

from crmerp_assets.sandbox.salesforce.engine import Actor, Row
from crmerp_assets.sandbox.salesforce.engine.records import Records
from crmerp_assets.sandbox.salesforce.schema import ObjectType, Rights
from crmerp_assets.sandbox.salesforce.schema.access import FIRST_DAY, SYSTEM
from crmerp_assets.sandbox.salesforce.schema.sales import sales_objects

PERMISSION_SET = "Crmerp_Integration"
_RATES = {"USD": 1.0, "EUR": 0.92, "GBP": 0.79, "CAD": 1.37, "JPY": 149.5, "CHF": 0.88}
_STAGES = (
    ("Prospecting", 10, False, False, "Pipeline"),
    ("Qualification", 20, False, False, "Pipeline"),
    ("Proposal", 50, False, False, "Best Case"),
    ("Negotiation", 80, False, False, "Commit"),
    ("Closed Won", 100, True, True, "Closed"),
    ("Closed Lost", 0, True, False, "Omitted"),
)


def set_up(records: Records, integration_username: str) -> None:
    """Fill an empty organisation; one that has people is left as it is."""
    organisation = records.organisation
    user = organisation.catalog.object("User")
    with organisation.store.writing():
        if organisation.first(user, "1", ()):
            return
        (first,) = organisation.new_ids(user.prefix, 1)
        nobody = Actor("setup", first, True)
        stamps: Row = {**organisation.stamps(nobody), "CreatedDate": organisation.now(), "CreatedById": first}
        admin = {"Id": first, "Username": "admin@example.com", "LastName": "Admin", "Name": "Admin", "IsActive": 1}
        organisation.insert(user, {**stamps, "IsDeleted": 0, **admin})
        _seed(records, nobody, integration_username)


def person(records: Records, name: str) -> Actor:
    """A person of the organisation by a short name, made on first use."""
    organisation = records.organisation
    user = organisation.catalog.object("User")
    username = f"{name}@example.com"
    found = organisation.first(user, '"Username" = ?', (username,))
    if found:
        return Actor(name, found["Id"], True)
    (admin,) = organisation.select(user, '"Username" = ?', ("admin@example.com",))
    (id_,) = records.seed(user, [_person(username, name)], Actor("admin", admin["Id"], True))
    return Actor(name, id_, True)


def _person(username: str, name: str) -> dict[str, Any]:
    shared = {"Email": username, "DefaultCurrencyIsoCode": "USD", "TimeZoneSidKey": "America/Los_Angeles"}
    return {"Username": username, "LastName": name.title(), "Alias": name[:8], **shared}


def _seed(records: Records, actor: Actor, integration_username: str) -> None:
    def seed(name: str, *rows: dict[str, Any]) -> list[str]:
        return records.seed(records.organisation.catalog.object(name), rows, actor)

    (integration,) = seed("User", {**_person(integration_username, "integration")})
    company = {"DefaultCurrencyIsoCode": "USD", "IsSandbox": True, "OrganizationType": "Enterprise Edition"}
    seed("Organization", {"Name": "Acme", "InstanceName": "SB1", "TimeZoneSidKey": "America/Los_Angeles", **company})
    for code, rate in _RATES.items():
        places = 0 if code == "JPY" else 2
        one = {"IsoCode": code, "ConversionRate": rate, "DecimalPlaces": places, "IsCorporate": code == "USD"}
        seed("CurrencyType", one)
    for order, (label, probability, closed, won, category) in enumerate(_STAGES, 1):
        says = {"IsClosed": closed, "IsWon": won, "ForecastCategoryName": category, "DefaultProbability": probability}
        seed("OpportunityStage", {"MasterLabel": label, "ApiName": label, "SortOrder": order, **says})
    seed("Pricebook2", {"Name": "Standard Price Book", "IsActive": True, "IsStandard": True})
    (permissions,) = seed("PermissionSet", {"Name": PERMISSION_SET, "Label": PERMISSION_SET.replace("_", " ")})
    seed("PermissionSetAssignment", {"PermissionSetId": permissions, "AssigneeId": integration})
    seed("ObjectPermissions", *(_object_permissions(permissions, kind.name, Rights()) for kind in sales_objects()))
    seed("UserPermissionAccess", _system_permissions(FIRST_DAY))


def note_rights(records: Records, kind: ObjectType, rights: Rights) -> None:
    """What the permission set says of an object."""
    organisation = records.organisation
    permissions = organisation.catalog.object("ObjectPermissions")
    with organisation.store.writing():
        row = organisation.first(permissions, '"SobjectType" = ?', (kind.name,))
        if row:
            new = _object_permissions(row["ParentId"], kind.name, rights)
            organisation.change(permissions, row["Id"], {name: new[name] for name in new if name.startswith("Perm")})


def note_system(records: Records, granted: Iterable[str]) -> None:
    """What the user is told about its own system permissions."""
    organisation = records.organisation
    access = organisation.catalog.object("UserPermissionAccess")
    with organisation.store.writing():
        (row,) = organisation.select(access, "1")
        organisation.change(access, row["Id"], _system_permissions(granted))


def _object_permissions(permission_set: str, name: str, rights: Rights) -> dict[str, Any]:
    found = {"Read": rights.read, "Create": rights.create, "Edit": rights.edit, "Delete": rights.delete}
    found |= {"ViewAllRecords": rights.view_all, "ModifyAllRecords": False}
    return {"ParentId": permission_set, "SobjectType": name, **{f"Permissions{key}": on for key, on in found.items()}}


def _system_permissions(granted: Iterable[str]) -> dict[str, Any]:
    return {f"Permissions{name}": name in set(granted) for name in SYSTEM}
