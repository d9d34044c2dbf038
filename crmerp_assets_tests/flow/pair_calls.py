"""Which calls each form of writing takes in each system.

A form that takes several calls meets the faults at each of them. The first call of what matters most, orders and the
way back to their deals, meets every fault; the others meet those of a write.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PARTS = ("salesforce", "hubspot")
"""Systems in which a batch is no transaction: there two records go together in the forms that meet every fault."""
SEVERAL = (
    *("throttle-once", "cut_before-always", "cut_after-always", "error_after-always", "server_error-always"),
    *("slow", "late_answer", "revoke-always", "truncated", "wrong_type"),
)
"""The faults of a write that the calls meet which do not meet all."""


@dataclass(frozen=True)
class Step:
    """One call of a form: its pattern, and how many such calls are let through first."""

    name: str
    write: str
    skip: int = 0
    whole: bool = False


ROWS, UPSERT = r"^PATCH .*/composite/sobjects$", r"^PATCH .*/composite/sobjects/{object}/"
"""Of Salesforce; what a collection updates is not in its path, and one push of a case writes one object."""
COMPANIES, CONTACTS, DEALS, ORDERS, INVOICES = (
    rf"^POST .*/{object}/batch" for object in ("companies", "contacts", "deals", "orders", "invoices")
)
STEPS: Mapping[str, Mapping[str, Sequence[Step]]] = {
    "salesforce": {
        "customer-key": [Step("update", ROWS)],
        "customer-phone": [Step("update", ROWS)],
        "customer-create": [Step("upsert", UPSERT.format(object="Account"))],
        "contact-create": [Step("upsert", UPSERT.format(object="Contact"))],
        "contact-move": [Step("update", ROWS)],
        "product-create": [Step("upsert", UPSERT.format(object="Product2"))],
        "order-number": [Step("update", ROWS, whole=True)],
        "order-invoice": [Step("update", ROWS)],
        "order-create": [Step("upsert", UPSERT.format(object="Opportunity"), whole=True)],
    },
    "hubspot": {
        "customer-key": [Step("update", rf"{COMPANIES}/update")],
        "customer-create": [Step("upsert", rf"{COMPANIES}/upsert")],
        "contact-create": [Step("create", rf"{CONTACTS}/create")],
        "contact-move": [Step("associate", r"^POST .*/contacts/companies/batch/create")],
        "product-create": [Step("upsert", r"^POST .*/products/batch/upsert")],
        "order-number": [Step("update", rf"{DEALS}/update", whole=True)],
        "order-invoice": [Step("update", rf"{DEALS}/update")],
        "order-create": [
            Step("create", rf"{DEALS}/create", whole=True),
            Step("lines", r"^POST .*/line_items/batch/upsert"),
        ],
        "order_mirror-create": [Step("create", rf"{ORDERS}/create", whole=True)],
        "order_mirror-billed": [Step("update", rf"{ORDERS}/update")],
        "order_mirror-company": [
            Step("away", r"^POST .*/orders/companies/batch/archive"),
            Step("associate", r"^POST .*/orders/companies/batch/create"),
        ],
        "invoice_mirror-create": [Step("create", rf"{INVOICES}/create")],
        "invoice_mirror-paid": [Step("update", rf"{INVOICES}/update")],
    },
    "odoo_crm": {
        "customer-key": [Step("key", r"/ir\.model\.data/create")],
        "customer-phone": [Step("load", r"/res\.partner/load")],
        "customer-create": [Step("load", r"/res\.partner/load")],
        "contact-create": [Step("load", r"/res\.partner/load")],
        "product-create": [Step("load", r"/product\.product/load")],
        "order-number": [Step("load", r"/crm\.lead/load"), Step("key", r"/ir\.model\.data/create")],
        "order-invoice": [Step("load", r"/crm\.lead/load")],
        "order-create": [Step("load", r"/crm\.lead/load", whole=True)],
    },
    "netsuite": {
        "customer-create": [Step("put", r"^PUT .*/record/v1/customer/")],
        "customer-phone": [Step("patch", r"^PATCH .*/record/v1/customer/")],
        "contact-create": [Step("put", r"^PUT .*/record/v1/contact/")],
        "order-create": [Step("put", r"^PUT .*/record/v1/salesOrder/", whole=True)],
        "order-lines": [Step("patch", r"^PATCH .*/record/v1/salesOrder/")],
        "order-cancel": [Step("patch", r"^PATCH .*/record/v1/salesOrder/", whole=True)],
    },
    "odoo": {
        "customer-create": [Step("load", r"/res\.partner/load")],
        "customer-phone": [Step("load", r"/res\.partner/load")],
        "contact-create": [Step("load", r"/res\.partner/load")],
        "order-create": [
            Step("load", r"/sale\.order/load", whole=True),
            Step("confirm", r"/sale\.order/action_confirm"),
            Step("day", r"/sale\.order/load", skip=1),
        ],
        "order-lines": [Step("load", r"/sale\.order/load")],
        "order-cancel": [Step("cancel", r"/sale\.order/action_cancel")],
    },
    "tryton": {
        "customer-create": [Step("create", r"model\.party\.party\.create")],
        "customer-phone": [Step("write", r"model\.party\.party\.write")],
        "order-create": [
            Step("create", r"model\.sale\.sale\.create"),
            Step("quote", r"model\.sale\.sale\.quote"),
            Step("confirm", r"model\.sale\.sale\.confirm"),
            Step("finish", r"model\.sale\.sale\.write"),
        ],
        "order-lines": [
            Step("open", r"model\.sale\.sale\.draft"),
            Step("write", r"model\.sale\.sale\.write"),
            Step("quote", r"model\.sale\.sale\.quote"),
            Step("confirm", r"model\.sale\.sale\.confirm"),
        ],
        "order-cancel": [Step("open", r"model\.sale\.sale\.draft"), Step("cancel", r"model\.sale\.sale\.cancel")],
    },
}
READS = {
    "salesforce": r"^(GET .*/query|POST .*/composite)",
    "hubspot": r"^POST .*/(batch/read|search)",
    "odoo_crm": r"/(search_read|read|search)$",
    "netsuite": r"^POST .*/suiteql",
    "odoo": r"/(search_read|read|search)$",
    "tryton": r"search_read",
}
