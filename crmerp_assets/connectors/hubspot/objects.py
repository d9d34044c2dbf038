"""What HubSpot's objects have in common with nobody else's: how they refer to each other, and what a deal is made of.

References are no properties but associations, and pipelines hold what a stage means. Both are read and written under
paths of our own: `associations.company`, `dealstage.won`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

MERGED = "hs_merged_object_ids"
MERGEABLE = frozenset({"companies", "contacts", "deals"})
LINE_KEY = "crmerp_line_key"


@dataclass(frozen=True, slots=True)
class Link:
    """A reference to one record of `object`: the association type that says so, and whether any other will do."""

    object: str
    type_id: int
    any_other: bool


@dataclass(frozen=True, slots=True)
class Child:
    """A list of records that belong to one parent; `type_id` leads from the parent to them."""

    object: str
    type_id: int


LINKS: Mapping[str, Mapping[str, Link]] = MappingProxyType(
    {
        "contacts": {"associations.company": Link("companies", 1, any_other=True)},
        "deals": {"associations.company": Link("companies", 5, any_other=True)},
        "companies": {"associations.parent_company": Link("companies", 14, any_other=False)},
        "orders": {
            "associations.company": Link("companies", 509, any_other=False),
            "associations.deal": Link("deals", 512, any_other=False),
        },
        "invoices": {
            "associations.company": Link("companies", 179, any_other=False),
            "associations.deal": Link("deals", 175, any_other=False),
        },
    }
)
"""Orders and invoices know no primary company: as with parent companies, the one that was there makes room."""
CHILDREN: Mapping[str, Mapping[str, Child]] = MappingProxyType({"deals": {"line_items": Child("line_items", 19)}})

STAGE, PIPELINE = "dealstage", "pipeline"
WON, STAGE_LABEL = "dealstage.won", "dealstage.label"
STAGED = MappingProxyType({"deals": (WON, STAGE_LABEL)})
"""Pseudo fields that a deal's stage decides."""

DAYS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "deals": {"closedate.day": "closedate"},
        "orders": {"hs_external_created_date.day": "hs_external_created_date"},
        "invoices": {"hs_invoice_date.day": "hs_invoice_date", "hs_due_date.day": "hs_due_date"},
    }
)
"""Days by the portal's own calendar -> the moments, or in some portals the days, that HubSpot keeps."""

MIRRORS = frozenset({"orders", "invoices"})
"""What shows the documents of the ERP, where the portal has it and it is activated."""


def modified_property(object: str) -> str:
    return "lastmodifieddate" if object == "contacts" else "hs_lastmodifieddate"
