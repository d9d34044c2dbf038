"""The canonical model: entities, what their values look like, validation, money and lines.

Values travel as canonical text; `typed` and `text` convert whole frames.
"""

from crmerp_assets.canonical.entities import (
    APPLICATION_FIELDS,
    CHILD_FIELDS,
    ENTITIES,
    INVOICE_STATUSES,
    LINE_FIELDS,
    MIRRORS,
    ORDER_STATUSES,
    PAYMENT_KINDS,
    PAYMENT_TERMS,
    EntityModel,
    Field,
    Kind,
)
from crmerp_assets.canonical.frames import text, typed

__all__ = [
    "APPLICATION_FIELDS",
    "CHILD_FIELDS",
    "ENTITIES",
    "INVOICE_STATUSES",
    "LINE_FIELDS",
    "MIRRORS",
    "ORDER_STATUSES",
    "PAYMENT_KINDS",
    "PAYMENT_TERMS",
    "EntityModel",
    "Field",
    "Kind",
    "text",
    "typed",
]
