"""The organisation's own objects: people, permissions, currencies, stages, and what every record carries."""

from crmerp_assets.sandbox.salesforce.schema.access import SYSTEM
from crmerp_assets.sandbox.salesforce.schema.fields import (
    Field,
    ObjectType,
    checkbox,
    computed,
    lookup,
    number,
    picklist,
    text,
)

SYSTEM_FIELDS = (
    Field("Id", "Record ID", "id", 18, createable=False, updateable=False),
    computed(checkbox("IsDeleted", "Deleted")),
    computed(Field("CreatedDate", "Created Date", "datetime")),
    computed(lookup("CreatedById", "Created By ID", "User")),
    computed(Field("LastModifiedDate", "Last Modified Date", "datetime")),
    computed(lookup("LastModifiedById", "Last Modified By ID", "User")),
    computed(Field("SystemModstamp", "System Modstamp", "datetime")),
)
CURRENCY = picklist("CurrencyIsoCode", "Currency ISO Code", default="")
OWNER = lookup("OwnerId", "Owner ID", "User", default="")
MASTER = computed(Field("MasterRecordId", "Master Record ID", "reference", 18, relationship="MasterRecord"))


def object_type(name: str, label: str, prefix: str, *fields: Field, **flags: object) -> ObjectType:
    """An object with the fields that every record carries."""
    every = {found.name: found for found in (*SYSTEM_FIELDS, *fields)}
    return ObjectType(name, label, prefix, every, **flags)  # type: ignore[arg-type]


READ_ONLY = {"createable": False, "updateable": False, "deletable": False}


def system_objects() -> list[ObjectType]:
    return [
        object_type(
            "User",
            "User",
            "005",
            text("Username", "Username", 80, required=True, unique=True),
            text("FirstName", "First Name", 40),
            text("LastName", "Last Name", 80, required=True),
            computed(text("Name", "Full Name", 121, name_field=True)),
            Field("Email", "Email", "email", 128),
            text("Alias", "Alias", 8),
            checkbox("IsActive", "Active", True),
            picklist("DefaultCurrencyIsoCode", "Default Currency ISO Code"),
            text("TimeZoneSidKey", "Time Zone", 40),
            deletable=False,
        ),
        object_type(
            "Organization",
            "Organization",
            "00D",
            text("Name", "Name", 80, name_field=True),
            picklist("DefaultCurrencyIsoCode", "Default Currency ISO Code"),
            checkbox("IsSandbox", "Is Sandbox"),
            text("OrganizationType", "Edition", 40),
            text("InstanceName", "Instance Name", 5),
            text("TimeZoneSidKey", "Time Zone", 40),
            **READ_ONLY,
        ),
        object_type(
            "CurrencyType",
            "Currency Type",
            "01L",
            text("IsoCode", "ISO Code", 3, required=True, unique=True, name_field=True),
            number("ConversionRate", "Conversion Rate", 18, 6, required=True),
            Field("DecimalPlaces", "Decimal Places", "int", precision=1, default=2),
            checkbox("IsActive", "Active", True),
            checkbox("IsCorporate", "Corporate Currency"),
            deletable=False,
        ),
        object_type(
            "OpportunityStage",
            "Opportunity Stage",
            "01J",
            text("MasterLabel", "Master Label", name_field=True),
            text("ApiName", "API Name"),
            checkbox("IsActive", "Is Active", True),
            Field("SortOrder", "Sort Order", "int", precision=9),
            checkbox("IsClosed", "Closed"),
            checkbox("IsWon", "Won"),
            text("ForecastCategoryName", "Forecast Category", 40),
            number("DefaultProbability", "Probability (%)", 3, 0),
            **READ_ONLY,
        ),
        *_permission_objects(),
    ]


def _permission_objects() -> list[ObjectType]:
    return [
        object_type(
            "PermissionSet",
            "Permission Set",
            "0PS",
            text("Name", "Permission Set Name", 80, required=True, unique=True, name_field=True),
            text("Label", "Permission Set Label", 80, required=True),
            checkbox("IsOwnedByProfile", "Owned By Profile"),
        ),
        object_type(
            "PermissionSetAssignment",
            "Permission Set Assignment",
            "0Pa",
            lookup("PermissionSetId", "PermissionSet ID", "PermissionSet", "Assignments", required=True),
            lookup("AssigneeId", "Assignee ID", "User", "PermissionSetAssignments", required=True),
            updateable=False,
        ),
        object_type(
            "ObjectPermissions",
            "Object Permissions",
            "110",
            lookup("ParentId", "Parent ID", "PermissionSet", "ObjectPerms", required=True, updateable=False),
            picklist("SobjectType", "Sobject Type", required=True, updateable=False),
            *(checkbox(f"Permissions{name}", f"{name} Records") for name in ("Read", "Create", "Edit", "Delete")),
            checkbox("PermissionsViewAllRecords", "Read All Records"),
            checkbox("PermissionsModifyAllRecords", "Edit All Records"),
        ),
        object_type(
            "UserPermissionAccess",
            "User Permission Access",
            "0UP",
            *(computed(checkbox(f"Permissions{name}", name)) for name in SYSTEM),
            **READ_ONLY,
        ),
        object_type(
            "FieldPermissions",
            "Field Permissions",
            "01k",
            lookup("ParentId", "Parent ID", "PermissionSet", "FieldPerms", required=True, updateable=False),
            picklist("SobjectType", "Sobject Type", required=True, updateable=False),
            picklist("Field", "Field Name", required=True, updateable=False),
            checkbox("PermissionsRead", "Read Field"),
            checkbox("PermissionsEdit", "Edit Field"),
        ),
        object_type(
            "CustomField",
            "Custom Field",
            "00N",
            text("DeveloperName", "Developer Name", 40, name_field=True),
            text("TableEnumOrId", "Table Enum or Id", 40),
            text("FullName", "Full Name", 255, unique=True),
            tooling=True,
        ),
    ]
