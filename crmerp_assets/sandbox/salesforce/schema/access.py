"""What the integration user may do: with objects, with the fields of each, and with the organisation."""

from dataclasses import dataclass

from crmerp_assets.sandbox.salesforce.schema.fields import Field

SETUP_OBJECTS = frozenset({"PermissionSet", "PermissionSetAssignment", "ObjectPermissions", "FieldPermissions"})
"""Hidden from users without View Setup and Configuration."""
WITH_PARENT = {"OpportunityLineItem": "Opportunity", "PricebookEntry": "Pricebook2"}
"""Objects that have no rights of their own."""
SYSTEM = (
    "ApiEnabled",
    "ViewSetup",
    "CustomizeApplication",
    "ModifyAllData",
    "ViewAllData",
    "ManageUsers",
    "AuthorApex",
)
FIRST_DAY = ("ApiEnabled", "ViewSetup", "CustomizeApplication")


@dataclass(frozen=True, slots=True)
class Rights:
    """What the integration user may do with an object. `readable` and `editable` name its fields, None for every one;
    those that the vendor lets nobody hide are always among them.
    """

    read: bool = True
    create: bool = True
    edit: bool = True
    delete: bool = True
    view_all: bool = True
    readable: frozenset[str] | None = None
    editable: frozenset[str] | None = None

    def shows(self, field: Field) -> bool:
        return self.readable is None or _always(field) or field.name.lower() in self.readable

    def lets_edit(self, field: Field) -> bool:
        if self.editable is None:
            return True
        return field.required or field.name_field or field.name.lower() in self.editable


def _always(field: Field) -> bool:
    system = not field.createable and not field.updateable and not field.custom
    return field.required or field.name_field or system


def names(found: list[str] | None) -> frozenset[str] | None:
    return None if found is None else frozenset(name.lower() for name in found)
