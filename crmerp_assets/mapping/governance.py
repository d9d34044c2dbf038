"""Who decides each canonical field: owner, conflicts, blanks, and what is personal."""

from decimal import Decimal
from typing import Literal

from crmerp_assets.mapping.validation import Strict

Owner = Literal["shared", "crm", "erp"]
Conflict = Literal["newest", "crm", "erp", "manual"]
Blank = Literal["keep", "clear"]
MASK = "…"
"""Stands for a personal value wherever it is not shown."""


class FieldRule(Strict):
    """How one canonical field is governed.

    `seed` lets the side that does not own the field give its first value. `tolerance` is a difference in amounts that
    counts as none. A `derived` field is computed here, from invoices, and not read from a field of the owner's.
    """

    owner: Owner
    conflict: Conflict = "newest"
    blank: Blank = "keep"
    seed: bool = True
    tolerance: Decimal | None = None
    personal: bool = False
    derived: bool = False


class EntityRules(Strict):
    """The governance file of one entity; the steward is who is asked about it."""

    entity: str
    steward: str
    fields: dict[str, FieldRule]
