"""What a portal knows of its objects on the first day, in the terms of the properties API."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MERGED = "hs_merged_object_ids"


@dataclass(frozen=True, slots=True)
class Property:
    """One property. `options` are the values of an enumeration."""

    name: str
    label: str
    type: str = "string"
    field_type: str = "text"
    group: str = "information"
    options: tuple[str, ...] = ()
    unique: bool = False
    read_only: bool = False
    custom: bool = False

    def body(self, stamp: str) -> dict[str, Any]:
        """The property as the API shows it."""
        options = [
            {"label": value, "value": value, "displayOrder": at, "hidden": False}
            for at, value in enumerate(self.options)
        ]
        rights = {"archivable": self.custom, "readOnlyDefinition": not self.custom, "readOnlyValue": self.read_only}
        return {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "description": "",
            "groupName": self.group,
            "options": options,
            "displayOrder": -1,
            "calculated": False,
            "externalOptions": False,
            "hasUniqueValue": self.unique,
            "hidden": False,
            "hubspotDefined": not self.custom,
            "formField": not self.read_only,
            "archived": False,
            "createdAt": stamp,
            "updatedAt": stamp,
            "modificationMetadata": rights,
        }


@dataclass(frozen=True, slots=True)
class ObjectType:
    """`shown` are the properties that an answer has when none is asked for; `scope` names it in scopes."""

    name: str
    type_id: str
    singular: str
    shown: tuple[str, ...]
    properties: Mapping[str, Property]
    modified: str = "hs_lastmodifieddate"
    mergeable: bool = False
    required: tuple[str, ...] = ()

    def system(self) -> tuple[str, ...]:
        """Properties that come from the record itself and are in every answer."""
        return ("createdate", self.modified, "hs_object_id")


def _text(names: str) -> list[Property]:
    return [Property(name, name.replace("_", " ").title()) for name in names.split()]


def _number(names: str, read_only: bool = False) -> list[Property]:
    return [Property(n, n.replace("_", " ").title(), "number", "number", read_only=read_only) for n in names.split()]


def _computed(names: str, type_: str = "string") -> list[Property]:
    return [Property(name, name.replace("_", " ").title(), type_, read_only=True) for name in names.split()]


def _one(name: str, type_: str, field_type: str, **more: Any) -> list[Property]:
    return [Property(name, name.replace("_", " ").title(), type_, field_type, **more)]


DRAFT = "draft"
"""What an invoice is while nothing else is said of it."""
_STAGES = ("subscriber", "lead", "opportunity", "customer", "other")
_ADDRESS = "address address2 city state zip country"


def _object(name: str, type_id: str, singular: str, shown: str, *groups: Iterable[Property], **more: Any) -> ObjectType:
    modified = "lastmodifieddate" if name == "contacts" else "hs_lastmodifieddate"
    system = [
        *_computed(f"createdate {modified}", "datetime"),
        *_computed("hs_object_id", "number"),
        *_computed("hs_updated_by_user_id"),
        *(_computed(MERGED) if more.get("mergeable") else []),
    ]
    found = {made.name: made for group in (system, *groups) for made in group}
    return ObjectType(name, type_id, singular, tuple(shown.split()), found, modified, **more)


TYPES: dict[str, ObjectType] = {
    made.name: made
    for made in (
        _object(
            "companies",
            "0-2",
            "COMPANY",
            "name domain",
            _text(f"name domain website phone description industry hubspot_owner_id {_ADDRESS}"),
            _number("numberofemployees annualrevenue"),
            _one("lifecyclestage", "enumeration", "radio", options=_STAGES),
            mergeable=True,
        ),
        _object(
            "contacts",
            "0-1",
            "CONTACT",
            "firstname lastname email",
            _text(f"firstname lastname phone mobilephone jobtitle company website hubspot_owner_id {_ADDRESS}"),
            _one("email", "string", "text", unique=True),
            _one("lifecyclestage", "enumeration", "radio", options=_STAGES),
            _computed("hs_calculated_merged_vids"),
            mergeable=True,
        ),
        _object(
            "deals",
            "0-3",
            "DEAL",
            "dealname amount dealstage pipeline closedate",
            _text("dealname dealtype description hubspot_owner_id"),
            _number("amount"),
            _one("dealstage", "enumeration", "radio"),
            _one("pipeline", "enumeration", "select"),
            _one("closedate", "datetime", "date"),
            _one("deal_currency_code", "enumeration", "select", options=("USD", "EUR", "GBP", "CAD", "JPY", "CHF")),
            _computed("hs_is_closed_won hs_is_closed", "bool"),
            _computed("hs_deal_stage_probability", "number"),
            mergeable=True,
            required=("dealstage",),
        ),
        _object(
            "products",
            "0-7",
            "PRODUCT",
            "name description price",
            _text("name description hs_sku hs_url"),
            _number("price hs_cost_of_goods_sold"),
            _one("hs_recurring_billing_period", "string", "text"),
        ),
        _object(
            "line_items",
            "0-8",
            "LINE_ITEM",
            "quantity amount price",
            _text("name description hs_sku hs_product_id hs_line_item_currency_code hs_recurring_billing_period"),
            _number("quantity price discount hs_discount_percentage hs_position_on_quote"),
            _number("amount", read_only=True),
        ),
        _object(
            "orders",
            "0-123",
            "ORDER",
            "hs_order_name hs_external_order_id",
            _text("hs_order_name hs_external_order_id hs_external_order_status hs_external_order_url hs_currency_code"),
            _text("hs_payment_status hs_fulfillment_status hs_source_store hs_pipeline hs_pipeline_stage"),
            _number("hs_total_price hs_subtotal_price hs_tax hs_shipping_cost"),
            _one("hs_external_created_date", "datetime", "date"),
        ),
        _object(
            "invoices",
            "0-53",
            "INVOICE",
            "hs_number hs_invoice_status",
            _text("hs_number hs_title hs_comments hs_purchase_order_number hs_currency"),
            _one("hs_invoice_status", "enumeration", "select", options=(DRAFT, "open", "paid", "voided")),
            _one("hs_invoice_billable", "bool", "booleancheckbox"),
            _one("hs_invoice_date", "datetime", "date"),
            _one("hs_due_date", "datetime", "date"),
            _number("hs_amount_billed"),
            _number("hs_balance_due", read_only=True),
            required=("hs_currency",),
        ),
    )
}

STAGES = (
    ("appointmentscheduled", "Appointment Scheduled", "0.2", False),
    ("qualifiedtobuy", "Qualified To Buy", "0.4", False),
    ("contractsent", "Contract Sent", "0.9", False),
    ("closedwon", "Closed Won", "1.0", True),
    ("closedlost", "Closed Lost", "0.0", True),
)

LINKS: Mapping[int, tuple[str, str, int, bool, str | None]] = {
    1: ("contacts", "companies", 2, True, "Primary"),
    2: ("companies", "contacts", 1, True, "Primary"),
    279: ("contacts", "companies", 280, False, None),
    280: ("companies", "contacts", 279, False, None),
    3: ("deals", "contacts", 4, False, None),
    4: ("contacts", "deals", 3, False, None),
    5: ("deals", "companies", 6, True, "Primary"),
    6: ("companies", "deals", 5, True, "Primary"),
    341: ("deals", "companies", 342, False, None),
    342: ("companies", "deals", 341, False, None),
    19: ("deals", "line_items", 20, False, None),
    20: ("line_items", "deals", 19, False, None),
    13: ("companies", "companies", 14, False, "Child Company"),
    14: ("companies", "companies", 13, False, "Parent Company"),
    507: ("orders", "contacts", 508, False, None),
    508: ("contacts", "orders", 507, False, None),
    509: ("orders", "companies", 510, False, None),
    510: ("companies", "orders", 509, False, None),
    512: ("orders", "deals", 511, False, None),
    511: ("deals", "orders", 512, False, None),
    513: ("orders", "line_items", 514, False, None),
    514: ("line_items", "orders", 513, False, None),
    175: ("invoices", "deals", 176, False, None),
    176: ("deals", "invoices", 175, False, None),
    177: ("invoices", "contacts", 178, False, None),
    178: ("contacts", "invoices", 177, False, None),
    179: ("invoices", "companies", 180, False, None),
    180: ("companies", "invoices", 179, False, None),
    409: ("invoices", "line_items", 410, False, None),
    410: ("line_items", "invoices", 409, False, None),
}
"""Type id -> (from, to, the id of the way back, whether it marks the one primary record, label)."""
